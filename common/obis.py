"""The one table of what a P1 telegram carries: OBIS code, field name, unit, form and kind.

Everything else is derived from it: decoding, MQTT topics, JSON types, InfluxDB fields and CSV columns. The order of the
rows is the order of the fields everywhere. A new register is one row here and nothing else.

Sources: DSMR P1 companion standard 5.0.2 (table 6.12), e-MUCS P1 (Fluvius) 1.7 and 2.1; names from the contract, section 2.
"""

from dataclasses import dataclass
from enum import Enum


class Form(Enum):
    """How the text between a line's brackets becomes a value."""

    TIMESTAMP = "timestamp"  # (YYMMDDhhmmssX)
    NUMBER = "number"  # (000123.456*kWh)
    STAMPED_NUMBER = "stamped number"  # (YYMMDDhhmmssX)(03.064*kW), in either order
    PEAK_HISTORY = "peak history"  # (n)(1-0:1.6.0)(1-0:1.6.0) and n times (row stamp)(peak stamp)(03.064*kW)
    TARIFF = "tariff"  # (0001)
    VERSION = "version"  # (50217); Wallonia's Iskra sends it as hex text
    HEX_TEXT = "hex text"  # (3153414731...), the hex digits of ASCII text
    TEXT = "text"  # (1)
    DERIVED = "derived"  # has no line of its own: computed from other lines


class Kind(Enum):
    """What a value means over time, which decides how it is published and shown."""

    COUNTER = "counter"  # only ever rises
    GAUGE = "gauge"  # now, and old a second later
    PEAK = "peak"  # the highest of a period
    STATE = "state"  # one of a few, changes rarely
    TEXT = "text"  # an identification or a message
    CLOCK = "clock"  # the time of the telegram

    @property
    def retained(self) -> bool:
        """Whether the field's topic is retained.

        A retained power or voltage would look alive long after the meter went silent, so gauges and the clock never are.
        """
        return self not in {Kind.GAUGE, Kind.CLOCK}


@dataclass(frozen=True, slots=True)
class Field:
    """One field that a telegram may give."""

    name: str
    form: Form
    kind: Kind
    type: type[float | int | str | list[object]]
    unit: str = ""
    code: str = ""  # reduced OBIS code A-B:C.D.E, or several separated by blanks; empty when derived
    medium: str = ""  # the medium of the M-Bus meter that it belongs to: gas, water ...

    @property
    def numeric(self) -> bool:
        """Whether the value is a number (of a field outside the M-Bus meters: a field of InfluxDB's `electricity`)."""
        return self.type in {float, int}


@dataclass(frozen=True, slots=True)
class Medium:
    """What an M-Bus meter measures, by its device type (EN 13757-3)."""

    name: str
    device_types: frozenset[int]
    unit: str


MEDIA = (
    Medium("gas", frozenset({3}), "m³"),
    Medium("water", frozenset({7}), "m³"),
    Medium("heat", frozenset({4, 12, 13}), "GJ"),
    Medium("cooling", frozenset({10, 11}), "GJ"),
)


class MbusPart(Enum):
    """What a line of an M-Bus channel, 0-n:C.D.E, tells of the meter on that channel."""

    DEVICE_TYPE = "24.1.0"
    SERIAL = "96.1.0"
    SERIAL_BELGIAN = "96.1.1"  # Fluvius sends the identification here
    READING = "24.2.1"
    READING_UNCORRECTED = "24.2.3"  # Belgian gas: volume without temperature correction
    READING_PROFILE = "24.3.0"  # DSMR 2 and 3: the hourly value, on a line of its own
    VALVE = "24.4.0"


MBUS_CHANNELS = range(1, 10)


def _counter(code: str, name: str) -> Field:
    return Field(name, Form.NUMBER, Kind.COUNTER, float, "kWh", code)


def _gauge(code: str, name: str, unit: str) -> Field:
    return Field(name, Form.NUMBER, Kind.GAUGE, float, unit, code)


def _limit(code: str, name: str, unit: str) -> Field:
    return Field(name, Form.NUMBER, Kind.STATE, float, unit, code)


def _mbus_fields(medium: Medium) -> tuple[Field, ...]:
    name = medium.name
    valve = (Field("gas_valve_state", Form.DERIVED, Kind.STATE, str, medium=name),) if name == "gas" else ()
    return (
        Field(f"{name}_serial", Form.DERIVED, Kind.TEXT, str, medium=name),
        *valve,
        Field(f"{name}_timestamp", Form.DERIVED, Kind.STATE, str, medium=name),
        Field(f"total_{name}_consumption", Form.DERIVED, Kind.COUNTER, float, medium.unit, medium=name),
    )


FIELDS: tuple[Field, ...] = (
    Field("timestamp", Form.TIMESTAMP, Kind.CLOCK, str, code="0-0:1.0.0"),
    # Register 1 is the normal tariff (day), register 2 the low one (night); on Dutch meters it is the other way round.
    _counter("1-0:1.8.1", "total_consumption_day"),
    _counter("1-0:1.8.2", "total_consumption_night"),
    _counter("1-0:2.8.1", "total_injection_day"),
    _counter("1-0:2.8.2", "total_injection_night"),
    _counter("1-0:1.8.0", "total_consumption"),
    _counter("1-0:2.8.0", "total_injection"),
    Field("actual_tariff", Form.TARIFF, Kind.STATE, int, code="0-0:96.14.0"),
    Field("actual_tariff_name", Form.DERIVED, Kind.STATE, str),
    _gauge("1-0:1.7.0", "actual_total_consumption", "kW"),
    _gauge("1-0:2.7.0", "actual_total_injection", "kW"),
    _gauge("1-0:21.7.0", "actual_l1_consumption", "kW"),
    _gauge("1-0:41.7.0", "actual_l2_consumption", "kW"),
    _gauge("1-0:61.7.0", "actual_l3_consumption", "kW"),
    _gauge("1-0:22.7.0", "actual_l1_injection", "kW"),
    _gauge("1-0:42.7.0", "actual_l2_injection", "kW"),
    _gauge("1-0:62.7.0", "actual_l3_injection", "kW"),
    _gauge("1-0:32.7.0", "l1_voltage", "V"),
    _gauge("1-0:52.7.0", "l2_voltage", "V"),
    _gauge("1-0:72.7.0", "l3_voltage", "V"),
    _gauge("1-0:31.7.0", "l1_current", "A"),
    _gauge("1-0:51.7.0", "l2_current", "A"),
    _gauge("1-0:71.7.0", "l3_current", "A"),
    # The energy of the running quarter-hour as its share of the average: rises from 0 (e-MUCS P1 1.7).
    _gauge("1-0:1.4.0", "average_demand", "kW"),
    Field("peak_demand_month", Form.STAMPED_NUMBER, Kind.PEAK, float, "kW", "1-0:1.6.0"),
    Field("peak_demand_month_timestamp", Form.DERIVED, Kind.PEAK, str),
    Field("peak_demand_history", Form.PEAK_HISTORY, Kind.PEAK, list, "kW", "0-0:98.1.0"),
    Field("version", Form.VERSION, Kind.TEXT, str, code="0-0:96.1.4 1-3:0.2.8"),
    Field("meter_serial", Form.HEX_TEXT, Kind.TEXT, str, code="0-0:96.1.1"),
    Field("ean", Form.HEX_TEXT, Kind.TEXT, str, code="0-0:96.1.2"),
    Field("breaker_state", Form.TEXT, Kind.STATE, str, code="0-0:96.3.10"),
    _limit("0-0:17.0.0", "power_limit", "kW"),
    _limit("0-0:17.0.0", "power_limit_kva", "kVA"),
    _limit("0-0:17.0.0", "power_limit_a", "A"),
    _limit("1-0:31.4.0", "current_limit", "A"),
    Field("text_message", Form.HEX_TEXT, Kind.TEXT, str, code="0-0:96.13.0"),
    *(field for medium in MEDIA for field in _mbus_fields(medium)),
    Field("mbus", Form.DERIVED, Kind.COUNTER, list),
    Field("net_power", Form.DERIVED, Kind.GAUGE, int, "W"),
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}

# Code -> its rows: several where the unit decides which field it is.
BY_CODE: dict[str, tuple[Field, ...]] = {}
for _field in FIELDS:
    for _code in _field.code.split():
        BY_CODE[_code] = (*BY_CODE.get(_code, ()), _field)

# Code -> (channel, part) of an M-Bus meter.
MBUS_BY_CODE: dict[str, tuple[int, MbusPart]] = {
    f"0-{channel}:{part.value}": (channel, part) for channel in MBUS_CHANNELS for part in MbusPart
}
