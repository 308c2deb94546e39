"""`common.obis`: the table, against the contract's own, written here by hand."""

import pytest

from common.obis import BY_CODE, BY_NAME, FIELDS, MBUS_BY_CODE, MEDIA, MbusPart

# code, field, unit, type, retained (contract, sections 2 and 3)
CONTRACT = [
    ("0-0:1.0.0", "timestamp", "", str, False),
    ("1-0:1.8.1", "total_consumption_day", "kWh", float, True),
    ("1-0:1.8.2", "total_consumption_night", "kWh", float, True),
    ("1-0:2.8.1", "total_injection_day", "kWh", float, True),
    ("1-0:2.8.2", "total_injection_night", "kWh", float, True),
    ("1-0:1.8.0", "total_consumption", "kWh", float, True),
    ("1-0:2.8.0", "total_injection", "kWh", float, True),
    ("0-0:96.14.0", "actual_tariff", "", int, True),
    ("", "actual_tariff_name", "", str, True),
    ("1-0:1.7.0", "actual_total_consumption", "kW", float, False),
    ("1-0:2.7.0", "actual_total_injection", "kW", float, False),
    ("1-0:21.7.0", "actual_l1_consumption", "kW", float, False),
    ("1-0:41.7.0", "actual_l2_consumption", "kW", float, False),
    ("1-0:61.7.0", "actual_l3_consumption", "kW", float, False),
    ("1-0:22.7.0", "actual_l1_injection", "kW", float, False),
    ("1-0:42.7.0", "actual_l2_injection", "kW", float, False),
    ("1-0:62.7.0", "actual_l3_injection", "kW", float, False),
    ("1-0:32.7.0", "l1_voltage", "V", float, False),
    ("1-0:52.7.0", "l2_voltage", "V", float, False),
    ("1-0:72.7.0", "l3_voltage", "V", float, False),
    ("1-0:31.7.0", "l1_current", "A", float, False),
    ("1-0:51.7.0", "l2_current", "A", float, False),
    ("1-0:71.7.0", "l3_current", "A", float, False),
    ("1-0:1.4.0", "average_demand", "kW", float, False),
    ("1-0:1.6.0", "peak_demand_month", "kW", float, True),
    ("", "peak_demand_month_timestamp", "", str, True),
    ("0-0:98.1.0", "peak_demand_history", "kW", list, True),
    ("0-0:96.1.4", "version", "", str, True),
    ("1-3:0.2.8", "version", "", str, True),
    ("0-0:96.1.1", "meter_serial", "", str, True),
    ("0-0:96.1.2", "ean", "", str, True),
    ("0-0:96.3.10", "breaker_state", "", str, True),
    ("0-0:17.0.0", "power_limit", "kW", float, True),
    ("0-0:17.0.0", "power_limit_kva", "kVA", float, True),
    ("0-0:17.0.0", "power_limit_a", "A", float, True),
    ("1-0:31.4.0", "current_limit", "A", float, True),
    ("0-0:96.13.0", "text_message", "", str, True),
    ("", "gas_serial", "", str, True),
    ("", "gas_valve_state", "", str, True),
    ("", "gas_timestamp", "", str, True),
    ("", "total_gas_consumption", "m³", float, True),
    ("", "water_serial", "", str, True),
    ("", "water_timestamp", "", str, True),
    ("", "total_water_consumption", "m³", float, True),
    ("", "heat_serial", "", str, True),
    ("", "heat_timestamp", "", str, True),
    ("", "total_heat_consumption", "GJ", float, True),
    ("", "cooling_serial", "", str, True),
    ("", "cooling_timestamp", "", str, True),
    ("", "total_cooling_consumption", "GJ", float, True),
    ("", "mbus", "", list, True),
    ("", "net_power", "W", int, False),
]


@pytest.mark.parametrize(("code", "name", "unit", "type_", "retained"), CONTRACT)
def test_a_field_is_as_the_contract_says(code: str, name: str, unit: str, type_: type, *, retained: bool) -> None:
    """Its code, unit, type, and whether its topic is retained."""
    field = BY_NAME[name]
    assert (field.unit, field.type, field.kind.retained) == (unit, type_, retained)
    assert field in BY_CODE[code] if code else not field.code


def test_the_table_has_the_contracts_fields_in_its_order() -> None:
    """None more, none twice."""
    names = list(dict.fromkeys(name for _, name, *_ in CONTRACT))
    assert [field.name for field in FIELDS] == names
    assert set(BY_CODE) == {code for code, *_ in CONTRACT if code}


@pytest.mark.parametrize(
    ("name", "device_types", "unit"),
    [("gas", {3}, "m³"), ("water", {7}, "m³"), ("heat", {4, 12, 13}, "GJ"), ("cooling", {10, 11}, "GJ")],
)
def test_a_medium_has_its_device_types(name: str, device_types: set[int], unit: str) -> None:
    """As EN 13757-3 numbers them; the fields belong to it."""
    medium = next(medium for medium in MEDIA if medium.name == name)
    assert (set(medium.device_types), medium.unit) == (device_types, unit)
    assert {field.name for field in FIELDS if field.medium == name} == {
        field for _, field, *_ in CONTRACT if field.startswith((f"{name}_", f"total_{name}_"))
    }


def test_the_numbers_of_other_meters_are_told_from_those_of_electricity() -> None:
    """InfluxDB's `electricity` has every number but theirs; two of its fields are integers."""
    numeric = {name for _, name, _, type_, _ in CONTRACT if type_ in {int, float}}
    assert {field.name for field in FIELDS if field.numeric and field.medium} == {
        "total_gas_consumption", "total_water_consumption", "total_heat_consumption", "total_cooling_consumption",
    }  # fmt: skip
    assert {field.name for field in FIELDS if field.numeric} == numeric


@pytest.mark.parametrize(
    ("code", "channel", "part"),
    [
        ("0-1:24.1.0", 1, MbusPart.DEVICE_TYPE),
        ("0-2:96.1.0", 2, MbusPart.SERIAL),
        ("0-3:96.1.1", 3, MbusPart.SERIAL_BELGIAN),
        ("0-4:24.2.1", 4, MbusPart.READING),
        ("0-1:24.2.3", 1, MbusPart.READING_UNCORRECTED),
        ("0-1:24.3.0", 1, MbusPart.READING_PROFILE),
        ("0-4:24.4.0", 4, MbusPart.VALVE),
    ],
)
def test_a_line_of_an_mbus_channel_is_known_by_channel_and_part(code: str, channel: int, part: MbusPart) -> None:
    """Every channel has the same lines."""
    assert MBUS_BY_CODE[code] == (channel, part)


def test_channel_zero_is_the_electricity_meter_itself() -> None:
    """0-0:96.1.1 is its serial number, not that of a meter behind it."""
    assert not any(code.startswith("0-0:") for code in MBUS_BY_CODE)
    assert not MBUS_BY_CODE.keys() & BY_CODE.keys()
