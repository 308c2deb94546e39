"""Home Assistant's MQTT discovery: where an entity is announced, and what all our entities have in common.

One retained message per entity, `PREFIX/COMPONENT/NODE/OBJECT/config`, as Home Assistant 2024.3 and newer ones read it; an
empty one takes the entity away. Source: Home Assistant's documentation of the integration MQTT, "MQTT Discovery" and the
pages of the components.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from common.sections import HomeAssistantSettings, MeterSettings, MqttSettings
from common.settings import Config
from common.topics import Topics
from common.version import VERSION

BORN = b"online"  # what Home Assistant says on `birth_topic` when it has started

_LOAD = "load_"  # begins the objects of loads, and no field's name
_USUAL_METER = "home"
_LEVELS = 4  # below the prefix: component, node, object, config
_TEXT_MAX = 255  # characters of a state in Home Assistant; with more it is an error in its log

AS_TEXT = f"{{{{ value[:{_TEXT_MAX}] }}}}"  # template of entities whose value is any text
_IS_ONLINE = "{{ 'online' if value == 'online' else 'offline' }}"  # `stale` is a service that runs, and a value that is old


@dataclass(frozen=True, slots=True)
class Discovery:
    """The names under which one meter and its loads are announced."""

    prefix: str
    topics: Topics

    @property
    def node(self) -> str:
        """The meter in Home Assistant's words, `smartmeter_home`: of letters, digits, _ and - only."""
        return re.sub(r"[^A-Za-z0-9_-]", "_", f"{self.topics.base}_{self.topics.meter}")

    @property
    def which(self) -> str:
        """What follows the names of devices where there may be several meters."""
        return "" if self.topics.meter == _USUAL_METER else f" {self.topics.meter}"

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant tells that it has started."""
        return f"{self.prefix}/status"

    @property
    def all_configs(self) -> str:
        """The filter that finds all that is announced for this meter and its loads."""
        return self.config_topic("+", "+")

    def config_topic(self, component: str, name: str) -> str:
        """Give where a field's entity is announced; `component` as sensor or binary_sensor."""
        return f"{self.prefix}/{component}/{self.node}/{name}/config"

    def load_config_topic(self, component: str, load: str) -> str:
        """Give where an entity of a load is announced."""
        return self.config_topic(component, _LOAD + load)

    def is_config(self, topic: str) -> bool:
        """Tell whether an entity of this meter or its loads is announced on a topic."""
        beginning, _, rest = topic.partition(f"{self.prefix}/")
        levels = rest.split("/")
        return not beginning and len(levels) == _LEVELS and levels[1] == self.node and levels[-1] == "config"

    def is_of_load(self, topic: str) -> bool:
        """Tell whether a topic of `is_config` is that of a load."""
        return topic.split("/")[-2].startswith(_LOAD)

    def config(self, unique: str, device: Mapping[str, object], entity: Mapping[str, object], service: str) -> str:
        """Give the payload that announces an entity, which is there only while `service` says `online`."""
        available = {"availability": [{"topic": self.topics.status(service), "value_template": _IS_ONLINE}]}
        return self.always_there(unique, device, {**entity, **available})

    def always_there(self, unique: str, device: Mapping[str, object], entity: Mapping[str, object]) -> str:
        """Give the payload that announces an entity which tells something also while no service runs.

        `unique` is its name under this meter, `device` and `entity` are Home Assistant's own keys. No meter's name has a dot,
        so the names under `home` are no others' than those under `home_gas`.
        """
        ours = {"unique_id": f"{self.node}.{unique}", "device": device, "origin": {"name": "smartmeter", "sw_version": VERSION}}
        return json.dumps({**entity, **ours}, ensure_ascii=False, separators=(",", ":"))


def names_of(config: Config) -> Discovery:
    """Give the names of the settings."""
    topics = Topics(config.section(MqttSettings).base_topic, config.section(MeterSettings).name)
    return Discovery(config.section(HomeAssistantSettings).prefix, topics)
