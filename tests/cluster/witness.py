"""Listens at the broker of each house: what was published there must be in the database in the end."""

import json
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.cluster.files import WITNESS
from tests.support.waiting import eventually

_DEADLINE_S = 60.0


class Witness:
    """Subscribed at several brokers; `published` gives the times (Unix, in seconds) of the telegrams of each meter."""

    def __init__(self, ports: Mapping[str, int], password: str) -> None:
        """Prepare; nothing is heard before `with`."""
        self.published: dict[str, set[int]] = {}
        self._ports = ports
        self._subscribed = 0
        self._clients = [self._client(f"{WITNESS}-{name}", password) for name in ports]

    def __enter__(self) -> Self:
        """Connect, and wait until all subscriptions stand."""
        for client, port in zip(self._clients, self._ports.values(), strict=True):
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 3600
            client.connect("127.0.0.1", port, clean_start=False, properties=properties)
            client.loop_start()
        eventually(lambda: self._subscribed >= len(self._clients), _DEADLINE_S, "the subscriptions of the witness")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Disconnect."""
        for client in self._clients:
            client.disconnect()
            client.loop_stop()

    @property
    def count(self) -> int:
        """How many telegrams were published so far."""
        return sum(map(len, list(self.published.values())))

    def _client(self, name: str, password: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTv5)
        client.username_pw_set(WITNESS, password)
        client.on_connect = lambda one, *_: one.subscribe([("smartmeter/+/telegram", 1), ("smartmeter/+/backfill", 1)])
        client.on_subscribe = self._count
        client.on_message = self._hear
        return client

    def _count(self, *_: object) -> None:
        self._subscribed += 1

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        fields = json.loads(message.payload)
        time_s = int(datetime.fromisoformat(fields["timestamp"]).timestamp())
        self.published.setdefault(fields["meter"], set()).add(time_s)
