"""Which topics the rights are about: from the settings."""

from collections.abc import Mapping
from typing import Any

from common.sections import HomeAssistantSettings, MqttSettings
from common.settings import Config, SettingsError
from mosquitto.acl import Names, topic_problem


def names_of(config: Config, loads: Mapping[str, Any]) -> tuple[Names, list[str]]:
    """Give the topics, and lines about those of relays that nobody gets a right to.

    Raises SettingsError for names that our own topics cannot have.
    """
    base, discovery = config.section(MqttSettings).base_topic, config.section(HomeAssistantSettings).prefix
    for where, own in (("[mqtt] base_topic", base), ("[homeassistant] prefix", discovery)):
        if problem := topic_problem(own):
            raise SettingsError([f"{config.source}: {where}: {problem}"])
    notes: list[str] = []
    allowed: dict[str, list[str]] = {"command_topic": [], "state_topic": []}
    for name, load in loads.items():
        for key, topics in allowed.items():
            topic: str = getattr(load, key)
            if load.driver != "mqtt" or not topic:
                continue
            if problem := _relay_problem(topic, base):
                notes.append(f"{config.source}: [load:{name}] {key}: {problem}; nobody may use it")
            else:
                topics.append(topic)
    return Names(base, discovery, tuple(allowed["command_topic"]), tuple(allowed["state_topic"])), notes


def _relay_problem(topic: str, base: str) -> str | None:
    if topic.startswith(f"{base}/"):
        return f"expected a topic of the relay, not one of our own under {base}"
    return topic_problem(topic)
