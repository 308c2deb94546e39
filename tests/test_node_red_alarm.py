"""The flow of docs/node-red when readings do not come: what it says, and that it shows no power."""

from collections.abc import Iterator

import pytest

from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.node_red import NodeRed
from tests.support.node_red_house import FlowHouse, flow_house
from tests.support.waiting import eventually

SCRIPT = '<script>alert("x")</script>'


@pytest.fixture
def house(node_red: NodeRed, broker: Broker) -> Iterator[FlowHouse]:
    """Import the flow, for a house whose services run."""
    with flow_house(node_red, broker) as house:
        yield house


@pytest.mark.parametrize(
    ("status", "words"), [("stale", "no valid telegram"), ("offline", "does not run"), (SCRIPT, f'says "{SCRIPT}"')]
)
def test_no_power_is_shown_while_the_reader_is_not_online(status: str, words: str, house: FlowHouse) -> None:
    """At once, and the node says why; when it is online again, the old power is not back: that takes a telegram."""
    house.measure(net_power=7)
    house.wait_for_power(7)
    house.says("reader/status", status)
    house.wait_for_trouble(words)
    house.flow.wait_for_status("power", words)
    house.says("reader/status", "online")
    house.wait_for_trouble("waiting for a telegram")
    house.flow.wait_for_status("power", "waiting for a telegram")
    house.measure(net_power=8)
    house.wait_for_power(8)


def test_the_alarm_comes_once_and_goes(node_red: NodeRed, broker: Broker) -> None:
    """Also when nothing ever came; it says why, and says when it is over."""
    flow = node_red.deploy(broker, stale_after=2.0)
    with Listener(broker, f"{flow.base}/#") as listener:
        house = FlowHouse(flow, listener)
        eventually(lambda: flow.heard("smartmeter"), what="an alarm")
        words = f"No readings from the meter: nothing on {flow.base}/reader/status: is SMARTMETER_TOPIC right?"
        assert flow.heard("smartmeter") == [{"topic": "smartmeter", "alarm": True, "payload": words}]
        house.says("reader/status", "online")
        house.measure(net_power=1)
        eventually(lambda: flow.heard("smartmeter")[1:], what="the end of the alarm")
        house.says("reader/status", "stale")
        eventually(lambda: flow.heard("smartmeter")[2:], what="the second alarm")
        assert flow.data()["alarm"]
        house.measure(net_power=1)
        house.says("reader/status", "online")
        house.measure(net_power=2)
        house.wait_for_power(2)
        eventually(lambda: flow.heard("smartmeter")[3:], what="the end of the second alarm")
    assert [message.get("alarm") for message in flow.heard("smartmeter")] == [True, False, True, False]
    assert "the meter sends no valid telegram" in flow.heard("smartmeter")[2]["payload"]
    assert flow.errors() == []


def test_a_broker_that_goes_makes_an_alarm_and_takes_no_command(node_red: NodeRed, mortal_broker: Broker) -> None:
    """And what the broker forgets is not shown when it is back."""
    flow = node_red.deploy(mortal_broker, stale_after=3.0)
    with Listener(mortal_broker, f"{flow.base}/#") as listener:
        house = FlowHouse(flow, listener)
        for topic, payload in {
            "reader/status": "online",
            "relay_controller/status": "online",
            "load/boiler/state": "ON",
        }.items():
            house.says(topic, payload)
        flow.wait_for(lambda data: data["loads"], "the load")
        house.measure(net_power=1)
        house.wait_for_power(1)
    mortal_broker.stop()
    house.wait_for_trouble("no connection to the broker")
    assert flow.choose("boiler", "ON") == (503, "not sent: no connection to the broker")
    eventually(lambda: flow.heard("smartmeter"), what="an alarm")
    mortal_broker.start()
    flow.wait_for(lambda data: not data["loads"], "no load")
    with Listener(mortal_broker, f"{flow.base}/#") as listener:
        house = FlowHouse(flow, listener)
        eventually(lambda: flow.status("broker-in").endswith(".connected"), what="the connection")
        house.says("reader/status", "online")
        house.measure(net_power=2)
        house.wait_for_power(2)
        assert listener.payloads(f"{flow.base}/load/boiler/set") == []
