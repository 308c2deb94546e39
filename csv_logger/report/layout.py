"""What the columns of a file mean, and what a row of it tells: only the cells that a report needs are read.

Counters are whole millionths of their unit (kWh, m³, GJ), so that differences and sums are exact.
"""

import csv
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.obis import FIELDS, MEDIA
from common.timestamps import YEARS
from csv_logger.columns import FIRST

PER_UNIT = 1_000_000
REGISTERS = tuple(
    field.name for field in FIELDS if field.unit == "kWh" and field.name.startswith(("total_consumption", "total_injection"))
)
MEDIA_NAMES = tuple(medium.name for medium in MEDIA)
TIME = "timestamp"
_MOST = 1e9  # more is no reading of a house

Registers = tuple[int | None, ...]  # as REGISTERS


class Row(NamedTuple):
    """What a row tells besides its own time; None where it does not."""

    registers: Registers
    demand_kw: float | None  # of the running quarter-hour, as its share of the average
    import_kw: float | None  # drawn just now
    media: tuple[tuple[str, str, int], ...]  # name, time of the reading (ISO, may be empty), counter
    peak: tuple[str, str]  # of the month: kW and time, as they stand there
    history: str  # JSON of the months before


class Layout:
    """The columns of one file. `commas` are the numbers of commas that its whole rows were seen to have."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take the names of the columns. Raises ValueError if none of them is the time."""
        places = {name: place for place, name in enumerate(names)}
        if TIME not in places:
            raise ValueError('expected the names of columns, "timestamp" among them')
        self.commas = {len(names) - 1}
        self.names = tuple(names)
        self._time = places[TIME]
        self._registers = tuple(places.get(name) for name in REGISTERS)
        self._media = tuple(
            (name, places.get(f"{name}_timestamp"), places[f"total_{name}_consumption"])
            for name in MEDIA_NAMES
            if f"total_{name}_consumption" in places
        )
        others = ("average_demand", "actual_total_consumption", "peak_demand_month", "peak_demand_month_timestamp")
        self._demand, self._import, self._peak, self._peak_time = map(places.get, others)
        self._history = places.get("peak_demand_history")

    def row(self, line: bytes) -> Row:
        """Read a row. Raises ValueError for one that is damaged: other cells than columns, or no numbers in them."""
        cells = self._cells(line)

        def text(place: int | None) -> str:
            return "" if place is None else cells[place]

        return Row(
            registers=tuple([None if place is None else _counter(cells[place]) for place in self._registers]),
            demand_kw=_number(text(self._demand)),
            import_kw=_number(text(self._import)),
            media=tuple(
                [(name, text(at), value) for name, at, place in self._media if (value := _counter(cells[place])) is not None]
            ),
            peak=(text(self._peak), text(self._peak_time)),
            history=text(self._history),
        )

    def with_time_in_front(self) -> "Layout":
        """Give the layout of the rows that `rewritten` gives: itself where nothing changes."""
        return self if self._time == 0 else Layout((TIME, *(name for name in self.names if name != TIME)))

    def is_whole(self, line: bytes) -> bool:
        """Tell whether a row has as many cells as there are columns; lists in it have commas of their own."""
        try:
            self._cells(line)
        except ValueError:
            return False
        return True

    def rewritten(self, line: bytes) -> bytes:
        """Write a row as csv_logger does, its time in front: `2026-10-25T02:15:00+02:00,`. Raises ValueError if it has none."""
        cells = self._cells(line)
        time = usual_time(cells.pop(self._time))
        return ",".join([time, *(_quoted(cell) for cell in cells)]).encode()

    def _cells(self, line: bytes) -> list[str]:
        try:
            cells = next(csv.reader((line.decode(errors="replace"),), strict=True), [])
        except csv.Error as error:
            raise ValueError(str(error)) from None
        if len(cells) != len(self.names):
            raise ValueError(f"expected {len(self.names)} cells, got {len(cells)}")
        return cells


def layout_of(line: bytes, known: Sequence[str]) -> tuple[Layout, bool]:
    """Give the layout of a file by its first line, and whether that line names the columns.

    Of a file without names (`write_header = no`) the columns are those that csv_logger keeps (`known`) if there are as many,
    else the fixed ones that every file begins with. Raises ValueError.
    """
    try:
        cells = next(csv.reader((line.decode("utf-8-sig", errors="replace"),)), [])
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if TIME in cells:
        return Layout(cells), True
    if not cells or not _is_time(cells[0]) or len(cells) < len(FIRST):
        raise ValueError('it begins with neither a row nor the names of columns, "timestamp" among them')
    if len(cells) == len(known):
        return Layout(known), False
    unnamed = (f"unknown {number}" for number in range(len(cells) - len(FIRST)))
    return Layout((*FIRST, *unnamed)), False


def usual_time(text: str) -> str:
    """Give a time as csv_logger writes it: with its offset, to the second. Raises ValueError for what is no meter's time."""
    time = datetime.fromisoformat(text.strip())
    if time.tzinfo is None or time.year not in YEARS:
        raise ValueError(f"expected a time with its offset, got {text[:40]!r}")
    return time.isoformat(timespec="seconds")


def _is_time(text: str) -> bool:
    try:
        usual_time(text)
    except ValueError:
        return False
    return True


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _number(cell: str) -> float | None:
    if not cell:
        return None
    value = float(cell)
    if not -_MOST < value < _MOST:  # NaN neither
        raise ValueError(f"out of range: {cell[:40]!r}")
    return value


def _counter(cell: str) -> int | None:
    value = _number(cell)
    return None if value is None else round(value * PER_UNIT)
