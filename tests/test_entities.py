"""The meter as Home Assistant shall show it."""

import json
from typing import Any

import pytest

from common.homeassistant import Discovery
from common.obis import FIELDS, Field
from common.telegram import decode
from common.topics import Topics
from reader.entities import Entities
from tests.support.telegrams import telegram

HOME = Discovery("homeassistant", Topics("smartmeter", "home"))
FACTS = {"meter_serial": "1SAG1", "version": "50217", "gas_serial": "7FLO1"}


def announced(*names: str, refresh_s: float = 60.0, discovery: Discovery = HOME) -> dict[str, dict[str, Any]]:
    """Give the announcements of fields, {topic below the prefix: payload}."""
    entities = Entities(discovery, refresh_s, health_s=10.0).of(names, FACTS)
    return {topic.partition("/")[2]: json.loads(payload) for topic, payload in entities.items()}


def own(name: str) -> dict[str, Any]:
    """Give what is said of a field besides what all entities have."""
    entity = announced(name)[f"sensor/smartmeter_home/{name}/config"]
    return {key: value for key, value in entity.items() if key not in {"unique_id", "device", "origin", "availability"}}


def test_power_is_shown_as_what_it_is_now() -> None:
    """Its own topic, which speaks each minute at least; class, unit and digits."""
    assert own("actual_total_consumption") == {
        "name": "Power drawn",
        "state_topic": "smartmeter/home/actual_total_consumption",
        "expire_after": 240,
        "device_class": "power",
        "unit_of_measurement": "kW",
        "state_class": "measurement",
        "suggested_display_precision": 3,
    }


@pytest.mark.parametrize(
    ("name", "device_class", "unit", "state_class", "digits"),
    [
        ("total_consumption_day", "energy", "kWh", "total_increasing", 2),
        ("total_gas_consumption", "gas", "m³", "total_increasing", 3),
        ("total_water_consumption", "water", "m³", "total_increasing", 3),
        ("total_heat_consumption", "energy", "GJ", "total_increasing", 3),
        ("net_power", "power", "W", "measurement", None),
        ("l1_voltage", "voltage", "V", "measurement", 1),
        ("l1_current", "current", "A", "measurement", 2),
        ("peak_demand_month", "power", "kW", "measurement", 3),
        ("actual_reactive_consumption", None, "kvar", "measurement", 3),
        ("power_factor", "power_factor", None, "measurement", None),
        ("power_failures", None, None, "total_increasing", None),
        ("peak_demand_month_timestamp", "timestamp", None, None, None),
        ("actual_tariff_name", "enum", None, None, None),
        ("text_message", None, None, None, None),
    ],
)
def test_a_field_has_the_classes_that_home_assistant_knows(
    name: str, device_class: str | None, unit: str | None, state_class: str | None, digits: int | None
) -> None:
    """None: it has no such key."""
    keys = ("device_class", "unit_of_measurement", "state_class", "suggested_display_precision")
    assert tuple(own(name).get(key) for key in keys) == (device_class, unit, state_class, digits)


def test_what_is_about_the_meter_is_a_diagnostic() -> None:
    """Energy, tariff and messages are the household's; serial numbers, limits and failures are not."""
    names = [field.name for field in FIELDS if field.type is not list]
    diagnostic = {name for name in names if own(name).get("entity_category") == "diagnostic"}
    assert {
        "meter_serial",
        "ean",
        "breaker_state",
        "power_limit",
        "l1_voltage_sags",
        "gas_timestamp",
        "timestamp",
    } <= diagnostic
    household = {"net_power", "total_consumption_day", "text_message", "actual_tariff_name", "l1_voltage", "average_demand"}
    assert not household & diagnostic


def test_the_meters_clock_is_off_until_somebody_wants_it() -> None:
    """It changes each second."""
    assert own("timestamp")["enabled_by_default"] is False
    assert "enabled_by_default" not in own("gas_timestamp")


def test_any_text_fits_into_a_state() -> None:
    """Home Assistant's states have 255 characters at most."""
    assert own("meter_serial")["value_template"] == "{{ value[:255] }}"
    assert own("text_message")["value_template"] == "{{ value[:255] or 'no message' }}"
    assert "value_template" not in own("gas_timestamp")


def test_gas_is_a_meter_of_its_own_behind_the_electricity_meter() -> None:
    """With its own serial number; its entities do not repeat its name."""
    entities = announced("meter_serial", "total_gas_consumption", "gas_serial", "gas_timestamp", "gas_valve_state")
    meter = entities["sensor/smartmeter_home/meter_serial/config"]["device"]
    gas = entities["sensor/smartmeter_home/total_gas_consumption/config"]
    assert meter == {
        "identifiers": ["smartmeter_home"],
        "name": "Smart meter",
        "model": "Electricity meter with a P1 port",
        "serial_number": "1SAG1",
        "sw_version": "50217",
    }
    assert gas["device"] == {
        "identifiers": ["smartmeter_home.gas"],
        "name": "Gas meter",
        "model": "M-Bus meter",
        "via_device": "smartmeter_home",
        "serial_number": "7FLO1",
    }
    names = [
        entities[f"sensor/smartmeter_home/{name}/config"]["name"] for name in ("gas_serial", "gas_timestamp", "gas_valve_state")
    ]
    assert (gas["name"], names) == ("Gas", ["Serial number", "Read at", "Valve"])


@pytest.mark.parametrize("field", [field for field in FIELDS if field.type is not list], ids=lambda field: field.name)
def test_every_field_has_a_name_that_does_not_begin_with_its_devices(field: Field) -> None:
    """Home Assistant warns of one that does; and no field could be taken for a load."""
    entity = announced(field.name)[f"sensor/smartmeter_home/{field.name}/config"]
    assert entity["name"]
    assert not entity["name"].startswith(entity["device"]["name"])
    assert not field.name.startswith("load_")
    assert entity["unique_id"] == f"smartmeter_home.{field.name}"


def test_no_two_entities_of_a_device_have_one_name() -> None:
    """Home Assistant would number them."""
    shown = [field.name for field in FIELDS if field.type is not list]
    names = [(entity["device"]["name"], entity["name"]) for entity in announced(*shown).values()]
    assert len(names) == len(set(names))


def test_what_the_reader_tells_of_itself_is_there_without_a_telegram() -> None:
    """Whether telegrams arrive, also when they do not; how many were rejected."""
    entities = announced()
    assert list(entities) == [
        "binary_sensor/smartmeter_home/connection/config",
        "sensor/smartmeter_home/rejected_telegrams/config",
    ]
    connection, rejected = entities.values()
    assert "availability" not in connection
    assert (connection["state_topic"], connection["device_class"]) == ("smartmeter/home/reader/status", "connectivity")
    assert rejected["availability"][0]["topic"] == "smartmeter/home/reader/status"
    assert rejected["expire_after"] == 90


def test_a_whole_telegram_gives_an_entity_for_each_field_but_lists() -> None:
    """And nothing for codes that the table does not know."""
    fields = decode(telegram("be-emucs-2.1"))
    entities = announced(*fields)
    assert {topic.split("/")[2] for topic in entities} == (set(fields) - {"peak_demand_history", "mbus", "other"}) | {
        "connection",
        "rejected_telegrams",
    }


@pytest.mark.parametrize(("refresh_s", "expected"), [(60, 240), (1, 63), (0.5, 62), (3600, 10_860)])
def test_the_last_net_waits_for_longer_than_a_field_may_be_silent(refresh_s: float, expected: int) -> None:
    """Three refreshes and a minute."""
    entity = announced("net_power", refresh_s=refresh_s)["sensor/smartmeter_home/net_power/config"]
    assert entity["expire_after"] == expected > refresh_s


def test_the_devices_of_a_second_meter_have_its_name() -> None:
    """So two meters' entities do not clash."""
    barn = Discovery("homeassistant", Topics("smartmeter", "barn"))
    entities = announced("total_gas_consumption", discovery=barn)
    assert entities["sensor/smartmeter_barn/total_gas_consumption/config"]["device"]["name"] == "Gas meter barn"
    assert entities["binary_sensor/smartmeter_barn/connection/config"]["device"]["name"] == "Smart meter barn"
