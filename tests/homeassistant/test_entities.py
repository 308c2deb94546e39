"""What the meter becomes in a real Home Assistant: entities with units and classes, values, devices."""

from datetime import datetime

import pytest

from tests.support.home_assistant_house import HomeAssistantHouse
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.homeassistant]

LOAD_ENTITIES = {
    f"load_{name}_{what}"
    for name, entities in {"boiler": "switch reason mode", "heat-pump": "switch reason mode", "car": "shadow reason"}.items()
    for what in entities.split()
}
# unique id | entity id | device class | state class | unit | digits | category; blank: none
TABLE = """\
connection | binary_sensor.smart_meter_meter_connection | connectivity | | | | diagnostic
rejected_telegrams | sensor.smart_meter_rejected_telegrams | | total_increasing | | | diagnostic
version | sensor.smart_meter_p1_version | | | | | diagnostic
meter_serial | sensor.smart_meter_meter_serial_number | | | | | diagnostic
timestamp | sensor.smart_meter_meter_time | timestamp | | | | diagnostic
total_consumption_day | sensor.smart_meter_energy_drawn_day | energy | total_increasing | kWh | 2 |
total_consumption_night | sensor.smart_meter_energy_drawn_night | energy | total_increasing | kWh | 2 |
total_injection_day | sensor.smart_meter_energy_injected_day | energy | total_increasing | kWh | 2 |
total_injection_night | sensor.smart_meter_energy_injected_night | energy | total_increasing | kWh | 2 |
actual_tariff | sensor.smart_meter_tariff | | | | | diagnostic
actual_tariff_name | sensor.smart_meter_tariff_name | enum | | | |
average_demand | sensor.smart_meter_demand_of_this_quarter_hour | power | measurement | kW | 3 |
peak_demand_month | sensor.smart_meter_peak_demand_of_this_month | power | measurement | kW | 3 |
peak_demand_month_timestamp | sensor.smart_meter_time_of_this_month_s_peak | timestamp | | | | diagnostic
actual_total_consumption | sensor.smart_meter_power_drawn | power | measurement | kW | 3 |
actual_total_injection | sensor.smart_meter_power_injected | power | measurement | kW | 3 |
actual_l1_consumption | sensor.smart_meter_power_drawn_l1 | power | measurement | kW | 3 |
actual_l2_consumption | sensor.smart_meter_power_drawn_l2 | power | measurement | kW | 3 |
actual_l3_consumption | sensor.smart_meter_power_drawn_l3 | power | measurement | kW | 3 |
actual_l1_injection | sensor.smart_meter_power_injected_l1 | power | measurement | kW | 3 |
actual_l2_injection | sensor.smart_meter_power_injected_l2 | power | measurement | kW | 3 |
actual_l3_injection | sensor.smart_meter_power_injected_l3 | power | measurement | kW | 3 |
l1_voltage | sensor.smart_meter_voltage_l1 | voltage | measurement | V | 1 |
l2_voltage | sensor.smart_meter_voltage_l2 | voltage | measurement | V | 1 |
l3_voltage | sensor.smart_meter_voltage_l3 | voltage | measurement | V | 1 |
l1_current | sensor.smart_meter_current_l1 | current | measurement | A | 2 |
l2_current | sensor.smart_meter_current_l2 | current | measurement | A | 2 |
l3_current | sensor.smart_meter_current_l3 | current | measurement | A | 2 |
breaker_state | sensor.smart_meter_breaker | | | | | diagnostic
power_limit | sensor.smart_meter_power_limit | power | | kW | 3 | diagnostic
current_limit | sensor.smart_meter_current_limit | current | | A | 2 | diagnostic
text_message | sensor.smart_meter_message | | | | |
net_power | sensor.smart_meter_net_power | power | measurement | W | |
gas_serial | sensor.gas_meter_serial_number | | | | | diagnostic
gas_valve_state | sensor.gas_meter_valve | | | | | diagnostic
gas_timestamp | sensor.gas_meter_read_at | timestamp | | | | diagnostic
total_gas_consumption | sensor.gas_meter_gas | gas | total_increasing | m³ | 3 |
water_serial | sensor.water_meter_serial_number | | | | | diagnostic
water_timestamp | sensor.water_meter_read_at | timestamp | | | | diagnostic
total_water_consumption | sensor.water_meter_water | water | total_increasing | m³ | 3 |
"""
ROWS = {name: cells for name, *cells in (map(str.strip, line.split("|")) for line in TABLE.splitlines())}


def test_every_entity_is_there_with_its_class_and_unit(house: HomeAssistantHouse) -> None:
    """These and no others; the meter's time, which changes each second, waits to be switched on."""
    registered = {name: one for name, one in house.registered().items() if name not in LOAD_ENTITIES}
    shown = house.shown()
    seen = {}
    for name, one in registered.items():
        attributes = shown[name].attributes if name in shown else {"device_class": "timestamp"}
        classes = [str(attributes.get(key, "")) for key in ("device_class", "state_class", "unit_of_measurement")]
        digits = str(one["options"].get("sensor", {}).get("suggested_display_precision", "")) if name != "net_power" else ""
        seen[name] = [one["entity_id"], *classes, digits, one["entity_category"] or ""]
    assert seen == ROWS
    assert [name for name, one in registered.items() if one["disabled_by"]] == ["timestamp"]
    assert set(house.registered()) == ROWS.keys() | LOAD_ENTITIES


def test_every_entity_shows_what_the_telegram_says(house: HomeAssistantHouse) -> None:
    """Numbers to the last digit, times as the same moment, texts as they are."""

    def differing() -> dict[str, tuple[object, str]]:
        shown = house.shown()
        wanted = {name: value for name, value in house.fields().items() if name in ROWS and name != "timestamp"}
        return {name: (value, shown[name].value) for name, value in wanted.items() if not _same(name, value, shown[name].value)}

    eventually(lambda: not differing(), what="all values")
    assert house.shown()["connection"].value == "on"
    assert house.shown()["rejected_telegrams"].value == "0"


def _same(name: str, value: object, shown: str) -> bool:
    if isinstance(value, (int, float)):
        return float(shown) == value
    if name.endswith("timestamp"):
        return datetime.fromisoformat(shown) == datetime.fromisoformat(str(value))
    return shown == (value or "no message")


def test_each_meter_and_each_load_is_a_device_behind_the_smart_meter(house: HomeAssistantHouse) -> None:
    """With the serial number and the version that the telegram tells."""
    fields, devices = house.fields(), house.assistant.devices()
    meter = devices["smartmeter_home"]
    shown = {
        name: (one["name"], one["serial_number"], one["sw_version"], one["via_device_id"]) for name, one in devices.items()
    }
    assert shown == {
        "smartmeter_home": ("Smart meter", fields["meter_serial"], fields["version"], None),
        "smartmeter_home.gas": ("Gas meter", fields["gas_serial"], None, meter["id"]),
        "smartmeter_home.water": ("Water meter", fields["water_serial"], None, meter["id"]),
        "smartmeter_home.load_boiler": ("Boiler", None, None, meter["id"]),
        "smartmeter_home.load_heat-pump": ("Heat pump", None, None, meter["id"]),
        "smartmeter_home.load_car": ("Car", None, None, meter["id"]),
    }


def test_a_message_of_a_thousand_characters_is_cut_and_never_run(house: HomeAssistantHouse) -> None:
    """Home Assistant takes 255; quotes and braces are text, as the grid operator wrote them."""
    entity = house.registered()["text_message"]["entity_id"]
    message = """No "power" at 10:00 {{ 1 / 0 }} {% if %} <b>'&\\n""" * 25
    house.meter.message = message[:1000]
    house.assistant.wait_for_state(entity, message[:255])
    house.meter.message = ""
    house.assistant.wait_for_state(entity, "no message")
