"""Differences of counters, put down to the days in which they arose: never power times time.

What was counted between two readings belongs to their day. Where a pause goes over midnight, nobody knows how much of it
belongs to which day: then it is put down to the pause itself, a gap. A short pause belongs to the day of its middle, and one of
which only a short part lies in another day to the day of the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from csv_logger.report.layout import PER_UNIT, REGISTERS
from csv_logger.report.quarters import MINUTE_S, Point, Quarters

_HOUR_S = 3600
_DAY_S = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_NEVER = date.min
_MOST_PER_HOUR = 300 * PER_UNIT  # kWh, m³ or GJ: no house counts faster; then it is another meter
_USUAL_PAUSES = 2  # a pause up to that many times the usual one is none


class Instant(NamedTuple):
    """A moment of a reading: Unix time, and what the clock on the wall differs from UTC."""

    second: int
    offset_s: int

    @property
    def day(self) -> date:
        """The day on the wall."""
        return date.fromordinal(_EPOCH + (self.second + self.offset_s) // _DAY_S)

    @property
    def last_day(self) -> date:
        """The day that this moment ends: midnight belongs to the day before."""
        return self.later(-1).day

    def later(self, seconds: int) -> "Instant":
        """Give a moment that is later, by the same clock."""
        return self._replace(second=self.second + seconds)


_EPOCH_BEGIN = Instant(0, 0)


@dataclass(slots=True)
class Amounts:
    """What was counted, in millionths of kWh, m³ or GJ: by the name of a register or of a medium."""

    counted: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, amount: int) -> None:
        """Count more."""
        self.counted[name] = self.counted.get(name, 0) + amount


@dataclass(slots=True)
class Day(Amounts):
    """A day of the clock on the wall."""

    minutes: int = 0  # that have a row
    first: Instant | None = None  # begin of the first and of the last quarter-hour with a row
    last: Instant | None = None


@dataclass(slots=True)
class Gap(Amounts):
    """A pause that goes over midnight."""

    begin: Instant = _EPOCH_BEGIN
    end: Instant = _EPOCH_BEGIN


@dataclass(frozen=True, slots=True)
class Jump:
    """A counter that went back, or faster than any house: what was counted in between is not known."""

    name: str
    end: Instant


@dataclass(slots=True)
class Ledger:
    """The days that have a reading, the gaps between them, by their first and last day, and the jumps."""

    days: dict[date, Day] = field(default_factory=dict)
    gaps: dict[tuple[date, date], Gap] = field(default_factory=dict)
    jumps: list[Jump] = field(default_factory=list)

    def book(self, name: str, begin: Instant, end: Instant, amount: int, short_s: int) -> None:
        """Put down what was counted between two readings; a pause up to `short_s` seconds is no gap."""
        length_s = end.second - begin.second
        if not 0 <= amount * _HOUR_S <= _MOST_PER_HOUR * max(length_s, short_s):
            self.jumps.append(Jump(name, end))
        elif begin.day == end.last_day:
            self.days.setdefault(begin.day, Day()).add(name, amount)
        elif length_s <= short_s:
            self.days.setdefault(begin.later(length_s // 2).day, Day()).add(name, amount)
        elif (day := begin.later(short_s).day) == end.later(-short_s).last_day:
            self.days.setdefault(day, Day()).add(name, amount)
        else:
            gap = self.gaps.setdefault((begin.day, end.last_day), Gap(begin=begin, end=end))
            gap.begin, gap.end = min(gap.begin, begin), max(gap.end, end)
            gap.add(name, amount)


def ledger_of(quarters: Quarters) -> Ledger:
    """Put down everything that was read; what other meters counted before its first day or after its last is left out."""
    ledger = Ledger()
    _book_electricity(ledger, quarters)
    first, last = min(ledger.days, default=_NEVER), max(ledger.days, default=_NEVER)
    for name, points in quarters.media.items():
        _book_medium(ledger, name, points.in_order())
    ledger.days = {day: ledger.days[day] for day in sorted(ledger.days) if first <= day <= last}
    ledger.gaps = {ends: ledger.gaps[ends] for ends in sorted(ledger.gaps) if first <= ends[0] and ends[1] <= last}
    return ledger


def _book_electricity(ledger: Ledger, quarters: Quarters) -> None:
    before: list[tuple[Instant, int] | None] = [None] * len(REGISTERS)
    for number in sorted(quarters.known):
        quarter = quarters.known[number]
        begin = Instant(quarter.first.second, quarter.offset_s)
        day = ledger.days.setdefault(begin.day, Day())
        day.minutes += quarter.minutes
        day.first, day.last = day.first or begin, begin
        for reading in dict.fromkeys((quarter.first, quarter.last)):
            now = Instant(reading.second, quarter.offset_s)
            for place, counter in enumerate(reading.registers):
                if counter is None:
                    continue
                if (last := before[place]) is not None:
                    ledger.book(REGISTERS[place], last[0], now, counter - last[1], MINUTE_S)
                before[place] = (now, counter)


def _book_medium(ledger: Ledger, name: str, points: list[Point]) -> None:
    """Put down what another meter counted: it tells its counter every few minutes, every hour, or once a day."""
    lengths_s = [end.second - begin.second for begin, end in pairwise(points)]
    short_s = int(_USUAL_PAUSES * median(lengths_s)) if lengths_s else 0
    for begin, end in pairwise(points):
        ledger.book(name, _instant(begin), _instant(end), end.counter - begin.counter, short_s)


def _instant(point: Point) -> Instant:
    return Instant(point.second, point.offset_s)


def days_between(begin: date, end: date) -> Iterator[date]:
    """Give the days from `begin` to the day before `end`."""
    return (date.fromordinal(number) for number in range(begin.toordinal(), end.toordinal()))
