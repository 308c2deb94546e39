"""The meter as Home Assistant shall show it: an entity for each field that it sends, and its devices.

Classes and units follow from the table of fields. Home Assistant 2024.3 and newer ones take them; what it does not know as a
unit of a class (kvar, kVA, kvarh in 2024.3) goes without a class.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from common.homeassistant import AS_TEXT, Discovery
from common.obis import BY_NAME, FIELDS, MEDIA, Field, Form, Kind

SENSOR, BINARY_SENSOR = "sensor", "binary_sensor"
CONNECTION, REJECTED = "connection", "rejected_telegrams"  # entities that are no fields
# Fields that tell of the devices themselves.
DEVICE_FIELDS = ("meter_serial", "version", *(f"{medium.name}_serial" for medium in MEDIA))

_SERVICE = "reader"

_DIGITS = {"kWh": 2, "kW": 3, "W": 0, "V": 1, "A": 2, "m³": 3, "GJ": 3, "kvar": 3, "kVA": 3, "kvarh": 2, "Hz": 2, "s": 0}
_DAY_NIGHT = ["day", "night"]
_AS_MESSAGE = AS_TEXT.replace(" }}", " or 'no message' }}")  # an empty state would look unavailable
_SPARE_S = 60  # beyond three refreshes, of which one may be lost and one late


@dataclass(frozen=True, slots=True)
class Entities:
    """Makes the announcements of one meter, {topic: payload}.

    While telegrams arrive a field's topic speaks at least every `refresh_s` seconds; the reader's counters every `health_s`.
    """

    discovery: Discovery
    refresh_s: float
    health_s: float

    @property
    def topics(self) -> dict[str, str]:
        """Where each field that can be announced would be, {field: topic}."""
        return {field.name: self.discovery.config_topic(SENSOR, field.name) for field in FIELDS if _is_shown(field)}

    def of(self, names: Iterable[str], facts: Mapping[str, str]) -> dict[str, str]:
        """Announce fields by their names, and what the reader tells of itself; `facts` are values of DEVICE_FIELDS."""
        known = [BY_NAME[name] for name in names if name in BY_NAME]
        sensors = {self.discovery.config_topic(SENSOR, one.name): self._sensor(one, facts) for one in known if _is_shown(one)}
        return self._of_reader(facts) | sensors

    def _sensor(self, field: Field, facts: Mapping[str, str]) -> str:
        entity: dict[str, object] = {
            "name": _name(field),
            "state_topic": self.discovery.topics.of(field.name),
            "expire_after": _expires_after_s(self.refresh_s),
            **_classes(field),
        }
        if field.type is str and field.device_class is None:
            entity["value_template"] = _AS_MESSAGE if field.form is Form.MESSAGE else AS_TEXT
        if _is_diagnostic(field):
            entity["entity_category"] = "diagnostic"
        if field.kind is Kind.CLOCK:
            entity["enabled_by_default"] = False  # another value each second, which nobody wants recorded
        return self.discovery.config(field.name, self._device(field.medium, facts), entity, _SERVICE)

    def _of_reader(self, facts: Mapping[str, str]) -> dict[str, str]:
        topics, device = self.discovery.topics, self._device("", facts)
        connection = {
            "name": "Meter connection",
            "state_topic": topics.status(_SERVICE),
            "value_template": "{{ 'ON' if value == 'online' else 'OFF' }}",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
        }
        rejected = {
            "name": "Rejected telegrams",
            "state_topic": topics.health(_SERVICE),
            "value_template": "{{ value_json.crc_errors + value_json.rejected }}",
            "expire_after": _expires_after_s(self.health_s),
            "state_class": "total_increasing",
            "entity_category": "diagnostic",
        }
        return {
            self.discovery.config_topic(BINARY_SENSOR, CONNECTION): self.discovery.always_there(CONNECTION, device, connection),
            self.discovery.config_topic(SENSOR, REJECTED): self.discovery.config(REJECTED, device, rejected, _SERVICE),
        }

    def _device(self, medium: str, facts: Mapping[str, str]) -> dict[str, object]:
        """Give the electricity meter, or the M-Bus meter of a medium, which is a device of its own."""
        node, which = self.discovery.node, self.discovery.which
        device: dict[str, object] = {"identifiers": [f"{node}.{medium}" if medium else node]}
        if medium:
            device |= {"name": f"{medium.capitalize()} meter{which}", "model": "M-Bus meter", "via_device": node}
        else:
            device |= {"name": f"Smart meter{which}", "model": "Electricity meter with a P1 port"}
        named = {"serial_number": f"{medium or 'meter'}_serial", "sw_version": "" if medium else "version"}
        return device | {key: facts[name] for key, name in named.items() if name in facts}


def _expires_after_s(interval_s: float) -> int:
    """Give after how many seconds a value ends by itself that is told anew every `interval_s` seconds."""
    return ceil(3 * interval_s) + _SPARE_S


def _is_shown(field: Field) -> bool:
    """Tell whether a field can be a state: lists are for programs."""
    return field.type is not list


def _name(field: Field) -> str:
    """Give the entity's name; Home Assistant puts its device's name before it."""
    for beginning in (f"{field.medium} meter ", f"{field.medium} "):
        if field.medium and field.label.lower().startswith(beginning):
            rest = field.label[len(beginning) :]
            return rest[0].upper() + rest[1:]
    return field.label


def _classes(field: Field) -> dict[str, object]:
    """Give what tells Home Assistant how to show, convert and sum a value."""
    if field.name == "actual_tariff_name":
        return {"device_class": "enum", "options": _DAY_NIGHT}
    classes: dict[str, object] = {}
    if field.device_class is not None:
        classes["device_class"] = field.device_class
    if field.numeric and field.unit:
        classes["unit_of_measurement"] = field.unit
    if field.state_class is not None:
        classes["state_class"] = field.state_class
    if field.type is float and field.unit in _DIGITS:
        classes["suggested_display_precision"] = _DIGITS[field.unit]
    return classes


def _is_diagnostic(field: Field) -> bool:
    """Tell what is about the meter and the grid, not about the household's energy."""
    if field.form is Form.MESSAGE or field.name == "actual_tariff_name":
        return False
    is_about_grid = field.form is Form.COUNT or "_sag" in field.name or "_swell" in field.name
    return is_about_grid or field.kind in {Kind.CLOCK, Kind.STATE, Kind.TEXT} or field.device_class == "timestamp"
