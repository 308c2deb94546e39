"""The gas, water, heat and cooling meters behind the electricity meter, channels 1 and up of the M-Bus.

A meter is known by its device type, never by its channel: the order of installation decides the channel, and a replaced
meter leaves a dead channel behind. Of two meters of one medium the one with the newest valid reading counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from re import fullmatch

from common.obis import GAS_WITHOUT_CHANNEL, MEDIA, MbusPart, Medium
from common.quantity import Quantity, base_of, parse_quantity
from common.text import text_of_hex
from common.timestamps import Clock, looks_like_stamp, to_iso

_READING_GROUPS = 2  # (stamp)(value*unit)
_PROFILE_GROUPS = 7  # (stamp)(status)(period)(count)(code)(unit)(value), DSMR 3.0 annex
_GAS_TYPE = 3
READINGS = frozenset({MbusPart.READING, MbusPart.READING_UNCORRECTED, MbusPart.READING_PROFILE, MbusPart.READING_PROFILE_COLD})
_PRINTED_UNIT = {"m³": "m³", "J": "GJ", "Wh": "kWh"}  # base unit -> the unit that `mbus` gives


@dataclass(slots=True)
class MbusMeter:
    """What the lines of one channel told so far."""

    channel: int
    device_type: int | None = None
    serial: str = ""
    ean: str = ""
    valve_state: str = ""
    timestamp: str = ""
    quantity: Quantity | None = None

    def __post_init__(self) -> None:
        """Know the one meter that has no channel and therefore tells no type."""
        if self.channel == GAS_WITHOUT_CHANNEL:
            self.device_type = _GAS_TYPE

    def add(self, part: MbusPart, groups: list[str], clock: Clock) -> dict[str, object]:
        """Take in one line of this channel and give what it told, as {`mbus 1 serial`: value}.

        Raises ValueError for a line that cannot be read.
        """
        if part is MbusPart.DEVICE_TYPE:
            self.device_type = _device_type(groups[0])
            return self._told(type=self.device_type)
        if part in {MbusPart.SERIAL, MbusPart.SERIAL_BELGIAN}:
            self.serial = self.serial or text_of_hex(groups[0])
            return self._told(serial=self.serial)
        if part is MbusPart.EAN:
            self.ean = text_of_hex(groups[0])
            return self._told(ean=self.ean)
        if part is MbusPart.VALVE:
            self.valve_state = groups[0].strip()
            return self._told(valve_state=self.valve_state)
        return self._add_reading(groups, clock)

    def _add_reading(self, groups: list[str], clock: Clock) -> dict[str, object]:
        stamp, number = _reading(groups)
        quantity, timestamp = parse_quantity(number), to_iso(stamp, clock) or ""
        if not self.readable or (timestamp and _moment_s(timestamp) > _moment_s(self.timestamp)):
            self.quantity, self.timestamp = quantity, timestamp
        return self._told(timestamp=timestamp, value=quantity.to(_printed_unit(quantity)))

    def without_reading(self) -> "MbusMeter":
        """Give a meter of which all else is known."""
        return MbusMeter(self.channel, self.device_type, self.serial, self.ean, self.valve_state)

    def _told(self, **values: object) -> dict[str, object]:
        return {f"mbus {self.channel} {what}": value for what, value in values.items() if value not in {None, ""}}

    @property
    def readable(self) -> bool:
        """Whether it gave a reading; an impossible stamp (`632525252525W`) says that there is none."""
        return self.quantity is not None and bool(self.timestamp)

    def as_item(self) -> dict[str, object]:
        """Give the meter as an item of the field `mbus`: {channel, type, serial, timestamp, value, unit}."""
        item: dict[str, object] = {"channel": self.channel}
        if self.device_type is not None:
            item["type"] = self.device_type
        if self.serial:
            item["serial"] = self.serial
        item["timestamp"] = self.timestamp
        if self.quantity is not None:
            unit = _printed_unit(self.quantity)
            item["value"] = self.quantity.to(unit)
            if unit:
                item["unit"] = unit
        return item


def mbus_fields(meters: Iterable[MbusMeter]) -> dict[str, object]:
    """Derive the fields of gas, water, heat and cooling, and the list `mbus` of every readable meter."""
    ordered = sorted(meters, key=lambda meter: meter.channel)
    fields: dict[str, object] = {}
    for medium in MEDIA:
        of_medium = [meter for meter in ordered if meter.device_type in medium.device_types]
        if of_medium:
            newest = of_medium[0] if len(of_medium) == 1 else max(of_medium, key=_newness_s)
            fields.update(_fields_of(newest, medium))
    items = [meter.as_item() for meter in ordered if meter.readable and meter.channel != GAS_WITHOUT_CHANNEL]
    if items:
        fields["mbus"] = items
    return fields


def _newness_s(meter: MbusMeter) -> float:
    return _moment_s(meter.timestamp) if meter.readable else float("-inf")


def _moment_s(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def _printed_unit(quantity: Quantity) -> str:
    return _PRINTED_UNIT.get(quantity.base_unit, quantity.base_unit)


def _fields_of(meter: MbusMeter, medium: Medium) -> dict[str, object]:
    name = medium.name
    fields: dict[str, object] = {}
    if meter.serial:
        fields[f"{name}_serial"] = meter.serial
    if meter.ean:
        fields[f"{name}_ean"] = meter.ean
    if meter.valve_state and name == "gas":
        fields["gas_valve_state"] = meter.valve_state
    if meter.readable and meter.quantity is not None and _measures(meter.quantity, medium.unit):
        fields[f"{name}_timestamp"] = meter.timestamp
        fields[f"total_{name}_consumption"] = meter.quantity.to(medium.unit)
    return fields


def _measures(quantity: Quantity, unit: str) -> bool:
    """Dutch heat interfaces print some heat meters in m³: their reading stays in `mbus` only."""
    return quantity.base_unit in {"", base_of(unit)[0]}


def _device_type(text: str) -> int | None:
    digits = text.strip()
    if digits and fullmatch("[0-9]{1,3}", digits) is None:  # F3(0,0), in decimal
        raise ValueError(f"expected a device type, got {text[:40]!r}")
    return int(digits) if digits else None


def _reading(groups: list[str]) -> tuple[str, str]:
    """Give stamp and number of a reading, whatever its shape."""
    if len(groups) == _PROFILE_GROUPS:
        stamp, _status, _period, _count, _code, unit, number = groups
        return stamp, f"{number}*{unit}"
    if len(groups) == _READING_GROUPS:
        first, second = groups
        if looks_like_stamp(first):
            return first, second
        if looks_like_stamp(second):
            return second, first
    raise ValueError("expected a time stamp and a reading")
