"""What we use of paho-mqtt. Its way through a proxy for web sites, which we never go, is not loaded: 3 MB of each service."""
# ruff: noqa: E402 -- what follows imports what is not to be loaded

from common.lazy import load_when_used

load_when_used("urllib.request")

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
