"""What we use of paho-mqtt. What it has for web sites, proxies, TLS and nameless clients is loaded when it is used: 4 MB."""
# ruff: noqa: E402 -- what follows imports what is not to be loaded

from common.lazy import load_when_used


class _NeverRaisedError(Exception):
    """Stands for what only a TLS connection raises; paho asks for it at each message that arrives in two pieces."""


for _name in ("urllib.request", "hashlib", "uuid"):
    load_when_used(_name)
load_when_used("ssl", SSLWantReadError=_NeverRaisedError, SSLWantWriteError=_NeverRaisedError)

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTMessageInfo, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

__all__ = [
    "CallbackAPIVersion",
    "Client",
    "ConnectFlags",
    "MQTTErrorCode",
    "MQTTMessage",
    "MQTTMessageInfo",
    "MQTTv5",
    "PacketTypes",
    "Properties",
    "ReasonCode",
    "SubscribeOptions",
]
