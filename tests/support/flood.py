"""Publishers that send faster than anybody can take it, and telegrams for them that never repeat a value."""

import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from paho.mqtt.client import Client, MQTTMessageInfo, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from common.payload import Reading, encode, lag_s
from common.telegram import decode
from reader.household import Household
from reader.telegram_writer import render
from tests.support.broker import Broker

_PUBLISHERS = 2
_MESSAGE_BYTES = 55_000  # a little less than what a service takes for a telegram
_AT_ONCE = 20
_UNDER_WAY_MAX = 10_000  # MQTT numbers no more than 65,535 that are not acknowledged
_START = datetime(2026, 1, 31, tzinfo=UTC)


def household_payloads(meter: str, start: datetime, count: int) -> Iterator[bytes]:
    """Give what the reader publishes of a Belgian house with gas and water: 40 fields, about 1.8 kB, one a second."""
    house = Household(1, start)
    for seq in range(1, count + 1):
        state = house.step()
        fields, received = decode(render(state)), state.moment + timedelta(milliseconds=230)
        yield encode(Reading(meter, received.astimezone(UTC), seq, fields, lag_s(fields, received)))


def publish_all(broker: Broker, topic: str, payloads: Iterable[bytes]) -> None:
    """Publish with QoS 1, and wait until the broker has all of them."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.connect(broker.host, broker.port)
    client.loop_start()
    under_way: deque[MQTTMessageInfo] = deque()
    for payload in payloads:
        under_way.append(client.publish(topic, payload, 1))
        if len(under_way) > _UNDER_WAY_MAX:
            under_way.popleft().wait_for_publish(20)
    for sent in under_way:
        sent.wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


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
        sent[-1].wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


def _payload(meter: str, number: int) -> str:
    time = (_START + timedelta(seconds=number)).isoformat()
    fields = {"timestamp": time, "net_power": number, "text_message": "x" * _MESSAGE_BYTES}
    return json.dumps({"meter": meter, "received": time, "seq": number + 1, **fields})
