"""mosquitto/mosquitto.conf: a real Mosquitto does with it what its comments say."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from common.payload import MAX_PAYLOAD_BYTES, Reading, encode, lag_s
from common.sections import MqttSettings
from common.telegram import decode
from reader.backfill import WINDOW_S
from reader.household import HISTORY_MONTHS, Household
from reader.telegram_writer import render
from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY
from tests.support.saving_broker import SavingBroker, saving_broker
from tests.support.waiting import eventually

TEXT = (REPOSITORY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
CONF = dict(line.split(" ", 1) for line in TEXT.splitlines() if line and not line.startswith("#"))
TELEGRAM, BACKFILL = "smartmeter/home/telegram", "smartmeter/home/backfill"
SCALE = 200  # the queues of these tests are that many times smaller
SERVICES = ("csv_logger", "influx_bridge")


@contextmanager
def broker_with(folder: Path, **changes: int) -> Iterator[SavingBroker]:
    """Run a broker with the repository's settings, and some others; skip where there is none, which fails in CI."""
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(saving_broker(folder, **changes))
        except PartMissing as reason:
            do_without(reason)
        yield broker


def longest_telegrams(count: int) -> list[bytes]:
    """Give payloads of a Belgian house with all months that its meter remembers, second by second."""
    house = Household(1, datetime(2026, 1, 31, 19, tzinfo=UTC))
    month = house.state().peak_history[-1]
    payloads = []
    for seq in range(count):
        state = replace(house.step(), peak_history=(month,) * HISTORY_MONTHS)
        fields, received = decode(render(state)), state.moment + timedelta(milliseconds=230)
        payloads.append(encode(Reading("home", received.astimezone(UTC), 1_000_000 + seq, fields, lag_s(fields, received))))
    return payloads


class Consumer:
    """A service's kept session, as far as the broker can tell; `ended` once it heard something on a topic of its own."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.heard: list[bytes] = []
        self.end_topic = f"end/{name}"
        self.ended = threading.Event()
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe([(TELEGRAM, 1), (BACKFILL, 1), (self.end_topic, 1)])
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._hear
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = MqttSettings().session_expiry
        self._client.connect(broker.host, broker.port, clean_start=False, properties=properties)
        self._client.loop_start()
        assert self._subscribed.wait(20)

    def leave(self) -> None:
        """Go away; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == self.end_topic:
            self.ended.set()
        else:
            self.heard.append(bytes(message.payload))


def go_away(broker: Broker, *names: str) -> None:
    """Let the broker know services, which then are away."""
    for name in names:
        Consumer(broker, name).leave()


def waiting(broker: Broker, name: str) -> list[bytes]:
    """Give what waited for a service."""
    consumer = Consumer(broker, name)

    def has_ended() -> bool:
        publish(broker, [b"the end"], consumer.end_topic)  # once more: a full queue drops it as all else
        return consumer.ended.is_set()

    eventually(has_ended, what="the end of the queue")
    consumer.leave()
    return consumer.heard


def publish(broker: Broker, payloads: list[bytes], topic: str = TELEGRAM) -> list[ReasonCode]:
    """Publish with QoS 1; give what the broker said to each."""
    answers: list[ReasonCode] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.on_publish = lambda _client, _data, _mid, code, _properties: answers.append(code)
    client.connect(broker.host, broker.port)
    client.loop_start()
    for payload in payloads:
        client.publish(topic, payload, 1)
    eventually(lambda: len(answers) == len(payloads), what="every answer")
    client.disconnect()
    client.loop_stop()
    return answers


# --- What the comments reckon ---------------------------------------------------------------------------------------------


def test_the_queues_hold_the_hours_that_the_comment_says() -> None:
    """So many hours of telegrams of that length, one a second, by bytes and by number."""
    said = re.findall(r"^# +(\d+) hours of .*\((\d\.\d) kB", TEXT, re.MULTILINE)
    assert len(said) == 2
    for hours, kilobytes in said:
        telegrams = int(hours) * 3600
        assert telegrams <= int(CONF["max_queued_messages"])
        assert telegrams * float(kilobytes) * 1000 <= int(CONF["max_queued_bytes"])
    assert max(map(len, longest_telegrams(60))) <= max(float(kilobytes) for _, kilobytes in said) * 1000


def test_the_settings_of_the_services_fit() -> None:
    """The reader sends two saves again; no session is forgotten before its time; the longest message gets through."""
    assert 2 * int(CONF["autosave_interval"]) <= WINDOW_S
    assert int(CONF["persistent_client_expiration"].removesuffix("d")) * 86_400 >= MqttSettings().session_expiry
    assert int(CONF["max_packet_size"]) > MAX_PAYLOAD_BYTES + 1000


# --- What the broker does -------------------------------------------------------------------------------------------------


@pytest.mark.broker
def test_the_oldest_telegrams_stay_when_the_queues_are_full(tmp_path: Path) -> None:
    """The hours of the comment fit for each of both services, in order; newer telegrams go, though the broker takes them."""
    fitting = 5 * 3600 // SCALE
    telegrams = longest_telegrams(2 * fitting)
    with broker_with(tmp_path, max_queued_bytes=int(CONF["max_queued_bytes"]) // SCALE) as broker:
        go_away(broker, *SERVICES)
        assert {code.value for code in publish(broker, telegrams)} == {0}
        for service in SERVICES:
            kept = waiting(broker, service)
            assert fitting <= len(kept) < len(telegrams)
            assert kept == telegrams[: len(kept)]


@pytest.mark.broker
def test_each_service_has_a_queue_of_its_own(tmp_path: Path) -> None:
    """A full queue of one leaves room for the other, which was away for later hours; a number is a limit, too."""
    telegrams = [json.dumps({"seq": seq}).encode() for seq in range(300)]
    with broker_with(tmp_path, max_queued_messages=100) as broker:
        go_away(broker, "csv_logger")
        publish(broker, telegrams[:150])
        go_away(broker, "influx_bridge")
        publish(broker, telegrams[150:])
        assert waiting(broker, "csv_logger") == telegrams[:100]
        assert waiting(broker, "influx_bridge") == telegrams[150:250]


@pytest.mark.broker
def test_a_killed_broker_has_what_it_saved(tmp_path: Path) -> None:
    """Queues, sessions and retained values are as at the last save; later telegrams are gone."""
    telegrams = longest_telegrams(60)
    with broker_with(tmp_path) as broker:
        go_away(broker, *SERVICES)
        publish(broker, telegrams[:50])
        with Listener(broker, "nothing") as publisher:
            publisher.publish("smartmeter/home/net_power", "2174", retain=True)
        broker.save()
        publish(broker, telegrams[50:])
        broker.stop()
        broker.start()
        for service in SERVICES:
            assert waiting(broker, service) == telegrams[:50]
        with Listener(broker, "smartmeter/home/net_power") as listener:
            listener.wait_for("smartmeter/home/net_power", b"2174")


@pytest.mark.broker
def test_the_longest_message_gets_through(tmp_path: Path) -> None:
    """A payload as long as the services take, to a service that was away."""
    longest = b"x" * MAX_PAYLOAD_BYTES
    with broker_with(tmp_path) as broker:
        go_away(broker, "csv_logger")
        publish(broker, [longest])
        assert waiting(broker, "csv_logger") == [longest]
