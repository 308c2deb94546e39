"""A short visit to the broker, to see how a service would fare there: everything in the calling thread, and nothing kept.

The sessions of the services (`common.mqtt`) try for ever and say little; a check tries once and tells why not.
"""

import os
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Self

from common.broker_trouble import (
    ABSENT,
    NO_BROKER,
    NO_TLS,
    OTHER,
    UNKNOWN_HOST,
    WANTS_TLS,
    RefusedVisitError,
    bad_certificate,
    refused_login,
)
from common.client import client_id
from common.paho import CallbackAPIVersion, Client, MQTTErrorCode, MQTTMessage, MQTTv5, ReasonCode, SubscribeOptions
from common.sections import MeterSettings, MqttSettings
from common.topics import Topics

_TIMEOUT_S = 5.0
_TURN_S = 0.1
_CONNECT, _SUBSCRIBE, _PUBLISH = "connect", "subscribe", "publish"


Heard = dict[str, bytes]  # topic -> its last payload


class BrokerVisit:
    """A connection under a name of its own, for the service may be running. Use it with `with`."""

    def __init__(self, settings: MqttSettings, meter: MeterSettings, service: str) -> None:
        self.topics = Topics(settings.base_topic, meter.name)
        self._settings = settings
        self._answers: dict[str, ReasonCode] = {}  # to what was asked last: _CONNECT, _SUBSCRIBE, _PUBLISH
        self._is_gone = False
        self._heard: Heard = {}
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id(settings, meter.name, f"{service}-check-{os.getpid()}"),
            protocol=MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = _TIMEOUT_S
        if settings.username:
            self._client.username_pw_set(settings.username, settings.password)
        self._tls = _tls_context(settings.ca_file) if settings.tls else None
        if self._tls:
            self._client.tls_set_context(self._tls)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        """Connect. Raises RefusedVisitError."""
        try:
            if self._tls:
                _shake_hands(self._settings, self._tls)
            self._client.connect(self._settings.host, self._settings.port, keepalive=60)
        except ssl.SSLCertVerificationError as error:
            raise bad_certificate(error.verify_code, error.verify_message) from None
        except (ssl.SSLError, ConnectionResetError, TimeoutError) as error:
            raise self._no_handshake(error) from None
        except socket.gaierror as error:
            raise RefusedVisitError(UNKNOWN_HOST, f"no such host ({error.strerror})") from None
        except ConnectionRefusedError:
            raise RefusedVisitError(ABSENT, "nothing listens there (connection refused)") from None
        except OSError as error:
            raise RefusedVisitError(OTHER, error.strerror or str(error)) from None
        reason = self._answer(_CONNECT)
        if reason is None:
            self.close()
            raise self._no_greeting()
        if reason.is_failure:
            self.close()
            raise refused_login(reason.value, str(reason), has_login=bool(self._settings.username))
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""
        self.close()

    def close(self) -> None:
        """Disconnect, if there is a connection."""
        self._client.disconnect()
        self._client.loop(_TURN_S)

    def hear(self, topics: Iterable[str], timeout_s: float, is_enough: Callable[[Heard], object]) -> Heard:
        """Subscribe, and give the last payload of each topic that was heard until it is enough or the time is over."""
        self._heard = {}
        self._client.subscribe([(topic, SubscribeOptions(1)) for topic in topics])
        self._answer(_SUBSCRIBE)
        self._wait(lambda: is_enough(self._heard), timeout_s)
        return self._heard

    def refusal(self, topic: str) -> str:
        """Publish an empty message, which nobody keeps; give in words why the broker refuses it, or nothing if it does not."""
        self._client.publish(topic, b"", qos=1)
        reason = self._answer(_PUBLISH)
        if reason is None:
            return "the broker closed the connection" if self._is_gone else "the broker does not answer"
        return str(reason) if reason.is_failure else ""

    def _answer(self, question: str) -> ReasonCode | None:
        self._answers.pop(question, None)
        self._wait(lambda: question in self._answers, _TIMEOUT_S)
        return self._answers.get(question)

    def _wait(self, condition: Callable[[], object], timeout_s: float) -> None:
        end_s = time.monotonic() + timeout_s
        while not condition() and not self._is_gone and (left_s := end_s - time.monotonic()) > 0:
            try:
                result = self._client.loop(min(left_s, _TURN_S))
            except (struct.error, IndexError, ValueError, TypeError):  # paho, of bytes that are no MQTT
                self._is_gone = True
            else:
                self._is_gone = result is not MQTTErrorCode.MQTT_ERR_SUCCESS

    def _no_handshake(self, error: OSError) -> RefusedVisitError:
        if isinstance(error, TimeoutError) and not _takes_connections(self._settings):
            return RefusedVisitError(ABSENT, f"no answer in {_TIMEOUT_S:.0f} s")
        if self._settings.tls:
            return RefusedVisitError(NO_TLS, "it answers, but not with TLS")
        return RefusedVisitError(NO_BROKER, "it answers, but not as a broker")

    def _no_greeting(self) -> RefusedVisitError:
        if not self._settings.tls and _speaks_tls(self._settings):
            return RefusedVisitError(WANTS_TLS, "it speaks TLS there, and the settings do not")
        return RefusedVisitError(NO_BROKER, "something answers there, but not as a broker")

    def _on_connect(self, _client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        self._answers[_CONNECT] = reason

    def _on_subscribe(self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object) -> None:
        self._answers[_SUBSCRIBE] = reasons[0]

    def _on_publish(self, _client: Client, _data: object, _mid: int, reason: ReasonCode, _properties: object) -> None:
        self._answers[_PUBLISH] = reason

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._heard[message.topic] = bytes(message.payload)


def _takes_connections(settings: MqttSettings) -> bool:
    try:
        socket.create_connection((settings.host, settings.port), _TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _speaks_tls(settings: MqttSettings) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is only asked whether it speaks TLS; nothing is said to it
    try:
        _shake_hands(settings, context)
    except OSError:
        return False
    return True


def _tls_context(ca_file: PurePath | None) -> ssl.SSLContext:
    """Give what paho-mqtt makes of the same setting for the sessions of the services."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        context.load_verify_locations(str(ca_file))
    else:
        context.load_default_certs()
    return context


def _shake_hands(settings: MqttSettings, context: ssl.SSLContext) -> None:
    """Try TLS for itself: paho-mqtt leaves its socket open where that fails. Raises OSError."""
    with (
        socket.create_connection((settings.host, settings.port), _TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=settings.host, do_handshake_on_connect=False) as secured,
    ):
        secured.do_handshake()
