"""All relays together: what fails for one is done for the others."""

import sys
from types import ModuleType

import pytest

from relay_controller.driver import DriverError
from relay_controller.load import Load, OnStale, Pin, Plant, RemoteRelay
from relay_controller.relays import Relays
from tests.test_delivery import Line
from tests.test_gpio import PinRegisters

PLANT = Plant(
    (
        Load("a", Pin(4, active_low=False)),
        Load("b", Pin(5, active_low=True), on_stale=OnStale.ON),
        Load("c", RemoteRelay("c/set", "on", "off")),
        Load("d", Pin(6, active_low=False)),
        Load("e", Pin(7, active_low=False), shadow=True),
    )
)
ALL_ON = dict.fromkeys("abcde", True)
ALL_OFF = dict.fromkeys("abcde", False)


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> PinRegisters:
    """Put a model in the place of RPi.GPIO."""
    model = PinRegisters()
    monkeypatch.setitem(sys.modules, "RPi", ModuleType("RPi"))
    monkeypatch.setitem(sys.modules, "RPi.GPIO", model)
    return model


def opened(line: Line) -> Relays:
    """Give the plant's relays, opened."""
    relays = Relays(PLANT, line.publish)
    relays.open()
    return relays


def test_relays_start_safe_follow_and_end_safe(pins: PinRegisters) -> None:
    """Without failures; the load in shadow mode is not touched."""
    line = Line()
    relays = opened(line)
    assert pins.levels == {4: 0, 5: 0, 6: 0}
    relays.switch(ALL_ON, 0.0)
    assert pins.levels == {4: 1, 5: 0, 6: 1}
    relays.close()
    assert pins.levels == {4: 0, 5: 0, 6: 0}
    assert line.sent == [("c/set", "on")]
    assert set(relays.remarks().values()) == {""}


@pytest.mark.parametrize(("broken", "name"), [(4, "a"), (6, "d")])
def test_a_pin_that_fails_does_not_keep_the_others_from_their_state(pins: PinRegisters, broken: int, name: str) -> None:
    """Whether it is the first or the last; it is named."""
    line = Line()
    relays = opened(line)
    relays.switch(ALL_ON, 0.0)
    pins.broken[broken] = OSError(5, "Input/output error")
    expected = rf"^load {name}: cannot switch GPIO pin {broken}: \[Errno 5\] Input/output error$"
    with pytest.raises(DriverError, match=expected):
        relays.switch(ALL_OFF, 1.0)
    assert pins.levels == {4: 0, 5: 1, 6: 0} | {broken: 1}
    assert line.sent == [("c/set", "on"), ("c/set", "off")]
    assert relays.finish(1.0)
    with pytest.raises(DriverError, match=expected):
        relays.close()
    assert pins.levels == {4: 0, 5: 0, 6: 0} | {broken: 1}
    assert relays.remarks()[name] == f"cannot switch GPIO pin {broken}: [Errno 5] Input/output error"


def test_all_that_fail_are_named(pins: PinRegisters) -> None:
    """In one line."""
    relays = opened(Line())
    pins.broken = {4: RuntimeError("x"), 6: RuntimeError("y")}
    with pytest.raises(DriverError, match=r"^load a: cannot switch GPIO pin 4: x; load d: cannot switch GPIO pin 6: y$"):
        relays.switch(ALL_ON, 0.0)


def test_a_bug_in_a_driver_does_not_keep_the_others_from_their_state_either(pins: PinRegisters) -> None:
    """It comes out as it is."""
    relays = opened(Line())
    relays.switch(ALL_ON, 0.0)
    pins.broken[4] = pins.broken[5] = KeyError("a bug")
    with pytest.raises(KeyError, match="a bug"):
        relays.close()
    assert pins.levels == {4: 1, 5: 0, 6: 0}


def test_a_pin_that_cannot_be_opened_does_not_keep_the_others_from_their_safe_state(
    pins: PinRegisters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a crash they may be on."""
    usual = pins.setup

    def setup(pin: int, direction: int, initial: int | None = None) -> None:
        if pin == 4:
            raise RuntimeError("busy")
        usual(pin, direction, initial)

    monkeypatch.setattr(pins, "setup", setup)
    line = Line()
    relays = Relays(PLANT, line.publish)
    with pytest.raises(DriverError, match=r"^load a: cannot use GPIO pin 4: busy$"):
        relays.open()
    assert pins.levels == {5: 0, 6: 0}
    line.works = False
    assert not relays.finish(0.0)
    line.works = True
    assert relays.finish(0.01)
    assert line.sent == [("c/set", "off")]
