"""What may move a load, and what is ignored."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.freshness import FreshnessJudge, StaleAfter
from common.payload import Reading, encode
from common.topics import Topics
from relay_controller.events import Command, Telegram
from relay_controller.intake import Ignored, Intake
from relay_controller.load_state import Mode

NOW = datetime(2026, 6, 1, tzinfo=UTC)
READING = Reading("home", NOW, 1, {"net_power": -2000}, lag_s=1.0)
SET = "smartmeter/home/load/boiler/set"


def intake() -> Intake:
    """Give the intake of a service that just started, with one load."""
    return Intake(Topics("smartmeter", "home"), {"boiler"}, FreshnessJudge(StaleAfter()))


def judged(payload: bytes, *, retained: bool = False, age_s: float = 0.5) -> Telegram | Ignored:
    """Judge a telegram that arrives some seconds after it was received."""
    return intake().telegram(payload, retained=retained, now=NOW + timedelta(seconds=age_s), now_s=100.0)


def why(answer: object) -> str:
    """Tell why something was ignored."""
    assert isinstance(answer, Ignored)
    assert answer.detail
    return answer.why


def test_a_fresh_telegram_counts_until_it_is_old() -> None:
    """With the meter's own limit."""
    assert judged(encode(READING)) == Telegram(READING, fresh_for_s=15.0)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"garbage", "not a telegram"),
        (b'{"meter":"home","received":"2026-06-01T00:00:00+00:00","seq":1,"net_power":NaN}', "not a telegram"),
        (encode(replace(READING, meter="neighbour")), "other meter"),
        (encode(replace(READING, fields={"timestamp": "9999-12-31T23:59:59+00:00"})), "not a telegram"),
        (encode(replace(READING, fields={"timestamp": "0001-01-01T00:00:00+00:00"})), "not a telegram"),
        (encode(replace(READING, fields={"timestamp": "9998-12-31T23:59:59+00:00"})), "impossible time"),
        (encode(replace(READING, fields={"timestamp": "0002-01-01T00:00:00+00:00"})), "impossible time"),
        (encode(replace(READING, recorded=True)), "recorded"),
        (encode(replace(READING, received=NOW - timedelta(seconds=60))), "late"),
        (encode(replace(READING, received=NOW + timedelta(seconds=60))), "late"),
    ],
)
def test_a_telegram_that_is_not_of_now_is_ignored(payload: bytes, expected: str) -> None:
    """The words are those that health counts."""
    assert why(judged(payload)) == expected


def test_a_retained_telegram_is_ignored() -> None:
    """Whoever published it."""
    assert why(judged(encode(READING), retained=True)) == "retained"


def test_a_telegram_that_comes_twice_is_out_of_order() -> None:
    """The second one moves nothing."""
    one = intake()
    one.telegram(encode(READING), retained=False, now=NOW, now_s=1.0)
    assert why(one.telegram(encode(READING), retained=False, now=NOW, now_s=2.0)) == "out of order"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"ON", Mode.ON),
        (b"OFF", Mode.OFF),
        (b"AUTO", Mode.AUTO),
        (b" on\n", Mode.ON),
        (b"Off".ljust(40), Mode.OFF),
    ],
)
def test_a_command_is_one_of_three_words(payload: bytes, expected: Mode) -> None:
    """In any letters, maybe between blanks, in 40 bytes."""
    assert intake().command(SET, payload, retained=False) == Command("boiler", expected)


@pytest.mark.parametrize(
    ("topic", "payload", "retained", "expected"),
    [
        (SET, b"ON", True, "retained command"),
        (SET, b"1", False, "not a command"),
        (SET, b"", False, "not a command"),
        (SET, b"\xff\xfe", False, "not a command"),
        (SET, b"ON" * 10_000, False, "not a command"),
        (SET, b"ON".ljust(41), False, "not a command"),
        (SET, b"ON".rjust(41), False, "not a command"),
        (SET, b"ON".ljust(41) + b"but not before noon", False, "not a command"),
        (SET, b"ON...", False, "not a command"),
        ("smartmeter/home/load/other/set", b"ON", False, "unknown load"),
        ("smartmeter/home/load/boiler/state", b"ON", False, "unknown load"),
    ],
)
def test_anything_else_on_set_is_ignored(topic: str, payload: bytes, expected: str, *, retained: bool) -> None:
    """The words are those that health counts."""
    assert why(intake().command(topic, payload, retained=retained)) == expected
