"""Numbers with units as meters print them: `000123.456*kWh`, `5.2kW`, `791*mA`.

Meters differ in the asterisk, in upper and lower case and in the prefix; a value is scaled to the unit that its field has.
"""

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"(-?)([0-9]{1,15})(?:[.,]([0-9]{1,9}))?(?: *\*? *([A-Za-z][A-Za-z0-9³]{0,7}))?", re.ASCII)
_EXACT_DIGITS = 15  # a float gives back every decimal number of up to 15 digits unchanged

# Unit in lower case -> (base unit, power of ten). `mW` does not occur on a meter, so MW and mw both mean mega.
_UNITS: dict[str, tuple[str, int]] = {
    prefix + unit.lower(): (unit, exponent)
    for unit in ("Wh", "W", "varh", "var", "VAh", "VA", "V", "A", "Hz", "J")
    for prefix, exponent in (("", 0), ("k", 3), ("m", -3 if unit in {"V", "A"} else 6), ("g", 9))
} | {"m3": ("m³", 0), "m³": ("m³", 0), "dm3": ("m³", -3), "l": ("m³", -3), "s": ("s", 0)}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A printed number: its digits (`-123.456`), its base unit (empty if none was printed) and the power of ten."""

    digits: str
    base_unit: str
    exponent: int

    def to(self, unit: str) -> float:
        """Give the number in `unit`, exact to the printed digits; a number without a unit is taken to have that one.

        Raises ValueError when `unit` measures something else.
        """
        return float(f"{self.digits}e{self.exponent_in(unit)}") + 0.0  # + 0.0 turns -0.0 into 0.0

    def exponent_in(self, unit: str) -> int:
        """Give the power of ten that the digits are multiplied by to have the number in `unit`; errors as in `to`."""
        if not self.base_unit:
            return 0
        base_unit, exponent = base_of(unit)
        if base_unit != self.base_unit:
            raise ValueError(f"unit of {self.base_unit} where {unit} was expected")
        return self.exponent - exponent


def parse_quantity(text: str) -> Quantity:
    """Read a number with its unit. Raises ValueError for anything else, and for more digits than a float keeps."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a number: {text[:40]!r}")
    sign, whole, fraction, unit = match.groups("")
    if len((whole + fraction).lstrip("0")) > _EXACT_DIGITS:
        raise ValueError(f"too many digits: {text[:40]!r}")
    base_unit, exponent = base_of(unit) if unit else ("", 0)
    return Quantity(f"{sign}{whole}.{fraction or '0'}", base_unit, exponent)


def base_of(unit: str) -> tuple[str, int]:
    """Give a unit's base unit and power of ten: kWh -> (Wh, 3). Raises ValueError for an unknown one."""
    try:
        return _UNITS[unit.lower()]
    except KeyError:
        raise ValueError(f"unknown unit {unit!r}") from None
