"""What we use of paho-mqtt. What it has for web sites, proxies and TLS is loaded when it is used: 4 MB of each service."""
# ruff: noqa: E402 -- what follows imports what is not to be loaded

from common.lazy import load_when_used

for _name in ("urllib.request", "ssl", "hashlib"):
    load_when_used(_name)

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
