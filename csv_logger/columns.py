"""The columns of the files: a fixed beginning, then what this meter has sent so far, in the order of the table.

The beginning is the contract's (section 2, "In InfluxDB and CSV"); columns are added and never removed.
"""

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from common.obis import FIELDS

FIRST = (
    "timestamp",
    "total_consumption_day",
    "total_consumption_night",
    "total_injection_day",
    "total_injection_night",
    "actual_tariff",
    "actual_total_consumption",
    "actual_total_injection",
    "actual_l1_consumption",
    "actual_l2_consumption",
    "actual_l3_consumption",
    "actual_l1_injection",
    "actual_l2_injection",
    "actual_l3_injection",
    "l1_voltage",
    "l2_voltage",
    "l3_voltage",
    "l1_current",
    "l2_current",
    "l3_current",
    "total_gas_consumption",
    "gas_timestamp",
)


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns, in order."""

    names: tuple[str, ...] = FIRST
    _known: frozenset[str] = field(default=frozenset(FIRST), compare=False, repr=False)

    def with_fields(self, fields: AbstractSet[str]) -> "Columns":
        """Give the columns that have room for these fields of the table too: itself if nothing is new."""
        if fields <= self._known:
            return self
        known = self._known | fields
        names = (*FIRST, *(one.name for one in FIELDS if one.name in known and one.name not in FIRST))
        return Columns(names, frozenset(names))


def columns_of(text: str) -> Columns:
    """Read what `text_of` wrote; a field that the table does not have any more is left out. Raises ValueError."""
    try:
        names = json.loads(text)["columns"]
    except (ValueError, TypeError, KeyError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError('expected {"columns": [names]}')
    return Columns().with_fields(frozenset(names))


def text_of(columns: Columns) -> str:
    """Give the columns as text, to be kept across restarts."""
    return json.dumps({"columns": columns.names}, indent=0) + "\n"
