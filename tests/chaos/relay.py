"""A relay on the broker that obeys and tells its state; it also watches that it is never on while telegrams are stale."""

import threading
import time
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

COMMAND, STATE = "relays/heater/set", "relays/heater/state"
_STALE_GRACE_S = 4.0  # beyond `stale_after`, on a slow machine with everything else going on


class Relay:
    """The relay, connected to the broker by a line of its own; off at the beginning.

    `state_of_load` is what the relay controller says of the load, `violations` when the relay was on without fresh telegrams.
    """

    def __init__(self, broker_port: int, meter: str, stale_after_s: float) -> None:
        self.is_on = False
        self.switches = 0
        self.state_of_load = ""
        self.violations: list[str] = []
        self.statuses: dict[str, str] = {}  # of the services
        self._live = f"smartmeter/{meter}/telegram"
        self._load = f"smartmeter/{meter}/load/heater/state"
        self._status = f"smartmeter/{meter}/+/status"
        self._stale_after_s = stale_after_s
        self._last_live_s = time.monotonic()
        self._connected_s: float | None = None
        self._change = threading.Lock()
        self._client = Client(CallbackAPIVersion.VERSION2, "relay", protocol=MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._subscribe
        self._client.on_disconnect = lambda *_: self._set_connected(None)
        self._client.on_message = self._hear
        self._client.connect_async("127.0.0.1", broker_port, keepalive=10)

    def __enter__(self) -> Self:
        """Begin to connect, for ever."""
        self._client.loop_start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def watch(self, undisturbed_s: float) -> None:
        """Look whether the relay is in a legal state, after so many seconds in which nothing happened to its controller."""
        now_s = time.monotonic()
        allowed_s = self._stale_after_s + _STALE_GRACE_S
        with self._change:
            connected_s = 0.0 if self._connected_s is None else now_s - self._connected_s
            silent_s = now_s - self._last_live_s
            if self.is_on and min(undisturbed_s, connected_s, silent_s) > allowed_s:
                self.violations.append(f"the relay was on {silent_s:.1f} s after the last live telegram")
                self._last_live_s = now_s  # said once

    def _subscribe(self, client: Client, *_: object) -> None:
        client.subscribe([(topic, 1) for topic in (COMMAND, self._live, self._load, self._status)])
        self._set_connected(time.monotonic())
        self._tell()

    def _set_connected(self, since_s: float | None) -> None:
        with self._change:
            self._connected_s = since_s

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == self._live:
            with self._change:
                self._last_live_s = time.monotonic()
        elif message.topic == self._load:
            self.state_of_load = message.payload.decode()
        elif message.topic.endswith("/status"):
            self.statuses[message.topic.split("/")[-2]] = message.payload.decode()
        else:
            is_on = message.payload == b"ON"
            with self._change:
                self.switches += is_on != self.is_on
                self.is_on = is_on
            self._tell()

    def _tell(self) -> None:
        self._client.publish(STATE, "ON" if self.is_on else "OFF", 1, retain=True)
