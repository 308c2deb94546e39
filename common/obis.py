"""The one table of what a P1 telegram carries: OBIS code, field name, form, kind, unit and label.

Everything else is derived from it: decoding, MQTT topics, JSON types, Home Assistant's classes, InfluxDB fields and CSV
columns. The order of the rows is the order of the fields everywhere. A new register is one row here and nothing else.

Sources: DSMR P1 companion standard 3.0, 4.2.2 and 5.0.2 (table 6.12), e-MUCS P1 (Fluvius) 1.7 and 2.1, Luxmetering P1 1.1.3,
Swedenergy H1 2.0, ESO P1 data model, Oesterreichs Energie's customer interface 2021; names from the contract, section 2.
"""

from dataclasses import dataclass, replace
from enum import Enum


class Form(Enum):
    """How the text between a line's brackets becomes a value."""

    TIMESTAMP = "timestamp"  # (YYMMDDhhmmssX)
    NUMBER = "number"  # (000123.456*kWh)
    COUNT = "count"  # (00013)
    POWER_FACTOR = "power factor"  # (0.336), (-1.000), (0919) for 0.919
    NUMBER_PAIR = "number pair"  # (100*A), (100*A)(-063*A), (65.0*A,-65.0*A)
    STAMPED_NUMBER = "stamped number"  # (YYMMDDhhmmssX)(03.064*kW), in either order
    PEAK_HISTORY = "peak history"  # (n)(1-0:1.6.0)(1-0:1.6.0) and n times (row stamp)(peak stamp)(03.064*kW)
    FAILURE_LOG = "failure log"  # (n)(0-0:96.7.19) and n times (end of the failure)(0000000240*s)
    TARIFF = "tariff"  # (0001), (TARIFF 1)
    VERSION = "version"  # (50217); Wallonia's Iskra sends it as hex text
    HEX_TEXT = "hex text"  # (3153414731...), the hex digits of ASCII text
    MESSAGE = "message"  # the same, where an empty one says that there is none now
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


# Home Assistant's device class of a number, by its unit; of volumes by the medium. It has classes for reactive and apparent
# power too, but 2024.3 takes only var and VA there.
_DEVICE_CLASSES = {
    "kWh": "energy",
    "GJ": "energy",
    "kW": "power",
    "W": "power",
    "V": "voltage",
    "A": "current",
    "Hz": "frequency",
    "s": "duration",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field that a telegram may give."""

    name: str
    form: Form
    kind: Kind
    type: type[float | int | str | list[object]]
    label: str
    unit: str = ""
    code: str = ""  # reduced OBIS code A-B:C.D.E, or several separated by blanks, the usual first; empty when derived
    plain_code: str = ""  # codes that give the same as plain text, on meters that do not send the usual one
    medium: str = ""  # the medium of the M-Bus meter that it belongs to: gas, water ...
    signed_code: str = ""  # the register that holds this power minus the injected one

    @property
    def numeric(self) -> bool:
        """Whether the value is a number (of a field outside the M-Bus meters: a field of InfluxDB's `electricity`)."""
        return self.type in {float, int}

    @property
    def device_class(self) -> str | None:
        """Home Assistant's `device_class`, None where it has none that fits."""
        if self.form is Form.POWER_FACTOR:
            return "power_factor"
        if self.name.endswith("timestamp"):
            return "timestamp"
        if self.type is list:
            return None
        return self.medium if self.unit == "m³" else _DEVICE_CLASSES.get(self.unit)

    @property
    def state_class(self) -> str | None:
        """Home Assistant's `state_class`, None for what has no statistics."""
        if not self.numeric or self.form is Form.TARIFF:
            return None
        return {Kind.COUNTER: "total_increasing", Kind.GAUGE: "measurement", Kind.PEAK: "measurement"}.get(self.kind)


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
    EAN = "96.1.2"  # of the connection
    READING = "24.2.1"
    READING_UNCORRECTED = "24.2.3"  # Belgian gas: volume without temperature correction
    READING_PROFILE = "24.3.0"  # DSMR 2 and 3: the hourly value, on a line of its own
    READING_PROFILE_COLD = "24.3.1"
    VALVE = "24.4.0"


MBUS_CHANNELS = range(1, 10)

# DSMR 2.1 (Itron ACE4000) sends the gas meter as medium 7 and without a channel: (value)(stamp), once for each hour of a day.
GAS_WITHOUT_CHANNEL = 0


def _energy(code: str, name: str, label: str, unit: str = "kWh") -> Field:
    return Field(name, Form.NUMBER, Kind.COUNTER, float, label, unit, code)


def _gauge(code: str, name: str, label: str, unit: str, signed_code: str = "") -> Field:
    return Field(name, Form.NUMBER, Kind.GAUGE, float, label, unit, code, signed_code=signed_code)


def _count(code: str, name: str, label: str) -> Field:
    return Field(name, Form.COUNT, Kind.COUNTER, int, label, code=code)


def _limit(code: str, name: str, label: str, unit: str) -> Field:
    form = Form.NUMBER_PAIR if unit == "A" and code.startswith("1-") else Form.NUMBER
    return Field(name, form, Kind.STATE, float, label, unit, code)


def _power_factor(code: str, name: str, label: str) -> Field:
    return Field(name, Form.POWER_FACTOR, Kind.GAUGE, float, label, code=code)


def _text(code: str, name: str, label: str, form: Form = Form.HEX_TEXT, kind: Kind = Kind.TEXT) -> Field:
    return Field(name, form, kind, str, label, code=code)


def _phase(number: int) -> tuple[Field, ...]:
    """Give the rarer rows of a phase; C of its codes is 20, 40 or 60 more than that of the sum (IEC 62056-6-1)."""
    c, phase, label = 20 * number, f"l{number}", f"L{number}"
    return (
        _gauge(f"1-0:{c + 3}.7.0", f"actual_{phase}_reactive_consumption", f"Reactive power drawn {label}", "kvar"),
        _gauge(f"1-0:{c + 4}.7.0", f"actual_{phase}_reactive_injection", f"Reactive power injected {label}", "kvar"),
        _gauge(f"1-0:{c + 9}.7.0", f"actual_{phase}_apparent_consumption", f"Apparent power drawn {label}", "kVA"),
        _gauge(f"1-0:{c + 10}.7.0", f"actual_{phase}_apparent_injection", f"Apparent power injected {label}", "kVA"),
        _power_factor(f"1-0:{c + 13}.7.0", f"{phase}_power_factor", f"Power factor {label}"),
        _count(f"1-0:{c + 12}.32.0", f"{phase}_voltage_sags", f"Voltage sags {label}"),
        _gauge(f"1-0:{c + 12}.33.0", f"{phase}_last_sag_duration", f"Duration of the last sag {label}", "s"),
        _gauge(f"1-0:{c + 12}.34.0", f"{phase}_last_sag_voltage", f"Voltage of the last sag {label}", "V"),
        _count(f"1-0:{c + 12}.36.0", f"{phase}_voltage_swells", f"Voltage swells {label}"),
        _gauge(f"1-0:{c + 12}.37.0", f"{phase}_last_swell_duration", f"Duration of the last swell {label}", "s"),
        _gauge(f"1-0:{c + 12}.38.0", f"{phase}_last_swell_voltage", f"Voltage of the last swell {label}", "V"),
    )


def _mbus_fields(medium: Medium) -> tuple[Field, ...]:
    name, label = medium.name, medium.name.capitalize()
    valve = (Field("gas_valve_state", Form.DERIVED, Kind.STATE, str, "Gas valve", medium=name),) if name == "gas" else ()
    return (
        Field(f"{name}_serial", Form.DERIVED, Kind.TEXT, str, f"{label} meter serial number", medium=name),
        Field(f"{name}_ean", Form.DERIVED, Kind.TEXT, str, f"{label} connection EAN", medium=name),
        *valve,
        Field(f"{name}_timestamp", Form.DERIVED, Kind.STATE, str, f"{label} meter read at", medium=name),
        Field(f"total_{name}_consumption", Form.DERIVED, Kind.COUNTER, float, label, medium.unit, medium=name),
    )


FIELDS: tuple[Field, ...] = (
    Field("timestamp", Form.TIMESTAMP, Kind.CLOCK, str, "Meter time", code="0-0:1.0.0"),
    # Register 1 is the normal tariff (day), register 2 the low one (night); on Dutch meters it is the other way round.
    _energy("1-0:1.8.1", "total_consumption_day", "Energy drawn, day"),
    _energy("1-0:1.8.2", "total_consumption_night", "Energy drawn, night"),
    _energy("1-0:2.8.1", "total_injection_day", "Energy injected, day"),
    _energy("1-0:2.8.2", "total_injection_night", "Energy injected, night"),
    _energy("1-0:1.8.0", "total_consumption", "Energy drawn"),
    _energy("1-0:2.8.0", "total_injection", "Energy injected"),
    *(_energy(f"1-0:1.8.{n}", f"total_consumption_tariff_{n}", f"Energy drawn, tariff {n}") for n in (3, 4, 5)),
    *(_energy(f"1-0:2.8.{n}", f"total_injection_tariff_{n}", f"Energy injected, tariff {n}") for n in (3, 4, 5)),
    _energy("1-0:15.8.0", "total_absolute_energy", "Energy drawn and injected"),
    _energy("1-0:3.8.0", "total_reactive_consumption", "Reactive energy drawn", "kvarh"),
    _energy("1-0:4.8.0", "total_reactive_injection", "Reactive energy injected", "kvarh"),
    *(
        _energy(f"1-0:{c}.8.{n}", f"total_reactive_{what}_tariff_{n}", f"Reactive energy {verb}, tariff {n}", "kvarh")
        for c, what, verb in ((3, "consumption", "drawn"), (4, "injection", "injected"))
        for n in (1, 2, 3, 4)
    ),
    *(_energy(f"1-0:{q + 4}.8.0", f"total_reactive_q{q}", f"Reactive energy, quadrant {q}", "kvarh") for q in (1, 2, 3, 4)),
    Field("actual_tariff", Form.TARIFF, Kind.STATE, int, "Tariff", code="0-0:96.14.0"),
    Field("actual_tariff_name", Form.DERIVED, Kind.STATE, str, "Tariff name"),
    _gauge("1-0:1.7.0", "actual_total_consumption", "Power drawn", "kW", signed_code="1-0:16.7.0"),
    _gauge("1-0:2.7.0", "actual_total_injection", "Power injected", "kW"),
    _gauge("1-0:21.7.0", "actual_l1_consumption", "Power drawn L1", "kW", signed_code="1-0:36.7.0"),
    _gauge("1-0:41.7.0", "actual_l2_consumption", "Power drawn L2", "kW", signed_code="1-0:56.7.0"),
    _gauge("1-0:61.7.0", "actual_l3_consumption", "Power drawn L3", "kW", signed_code="1-0:76.7.0"),
    _gauge("1-0:22.7.0", "actual_l1_injection", "Power injected L1", "kW"),
    _gauge("1-0:42.7.0", "actual_l2_injection", "Power injected L2", "kW"),
    _gauge("1-0:62.7.0", "actual_l3_injection", "Power injected L3", "kW"),
    _gauge("1-0:32.7.0", "l1_voltage", "Voltage L1", "V"),
    _gauge("1-0:52.7.0", "l2_voltage", "Voltage L2", "V"),
    _gauge("1-0:72.7.0", "l3_voltage", "Voltage L3", "V"),
    _gauge("1-0:31.7.0", "l1_current", "Current L1", "A"),
    _gauge("1-0:51.7.0", "l2_current", "Current L2", "A"),
    _gauge("1-0:71.7.0", "l3_current", "Current L3", "A"),
    # The energy of the running quarter-hour as its share of the average: rises from 0 (e-MUCS P1 1.7).
    _gauge("1-0:1.4.0", "average_demand", "Demand of this quarter-hour", "kW"),
    _gauge("1-0:2.4.0", "average_injection_demand", "Injection of this quarter-hour", "kW"),
    Field("peak_demand_month", Form.STAMPED_NUMBER, Kind.PEAK, float, "Peak demand of this month", "kW", "1-0:1.6.0"),
    Field("peak_demand_month_timestamp", Form.DERIVED, Kind.PEAK, str, "Time of this month's peak"),
    Field("peak_demand_history", Form.PEAK_HISTORY, Kind.PEAK, list, "Peak demand of past months", "kW", "0-0:98.1.0"),
    _gauge("1-0:3.7.0", "actual_reactive_consumption", "Reactive power drawn", "kvar"),
    _gauge("1-0:4.7.0", "actual_reactive_injection", "Reactive power injected", "kvar"),
    *(_gauge(f"1-0:{q + 4}.7.0", f"actual_reactive_q{q}", f"Reactive power, quadrant {q}", "kvar") for q in (1, 2, 3, 4)),
    _gauge("1-0:9.7.0", "actual_apparent_consumption", "Apparent power drawn", "kVA"),
    _gauge("1-0:10.7.0", "actual_apparent_injection", "Apparent power injected", "kVA"),
    _gauge("1-0:15.7.0", "actual_absolute_power", "Power drawn and injected", "kW"),
    _power_factor("1-0:13.7.0", "power_factor", "Power factor"),
    _gauge("1-0:14.7.0", "frequency", "Frequency", "Hz"),
    *(field for number in (1, 2, 3) for field in _phase(number)),
    _count("0-0:96.7.21", "power_failures", "Power failures"),
    _count("0-0:96.7.9", "long_power_failures", "Long power failures"),
    Field("power_failure_log", Form.FAILURE_LOG, Kind.STATE, list, "Log of long power failures", "s", "1-0:99.97.0"),
    _text("0-0:96.1.4 1-3:0.2.8", "version", "P1 version", Form.VERSION),
    Field("meter_serial", Form.HEX_TEXT, Kind.TEXT, str, "Meter serial number", "", "0-0:96.1.1", "0-0:96.1.0 1-0:96.1.0"),
    _text("0-0:96.1.2", "ean", "Connection EAN"),
    _text("0-0:42.0.0", "logical_device_name", "Logical device name"),
    Field("nominal_voltage", Form.NUMBER, Kind.STATE, float, "Nominal voltage of the grid", "V", "1-0:94.32.1"),
    Field("breaker_state", Form.TEXT, Kind.STATE, str, "Breaker", "", "0-0:96.3.10", "0-0:96.50.68"),
    *(_text(f"0-{n}:96.3.10", f"relay_{n}_state", f"Relay {n}", Form.TEXT, Kind.STATE) for n in (1, 2, 3, 4)),
    _limit("0-0:17.0.0", "power_limit", "Power limit", "kW"),
    _limit("0-0:17.0.0", "power_limit_kva", "Apparent power limit", "kVA"),
    _limit("0-0:17.0.0", "power_limit_a", "Current limit of the limiter", "A"),
    _limit("1-0:31.4.0", "current_limit", "Current limit", "A"),
    Field("current_limit_injection", Form.DERIVED, Kind.STATE, float, "Current limit of injection", "A"),
    _limit("1-0:51.4.0", "l2_current_limit", "Current limit L2", "A"),
    Field("l2_current_limit_injection", Form.DERIVED, Kind.STATE, float, "Current limit of injection L2", "A"),
    _limit("1-0:71.4.0", "l3_current_limit", "Current limit L3", "A"),
    Field("l3_current_limit_injection", Form.DERIVED, Kind.STATE, float, "Current limit of injection L3", "A"),
    _text("0-0:96.13.1", "message_code", "Message code", Form.MESSAGE),
    _text("0-0:96.13.0", "text_message", "Message", Form.MESSAGE),
    *(_text(f"0-0:96.13.{n}", f"text_message_{n}", f"Message {n}", Form.MESSAGE) for n in (2, 3, 4, 5)),
    *(field for medium in MEDIA for field in _mbus_fields(medium)),
    Field("mbus", Form.DERIVED, Kind.COUNTER, list, "Meters on the M-Bus"),
    Field("net_power", Form.DERIVED, Kind.GAUGE, int, "Net power", "W"),
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}

# Code -> its rows: several where the unit decides which field it is.
BY_CODE: dict[str, tuple[Field, ...]] = {}
for _field in FIELDS:
    for _code in _field.code.split():
        BY_CODE[_code] = (*BY_CODE.get(_code, ()), _field)
    for _code in _field.plain_code.split():
        BY_CODE[_code] = (replace(_field, form=Form.TEXT),)

# Code of a signed power -> the names of its two fields: drawn and injected.
BY_SIGNED_CODE: dict[str, tuple[str, str]] = {
    field.signed_code: (field.name, field.name.replace("consumption", "injection")) for field in FIELDS if field.signed_code
}

# Time of day (hhmmss) and date (YYMMDD) on lines of their own (E.ON Sweden).
TIME_CODE, DATE_CODE = "1-0:0.9.1", "1-0:0.9.2"

# Code -> (channel, part) of an M-Bus meter.
MBUS_BY_CODE: dict[str, tuple[int, MbusPart]] = {
    f"0-{channel}:{part.value}": (channel, part) for channel in MBUS_CHANNELS for part in MbusPart
} | {
    "7-0:23.1.0": (GAS_WITHOUT_CHANNEL, MbusPart.READING_UNCORRECTED),
    "7-0:24.4.0": (GAS_WITHOUT_CHANNEL, MbusPart.VALVE),
}
