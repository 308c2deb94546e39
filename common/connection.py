"""One connection with a broker: paho's client, served by the loop of the service itself.

Only connecting happens in a thread, for names, TCP and TLS may take seconds; it ends when the socket is there. After that
nothing is done here unless the loop asks for it, so what is published is written by the thread that publishes it, and no
message crosses from one thread to another: on an old Pi each crossing costs more than the message.
"""

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

from common.paho import Client, MQTTMessageInfo, Properties, ReasonCode
from common.waiting import Waker

_TEND_S = 5.0  # paho asks itself that often whether it is time for a ping
_GREETING_S = 30.0  # for a broker that takes the connection and says nothing


OnAnswer = Callable[[Client, Any, int, ReasonCode, Properties], None]


class Connection:
    """One client and its socket. Times are of the monotonic clock, in seconds."""

    def __init__(self, client: Client, number: int, waker: Waker, on_answer: OnAnswer) -> None:
        """Take a client that is ready to connect; `waker` is woken when that has gone well or failed.

        `on_answer` is called as paho's `on_publish`, for each answer of the broker to a message. It is not with paho all the
        time: for a message that gets none (QoS 0) paho makes up one, which costs more than the message.
        """
        self.client = client
        self.number = number
        self.failure: OSError | None = None  # why it could not be opened
        self._waker = waker
        self._on_answer = on_answer
        self.is_opening = False  # while the thread is at work
        self._unacknowledged: deque[MQTTMessageInfo] = deque()
        self._tend_s = self._greeted_by_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is a socket to serve; whether the broker has greeted, `client.is_connected` tells."""
        return not self.is_opening and self.client.socket() is not None

    @property
    def in_flight(self) -> int:
        """How many messages of QoS 1 the broker has not acknowledged yet."""
        unacknowledged = self._unacknowledged
        while unacknowledged and unacknowledged[0].is_published():
            unacknowledged.popleft()
        return len(unacknowledged)

    def open(self, connect: Callable[[], object], now_s: float) -> None:
        """Begin to connect."""
        self._tend_s, self._greeted_by_s = now_s + _TEND_S, now_s + _GREETING_S
        self.failure, self.is_opening = None, True
        threading.Thread(target=self._try, args=(connect,), name="connecting", daemon=True).start()

    def fileno(self) -> int:
        """Give the socket's descriptor."""
        return int(self._socket().fileno())

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until it must be served although nothing came."""
        if self.is_opening:
            return inf
        return max(0.0, self._tend_s - now_s) if self.is_open else 0.0

    def serve(self, wants_more: Callable[[], bool], now_s: float) -> None:
        """Read what is there while `wants_more`, write what waits, and keep the connection alive."""
        client = self.client
        client.on_publish = self._on_answer
        while wants_more() and self._is_readable():
            client.loop_read()
        client.on_publish = None
        if client.want_write():
            client.loop_write()
        if now_s >= self._tend_s:
            self._tend_s = now_s + _TEND_S
            client.loop_misc()
            if now_s >= self._greeted_by_s and not client.is_connected():
                self.drop()

    def publish(self, topic: str, payload: str | bytes, qos: int, *, retain: bool) -> bool:
        """Publish; tell whether it is on its way."""
        info = self.client.publish(topic, payload, qos, retain)
        if info.rc:
            return False
        if qos:
            self._unacknowledged.append(info)
            _ = self.in_flight  # forgets those that are done: not every service asks
        return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let the network take what is written within as one piece: the broker then wakes up once for all of it."""
        sock = self.client.socket()
        self._cork(sock, on=True)
        try:
            yield
        finally:
            self._cork(sock, on=False)

    def drop(self) -> None:
        """Break it off."""
        if self.is_open:
            with suppress(OSError):  # it has broken just now
                self._socket().shutdown(socket.SHUT_RDWR)

    def end(self, timeout_s: float) -> bool:
        """Write what waits, the goodbye at its end, after which paho closes the socket; tell whether all went out in time."""
        end_s = time.monotonic() + timeout_s
        while self.is_open and self.client.want_write():
            if not select.select([], [self], [], max(0.0, end_s - time.monotonic()))[1]:
                return False
            self.client.loop_write()
        return True

    def _try(self, connect: Callable[[], object]) -> None:
        try:
            connect()
        except OSError as error:  # refused, no such host, no answer, no good certificate
            self.failure = error
        finally:
            self.is_opening = False
            self._waker.wake()

    def _socket(self) -> Any:
        return self.client.socket()

    def _is_readable(self) -> bool:
        sock = self._socket()
        if sock is None:
            return False
        if hasattr(sock, "pending") and sock.pending():  # TLS has decrypted it already: the descriptor does not show it
            return True
        return bool(select.select([sock], [], [], 0)[0])

    @staticmethod
    def _cork(sock: Any, *, on: bool) -> None:
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, on)
