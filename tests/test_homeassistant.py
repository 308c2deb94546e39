"""Names of Home Assistant's discovery, and what all our announcements have in common."""

import json

import pytest

from common.homeassistant import Discovery
from common.topics import Topics
from common.version import VERSION

HOME = Discovery("homeassistant", Topics("smartmeter", "home"))


def test_each_entity_has_its_own_topic() -> None:
    """Below the prefix: component, meter, entity; a load cannot be taken for a field."""
    assert HOME.config_topic("sensor", "net_power") == "homeassistant/sensor/smartmeter_home/net_power/config"
    assert HOME.load_config_topic("switch", "boiler") == "homeassistant/switch/smartmeter_home/load_boiler/config"
    assert HOME.all_configs == "homeassistant/+/smartmeter_home/+/config"
    assert HOME.birth_topic == "homeassistant/status"


def test_a_meter_has_a_name_that_home_assistant_takes() -> None:
    """Letters, digits, _ and - only, whatever the settings allow in a topic."""
    assert Discovery("ha/x", Topics("my/house.è", "left-1")).node == "my_house___left-1"


@pytest.mark.parametrize(
    ("topic", "is_config", "is_of_load"),
    [
        ("homeassistant/sensor/smartmeter_home/net_power/config", True, False),
        ("homeassistant/switch/smartmeter_home/load_boiler/config", True, True),
        ("homeassistant/sensor/smartmeter_home/net_power/state", False, None),
        ("homeassistant/sensor/smartmeter_home2/net_power/config", False, None),
        ("homeassistant/sensor/smartmeter_home/config", False, None),
        ("homeassistant/sensor/smartmeter_home/a/b/config", False, None),
        ("other/homeassistant/sensor/smartmeter_home/a/config", False, None),
        ("homeassistant/status", False, None),
    ],
)
def test_our_announcements_are_known_by_their_topics(topic: str, is_config: bool, is_of_load: bool | None) -> None:  # noqa: FBT001
    """Those of this meter, and nothing else."""
    assert HOME.is_config(topic) is is_config
    if is_of_load is not None:
        assert HOME.is_of_load(topic) is is_of_load


def test_an_announcement_says_who_it_is_and_when_it_is_there() -> None:
    """A name of its own, device, origin; available only while the service says online, which stale is not."""
    device = {"identifiers": ["smartmeter_home"]}
    assert json.loads(HOME.config("net_power", device, {"name": "Net power"}, "reader")) == {
        "name": "Net power",
        "unique_id": "smartmeter_home.net_power",
        "device": device,
        "origin": {"name": "smartmeter", "sw_version": VERSION},
        "availability": [
            {
                "topic": "smartmeter/home/reader/status",
                "value_template": "{{ 'online' if value == 'online' else 'offline' }}",
            }
        ],
    }
    assert "availability" not in json.loads(HOME.always_there("connection", device, {}))


def test_a_second_meter_has_other_names() -> None:
    """Home Assistant would number devices of one name."""
    assert (HOME.which, Discovery("homeassistant", Topics("smartmeter", "barn")).which) == ("", " barn")
