"""The flow in Node-RED, and somebody on its broker who speaks for the services of a house."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from common.payload import Reading, encode
from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.node_red import NodeRed
from tests.support.node_red_flow import Flow

_seqs = count(1)


@dataclass
class FlowHouse:
    """The flow, and a listener that speaks for the services."""

    flow: Flow
    listener: Listener

    def says(self, topic: str, payload: str | bytes) -> None:
        """Publish what stays on a topic of the meter."""
        self.listener.publish(f"{self.flow.base}/{topic}", payload, retain=True)

    def send(self, payload: bytes | str, *, retain: bool = False) -> None:
        """Publish a telegram."""
        self.listener.publish(f"{self.flow.base}/telegram", payload, retain=retain)

    def measure(self, **fields: object) -> None:
        """Publish a telegram of now with these fields."""
        self.send(telegram(fields))

    def wait_for_power(self, net_power_w: int) -> None:
        """Wait until the page shows this power."""
        self.flow.wait_for(lambda data: data["live"] and data["live"].get("net_power") == net_power_w, f"{net_power_w} W")

    def wait_for_trouble(self, words: str) -> None:
        """Wait until the page says that; then it shows no power."""
        data = self.flow.wait_for(lambda data: words in data["trouble"], f"the words {words!r}")
        assert data["live"] is None


def telegram(fields: Mapping[str, object], age_s: float = 0.0, *, recorded: bool = False) -> bytes:
    """Make a telegram with these fields that was received `age_s` seconds ago."""
    received = datetime.now(UTC) - timedelta(seconds=age_s)
    return encode(Reading("home", received, next(_seqs), fields, recorded=recorded))


@contextmanager
def flow_house(node_red: NodeRed, broker: Broker) -> Iterator[FlowHouse]:
    """Import the flow for a house whose services run, with a boiler; no node may have an error in the block."""
    flow = node_red.deploy(broker)
    with Listener(broker, f"{flow.base}/#") as listener:
        house = FlowHouse(flow, listener)
        house.says("reader/status", "online")
        house.says("relay_controller/status", "online")
        house.says("load/boiler/state", "OFF")
        house.says("load/boiler/mode", "auto")
        house.says("load/boiler/reason", "off: surplus 1,230 W, needs more than 1,500 W")
        flow.wait_for(lambda data: data["loads"] and "reason" in data["loads"][0], "the load")
        yield house
    assert flow.errors() == []
