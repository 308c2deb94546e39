"""What is known of the pins that this machine drives, as values and as text."""

import pytest

from relay_controller.driven_pins import DrivenPin, left_over, pins_from, pins_of, text_of
from relay_controller.load import Load, OnStale, Pin, Plant, RemoteRelay

BOILER = DrivenPin("boiler", Pin(17, active_low=False), safe_on=False)
PUMP = DrivenPin("pump", Pin(27, active_low=True), safe_on=True)


def test_only_pins_that_are_driven_count() -> None:
    """Not another maker's relay, not a load without one, and nothing in shadow mode."""
    loads = (
        Load("boiler", BOILER.pin),
        Load("pump", PUMP.pin, on_stale=OnStale.ON),
        Load("watched", Pin(22, active_low=False), shadow=True),
        Load("plug", RemoteRelay("plug/set", "ON", "OFF")),
        Load("nothing"),
    )
    assert pins_of(Plant(loads)) == (BOILER, PUMP)


@pytest.mark.parametrize(
    ("used", "left"),
    [
        ((BOILER, PUMP), ()),
        ((PUMP,), (BOILER,)),
        ((), (BOILER, PUMP)),
        # The same pin for another load, or with another level: what the settings say of it now counts.
        ((DrivenPin("lamp", Pin(17, active_low=True), safe_on=False),), (PUMP,)),
    ],
)
def test_what_is_used_no_more_is_left_over(used: tuple[DrivenPin, ...], left: tuple[DrivenPin, ...]) -> None:
    """By the number of the pin."""
    assert left_over((BOILER, PUMP), used) == left


@pytest.mark.parametrize("pins", [(), (BOILER,), (BOILER, PUMP)])
def test_what_is_written_is_read(pins: tuple[DrivenPin, ...]) -> None:
    """In the order of the pins, so that the same pins are the same text."""
    assert pins_from(text_of(reversed(pins))) == pins


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        text_of((BOILER,))[:-4],
        '{"version": 2, "pins": []}',
        '{"version": 1}',
        '{"version": 1, "pins": [17]}',
        '{"version": 1, "pins": [{"pin": 17}]}',
        text_of((BOILER,)).replace("17", "28"),
        text_of((BOILER,)).replace("17", "true"),
        text_of((BOILER,)).replace('"active_low": false', '"active_low": 0'),
        "[" * 100_000,
    ],
)
def test_what_is_wrong_in_any_way_is_refused_as_a_whole(text: str) -> None:
    """A guessed level may be the one that is on."""
    with pytest.raises(ValueError):  # noqa: PT011 -- of json or of ours
        pins_from(text)
