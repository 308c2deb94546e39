"""What is kept of all rows: for each quarter-hour its first and its last reading, and which seconds have a row.

This is all that days, months and peaks are reckoned from, and it does not depend on the order in which rows come. A year
takes some 40 MB, however many rows it has.
"""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import NamedTuple

from common.timestamps import YEARS
from csv_logger.report.layout import Registers, Row
from csv_logger.report.told import Told

QUARTER_S = 900
MINUTE_S = 60


class Reading(NamedTuple):
    """The counters of electricity at one moment (Unix time)."""

    second: int
    registers: Registers
    demand_kw: float | None
    import_kw: float | None


class Point(NamedTuple):
    """The counter of another meter at one moment of its own."""

    second: int
    offset_s: int
    counter: int


@dataclass(slots=True)
class Quarter:
    """A quarter-hour of the clock of which something is known."""

    offset_s: int  # what the clock on the wall differs from UTC
    first: Reading
    last: Reading
    seconds: int = 0  # a bit for each second that has a row

    @property
    def minutes(self) -> int:
        """How many of its minutes have a row."""
        ones = (1 << MINUTE_S) - 1
        return sum(1 for begin in range(0, QUARTER_S, MINUTE_S) if self.seconds >> begin & ones)


@dataclass(slots=True)
class Points:
    """The readings of a meter of another medium: the first and the last of each quarter-hour."""

    first: dict[int, Point] = field(default_factory=dict)
    last: dict[int, Point] = field(default_factory=dict)
    heard: tuple[str, int] = ("", 0)  # what was taken in last: most rows tell it again

    def take(self, point: Point) -> None:
        """Take a reading in; of two of one time the one that came first counts."""
        quarter = point.second // QUARTER_S
        if quarter not in self.first or point.second < self.first[quarter].second:
            self.first[quarter] = point
        if quarter not in self.last or point.second > self.last[quarter].second:
            self.last[quarter] = point

    def in_order(self) -> list[Point]:
        """Give all that is kept, by time."""
        return sorted({*self.first.values(), *self.last.values()})


class Quarters:
    """Everything that was read so far; `zone` is that of the household, for times that come as UTC."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.known: dict[int, Quarter] = {}  # by quarters since 1970
        self.media: dict[str, Points] = {}
        self.told = Told()
        self.duplicates = 0  # rows of a second that had one

    def wall_offset_s(self, second: int, offset_s: int) -> int:
        """Give the offset that counts: rows of meters without a clock are stamped in UTC, by the host."""
        if offset_s:
            return offset_s
        there = datetime.fromtimestamp(second, self.zone).utcoffset()
        return int(there.total_seconds()) if there else 0

    def take(self, minute_s: int, offset_s: int, seconds: int, first: tuple[int, Row], last: tuple[int, Row]) -> None:
        """Take in a minute (its Unix time): a bit for each second that has a row, and the first and last of these rows."""
        number, begin_s = divmod(minute_s, QUARTER_S)
        first_reading, last_reading = (_reading(minute_s + second, row) for second, row in (first, last))
        quarter = self.known.get(number)
        if quarter is None:
            quarter = self.known[number] = Quarter(self.wall_offset_s(minute_s, offset_s), first_reading, last_reading)
        elif first_reading.second < quarter.first.second:
            quarter.first = first_reading
        if last_reading.second > quarter.last.second:
            quarter.last = last_reading
        self.duplicates += (quarter.seconds >> begin_s & seconds).bit_count()
        quarter.seconds |= seconds << begin_s
        self.told.hear(last[1].peak, last[1].history)
        for name, time, counter in last[1].media:
            self._hear_medium(name, time, counter, last_reading.second)

    def begins_before(self, second: int) -> bool:
        """Tell whether the quarter of this second is known from this second on at least."""
        quarter = self.known.get(second // QUARTER_S)
        return quarter is not None and quarter.first.second <= second

    def _hear_medium(self, name: str, time: str, counter: int, second: int) -> None:
        points = self.media.setdefault(name, Points())
        if time and points.heard == (time, counter):  # without a time of its own, each row tells that it stands still
            return
        points.heard = (time, counter)
        try:
            moment = datetime.fromisoformat(time) if time else datetime.fromtimestamp(second, self.zone)
        except ValueError:
            return
        offset = moment.utcoffset()
        if offset is not None and moment.year in YEARS:
            at_s = int(moment.timestamp())
            points.take(Point(at_s, self.wall_offset_s(at_s, int(offset.total_seconds())), counter))


def _reading(second: int, row: Row) -> Reading:
    return Reading(second, row.registers, row.demand_kw, row.import_kw)
