"""The flow of docs/node-red in a real Node-RED: what it shows of telegrams, good, bad and old."""

import json
from collections.abc import Iterator

import pytest

from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.node_red import NodeRed
from tests.support.node_red_flow import Flow
from tests.support.node_red_house import FlowHouse, flow_house, telegram

SCRIPT = '<script>alert("x")</script>'


@pytest.fixture
def house(node_red: NodeRed, broker: Broker) -> Iterator[FlowHouse]:
    """Import the flow, for a house whose services run."""
    with flow_house(node_red, broker) as house:
        yield house


def test_power_is_shown_as_it_comes(house: FlowHouse) -> None:
    """On the page and under the node; injected power is below zero."""
    house.measure(
        net_power=-1234,
        actual_tariff_name="day",
        actual_l1_consumption=0.2,
        actual_l1_injection=0.0,
        actual_l2_consumption=0.0,
        actual_l2_injection=1.434,
    )
    house.wait_for_power(-1234)
    house.flow.wait_for_status("power", "1,234 W injected")
    live = house.flow.data()["live"]
    assert live["phases"] == [{"phase": "L1", "net_power": 200}, {"phase": "L2", "net_power": -1434}]
    assert live["tariff"] == "day"
    house.measure(net_power=567)
    house.flow.wait_for_status("power", "567 W drawn")


BAD = {
    "not JSON": b"{net_power",
    "nothing": b"",
    "bytes that are no text": b"\xff\xfe\x00",
    "a list": b"[1, 2]",
    "null": b"null",
    "NaN": b'{"net_power": NaN}',
    "no time": b'{"net_power": 99}',
    "another time": b'{"net_power": 99, "received": "yesterday"}',
    "huge": b'{"received": "' + b"9" * 200_000 + b'"}',
    "nested": b"[" * 60_000,
}


@pytest.mark.parametrize("payload", BAD.values(), ids=BAD)
def test_a_broken_telegram_changes_nothing(payload: bytes, house: FlowHouse) -> None:
    """The one before it stays, the one after it comes, and no node has an error."""
    house.measure(net_power=1)
    house.wait_for_power(1)
    house.send(payload)
    house.flow.wait_for_status("accept", "not a telegram")
    assert house.flow.data()["live"]["net_power"] == 1
    house.measure(net_power=2)
    house.wait_for_power(2)


ODD: dict[str, dict[str, object]] = {
    "no field at all": {},
    "no power": {"total_consumption_day": 5.0},
    "text for numbers": {"net_power": SCRIPT, "total_consumption_day": "5", "actual_l1_consumption": "x"},
    "objects for numbers": {"net_power": {"a": 1}, "total_consumption_day": [1], "timestamp": {}, "gas_timestamp": []},
    "numbers without end": {"net_power": 1e308, "total_consumption_day": 1e300, "actual_l1_consumption": -1e308},
    "numbers for text": {"timestamp": 20261126, "text_message": 5, "actual_tariff_name": 7, "gas_timestamp": -1},
    "impossible times": {"timestamp": "2026-02-30T25:61:00+01:00", "total_consumption_day": 5.0},
    "a time before all others": {"timestamp": "0000-01-01T00:00:00Z", "total_consumption_day": 5.0},
    "a time after all others": {"gas_timestamp": "9999-12-31T23:59:59Z", "total_gas_consumption": 1.0},
    "a day that is not in the calendar": {"timestamp": "2026-02-30T12:00:00+01:00", "total_consumption_day": 5.0},
    "a long message": {"text_message": "x" * 100_000, "net_power": 3},
}  # fmt: skip


@pytest.mark.parametrize("fields", ODD.values(), ids=ODD)
def test_odd_values_do_not_stop_the_flow(fields: dict[str, object], house: FlowHouse) -> None:
    """Twice, as counters compare two; the next good telegram is shown."""
    for _ in range(2):
        house.measure(**fields)
    house.measure(net_power=42, timestamp="2026-11-26T12:00:00+01:00", total_consumption_day=5.5)
    house.wait_for_power(42)


def test_a_time_in_a_list_is_no_time(house: FlowHouse) -> None:
    """JavaScript would take it for one."""
    good = json.loads(telegram({"net_power": 1}))
    house.send(json.dumps(good | {"received": [good["received"]]}))
    house.flow.wait_for_status("accept", "not a telegram: no time of reception")
    assert house.flow.data()["live"] is None


def test_numbers_that_json_does_not_know_are_left_out(house: FlowHouse) -> None:
    """1e999 is Infinity to JavaScript."""
    good = telegram({"net_power": 1}).decode()
    house.send(good.replace('"net_power":1', '"net_power":1e999'))
    house.flow.wait_for_status("power", "no power in the telegrams")
    assert "net_power" not in house.flow.data()["live"]


OTHER_CLOCKS = "s old: do the clocks of both machines agree?"
FIELDS = {"net_power": 99}
OLD = {
    "recorded": (telegram(FIELDS, recorded=True), "a recorded telegram"),
    "older than a minute": (telegram(FIELDS, age_s=62.0), OTHER_CLOCKS),
    "of the future": (telegram(FIELDS, age_s=-3600.0), OTHER_CLOCKS),
}


@pytest.mark.parametrize(("payload", "words"), OLD.values(), ids=OLD)
def test_a_telegram_that_is_not_of_now_is_not_shown(payload: bytes, words: str, house: FlowHouse) -> None:
    """It is refused, and the node says why."""
    house.send(payload)
    house.flow.wait_for_status("accept", words)
    assert house.flow.data()["live"] is None
    house.measure(net_power=5)
    house.wait_for_power(5)


def test_a_telegram_that_the_broker_kept_is_not_shown(node_red: NodeRed, broker: Broker) -> None:
    """However new it looks: nobody knows what came after it."""
    base = "kept/home"
    with Listener(broker, f"{base}/#") as listener:
        house = FlowHouse(Flow("", base, ""), listener)
        house.send(telegram({"net_power": 99}), retain=True)
        house.says("reader/status", "online")
        house.flow = node_red.deploy(broker, topic=base)
        house.flow.wait_for_status("accept", "a retained telegram")
        house.wait_for_trouble("waiting for a telegram")


def test_a_telegram_counts_once_and_in_its_order(house: FlowHouse) -> None:
    """The broker may send one twice; a reader that starts anew counts from 1."""
    first, second = telegram({"net_power": 1}), telegram({"net_power": 2})
    house.send(second)
    house.wait_for_power(2)
    house.send(first)
    house.flow.wait_for_status("accept", "came before")
    assert house.flow.data()["live"]["net_power"] == 2
    anew = json.loads(telegram({"net_power": 3})) | {"seq": 1}
    house.send(json.dumps(anew))
    house.wait_for_power(3)
