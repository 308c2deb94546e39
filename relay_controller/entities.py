"""The loads as Home Assistant shall show them: a device each, with switch, reason and the choice of a person."""

from collections.abc import Mapping

from common.homeassistant import AS_TEXT, Discovery
from relay_controller.load import Load, Plant
from relay_controller.load_state import Mode

_SERVICE = "relay_controller"
_REASON, _MODE, _SHADOW = "Reason", "Mode", "Rules would switch on"


def entities_of(plant: Plant, discovery: Discovery) -> dict[str, str]:
    """Give the announcements of all loads, {topic: payload}."""
    return {topic: payload for load in plant.loads for topic, payload in _of_load(load, discovery).items()}


def _of_load(load: Load, discovery: Discovery) -> dict[str, str]:
    name, topics = load.name, discovery.topics
    reason: dict[str, object] = {"name": _REASON, "state_topic": topics.load(name, "reason"), "value_template": AS_TEXT}
    entities: dict[str, tuple[str, dict[str, object]]] = {"sensor": ("reason", reason)}
    if load.shadow:  # nothing is switched, so there is nothing to command
        on_off = {"payload_on": "ON", "payload_off": "OFF"}
        entities["binary_sensor"] = ("shadow", {"name": _SHADOW, "state_topic": topics.load(name, "shadow"), **on_off})
    else:
        entities["switch"] = ("switch", _switch(load, discovery))
        entities["select"] = ("mode", _select(load, discovery))
    device = _device(load, discovery)
    return {
        discovery.load_config_topic(component, name): discovery.config(f"load_{name}_{what}", device, entity, _SERVICE)
        for component, (what, entity) in entities.items()
    }


def _switch(load: Load, discovery: Discovery) -> dict[str, object]:
    """Give the switch, which bears its device's name. It shows what the load says, not what was asked for."""
    return {
        "name": None,
        "state_topic": discovery.topics.load(load.name, "state"),
        "command_topic": discovery.topics.load(load.name, "set"),
        "payload_on": "ON",
        "payload_off": "OFF",
        "optimistic": False,
        "qos": 1,
    }


def _select(load: Load, discovery: Discovery) -> dict[str, object]:
    return {
        "name": _MODE,
        "state_topic": discovery.topics.load(load.name, "mode"),
        "command_topic": discovery.topics.load(load.name, "set"),
        "value_template": "{{ value or 'None' }}",  # with the load its state goes, which may be told first
        "command_template": "{{ value | upper }}",
        "options": [mode.value for mode in Mode],
        "optimistic": False,
        "qos": 1,
    }


def _device(load: Load, discovery: Discovery) -> Mapping[str, object]:
    """Give the load as a device behind the meter.

    Home Assistant warns of an entity whose name begins with that of its device.
    """
    shown = load.name.replace("_", " ").replace("-", " ").strip().capitalize() or load.name
    if any(entity.startswith(shown) for entity in (_REASON, _MODE, _SHADOW)):
        shown = f"Load {load.name}"
    identifiers = [f"{discovery.node}.load_{load.name}"]
    return {"identifiers": identifiers, "name": shown + discovery.which, "model": "Load", "via_device": discovery.node}
