"""The session with the broker: MQTT 5 through paho-mqtt, in the background, for ever.

A service publishes and takes messages; connecting, the last will, subscribing again and waiting for a broker that is away
happen in a thread of the session's own, so that no service ever waits for the broker.

Each connection is a client of its own: what an earlier one had under way is not sent later, when it would be an old reading
on a live topic or an old command to a relay. Who wants it sent again does so itself (the reader's `backfill`).
"""

import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTMessageInfo, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from common.inbox import Inbox, Message, Receipt
from common.log import OncePer
from common.outgoing import Outgoing
from common.sections import MeterSettings, MqttSettings
from common.topics import Topics
from common.waiting import Waker

ONLINE, OFFLINE = "online", "offline"
STALE = "stale"  # the reader runs, and no telegram comes
FAILING = "failing"  # a service runs, and cannot do its work; its `health` says why

_KEEPALIVE_S = 30
_CONNECT_TIMEOUT_S = 5.0
_RECONNECT_S = 1.0  # so that all are back before the reader sends again what the broker may have lost
_REFUSED_PAUSE_S = 10.0  # after a wrong password, which the broker logs each time
_IN_FLIGHT_MAX = 10  # messages of ours, not acknowledged: paho does not obey the broker's Receive Maximum; 10 is a low one
_RECEIVE_MAX = 1000  # messages under way to a kept session, not acknowledged; many brokers send fewer
_CLOSE_TIMEOUT_S = 1.0  # SIGTERM ends a service in less than 2 s
_TAKEN_AT_ONCE = 50  # messages: then a service does what else is due
_OUTBOX_MESSAGES = 1000
_SAY_AGAIN_S = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Connection:
    """What one connection has, and takes with it when it breaks."""

    client: Client
    number: int
    unacknowledged: deque[MQTTMessageInfo] = field(default_factory=deque)


class MqttSession:
    """One service's session. `fileno()` becomes readable when there are messages, or the connection came or went."""

    def __init__(
        self,
        settings: MqttSettings,
        meter: MeterSettings,
        service: str,
        *,
        keep_session: bool = False,
        announce: bool = True,
        resend: bool = False,
    ) -> None:
        """Prepare a session; nothing is sent before `start`.

        With `keep_session` the broker keeps messages of subscribed topics while the service is away, for
        `session_expiry` seconds, and sends each again until it is acknowledged; without it a connection begins anew.
        Without `announce` it has no status topic. With `resend` what is under way when the connection breaks is sent again
        on the next one: for recordings, which are old anyway.
        """
        self.topics = Topics(settings.base_topic, meter.name)
        self.connections = 0  # how often the connection came up, with its subscriptions
        self.complaint = ""  # why there is no connection, in words
        self.dropped = 0  # messages that were not sent because the connection was down or its queue full
        self._settings = settings
        self._service = service
        self._keep_session = keep_session
        self._announce = announce
        self._resend = resend
        self._status = ONLINE
        self._subscriptions: dict[str, SubscribeOptions] = {}
        self._waker = Waker()
        self._inbox = Inbox(self._waker)
        self._status_change = threading.Lock()
        self._leaving = False
        self._greeted = self._refused = False  # by the broker, on the present connection
        self._broken = threading.Event()
        self._closing = threading.Event()
        self._closed = threading.Event()
        self._written = threading.Event()  # paho's thread has nothing left to send
        self._say, self._say_refused = OncePer(_SAY_AGAIN_S), OncePer(_SAY_AGAIN_S)
        self._numbers = count(1)
        self._connection = self._new_connection()

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._connection.client.is_connected()

    @property
    def status(self) -> str:
        """What the status topic says while there is a connection."""
        return self._status

    @property
    def in_flight(self) -> int:
        """How many messages of QoS 1 the broker has not acknowledged yet."""
        unacknowledged = self._connection.unacknowledged
        while unacknowledged and unacknowledged[0].is_published():
            unacknowledged.popleft()
        return len(unacknowledged)

    def fileno(self) -> int:
        """Give what `wait_for` waits on."""
        return self._waker.fileno()

    def subscribe(self, topic: str, qos: int, *, not_own: bool = False) -> None:
        """Subscribe at each connection from now on; call it before `start`.

        With `not_own` what this session publishes itself does not come back, but for what the broker keeps of it.
        """
        self._subscriptions[topic] = SubscribeOptions(qos, noLocal=not_own)

    def start(self) -> None:
        """Begin to connect, in the background, for ever."""
        threading.Thread(target=self._run, name="mqtt", daemon=True).start()

    def publish(self, topic: str, payload: str | bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Publish if the broker is there; never waits. Gives False, and counts it, if the message was dropped."""
        connection = self._connection
        if connection.client.is_connected():
            info = connection.client.publish(topic, payload, qos, retain)
            if info.rc == 0:
                if qos:
                    connection.unacknowledged.append(info)
                    _ = self.in_flight  # forgets those that are done
                return True
        self.dropped += 1
        return False

    def send(self, message: Outgoing) -> bool:
        """Publish a message that is a value already."""
        return self.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)

    def flush(self, timeout_s: float) -> None:
        """Let what was published leave this process before the calling thread works on: both share one interpreter.

        It waits for the socket, never for the broker.
        """
        self._written.clear()
        if self._connection.client.want_write():
            self._written.wait(timeout_s)

    def set_status(self, status: str) -> None:
        """Publish this service's status, now if it is another one and at each connection."""
        with self._status_change:
            if status != self._status:
                self._status = status
                self._publish_status()

    def take(self, at_most: int = _TAKEN_AT_ONCE) -> list[Message]:
        """Give messages that arrived, oldest first. While there are more, `wait_for` returns at once."""
        return self._inbox.take(at_most)

    def acknowledge(self, receipts: Iterable[Receipt]) -> None:
        """Tell the broker of a kept session that messages are safe, in the order in which they came.

        Those of an earlier connection are not told: their numbers may mean others by now, and the broker sends them again.
        """
        connection = self._connection
        for receipt in receipts:
            if receipt.connection == connection.number:
                connection.client.ack(receipt.mid, 1)

    def close(self) -> None:
        """Say `offline` and disconnect, within a second."""
        self._leaving = True
        is_connected = self.connected
        if is_connected:
            # Queued behind everything published so far; the broker publishes the last will at this reason code.
            self._connection.client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))
        # Only now: a message that finds no room is given up, and its acknowledgement must stand behind the goodbye.
        self._closing.set()
        if is_connected and not self._closed.wait(_CLOSE_TIMEOUT_S):
            _log.warning("the broker did not answer while the connection was closed")

    def _new_connection(self) -> _Connection:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id(settings, self.topics.meter, self._service),
            protocol=MQTTv5,
            reconnect_on_failure=self._resend,  # else `_run` does it, with a new client
            manual_ack=self._keep_session,
        )
        client.connect_timeout = _CONNECT_TIMEOUT_S
        client.max_queued_messages_set(_OUTBOX_MESSAGES)
        client.max_inflight_messages_set(_IN_FLIGHT_MAX)
        if self._announce:
            client.will_set(self.topics.status(self._service), OFFLINE, qos=1, retain=True)
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if settings.tls:
            client.tls_set(str(settings.ca_file) if settings.ca_file else None)
        client.on_socket_open = _send_at_once
        client.on_socket_unregister_write = lambda *_: self._written.set()
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return _Connection(client, next(self._numbers))

    def _publish_status(self) -> None:
        if self._announce and self.connected:
            self._connection.client.publish(self.topics.status(self._service), self._status, qos=1, retain=True)

    # What follows runs in the session's own thread, or in that of paho's client, which it waits for.

    def _run(self) -> None:
        """Connect, and be connected until that ends, again and again."""
        while not self._closing.is_set():
            self._greeted = False
            self._broken.clear()
            try:
                self._connect()
            except OSError as error:  # refused, no such host, no answer, no good certificate
                self._complain(error.strerror or str(error))
            else:
                self._be_connected()
            if self._leaving:
                break
            self._connection = self._new_connection()
            self._waker.wake()
            self._closing.wait(_REFUSED_PAUSE_S if self._refused else _RECONNECT_S)
            self._refused = False
        self._closed.set()

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if self._keep_session:
            properties.SessionExpiryInterval = self._settings.session_expiry
            properties.ReceiveMaximum = _RECEIVE_MAX
        self._connection.client.connect(
            self._settings.host,
            self._settings.port,
            keepalive=_KEEPALIVE_S,
            clean_start=not self._keep_session,
            properties=properties,
        )

    def _be_connected(self) -> None:
        """Let paho's thread serve the connection until it breaks."""
        client = self._connection.client
        client.loop_start()
        # Asked now and then, should it end in a way in which paho does not tell; or should the server never greet.
        while not self._broken.wait(_KEEPALIVE_S) and (self._resend or client.is_connected()):
            pass
        with suppress(AttributeError):  # paho's own, if its thread ends just now
            client.loop_stop()

    def _on_connect(self, client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, _properties: object) -> None:
        self._greeted, self._refused = True, reason.is_failure
        if reason.is_failure:
            self._complain(f"it refuses the connection: {reason}")
            return
        _log.info("connected to the broker at %s", self._address)
        self._say.reset()
        self.complaint = ""
        if self._keep_session and self.connections and not flags.session_present:
            _log.warning("the broker at %s has forgotten what it kept for this service", self._address)
        if self._subscriptions:
            client.subscribe(list(self._subscriptions.items()))
        else:
            self._ready()

    def _on_subscribe(self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object) -> None:
        refused = [topic for topic, reason in zip(self._subscriptions, reasons, strict=False) if reason.is_failure]
        if refused:
            _log.warning("the broker at %s refuses the subscription to %s", self._address, ", ".join(refused))
        self._ready()

    def _ready(self) -> None:
        """Say `online` only now, when what is published will be heard."""
        with self._status_change:
            self._publish_status()
        self.connections += 1
        self._waker.wake()

    def _on_disconnect(self, _client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        if not self._greeted:
            self._complain("it answers, but not as a broker" + (" with TLS" if self._settings.tls else ""))
        elif not (self._leaving or self._refused):
            self._complain(f"the connection broke: {reason}")
        if self._leaving or not self._resend:
            self._broken.set()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        wants_receipt = self._keep_session and message.qos > 0
        receipt = Receipt(self._connection.number, message.mid) if wants_receipt else None
        self._inbox.put(Message(message.topic, bytes(message.payload), message.retain, receipt), self._closing)

    def _on_publish(self, _client: Client, _data: object, _mid: int, reason: ReasonCode, _properties: object) -> None:
        if reason.is_failure and self._say_refused.due(time.monotonic()):
            _log.warning("the broker at %s refuses what is published: %s", self._address, reason)

    def _complain(self, complaint: str) -> None:
        self.complaint = complaint
        if self._say.due(time.monotonic()):
            _log.warning("no broker at %s: %s; trying on", self._address, complaint)

    @property
    def _address(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


def client_id(settings: MqttSettings, meter: str, program: str) -> str:
    """Give the client id of a program, under which the broker keeps its session."""
    prefix = settings.client_id or f"{settings.base_topic}-{meter}".replace("/", "-")
    return f"{prefix}-{program}"


def _send_at_once(_client: Client, _data: object, sock: Any) -> None:
    """Switch Nagle's algorithm off: small messages would wait for the acknowledgement of the one before."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
