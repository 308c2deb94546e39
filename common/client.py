"""paho's client as a session of ours needs it: under which name, with which limits, and how it comes and goes."""

import socket
from typing import Any

from common.paho import CallbackAPIVersion, Client, MQTTv5, PacketTypes, Properties, ReasonCode
from common.sections import MqttSettings

_KEEPALIVE_S = 60  # a service that hangs longer than one and a half of it is `offline`; a worn SD card takes half a minute
_CONNECT_TIMEOUT_S = 5.0
_IN_FLIGHT_MAX = 10  # messages of ours, not acknowledged: paho does not obey the broker's Receive Maximum; 10 is a low one
_RECEIVE_MAX = 1000  # messages under way to a kept session, not acknowledged; many brokers send fewer
_OUTBOX_MESSAGES = 1000


def client_id(settings: MqttSettings, meter: str, program: str) -> str:
    """Give the client id of a program, under which the broker keeps its session."""
    prefix = settings.client_id or f"{settings.base_topic}-{meter}".replace("/", "-")
    return f"{prefix}-{program.replace('/', '-')}"


def new_client(settings: MqttSettings, name: str) -> Client:
    """Prepare a client with that client id; it acknowledges nothing by itself."""
    client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTv5, manual_ack=True)
    client.connect_timeout = _CONNECT_TIMEOUT_S
    client.max_queued_messages_set(_OUTBOX_MESSAGES)
    client.max_inflight_messages_set(_IN_FLIGHT_MAX)
    if settings.username:
        client.username_pw_set(settings.username, settings.password)
    if settings.tls:
        client.tls_set(str(settings.ca_file) if settings.ca_file else None)
    client.on_socket_open = _send_at_once
    return client


def connect(client: Client, settings: MqttSettings, *, keep_session: bool) -> None:
    """Connect, which may take seconds. With `keep_session` the broker goes on with the session it has kept.

    Raises OSError: refused, no such host, no answer, no good certificate.
    """
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    if keep_session:
        properties.SessionExpiryInterval = settings.session_expiry
        properties.ReceiveMaximum = _RECEIVE_MAX
    client.connect(settings.host, settings.port, keepalive=_KEEPALIVE_S, clean_start=not keep_session, properties=properties)


def disconnect_with_will(client: Client) -> None:
    """Say goodbye behind everything published so far; at this reason code the broker publishes the last will."""
    client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))


def disconnect_for_good(client: Client) -> None:
    """Say goodbye; the broker forgets the session."""
    properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0
    client.disconnect(properties=properties)


def _send_at_once(_client: Client, _data: object, sock: Any) -> None:
    """Switch Nagle's algorithm off: small messages would wait for the acknowledgement of the one before."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
