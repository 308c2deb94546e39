"""influx_bridge.intake: which messages become lines, and each point once."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from common.payload import PayloadError, Reading, encode
from influx_bridge.intake import Intake

START = datetime(2026, 1, 31, tzinfo=UTC)
START_S = int(START.timestamp())
READING = Reading("home", START, 1, {"net_power": 5})
TELEGRAM, SWITCH = "smartmeter/home/telegram", "smartmeter/home/load/boiler/switch"


@dataclass(frozen=True)
class Told:
    """A message that arrived."""

    payload: bytes
    retained: bool = False


def switch(state: str = "ON") -> bytes:
    """Give what a load tells."""
    return json.dumps({"time": START.isoformat(), "state": state}).encode()


@pytest.mark.parametrize("topic", [TELEGRAM, "smartmeter/home/backfill"])
def test_a_telegram_becomes_its_points(topic: str) -> None:
    """Live or sent again."""
    lines = [f"electricity net_power=5.0 {START_S}".encode()]
    assert Intake("smartmeter", meter_tag=False).lines_of(topic, Told(encode(READING))) == lines


def test_a_switch_becomes_a_point() -> None:
    """With the meter as a tag, if that is wanted."""
    lines = [f"load,load=boiler,meter=home load_on=1i {START_S}".encode()]
    assert Intake("smartmeter", meter_tag=True).lines_of(SWITCH, Told(switch())) == lines


@pytest.mark.parametrize(
    ("topic", "message", "words"),
    [
        (TELEGRAM, Told(encode(READING), retained=True), "an old message that the broker kept"),
        (SWITCH, Told(switch(), retained=True), "an old message that the broker kept"),
        (TELEGRAM, Told(encode(replace(READING, meter="garage"))), "expected meter 'home', got 'garage'"),
        (TELEGRAM, Told(b"junk"), "not JSON"),
        ("smartmeter/home/net_power", Told(b"5"), "not a topic of ours"),
    ],
)
def test_what_is_not_ours_gives_no_point(topic: str, message: Told, words: str) -> None:
    """A telegram counts for the meter of its topic only if it says so itself."""
    with pytest.raises(PayloadError, match=words):
        Intake("smartmeter", meter_tag=True).lines_of(topic, message)


def test_each_point_is_given_once() -> None:
    """As long as it is remembered; what is seen again is remembered longer."""
    intake = Intake("smartmeter", meter_tag=False, remembered=2)
    given = []
    for second in (0, 1, 0, 2, 0, 1):
        reading = replace(READING, received=START + timedelta(seconds=second))
        given.append(len(intake.lines_of(TELEGRAM, Told(encode(reading)))))
    assert given == [1, 1, 0, 1, 0, 1]
