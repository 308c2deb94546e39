"""influx_bridge.intake: which messages become lines, and each point once."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from common.payload import PayloadError, Reading, encode
from common.topics import Topics
from influx_bridge.intake import Intake, Taken
from influx_bridge.selection import selection_of

START = datetime(2026, 1, 31, tzinfo=UTC)
START_S = int(START.timestamp())
READING = Reading("home", START, 1, {"net_power": 5})
TELEGRAM, SWITCH = "smartmeter/home/telegram", "smartmeter/home/load/boiler/switch"


@dataclass(frozen=True)
class Told:
    """A message that arrived."""

    payload: bytes
    retained: bool = False


OWN_METER = selection_of("own", Topics("smartmeter", "home"))


def switch(state: str = "ON") -> bytes:
    """Give what a load tells."""
    return json.dumps({"time": START.isoformat(), "state": state}).encode()


@pytest.mark.parametrize(("topic", "live"), [(TELEGRAM, True), ("smartmeter/home/backfill", False)])
def test_a_telegram_becomes_its_points(topic: str, live: bool) -> None:  # noqa: FBT001 -- a column of the table
    """Live or sent again."""
    taken = Taken((f"electricity net_power=5.0 {START_S}".encode(),), live)
    assert Intake(OWN_METER, meter_tag=False).take(topic, Told(encode(READING)), START) == taken


@pytest.mark.parametrize(("age_s", "live"), [(-61, False), (-59, True), (0, True), (59, True), (60, False), (86_400, False)])
@pytest.mark.parametrize("topic", [TELEGRAM, "smartmeter/home/load/boiler/switch"])
def test_what_the_broker_kept_for_a_while_is_not_live(topic: str, age_s: int, live: bool) -> None:  # noqa: FBT001 -- the same
    """The time of the host that made the message counts, not that of the meter."""
    reading = replace(READING, fields={"net_power": 5, "timestamp": "2020-01-01T00:00:00+00:00"})
    message = Told(encode(reading) if topic == TELEGRAM else switch())
    assert Intake(OWN_METER, meter_tag=False).take(topic, message, START + timedelta(seconds=age_s)).live is live


def test_a_switch_becomes_a_point() -> None:
    """With the meter as a tag, if that is wanted."""
    taken = Taken((f"load,load=boiler,meter=home load_on=1i {START_S}".encode(),), live=True)
    assert Intake(OWN_METER, meter_tag=True).take(SWITCH, Told(switch()), START) == taken


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
        Intake(OWN_METER, meter_tag=True).take(topic, message, START)


def test_each_point_is_given_once() -> None:
    """As long as it is remembered; what is seen again is remembered longer."""
    intake = Intake(OWN_METER, meter_tag=False, remembered=2)
    given = []
    for second in (0, 1, 0, 2, 0, 1):
        reading = replace(READING, received=START + timedelta(seconds=second))
        given.append(len(intake.take(TELEGRAM, Told(encode(reading)), START).lines))
    assert given == [1, 1, 0, 1, 0, 1]


def test_what_is_in_the_file_at_the_start_is_not_given_again() -> None:
    """Of a telegram its time counts: the first values stand."""
    intake = Intake(OWN_METER, meter_tag=True)
    intake.remember([f"electricity,meter=home net_power=4.0 {START_S}".encode()])
    other = replace(READING, received=START + timedelta(seconds=1))
    assert intake.take(TELEGRAM, Told(encode(READING)), START).lines == ()
    assert len(intake.take(TELEGRAM, Told(encode(other)), START).lines) == 1
