"""influx_bridge.intake: messages become lines, each point once."""

import json

import pytest

from common.payload import PayloadError
from influx_bridge.intake import Intake

SWITCH = b'{"time": "2023-11-02T12:15:48+01:00", "state": "ON", "mode": "auto", "reason": ""}'


def telegram(second: int = 48, **fields: object) -> bytes:
    """Give a telegram's payload."""
    head = {
        "meter": "home",
        "received": "2023-11-02T11:15:49.000+00:00",
        "seq": 1,
        "timestamp": f"2023-11-02T12:15:{second}+01:00",
    }
    return json.dumps(head | (fields or {"net_power": 5})).encode()


def test_a_telegram_that_comes_twice_gives_its_point_once() -> None:
    """Live and again on backfill, the first stands."""
    intake = Intake("smartmeter", meter_tag=False)
    assert intake.lines_of("smartmeter/home/telegram", telegram()) == [b"electricity net_power=5.0 1698923748"]
    assert intake.lines_of("smartmeter/home/backfill", telegram(net_power=6)) == []
    assert intake.lines_of("smartmeter/home/backfill", telegram(47)) == [b"electricity net_power=5.0 1698923747"]


def test_recorded_telegrams_are_taken_too() -> None:
    """They are not acted upon, but they are measurements."""
    assert Intake("smartmeter", meter_tag=False).lines_of("smartmeter/home/telegram", telegram(recorded=True, net_power=5))


def test_a_gas_reading_is_given_when_it_is_new() -> None:
    """It comes again in each telegram, and older ones may come back on backfill."""
    intake = Intake("smartmeter", meter_tag=False)
    given = []
    for second, stamp, value in ((10, "05", 1.5), (11, "05", 1.5), (12, "10", 1.6), (13, "05", 1.5), (14, "10", 1.7)):
        fields = {"gas_timestamp": f"2023-11-02T12:{stamp}:00+01:00", "total_gas_consumption": value}
        given += intake.lines_of("smartmeter/home/telegram", telegram(second, **fields))
    assert given == [
        b"gas total_gas_consumption=1.5 1698923100",
        b"gas total_gas_consumption=1.6 1698923400",
        b"gas total_gas_consumption=1.7 1698923400",
    ]


def test_a_value_that_is_repeated_is_not_forgotten() -> None:
    """A dead gas meter tells its last reading for days, longer than the memory is."""
    intake = Intake("smartmeter", meter_tag=False, remembered=4)
    gas = {"gas_timestamp": "2023-11-02T12:05:00+01:00", "total_gas_consumption": 1.5, "net_power": 5}
    given = [line for second in range(10, 40) for line in intake.lines_of("smartmeter/home/telegram", telegram(second, **gas))]
    assert len([line for line in given if line.startswith(b"gas")]) == 1
    assert len(given) == 31


def test_the_memory_is_bounded() -> None:
    """What was forgotten is given again; InfluxDB keeps one of two equal points."""
    intake = Intake("smartmeter", meter_tag=False, remembered=4)
    for second in range(10, 20):
        intake.lines_of("smartmeter/home/telegram", telegram(second))
    assert intake.lines_of("smartmeter/home/telegram", telegram(19)) == []
    assert len(intake.lines_of("smartmeter/home/telegram", telegram(10))) == 1


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("a/b/attic/telegram", telegram(), b"electricity,meter=attic net_power=5.0 1698923748"),
        ("a/b/home/backfill", telegram(), b"electricity,meter=home net_power=5.0 1698923748"),
        ("a/b/home/load/boiler/switch", SWITCH, b"load,load=boiler,meter=home load_on=1i 1698923748"),
    ],
)
def test_the_topic_names_the_meter(topic: str, payload: bytes, expected: bytes) -> None:
    """A switch message does not, and both shall agree."""
    assert Intake("a/b", meter_tag=True).lines_of(topic, payload) == [expected]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("smartmeter/home/telegram", b"no JSON"),
        ("smartmeter/home/telegram", b"{}"),
        ("smartmeter/home/net_power", b"5"),
        ("smartmeter/home/load/boiler/state", b"ON"),
        ("smartmeter/home/load/boiler/switch", b"ON"),
        ("smartmeter/home/load/a\nb/switch", SWITCH),
        ("smartmeter//telegram", telegram()),
        ("other/home/telegram", telegram()),
    ],
)
def test_what_is_not_ours_is_refused(topic: str, payload: bytes) -> None:
    """Whatever is on the broker."""
    with pytest.raises(PayloadError):
        Intake("smartmeter", meter_tag=True).lines_of(topic, payload)
