"""The session with the broker: MQTT 5 through paho-mqtt, kept up for ever by the loop of the service.

A service waits for its session and for other things with one `wait_for`, and then takes messages, which also does whatever
else the session needs: connecting, the last will, subscribing again, waiting for a broker that is away. None of it blocks.

Each connection is a client of its own: what an earlier one had under way is not sent later, when it would be an old reading
on a live topic or an old command to a relay. Who wants it sent again does so itself (the reader's `backfill`).
"""

import logging
import time
from collections.abc import Iterable
from contextlib import nullcontext
from functools import partial
from itertools import count
from math import inf

from common.client import client_id, connect, disconnect_for_good, disconnect_with_will, new_client
from common.connection import Connection
from common.inbox import Inbox, Message, Receipt
from common.log import OncePer
from common.outgoing import Outgoing
from common.paho import Client, ConnectFlags, MQTTMessage, ReasonCode
from common.sections import MeterSettings, MqttSettings
from common.subscriptions import Subscriptions
from common.topics import Topics
from common.waiting import Link, Waker

ONLINE, OFFLINE = "online", "offline"
STALE = "stale"  # the reader runs, and no telegram comes
FAILING = "failing"  # a service runs, and cannot do its work; its `health` says why

_RECONNECT_S = 1.0  # so that all are back before the reader sends again what the broker may have lost
_REFUSED_PAUSE_S = 10.0  # after a wrong password, which the broker logs each time
_CLOSE_TIMEOUT_S = 1.0  # SIGTERM ends a service in less than 2 s
_TAKEN_AT_ONCE = 50  # messages: then a service does what else is due
_SAY_AGAIN_S = 60.0

_log = logging.getLogger(__name__)


class MqttSession(Link):
    """One service's session: something for `wait_for`, which wakes up when there are messages or news of the connection."""

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
        self._subscriptions = Subscriptions()
        self._inbox = Inbox()
        self._taken: list[Receipt] = []  # last, where the broker keeps no session
        self._waker = Waker()
        self._try_s: float | None = inf  # when to connect; None while there is a connection, or one is made
        self._is_leaving = False
        self._greeted = self._refused = self._is_ready = False  # by the broker, on the present connection; with subscriptions
        self._say, self._say_refused = OncePer(_SAY_AGAIN_S), OncePer(_SAY_AGAIN_S)
        self._numbers = count(1)
        self._connection = self._new_connection()

    @property
    def connected(self) -> bool:
        """Whether the broker is there now, and has heard what this service subscribes to."""
        return self._is_ready and self._connection.client.is_connected()

    @property
    def status(self) -> str:
        """What the status topic says while there is a connection."""
        return self._status

    @property
    def has_left(self) -> bool:
        """Whether the broker sends no more messages, since `leave`."""
        return self._subscriptions.has_left

    @property
    def in_flight(self) -> int:
        """How many messages of QoS 1 the broker has not acknowledged yet."""
        return self._connection.in_flight

    def fileno(self) -> int:
        """Give what becomes readable when there is something to take: the socket, unless there is enough here already."""
        if self._connection.is_open and not self._inbox:
            return self._connection.fileno()
        return self._waker.fileno()

    @property
    def wants_write(self) -> bool:
        """Whether something waits for the socket to take it."""
        return self._connection.is_open and self._connection.client.want_write()

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until `take` has something to do besides messages."""
        if self._taken:
            return 0.0
        if self._try_s is not None:
            return max(0.0, self._try_s - now_s)
        return self._connection.seconds_left(now_s)

    def subscribe(self, topic: str, qos: int, *, not_own: bool = False) -> None:
        """Subscribe at each connection from now on; call it before `start`.

        With `not_own` what this session publishes itself does not come back, but for what the broker keeps of it.
        """
        self._subscriptions.add(topic, qos, not_own=not_own)

    def unsubscribe(self, topics: Iterable[str]) -> None:
        """Let the broker forget, at each connection, what an earlier run may have asked for; call it before `start`."""
        self._subscriptions.forget(topics)

    def start(self) -> None:
        """Begin to connect; it goes on with each `take`, for ever."""
        self._begin(time.monotonic())

    def publish(self, topic: str, payload: str | bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Publish if the broker is there; never waits. Gives False, and counts it, if the message was dropped."""
        connection = self._connection
        if self.connected and connection.publish(topic, payload, qos, retain=retain):
            return True
        self.dropped += 1
        return False

    def send(self, message: Outgoing) -> bool:
        """Publish a message that is a value already."""
        return self.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)

    def send_together(self, messages: Iterable[Outgoing]) -> None:
        """Publish some messages in one go."""
        with self._connection.together():
            for message in messages:
                self.send(message)

    def set_status(self, status: str) -> None:
        """Publish this service's status, now if it is another one and at each connection."""
        if status != self._status:
            self._status = status
            if self.connected:
                self._publish_status(status)

    def take(self, at_most: int = _TAKEN_AT_ONCE) -> list[Message]:
        """Give messages that arrived, oldest first, and do what else is due. While there are more, `wait_for` returns at once.

        With `at_most` 0 a service that has no room only lets the connection live. Where the broker keeps no session, what was
        taken is acknowledged with the next call: whatever follows from a message goes out first.
        """
        self.acknowledge(self._taken)
        if self._inbox or not self._connection.is_open:  # else nobody waits for the waker
            self._waker.clear()
        self._attend(at_most or inf)
        taken = self._inbox.take(at_most)
        if self._inbox:
            self._waker.wake()
        self._taken = [] if self._keep_session else [message.receipt for message in taken if message.receipt]
        return taken

    def acknowledge(self, receipts: Iterable[Receipt]) -> None:
        """Tell the broker that messages are safe, in the order in which they came.

        Those of an earlier connection are not told: their numbers may mean others by now, and the broker sends them again.
        """
        connection = self._connection
        now = [receipt for receipt in receipts if receipt.connection == connection.number]
        with connection.together() if len(now) > 1 else nullcontext():
            for receipt in now:
                connection.client.ack(receipt.mid, 1)

    def leave(self) -> None:
        """Ask the broker for no more messages; those that are under way still come. `has_left` tells when it knows."""
        self._subscriptions.leave(self._connection.client if self.connected else None)

    def close(self, *, for_good: bool = False) -> None:
        """Say `offline` and disconnect, within a second. `for_good`: the broker forgets session and status."""
        self._is_leaving = True
        self._try_s = inf
        client = self._connection.client
        if not client.is_connected():
            return
        if for_good:
            self._publish_status("")
            disconnect_for_good(client)
        else:
            disconnect_with_will(client)
        if not self._connection.end(_CLOSE_TIMEOUT_S):
            _log.warning("the broker did not answer while the connection was closed")

    def _attend(self, at_most: float) -> None:
        """Serve the connection, end one that broke, begin the next one."""
        now_s = time.monotonic()
        connection, inbox = self._connection, self._inbox
        if self._try_s is not None:
            if now_s >= self._try_s:
                self._begin(now_s)
            return
        if connection.is_open:
            connection.serve(lambda: len(inbox) < at_most and not inbox.is_full, now_s)
        if not (connection.is_open or connection.is_opening):
            self._renew(now_s)

    def _begin(self, now_s: float) -> None:
        self._try_s = None
        self._greeted = self._refused = self._is_ready = False
        connection = self._connection
        connection.open(partial(connect, connection.client, self._settings, keep_session=self._keep_session), now_s)

    def _renew(self, now_s: float) -> None:
        """Let go of a connection that broke or never was, and tell when to try again."""
        if self._connection.failure:
            self._complain(self._connection.failure.strerror or str(self._connection.failure))
        if not self._resend:
            self._connection = self._new_connection()
        self._try_s = now_s + (_REFUSED_PAUSE_S if self._refused else _RECONNECT_S)

    def _new_connection(self) -> Connection:
        client = new_client(self._settings, client_id(self._settings, self.topics.meter, self._service))
        if self._announce:
            client.will_set(self.topics.status(self._service), OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return Connection(client, next(self._numbers), self._waker, self._on_publish)

    def _publish_status(self, status: str) -> None:
        if self._announce:
            self._connection.client.publish(self.topics.status(self._service), status, qos=1, retain=True)

    # What follows is called by paho, from within `take` and what publishes.

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
        if not self._subscriptions.ask(client):
            self._ready()

    def _on_subscribe(self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object) -> None:
        if refused := self._subscriptions.refused(reasons):
            _log.warning("the broker at %s refuses the subscription to %s", self._address, ", ".join(refused))
        self._ready()

    def _on_unsubscribe(self, _client: Client, _data: object, mid: int, *_: object) -> None:
        self._subscriptions.unsubscribed(mid)

    def _ready(self) -> None:
        """Say `online` only now, when what is published will be heard."""
        self._is_ready = True
        self._publish_status(self._status)
        self.connections += 1

    def _on_disconnect(self, _client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        if not self._greeted:
            self._complain("it answers, but not as a broker" + (" with TLS" if self._settings.tls else ""))
        elif not (self._is_leaving or self._refused):
            self._complain(f"the connection broke: {reason}")

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        receipt = Receipt(self._connection.number, message.mid) if message.qos > 0 else None
        self._inbox.put(Message(message.topic, bytes(message.payload), message.retain, receipt))

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
