"""A client that tries what it may: with a login, or without one, over TLS too."""

import errno
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.waiting import eventually

Login = tuple[str, str]
_ANSWER_S = 20.0


class Guest:
    """Connects for the length of a block; `answer` is what the broker said to that, `heard` has (topic, payload) in order."""

    def __init__(
        self, port: int, login: Login | None, *, ca_file: Path | None = None, host: str = "127.0.0.1", web_path: str = ""
    ) -> None:
        """With a `web_path` it comes by WebSocket, as a browser does."""
        self.answer = ""
        self.gone = threading.Event()
        self.heard: list[tuple[str, str]] = []
        self._answers: dict[int, str] = {}
        self._subscribed = threading.Event()
        transport: Literal["tcp", "websockets"] = "websockets" if web_path else "tcp"
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5, reconnect_on_failure=False, transport=transport)
        if web_path:
            self._client.ws_set_options(web_path)
        if login:
            self._client.username_pw_set(*login)
        if ca_file:
            self._client.tls_set_context(_strict(ca_file))
        self._client.on_connect = lambda _client, _data, _flags, reason, _properties: setattr(self, "answer", str(reason))
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_publish = lambda _client, _data, mid, reason, _properties: self._answers.update({mid: str(reason)})
        self._client.on_disconnect = lambda *_: self.gone.set()
        self._client.on_message = self._hear
        self._host, self._port = host, port

    def called(self, client_id: str) -> Self:
        """Take a client id, before it connects: who has it is thrown off."""
        self._client._client_id = client_id.encode()
        return self

    def with_will(self, topic: str, payload: str) -> Self:
        """Leave a last will, before it connects."""
        self._client.will_set(topic, payload, 1)
        return self

    def __enter__(self) -> Self:
        """Connect, and wait for the broker's answer. Raises OSError, of which ssl.SSLError is one.

        The engine takes connections to a container's port also while nobody listens there, and then ends them.
        """
        self._client.connect(self._host, self._port)
        self._client.loop_start()
        eventually(lambda: self.answer or self.gone.is_set(), _ANSWER_S, "an answer to the connection")
        if not self.answer:
            self._leave()
            raise ConnectionResetError(errno.ECONNRESET, "no answer to the connection")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Disconnect."""
        self._leave()

    def _leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets()  # paho leaves that to the end of the object, and Python may take its sockets first

    def subscribe(self, *filters: str) -> None:
        """Subscribe, and wait until the broker has it; Mosquitto grants all, and then gives what may be read."""
        self._client.subscribe([(one, 1) for one in filters])
        assert self._subscribed.wait(_ANSWER_S), "no answer to the subscription"

    def may_publish(self, topic: str, payload: str = "x", *, retain: bool = False) -> bool:
        """Publish with QoS 1; tell whether the broker took it."""
        mid = self._client.publish(topic, payload, 1, retain).mid
        answer = eventually(lambda: self._answers.get(mid), _ANSWER_S, f"an answer to {topic}")
        assert answer in {"Success", "No matching subscribers", "Not authorized"}
        return answer != "Not authorized"

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, message.payload.decode()))


def speaks_tls(port: int, ca_file: Path) -> bool:
    """Tell whether a server is there whose certificate this authority has signed."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as plain:
            _strict(ca_file).wrap_socket(plain, server_hostname="127.0.0.1").close()
    except OSError:
        return False
    return True


def _strict(ca_file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does
    return context


def answer_to(port: int, login: Login | None, ca_file: Path | None = None) -> str:
    """Tell what a broker answers to who connects so, or why there is no answer."""
    try:
        with Guest(port, login, ca_file=ca_file) as guest:
            return guest.answer
    except OSError as error:
        return str(error)
