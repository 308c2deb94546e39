"""What a recording tells at one moment, from the cells of a CSV row or from the fields of a telegram.

Only what a replay needs is read: the time, the net power, the tariff, the month's peak, and the fields that conditions ask for.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from common.timestamps import YEARS

_MOST_W = 1e9  # more is no house
_KEPT_TEXTS = ("actual_tariff_name", "peak_demand_month_timestamp")
_KEPT_NUMBERS = ("actual_tariff", "peak_demand_month")


class Row(NamedTuple):
    """One moment of a recording; the power is that of the time since the row before."""

    moment: datetime  # with its offset
    net_power_w: float  # + is drawn from the grid
    fields: dict[str, object]  # of `common.obis`: timestamp, tariff, month peak, and what was asked for, where it is known


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row or a telegram that gives nothing: where it stands, and why."""

    place: str
    reason: str


class Columns:
    """Reads the rows of a file by the names of its columns. Raises ValueError where time or power have no column."""

    def __init__(self, names: Sequence[str], wanted: AbstractSet[str], *, is_dutch: bool) -> None:
        """Look for the numeric fields in `wanted` too; a Dutch meter numbers its tariffs the other way round."""
        places = {name: place for place, name in enumerate(names)}
        if "timestamp" not in places or not places.keys() & {"net_power", "actual_total_consumption"}:
            raise ValueError('expected the names of columns, "timestamp" and "net_power" among them')
        self._count = len(names)
        self._time = places["timestamp"]
        self._net_power = places.get("net_power")
        self._powers = (places.get("actual_total_consumption"), places.get("actual_total_injection"))
        self._numbers = [(name, places[name]) for name in sorted({*wanted, *_KEPT_NUMBERS}) if name in places]
        self._texts = [(name, places[name]) for name in _KEPT_TEXTS if name in places]
        self._tariff_names: Mapping[object, str] = {1: "night", 2: "day"} if is_dutch else {1: "day", 2: "night"}

    def row(self, cells: Sequence[str]) -> Row:
        """Read one row. Raises ValueError if it has no time or no power, or something that is not what its column says."""
        if len(cells) != self._count:
            raise ValueError(f"expected {self._count} cells, got {len(cells)}")
        text = cells[self._time]
        moment = _moment(text)
        net_power_w = self._net_power_w(cells)
        fields: dict[str, object] = {"timestamp": text}
        for name, place in self._numbers:
            if cell := cells[place]:
                fields[name] = _within(float(cell), name)
        for name, place in self._texts:
            if cell := cells[place]:
                fields[name] = cell
        if "actual_tariff_name" not in fields:
            tariff_name = self._tariff_names.get(fields.get("actual_tariff"))
            if tariff_name is not None:
                fields["actual_tariff_name"] = tariff_name
        return Row(moment, net_power_w, fields)

    def _net_power_w(self, cells: Sequence[str]) -> float:
        """Give the net power; files from before it had a column tell consumption and injection."""
        if self._net_power is not None:
            cell = cells[self._net_power]
            if not cell:
                raise ValueError("no net_power")
            return _within(float(cell), "net_power")
        consumption, injection = (cells[place] if place is not None else "" for place in self._powers)
        if not consumption:
            raise ValueError("no actual_total_consumption")
        kw = float(consumption) - float(injection or 0)  # a meter without injection injects nothing
        return float(round(_within(kw * 1000, "actual_total_consumption")))


def row_of(fields: Mapping[str, object], wanted: AbstractSet[str]) -> Row:
    """Read a decoded telegram, `wanted` as for `Columns`. Raises ValueError if it has no time or no power."""
    match fields.get("timestamp"), fields.get("net_power"):
        case str() as text, int() | float() as net_power_w:
            kept = {"timestamp", *_KEPT_TEXTS, *_KEPT_NUMBERS, *wanted} & fields.keys()
            return Row(_moment(text), _within(float(net_power_w), "net_power"), {name: fields[name] for name in kept})
        case str(), _:
            raise ValueError("no net_power")
    raise ValueError("no time")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.year not in YEARS:
        raise ValueError(f"expected a time with its offset, got {text[:40]!r}")
    return moment


def _within(value: float, name: str) -> float:
    if not -_MOST_W < value < _MOST_W:  # NaN neither
        raise ValueError(f"{name} is out of range: {value}")
    return value
