"""The loads as Home Assistant shall show them, and what disappears with them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from common.homeassistant import Discovery
from common.topics import Topics
from relay_controller.discovery import LoadDiscovery
from relay_controller.load import Load, Plant

HOME = Discovery("homeassistant", Topics("smartmeter", "home"))
BOILER, CAR = Load("boiler"), Load("car", shadow=True)
LOAD = "smartmeter/home/load/boiler"


def told(discovery: LoadDiscovery, now_s: float = 30.0) -> dict[str, str]:
    """Give what is sent, {topic: payload}."""
    return {message.topic: str(message.payload) for message in discovery.due(now_s)}


def announced(load: Load, discovery: Discovery = HOME) -> dict[str, dict[str, Any]]:
    """Give what is said of a load, {component: payload}."""
    messages = told(LoadDiscovery(Plant((load,)), discovery, 0.0, wanted=True))
    return {topic.split("/")[1]: json.loads(payload) for topic, payload in messages.items()}


def own(entity: dict[str, Any]) -> dict[str, Any]:
    """Leave out what all entities have."""
    return {key: value for key, value in entity.items() if key not in {"unique_id", "device", "origin", "availability"}}


def test_a_load_is_a_device_with_switch_reason_and_choice() -> None:
    """The switch bears the device's name and shows what the load says; there only while relay_controller is online."""
    entities = announced(BOILER)
    switch, reason, mode = entities["switch"], entities["sensor"], entities["select"]
    assert own(switch) == {
        "name": None, "state_topic": f"{LOAD}/state", "command_topic": f"{LOAD}/set",
        "payload_on": "ON", "payload_off": "OFF", "optimistic": False, "qos": 1,
    }  # fmt: skip
    assert own(reason) == {"name": "Reason", "state_topic": f"{LOAD}/reason", "value_template": "{{ value[:255] }}"}
    assert own(mode) == {
        "name": "Mode", "state_topic": f"{LOAD}/mode", "command_topic": f"{LOAD}/set", "options": ["auto", "on", "off"],
        "value_template": "{{ value or 'None' }}",
        "command_template": "{{ value | upper }}", "optimistic": False, "qos": 1,
    }  # fmt: skip
    device = {
        "identifiers": ["smartmeter_home.load_boiler"], "name": "Boiler", "model": "Load", "via_device": "smartmeter_home",
    }  # fmt: skip
    assert [entity["device"] for entity in entities.values()] == [device] * 3
    assert switch["availability"][0]["topic"] == "smartmeter/home/relay_controller/status"
    assert {entity["unique_id"] for entity in entities.values()} == {
        f"smartmeter_home.load_boiler_{what}" for what in ("switch", "reason", "mode")
    }


def test_the_meter_is_announced_first() -> None:
    """For Home Assistant 2024.3 puts a device only behind one that it knows; without a meter the loads come after 30 s."""
    alone = LoadDiscovery(Plant((BOILER,)), HOME, 0.0, wanted=True)
    alone.heard(HOME.load_config_topic("switch", "boiler"), b"{}", retained=True)
    alone.heard(HOME.config_topic("sensor", "net_power"), b"", retained=False)
    assert told(alone, 29.9) == {}
    assert len(told(alone, 30.0)) == 3
    for retained in (True, False):
        behind = LoadDiscovery(Plant((BOILER,)), HOME, 0.0, wanted=True)
        behind.heard(HOME.config_topic("sensor", "net_power"), b"{}", retained=retained)
        assert len(told(behind, 0.1)) == 3


def test_in_shadow_mode_there_is_nothing_to_command() -> None:
    """Only what the rules would do, and why."""
    entities = announced(CAR)
    assert set(entities) == {"sensor", "binary_sensor"}
    assert entities["binary_sensor"]["state_topic"] == "smartmeter/home/load/car/shadow"


@pytest.mark.parametrize(
    ("load", "meter", "name"),
    [
        ("heat_pump-2", "home", "Heat pump 2"),
        ("boiler", "barn", "Boiler barn"),
        ("mode", "home", "Load mode"),
        ("re", "home", "Load re"),
        ("-", "home", "-"),
    ],
)
def test_a_device_has_a_name_that_reads_well(load: str, meter: str, name: str) -> None:
    """And none with which an entity's name begins: Home Assistant warns of that."""
    entities = announced(Load(load), Discovery("homeassistant", Topics("smartmeter", meter)))
    assert {entity["device"]["name"] for entity in entities.values()} == {name}


def test_all_is_told_again_to_a_broker_that_is_back_and_when_home_assistant_starts() -> None:
    """Not in between."""
    discovery = LoadDiscovery(Plant((BOILER,)), HOME, 0.0, wanted=True)
    first = told(discovery)
    assert told(discovery) == {}
    discovery.connected()
    assert told(discovery) == first
    assert discovery.heard("homeassistant/status", b"online", retained=False)
    assert told(discovery) == first


def test_a_load_that_is_gone_disappears_with_all_that_the_broker_keeps_of_it() -> None:
    """From Home Assistant, and for everybody who shows the loads; what stands is left alone."""
    discovery = LoadDiscovery(Plant((BOILER, CAR)), HOME, 0.0, wanted=True)
    told(discovery)
    gone = [
        HOME.load_config_topic("switch", "pool"),
        HOME.load_config_topic("switch", "car"),  # in shadow mode by now
        *(HOME.topics.load("pool", what) for what in ("state", "mode", "reason")),
        HOME.topics.load("boiler", "shadow"),  # not any more
    ]
    stays = [
        HOME.load_config_topic("switch", "boiler"),
        HOME.config_topic("sensor", "net_power"),  # the reader's
        HOME.topics.load("boiler", "state"),
        HOME.topics.load("car", "shadow"),
    ]
    for topic in (*gone, *stays):
        assert discovery.heard(topic, b"x", retained=True)
        assert discovery.heard(topic, b"", retained=True)
        assert discovery.heard(topic, b"x", retained=False)
    assert told(discovery) == dict.fromkeys(gone, "")


def test_messages_for_others_are_left_to_them() -> None:
    """Commands, telegrams, and what a relay says."""
    discovery = LoadDiscovery(Plant((BOILER,)), HOME, 0.0, wanted=True)
    for topic in (f"{LOAD}/set", "smartmeter/home/telegram", "shelly/relay/0", "smartmeter/home/load/a/b/state"):
        assert not discovery.heard(topic, b"x", retained=True)


def test_switched_off_no_load_is_announced_and_all_are_removed() -> None:
    """What the broker keeps of their states stays: it is not Home Assistant's alone."""
    discovery = LoadDiscovery(Plant((replace(BOILER),)), HOME, 0.0, wanted=False)
    assert told(discovery) == {}
    discovery.heard(HOME.load_config_topic("switch", "boiler"), b"{}", retained=True)
    discovery.heard(HOME.topics.load("boiler", "state"), b"ON", retained=True)
    assert told(discovery) == {HOME.load_config_topic("switch", "boiler"): ""}
