"""The gas, water, heat and cooling meters behind the electricity meter, channels 1 and up of the M-Bus.

A meter is known by its device type, never by its channel: the order of installation decides the channel, and a replaced
meter leaves a dead channel behind. Of two meters of one medium the one with the newest valid reading counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from re import fullmatch

from common.obis import MEDIA, MbusPart, Medium
from common.quantity import Quantity, base_of, parse_quantity
from common.text import text_of_hex
from common.timestamps import Clock, looks_like_stamp, to_iso

_READING_GROUPS = 2  # (stamp)(value*unit)
_PROFILE_GROUPS = 7  # (stamp)(status)(period)(count)(code)(unit)(value), DSMR 3.0 annex
_PRINTED_UNIT = {"m³": "m³", "J": "GJ", "Wh": "kWh"}  # base unit -> the unit that `mbus` gives


@dataclass(slots=True)
class MbusMeter:
    """What the lines of one channel told so far."""

    channel: int
    device_type: int | None = None
    serial: str = ""
    valve_state: str = ""
    timestamp: str = ""
    quantity: Quantity | None = None

    def add(self, part: MbusPart, groups: list[str], clock: Clock) -> None:
        """Take in one line of this channel. Raises ValueError for a line that cannot be read."""
        if part is MbusPart.DEVICE_TYPE:
            self.device_type = _device_type(groups[0])
        elif part in {MbusPart.SERIAL, MbusPart.SERIAL_BELGIAN}:
            self.serial = self.serial or text_of_hex(groups[0])
        elif part is MbusPart.VALVE:
            self.valve_state = groups[0].strip()
        else:
            stamp, number = _reading(part, groups)
            self.quantity = parse_quantity(number)
            self.timestamp = to_iso(stamp, clock) or ""

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
            unit = _PRINTED_UNIT.get(self.quantity.base_unit, self.quantity.base_unit)
            item["value"] = self.quantity.to(unit or "")
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
            fields.update(_fields_of(max(of_medium, key=_newness_s), medium))
    items = [meter.as_item() for meter in ordered if meter.readable]
    if items:
        fields["mbus"] = items
    return fields


def _newness_s(meter: MbusMeter) -> float:
    return datetime.fromisoformat(meter.timestamp).timestamp() if meter.readable else float("-inf")


def _fields_of(meter: MbusMeter, medium: Medium) -> dict[str, object]:
    name = medium.name
    fields: dict[str, object] = {}
    if meter.serial:
        fields[f"{name}_serial"] = meter.serial
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


def _reading(part: MbusPart, groups: list[str]) -> tuple[str, str]:
    if part is MbusPart.READING_PROFILE and len(groups) == _PROFILE_GROUPS:
        stamp, _status, _period, _count, _code, unit, number = groups
        return stamp, f"{number}*{unit}"
    if len(groups) == _READING_GROUPS and looks_like_stamp(groups[0]):
        return groups[0], groups[1]
    raise ValueError("expected a time stamp and a reading")
