"""Which topics the rights are about: from the settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.sections import HomeAssistantSettings, MqttSettings
from common.settings import Config, SettingsError
from common.topics import Topics
from mosquitto.acl import READ, WRITE, Names, line_of, topic_problem

_RIGHTS = {"command_topic": WRITE, "state_topic": READ}  # of relay_controller, to the topics of relays


@dataclass(frozen=True, slots=True)
class Use:
    """A setting, and the line by which the rights of a user show that they know it."""

    where: str
    user: str
    line: str


def names_of(config: Config, loads: Mapping[str, Any]) -> tuple[Names, list[str]]:
    """Give the topics, and lines about those of relays that nobody gets a right to.

    Raises SettingsError for names that our own topics cannot have.
    """
    base, discovery = config.section(MqttSettings).base_topic, config.section(HomeAssistantSettings).prefix
    for where, own in (("[mqtt] base_topic", base), ("[homeassistant] prefix", discovery)):
        if problem := topic_problem(own):
            raise SettingsError([f"{config.source}: {where}: {problem}"])
    notes: list[str] = []
    allowed: dict[str, list[str]] = {key: [] for key in _RIGHTS}
    commands = {topic: name for name, key, topic in _relay_topics(loads) if key == "command_topic"}
    for name, key, topic in _relay_topics(loads):
        commanded = commands.get(topic) if key == "state_topic" else None
        if problem := _relay_problem(topic, base, discovery) or _state_problem(name, commanded):
            notes.append(f"{config.source}: [load:{name}] {key}: {problem}; nobody may use it")
        else:
            allowed[key].append(topic)
    return Names(base, discovery, tuple(allowed["command_topic"]), tuple(allowed["state_topic"])), notes


def uses_of(names: Names, loads: Mapping[str, Any]) -> Iterator[Use]:
    """Give the settings that the rights follow from."""
    yield Use("[mqtt] base_topic", "csv_logger", line_of((READ, Topics(names.base, "+").telegram)))
    yield Use("[homeassistant] prefix", "reader", line_of((READ, f"{names.discovery}/status")))
    allowed = {"command_topic": names.commands, "state_topic": names.states}
    for name, key, topic in _relay_topics(loads):
        if topic in allowed[key]:
            yield Use(f"[load:{name}] {key}", "relay_controller", line_of((_RIGHTS[key], topic)))


def _relay_topics(loads: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Give the topics of relays behind the broker: (load, key, topic)."""
    for name, load in loads.items():
        for key in _RIGHTS:
            topic: str = getattr(load, key)
            if load.driver == "mqtt" and topic:
                yield name, key, topic


def _relay_problem(topic: str, base: str, discovery: str) -> str | None:
    if topic.startswith(f"{base}/"):
        return f"expected a topic of the relay, not one of our own under {base}"
    if topic.startswith(f"{discovery}/"):
        return f"expected a topic of the relay, not one of Home Assistant's under {discovery}"
    return topic_problem(topic)


def _state_problem(name: str, commanded: str | None) -> str | None:
    """Judge a state's topic by the load that takes commands there, if one does: the state's relay could switch it."""
    if commanded is None:
        return None
    return (
        "expected another topic than command_topic" if commanded == name else f"expected one that load {commanded} does not use"
    )
