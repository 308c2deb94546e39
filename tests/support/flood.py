"""Publishers that send faster than anybody can take it."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.broker import Broker

_PUBLISHERS = 2
_MESSAGE_BYTES = 55_000  # a little less than what a service takes for a telegram
_AT_ONCE = 20
_START = datetime(2026, 1, 31, tzinfo=UTC)


@contextmanager
def flood(broker: Broker, meter: str) -> Iterator[None]:
    """Send large telegrams of a meter with QoS 1, each of another second, from two publishers at once."""
    over = threading.Event()
    with ExitStack() as stack:
        stack.callback(over.set)
        for number in range(_PUBLISHERS):
            thread = threading.Thread(target=_publish, args=(broker, meter, number, over))
            thread.start()
            stack.callback(thread.join)
        stack.callback(over.set)
        yield


def _publish(broker: Broker, meter: str, number: int, over: threading.Event) -> None:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.connect(broker.host, broker.port)
    client.loop_start()
    while not over.is_set():
        sent = []
        for _ in range(_AT_ONCE):
            sent.append(client.publish(f"smartmeter/{meter}/telegram", _payload(meter, number), 1))
            number += _PUBLISHERS
        sent[-1].wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def _payload(meter: str, number: int) -> str:
    time = (_START + timedelta(seconds=number)).isoformat()
    fields = {"timestamp": time, "net_power": number, "text_message": "x" * _MESSAGE_BYTES}
    return json.dumps({"meter": meter, "received": time, "seq": number + 1, **fields})
