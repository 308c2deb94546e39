"""`common.mbus`: the meters behind the meter, found by type and never by channel."""

import re

import pytest

from common.mbus import MbusMeter, mbus_fields
from common.obis import GAS_WITHOUT_CHANNEL, MbusPart
from common.timestamps import clock_of

BRUSSELS = clock_of("Europe/Brussels")


def _meter(channel: int, device_type: str, *, serial: str = "", stamp: str = "", value: str = "") -> MbusMeter:
    meter = MbusMeter(channel)
    meter.add(MbusPart.DEVICE_TYPE, [device_type], BRUSSELS)
    if serial:
        meter.add(MbusPart.SERIAL, [serial], BRUSSELS)
    if value:
        meter.add(MbusPart.READING, [stamp, value], BRUSSELS)
    return meter


@pytest.mark.parametrize(
    ("device_type", "value", "fields"),
    [
        pytest.param("003", "00001.500*m3", {"total_gas_consumption": 1.5}, id="gas"),
        pytest.param("3", "00001.500*m3", {"total_gas_consumption": 1.5}, id="gas, one digit"),
        pytest.param("007", "00001.500*m3", {"total_water_consumption": 1.5}, id="water"),
        pytest.param("004", "00001.500*GJ", {"total_heat_consumption": 1.5}, id="heat, outlet"),
        pytest.param("012", "01500*MJ", {"total_heat_consumption": 1.5}, id="heat, inlet"),
        pytest.param("013", "00001.500*GJ", {"total_heat_consumption": 1.5}, id="heat and cooling"),
        pytest.param("010", "00001.500*GJ", {"total_cooling_consumption": 1.5}, id="cooling, outlet"),
        pytest.param("011", "00001.500*GJ", {"total_cooling_consumption": 1.5}, id="cooling, inlet"),
        pytest.param("003", "00001.500", {"total_gas_consumption": 1.5}, id="gas without a unit"),
        pytest.param("012", "00001.500*m3", {}, id="heat in m³ stays in the list"),
        pytest.param("002", "00001.500*kWh", {}, id="electricity stays in the list"),
    ],
)
def test_the_device_type_decides_the_field(device_type: str, value: str, fields: dict[str, float]) -> None:
    """EN 13757-3 as P1 prints it, in decimal."""
    found = mbus_fields([_meter(1, device_type, stamp="251118173003W", value=value)])
    assert {name: found[name] for name in found if name.startswith("total_")} == fields
    assert "mbus" in found


@pytest.mark.parametrize(
    ("value", "item"),
    [
        ("00001.500*m3", {"value": 1.5, "unit": "m³"}),
        ("00001.500*GJ", {"value": 1.5, "unit": "GJ"}),
        ("00001.500*MWh", {"value": 1500.0, "unit": "kWh"}),
        ("00001.500", {"value": 1.5}),
    ],
)
def test_the_list_has_every_readable_meter(value: str, item: dict[str, object]) -> None:
    """With its channel, type, serial number, time, value and unit."""
    found = mbus_fields([_meter(4, "009", serial="4142", stamp="251118173003W", value=value)])
    head = {"channel": 4, "type": 9, "serial": "AB", "timestamp": "2025-11-18T17:30:03+01:00"}
    assert found == {"mbus": [head | item]}


def test_a_meter_without_type_is_in_the_list_only() -> None:
    """Nothing says what it measures."""
    meter = MbusMeter(2)
    meter.add(MbusPart.READING, ["251118173003W", "00001.500*m3"], BRUSSELS)
    meter.add(MbusPart.DEVICE_TYPE, [""], BRUSSELS)
    assert mbus_fields([meter]) == {
        "mbus": [{"channel": 2, "timestamp": "2025-11-18T17:30:03+01:00", "value": 1.5, "unit": "m³"}],
    }


@pytest.mark.parametrize("stamp", ["632525252525W", "700101010000W", "000101000000W"])
def test_an_impossible_time_means_no_reading(stamp: str) -> None:
    """The meter is known, its reading is absent."""
    assert mbus_fields([_meter(1, "003", serial="4142", stamp=stamp, value="00000.000")]) == {"gas_serial": "AB"}


@pytest.mark.parametrize(
    ("first", "second", "live"),
    [
        pytest.param("231130100000W", "240229235500W", "second", id="the newer reading"),
        pytest.param("240229235500W", "231130100000W", "first", id="the newer reading, on the first channel"),
        pytest.param("632525252525W", "231130100000W", "second", id="the only valid reading"),
        pytest.param("251026023000S", "251026021000W", "second", id="in October's hour the letter counts"),
        pytest.param("240229235500W", "240229235500W", "first", id="of two equal ones the first channel"),
    ],
)
def test_of_two_meters_of_one_type_the_newest_reading_counts(first: str, second: str, live: str) -> None:
    """Whatever the channels and the order of the lines."""
    meters = [
        _meter(1, "003", serial="6669727374", stamp=first, value="00001.000*m3"),
        _meter(2, "003", serial="7365636F6E64", stamp=second, value="00002.000*m3"),
    ]
    for order in (meters, meters[::-1]):
        fields = mbus_fields(order)
        assert (fields["gas_serial"], fields["total_gas_consumption"]) == (live, {"first": 1.0, "second": 2.0}[live])


def test_the_valve_is_that_of_the_gas_meter() -> None:
    """0, 1 or 2 as the breaker; other media have no field for it."""
    gas, water = _meter(1, "003"), _meter(2, "007")
    gas.add(MbusPart.VALVE, ["1 "], BRUSSELS)
    water.add(MbusPart.VALVE, ["0"], BRUSSELS)
    assert mbus_fields([gas, water]) == {"gas_valve_state": "1"}


def test_the_connection_of_a_meter_has_its_ean() -> None:
    """An unset one is absent."""
    gas, water = _meter(1, "003"), _meter(2, "007")
    gas.add(MbusPart.EAN, ["353431"], BRUSSELS)
    water.add(MbusPart.EAN, [18 * "2D"], BRUSSELS)
    assert mbus_fields([gas, water]) == {"gas_ean": "541"}


def test_the_belgian_serial_number_counts_where_the_other_is_empty() -> None:
    """Fluvius sends 96.1.1, the Netherlands 96.1.0; the first one that is set stays."""
    meter = _meter(1, "003")
    for part, serial in ((MbusPart.SERIAL, ""), (MbusPart.SERIAL_BELGIAN, "4142"), (MbusPart.SERIAL, "4344")):
        meter.add(part, [serial], BRUSSELS)
    assert mbus_fields([meter]) == {"gas_serial": "AB"}


def test_the_old_hourly_record_is_a_reading() -> None:
    """DSMR 2 and 3: time, status, period, count, code, unit, value."""
    meter = _meter(1, "3")
    record = ["121030140000", "2C", "60", "1", "0-1:24.2.1", "m3", "00876.543"]
    meter.add(MbusPart.READING_PROFILE, record, BRUSSELS)
    assert mbus_fields([meter]) == {
        "gas_timestamp": "2012-10-30T14:00:00+01:00",
        "total_gas_consumption": 876.543,
        "mbus": [{"channel": 1, "type": 3, "timestamp": "2012-10-30T14:00:00+01:00", "value": 876.543, "unit": "m³"}],
    }


@pytest.mark.parametrize("groups", [["00876.543*m3", "19-01-01 14:00:00"], ["19-01-01 14:00:00", "00876.543*m3"]])
def test_the_value_may_stand_before_its_time(groups: list[str]) -> None:
    """DSMR 2.1 prints it so."""
    meter = _meter(1, "3")
    meter.add(MbusPart.READING, groups, BRUSSELS)
    assert mbus_fields([meter])["gas_timestamp"] == "2019-01-01T14:00:00+01:00"
    assert mbus_fields([meter])["total_gas_consumption"] == 876.543


def test_of_the_readings_of_one_meter_the_newest_counts() -> None:
    """DSMR 2.1 prints one for each hour of the day, by the hour: yesterday's behind today's."""
    meter = MbusMeter(GAS_WITHOUT_CHANNEL)
    for hour, value in (("18-12-31 23:00:00", "2*m3"), ("19-01-01 00:00:00", "3*m3"), ("18-12-31 01:00:00", "1*m3")):
        meter.add(MbusPart.READING_UNCORRECTED, [value, hour], BRUSSELS)
    meter.add(MbusPart.READING_UNCORRECTED, ["9*m3", "00-01-01 00:00:00"], BRUSSELS)
    assert mbus_fields([meter]) == {"gas_timestamp": "2019-01-01T00:00:00+01:00", "total_gas_consumption": 3.0}


@pytest.mark.parametrize(
    ("part", "groups", "told"),
    [
        (MbusPart.DEVICE_TYPE, ["007"], {"mbus 2 type": 7}),
        (MbusPart.DEVICE_TYPE, [""], {}),
        (MbusPart.SERIAL, ["4142"], {"mbus 2 serial": "AB"}),
        (MbusPart.SERIAL, [""], {}),
        (MbusPart.EAN, ["3534"], {"mbus 2 ean": "54"}),
        (MbusPart.VALVE, ["1"], {"mbus 2 valve_state": "1"}),
        (MbusPart.READING, ["251118173003W", "1.5*m3"], {"mbus 2 timestamp": "2025-11-18T17:30:03+01:00", "mbus 2 value": 1.5}),
        (MbusPart.READING, ["632525252525W", "00000.000"], {"mbus 2 value": 0.0}),
    ],
)
def test_a_line_tells_what_it_contributed(part: MbusPart, groups: list[str], told: dict[str, object]) -> None:
    """For the explanation of a telegram."""
    assert MbusMeter(2).add(part, groups, BRUSSELS) == told


@pytest.mark.parametrize(
    ("part", "groups", "reason"),
    [
        (MbusPart.DEVICE_TYPE, ["gas"], "expected a device type, got 'gas'"),
        (MbusPart.DEVICE_TYPE, [400 * "3"], f"expected a device type, got '{40 * '3'}'"),
        (MbusPart.READING, ["00012.345*m3"], "expected a time stamp and a reading"),
        (MbusPart.READING, ["1*m3", "2*m3"], "expected a time stamp and a reading"),
        (MbusPart.READING, ["251118173003W", "*m3"], "not a number: '*m3'"),
        (MbusPart.READING_PROFILE, ["121030140000", "0", "60", "1", "0-1:24.2.1", "m3"], "expected a time stamp and a reading"),
        (MbusPart.READING_PROFILE, ["121030140000", "00", "60", "1", "0-1:24.2.1", "m3", ""], "not a number: '*m3'"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused(part: MbusPart, groups: list[str], reason: str) -> None:
    """With what was wanted and what came; the meter is as before."""
    meter = MbusMeter(1)
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        meter.add(part, groups, BRUSSELS)
    assert meter == MbusMeter(1)


def test_a_reading_that_cannot_be_read_leaves_the_one_before_it_alone() -> None:
    """Its time is never given to another value."""
    meter = _meter(1, "003", stamp="240229235500W", value="00001.000*m3")
    before = mbus_fields([meter])
    with pytest.raises(ValueError, match=r"^not a number: 'x'$"):
        meter.add(MbusPart.READING, ["240301000000W", "x"], BRUSSELS)
    assert mbus_fields([meter]) == before
