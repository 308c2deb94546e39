"""`common.obis`: the table, against the contract's own and P1's, written here by hand."""

import pytest

from common.obis import (
    BY_CODE,
    BY_NAME,
    BY_SIGNED_CODE,
    FIELDS,
    GAS_WITHOUT_CHANNEL,
    MBUS_BY_CODE,
    MEDIA,
    Field,
    Form,
    Kind,
    MbusPart,
)

COUNTER, GAUGE, PEAK, STATE, TEXT, CLOCK = Kind.COUNTER, Kind.GAUGE, Kind.PEAK, Kind.STATE, Kind.TEXT, Kind.CLOCK
RISES, MEASURED = "total_increasing", "measurement"

# code, field, unit, type, kind, retained, device class, state class (contract, sections 2 and 3)
CONTRACT = [
    ("0-0:1.0.0", "timestamp", "", str, CLOCK, False, "timestamp", None),
    ("1-0:1.8.1", "total_consumption_day", "kWh", float, COUNTER, True, "energy", RISES),
    ("1-0:1.8.2", "total_consumption_night", "kWh", float, COUNTER, True, "energy", RISES),
    ("1-0:2.8.1", "total_injection_day", "kWh", float, COUNTER, True, "energy", RISES),
    ("1-0:2.8.2", "total_injection_night", "kWh", float, COUNTER, True, "energy", RISES),
    ("1-0:1.8.0", "total_consumption", "kWh", float, COUNTER, True, "energy", RISES),
    ("1-0:2.8.0", "total_injection", "kWh", float, COUNTER, True, "energy", RISES),
    ("0-0:96.14.0", "actual_tariff", "", int, STATE, True, None, None),
    ("", "actual_tariff_name", "", str, STATE, True, None, None),
    ("1-0:1.7.0", "actual_total_consumption", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:2.7.0", "actual_total_injection", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:21.7.0", "actual_l1_consumption", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:41.7.0", "actual_l2_consumption", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:61.7.0", "actual_l3_consumption", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:22.7.0", "actual_l1_injection", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:42.7.0", "actual_l2_injection", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:62.7.0", "actual_l3_injection", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:32.7.0", "l1_voltage", "V", float, GAUGE, False, "voltage", MEASURED),
    ("1-0:52.7.0", "l2_voltage", "V", float, GAUGE, False, "voltage", MEASURED),
    ("1-0:72.7.0", "l3_voltage", "V", float, GAUGE, False, "voltage", MEASURED),
    ("1-0:31.7.0", "l1_current", "A", float, GAUGE, False, "current", MEASURED),
    ("1-0:51.7.0", "l2_current", "A", float, GAUGE, False, "current", MEASURED),
    ("1-0:71.7.0", "l3_current", "A", float, GAUGE, False, "current", MEASURED),
    ("1-0:1.4.0", "average_demand", "kW", float, GAUGE, False, "power", MEASURED),
    ("1-0:1.6.0", "peak_demand_month", "kW", float, PEAK, True, "power", MEASURED),
    ("", "peak_demand_month_timestamp", "", str, PEAK, True, "timestamp", None),
    ("0-0:98.1.0", "peak_demand_history", "kW", list, PEAK, True, None, None),
    ("0-0:96.1.4", "version", "", str, TEXT, True, None, None),
    ("1-3:0.2.8", "version", "", str, TEXT, True, None, None),
    ("0-0:96.1.1", "meter_serial", "", str, TEXT, True, None, None),
    ("0-0:96.1.2", "ean", "", str, TEXT, True, None, None),
    ("0-0:96.3.10", "breaker_state", "", str, STATE, True, None, None),
    ("0-0:17.0.0", "power_limit", "kW", float, STATE, True, "power", None),
    ("0-0:17.0.0", "power_limit_kva", "kVA", float, STATE, True, None, None),
    ("0-0:17.0.0", "power_limit_a", "A", float, STATE, True, "current", None),
    ("1-0:31.4.0", "current_limit", "A", float, STATE, True, "current", None),
    ("0-0:96.13.0", "text_message", "", str, TEXT, True, None, None),
    ("", "gas_serial", "", str, TEXT, True, None, None),
    ("", "gas_valve_state", "", str, STATE, True, None, None),
    ("", "gas_timestamp", "", str, STATE, True, "timestamp", None),
    ("", "total_gas_consumption", "m³", float, COUNTER, True, "gas", RISES),
    ("", "water_serial", "", str, TEXT, True, None, None),
    ("", "water_timestamp", "", str, STATE, True, "timestamp", None),
    ("", "total_water_consumption", "m³", float, COUNTER, True, "water", RISES),
    ("", "heat_serial", "", str, TEXT, True, None, None),
    ("", "heat_timestamp", "", str, STATE, True, "timestamp", None),
    ("", "total_heat_consumption", "GJ", float, COUNTER, True, "energy", RISES),
    ("", "cooling_serial", "", str, TEXT, True, None, None),
    ("", "cooling_timestamp", "", str, STATE, True, "timestamp", None),
    ("", "total_cooling_consumption", "GJ", float, COUNTER, True, "energy", RISES),
    ("", "mbus", "", list, COUNTER, True, None, None),
    ("", "net_power", "W", int, GAUGE, False, "power", MEASURED),
]

# Every other code of P1 (section 3): code, field, unit, kind
MORE = [
    ("1-0:1.8.3", "total_consumption_tariff_3", "kWh", COUNTER),
    ("1-0:1.8.4", "total_consumption_tariff_4", "kWh", COUNTER),
    ("1-0:1.8.5", "total_consumption_tariff_5", "kWh", COUNTER),
    ("1-0:2.8.3", "total_injection_tariff_3", "kWh", COUNTER),
    ("1-0:2.8.4", "total_injection_tariff_4", "kWh", COUNTER),
    ("1-0:2.8.5", "total_injection_tariff_5", "kWh", COUNTER),
    ("1-0:15.8.0", "total_absolute_energy", "kWh", COUNTER),
    ("1-0:3.8.0", "total_reactive_consumption", "kvarh", COUNTER),
    ("1-0:4.8.0", "total_reactive_injection", "kvarh", COUNTER),
    ("1-0:3.8.1", "total_reactive_consumption_tariff_1", "kvarh", COUNTER),
    ("1-0:3.8.2", "total_reactive_consumption_tariff_2", "kvarh", COUNTER),
    ("1-0:3.8.3", "total_reactive_consumption_tariff_3", "kvarh", COUNTER),
    ("1-0:3.8.4", "total_reactive_consumption_tariff_4", "kvarh", COUNTER),
    ("1-0:4.8.1", "total_reactive_injection_tariff_1", "kvarh", COUNTER),
    ("1-0:4.8.2", "total_reactive_injection_tariff_2", "kvarh", COUNTER),
    ("1-0:4.8.3", "total_reactive_injection_tariff_3", "kvarh", COUNTER),
    ("1-0:4.8.4", "total_reactive_injection_tariff_4", "kvarh", COUNTER),
    ("1-0:5.8.0", "total_reactive_q1", "kvarh", COUNTER),
    ("1-0:6.8.0", "total_reactive_q2", "kvarh", COUNTER),
    ("1-0:7.8.0", "total_reactive_q3", "kvarh", COUNTER),
    ("1-0:8.8.0", "total_reactive_q4", "kvarh", COUNTER),
    ("1-0:2.4.0", "average_injection_demand", "kW", GAUGE),
    ("1-0:3.7.0", "actual_reactive_consumption", "kvar", GAUGE),
    ("1-0:4.7.0", "actual_reactive_injection", "kvar", GAUGE),
    ("1-0:5.7.0", "actual_reactive_q1", "kvar", GAUGE),
    ("1-0:6.7.0", "actual_reactive_q2", "kvar", GAUGE),
    ("1-0:7.7.0", "actual_reactive_q3", "kvar", GAUGE),
    ("1-0:8.7.0", "actual_reactive_q4", "kvar", GAUGE),
    ("1-0:9.7.0", "actual_apparent_consumption", "kVA", GAUGE),
    ("1-0:10.7.0", "actual_apparent_injection", "kVA", GAUGE),
    ("1-0:15.7.0", "actual_absolute_power", "kW", GAUGE),
    ("1-0:13.7.0", "power_factor", "", GAUGE),
    ("1-0:14.7.0", "frequency", "Hz", GAUGE),
    ("1-0:23.7.0", "actual_l1_reactive_consumption", "kvar", GAUGE),
    ("1-0:44.7.0", "actual_l2_reactive_injection", "kvar", GAUGE),
    ("1-0:69.7.0", "actual_l3_apparent_consumption", "kVA", GAUGE),
    ("1-0:30.7.0", "actual_l1_apparent_injection", "kVA", GAUGE),
    ("1-0:53.7.0", "l2_power_factor", "", GAUGE),
    ("1-0:72.32.0", "l3_voltage_sags", "", COUNTER),
    ("1-0:32.33.0", "l1_last_sag_duration", "s", GAUGE),
    ("1-0:52.34.0", "l2_last_sag_voltage", "V", GAUGE),
    ("1-0:72.36.0", "l3_voltage_swells", "", COUNTER),
    ("1-0:32.37.0", "l1_last_swell_duration", "s", GAUGE),
    ("1-0:52.38.0", "l2_last_swell_voltage", "V", GAUGE),
    ("0-0:96.7.21", "power_failures", "", COUNTER),
    ("0-0:96.7.9", "long_power_failures", "", COUNTER),
    ("1-0:99.97.0", "power_failure_log", "s", STATE),
    ("0-0:96.1.0", "meter_serial", "", TEXT),
    ("1-0:96.1.0", "meter_serial", "", TEXT),
    ("0-0:42.0.0", "logical_device_name", "", TEXT),
    ("1-0:94.32.1", "nominal_voltage", "V", STATE),
    ("0-0:96.50.68", "breaker_state", "", STATE),
    ("0-1:96.3.10", "relay_1_state", "", STATE),
    ("0-4:96.3.10", "relay_4_state", "", STATE),
    ("1-0:51.4.0", "l2_current_limit", "A", STATE),
    ("1-0:71.4.0", "l3_current_limit", "A", STATE),
    ("0-0:96.13.1", "message_code", "", TEXT),
    ("0-0:96.13.2", "text_message_2", "", TEXT),
    ("0-0:96.13.5", "text_message_5", "", TEXT),
]

# What Home Assistant's sensors allow (developers.home-assistant.io, sensor entity): device class -> units, state classes
ALLOWED: dict[str, tuple[set[str], set[str | None]]] = {
    "energy": ({"kWh", "GJ"}, {RISES}),
    "gas": ({"m³"}, {RISES}),
    "water": ({"m³"}, {RISES}),
    "power": ({"W", "kW"}, {MEASURED, None}),
    "voltage": ({"V"}, {MEASURED, None}),
    "current": ({"A"}, {MEASURED, None}),
    "frequency": ({"Hz"}, {MEASURED}),
    "duration": ({"s"}, {MEASURED}),
    "power_factor": ({""}, {MEASURED}),
    "timestamp": ({""}, {None}),
}


@pytest.mark.parametrize(("code", "name", "wanted"), [(code, name, tuple(wanted)) for code, name, *wanted in CONTRACT])
def test_a_field_is_as_the_contract_says(code: str, name: str, wanted: tuple[object, ...]) -> None:
    """Its code, unit, type, kind, whether its topic is retained, and what it is to Home Assistant."""
    field = BY_NAME[name]
    assert wanted == (field.unit, field.type, field.kind, field.kind.retained, field.device_class, field.state_class)
    assert field in BY_CODE[code] if code else not field.code


@pytest.mark.parametrize(("code", "name", "unit", "kind"), MORE)
def test_every_other_code_has_a_name_in_this_style(code: str, name: str, unit: str, kind: Kind) -> None:
    """With its unit and kind."""
    assert [(row.name, row.unit, row.kind) for row in BY_CODE[code]] == [(name, unit, kind)]


def test_the_contracts_fields_are_in_its_order() -> None:
    """The others stand between them; no name is there twice."""
    names = [field.name for field in FIELDS]
    wanted = list(dict.fromkeys(name for _, name, *_ in CONTRACT))
    assert [name for name in names if name in wanted] == wanted
    assert len(names) == len(set(names)) == len(BY_NAME)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_is_one_that_home_assistant_takes(field: Field) -> None:
    """Its unit and its state class fit its device class; text and lists have neither; each has a label."""
    assert field.label
    if field.device_class is not None:
        units, state_classes = ALLOWED[field.device_class]
        assert field.unit in units
        assert field.state_class in state_classes
    if not field.numeric:
        assert field.state_class is None
        assert field.device_class in {None, "timestamp"}
    assert field.device_class or not field.unit or field.unit in {"kvarh", "kvar", "kVA"} or field.type is list


def test_counters_and_states_are_retained_and_gauges_are_not() -> None:
    """A retained power would look alive long after the meter went silent."""
    assert {kind for kind in Kind if kind.retained} == {COUNTER, PEAK, STATE, TEXT}


def test_a_unit_tells_one_field_of_a_code_from_another() -> None:
    """Of several rows of one code no two have the same unit."""
    assert {code: [row.unit for row in rows] for code, rows in BY_CODE.items() if len(rows) > 1} == {
        "0-0:17.0.0": ["kW", "kVA", "A"]
    }


def test_a_number_without_hex_is_read_as_it_is() -> None:
    """The codes of plain serial numbers share the field, not the form."""
    assert {code: rows[0].form for code, rows in BY_CODE.items() if rows[0].name == "meter_serial"} == {
        "0-0:96.1.1": Form.HEX_TEXT, "0-0:96.1.0": Form.TEXT, "1-0:96.1.0": Form.TEXT,
    }  # fmt: skip


def test_a_signed_power_has_its_two_fields() -> None:
    """What German meters send of the sum and of each phase."""
    assert BY_SIGNED_CODE == {
        "1-0:16.7.0": ("actual_total_consumption", "actual_total_injection"),
        "1-0:36.7.0": ("actual_l1_consumption", "actual_l1_injection"),
        "1-0:56.7.0": ("actual_l2_consumption", "actual_l2_injection"),
        "1-0:76.7.0": ("actual_l3_consumption", "actual_l3_injection"),
    }


@pytest.mark.parametrize(
    ("name", "device_types", "unit", "fields"),
    [
        ("gas", {3}, "m³", {"gas_serial", "gas_ean", "gas_valve_state", "gas_timestamp", "total_gas_consumption"}),
        ("water", {7}, "m³", {"water_serial", "water_ean", "water_timestamp", "total_water_consumption"}),
        ("heat", {4, 12, 13}, "GJ", {"heat_serial", "heat_ean", "heat_timestamp", "total_heat_consumption"}),
        ("cooling", {10, 11}, "GJ", {"cooling_serial", "cooling_ean", "cooling_timestamp", "total_cooling_consumption"}),
    ],
)
def test_a_medium_has_its_device_types(name: str, device_types: set[int], unit: str, fields: set[str]) -> None:
    """As EN 13757-3 numbers them; the fields belong to it."""
    medium = next(medium for medium in MEDIA if medium.name == name)
    assert (set(medium.device_types), medium.unit) == (device_types, unit)
    assert {field.name for field in FIELDS if field.medium == name} == fields


def test_the_numbers_of_other_meters_are_told_from_those_of_electricity() -> None:
    """InfluxDB's `electricity` has every number but theirs."""
    assert {field.name for field in FIELDS if field.numeric and field.medium} == {
        "total_gas_consumption", "total_water_consumption", "total_heat_consumption", "total_cooling_consumption",
    }  # fmt: skip
    assert {field.type for field in FIELDS if field.numeric} == {float, int}


@pytest.mark.parametrize(
    ("code", "channel", "part"),
    [
        ("0-1:24.1.0", 1, MbusPart.DEVICE_TYPE),
        ("0-2:96.1.0", 2, MbusPart.SERIAL),
        ("0-3:96.1.1", 3, MbusPart.SERIAL_BELGIAN),
        ("0-1:96.1.2", 1, MbusPart.EAN),
        ("0-4:24.2.1", 4, MbusPart.READING),
        ("0-1:24.2.3", 1, MbusPart.READING_UNCORRECTED),
        ("0-1:24.3.0", 1, MbusPart.READING_PROFILE),
        ("0-4:24.3.1", 4, MbusPart.READING_PROFILE_COLD),
        ("0-4:24.4.0", 4, MbusPart.VALVE),
        ("7-0:23.1.0", GAS_WITHOUT_CHANNEL, MbusPart.READING_UNCORRECTED),
        ("7-0:24.4.0", GAS_WITHOUT_CHANNEL, MbusPart.VALVE),
    ],
)
def test_a_line_of_an_mbus_channel_is_known_by_channel_and_part(code: str, channel: int, part: MbusPart) -> None:
    """Every channel has the same lines."""
    assert MBUS_BY_CODE[code] == (channel, part)


def test_channel_zero_is_the_electricity_meter_itself() -> None:
    """0-0:96.1.1 is its serial number, not that of a meter behind it."""
    assert not any(code.startswith("0-0:") for code in MBUS_BY_CODE)
    assert not MBUS_BY_CODE.keys() & BY_CODE.keys()
