"""A subscriber that keeps what it hears."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.background import in_background
from tests.support.waiting import eventually


class _Address(Protocol):
    host: str
    port: int


class Listener:
    """Subscribes to a filter and keeps every message as (topic, payload, retained), in order; also publishes."""

    def __init__(self, broker: _Address, topic_filter: str = "#", login: tuple[str, str] | None = None) -> None:
        self._broker = broker
        self._filter = topic_filter
        self._subscribed = threading.Event()
        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        if login:
            self._client.username_pw_set(*login)
        self._client.on_connect = lambda client, *_: client.subscribe(topic_filter, 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._hear

    def __enter__(self) -> Self:
        """Connect, and wait until the subscription stands."""
        self._client.connect(self._broker.host, self._broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(20), "no answer to the subscription"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1 and wait until the broker has it."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(20)

    def payloads(self, topic: str) -> list[bytes]:
        """Give what was heard on one topic."""
        return [payload for heard, payload, _retained in list(self.heard) if heard == topic]

    def wait_for(self, topic: str, payload: bytes, deadline_s: float = 20.0) -> None:
        """Wait until a topic said something; also if it said it before."""
        eventually(lambda: payload in self.payloads(topic), deadline_s, f"{payload!r} on {topic}")

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload), message.retain))


@contextmanager
def repeated(broker: _Address, topic: str, payload: str) -> Iterator[None]:
    """Publish a message again and again, for the length of a block."""
    with Listener(broker, topic) as listener:

        def send(over: threading.Event) -> None:
            while not over.wait(0.1):
                listener.publish(topic, payload)

        with in_background(send):
            yield
