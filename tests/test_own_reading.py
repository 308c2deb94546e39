"""`common.intake`: which messages count."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from common.intake import live_payload, own_reading
from common.payload import PayloadError, Reading, encode

READING = Reading("home", datetime(2026, 1, 31, tzinfo=UTC), 1, {"net_power": 5})


@dataclass(frozen=True)
class Told:
    """A message that arrived."""

    payload: bytes
    retained: bool = False


@pytest.mark.parametrize("recorded", [False, True])
def test_a_reading_of_the_meter_counts_live_or_recorded(*, recorded: bool) -> None:
    """Whoever must not act on recorded ones asks for freshness."""
    reading = replace(READING, recorded=recorded)
    assert own_reading(Told(encode(reading)), "home") == reading


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Told(encode(READING), retained=True), "an old message that the broker kept"),
        (Told(b"junk"), "not JSON"),
        (Told(encode(replace(READING, meter="garage"))), "expected meter 'home', got 'garage'"),
        (Told(encode(replace(READING, meter="a\r\n\x1b[2Jb"))), r"expected meter 'home', got 'a\r\n\x1b[2Jb'"),
        (Told(encode(replace(READING, meter="x" * 500))), f"expected meter 'home', got '{'x' * 40}'"),
    ],
)
def test_anything_else_is_refused_in_one_line(message: Told, words: str) -> None:
    """Nothing from outside can end the line or move the cursor."""
    with pytest.raises(PayloadError) as error:
        own_reading(message, "home")
    assert str(error.value).startswith(words)
    assert str(error.value).isprintable()


def test_a_message_that_the_broker_kept_says_nothing() -> None:
    """Other topics have the same rule."""
    assert live_payload(Told(b"ON")) == b"ON"
    with pytest.raises(PayloadError, match="an old message"):
        live_payload(Told(b"ON", retained=True))
