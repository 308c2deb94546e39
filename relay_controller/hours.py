"""When the rules may have a load on: `between = 09:00-17:00, 22:00-06:00` on `days = mon-fri`.

A window belongs to the day on which it begins: with `days = fri`, 22:00-06:00 ends on Saturday morning. Times are those of
the clock on the wall in the meter's zone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = tuple(name[:3] for name in _NAMES)
EVERY_DAY = frozenset(range(len(WEEKDAYS)))
DAY_MIN = 1440
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a day, in minutes since midnight; one that ends at or before its start ends on the next day."""

    start_min: int
    end_min: int

    @property
    def length_min(self) -> int:
        """How long it is; from one time to the same time is a whole day."""
        return self.end_min - self.start_min + (0 if self.end_min > self.start_min else DAY_MIN)


@dataclass(frozen=True, slots=True)
class Hours:
    """All windows and their days. Without windows every hour of these days is open."""

    windows: tuple[Window, ...] = ()
    days: frozenset[int] = EVERY_DAY  # 0 is Monday

    @property
    def is_always(self) -> bool:
        """Whether nothing is ever closed."""
        return not self.windows and self.days == EVERY_DAY

    def is_open(self, wall: datetime) -> bool:
        """Tell whether the rules may have the load on at a time of the wall clock."""
        return self.is_always or self._end(wall.replace(tzinfo=None)) is not None

    def closes_in_s(self, wall: datetime) -> float:
        """Give the seconds of the wall clock until it closes: 0 if it is closed, infinite if nothing closes within a week."""
        wall = wall.replace(tzinfo=None)
        horizon = wall + 8 * _DAY
        end = wall
        while not self.is_always and end < horizon:
            later = self._end(end)
            if later is None:
                return (end - wall).total_seconds()
            end = later
        return inf

    def opens(self, wall: datetime) -> datetime | None:
        """Give when it opens next, on the wall clock (naive); None if not within a week. Nothing opens that is open."""
        wall = wall.replace(tzinfo=None)
        starts = (start for start, _ in self._around(wall, days=8) if start > wall)
        return min((start for start in starts if not self.is_open(start - _MINUTE)), default=None)

    def closed_s(self, wall: datetime, until: datetime) -> float:
        """Give how many of the seconds from one time to another (aware) are closed; real ones, also where the clocks change."""
        if self.is_always:
            return 0.0
        begin_s, end_s, zone = wall.timestamp(), until.timestamp(), wall.tzinfo
        open_s, reached_s = 0.0, begin_s
        for start, end in sorted(self._around(wall.replace(tzinfo=None), days=(until.date() - wall.date()).days + 1)):
            from_s = max(start.replace(tzinfo=zone).timestamp(), reached_s)
            to_s = min(end.replace(tzinfo=zone).timestamp(), end_s)
            if from_s < to_s:
                open_s += to_s - from_s
                reached_s = to_s
        return end_s - begin_s - open_s

    def _end(self, wall: datetime) -> datetime | None:
        """Give the last end of the windows that are open at a time."""
        return max((end for start, end in self._around(wall, days=1) if start <= wall < end), default=None)

    def _around(self, wall: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Give start and end of every window from the day before to `days` days ahead."""
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        for ahead in range(-1, days):
            begin = midnight + ahead * _DAY
            if begin.weekday() in self.days:
                for window in self.windows or (Window(0, DAY_MIN),):
                    start = begin + timedelta(minutes=window.start_min)
                    yield start, start + timedelta(minutes=window.length_min)


ALWAYS = Hours()


def parse_hours(between: str, days: str) -> Hours:
    """Read both settings; each may be empty. Raises ValueError, as `parse_windows` and `parse_days` do."""
    return Hours(parse_windows(between), parse_days(days))


def parse_windows(text: str) -> tuple[Window, ...]:
    """Read `09:00-17:00, 22:00-06:00`. Raises ValueError("expected ...")."""
    return tuple(_window(part) for part in text.split(",")) if text.strip() else ()


def parse_days(text: str) -> frozenset[int]:
    """Read `mon-fri, sun`; a range may go over the end of the week. Raises ValueError("expected ...")."""
    return frozenset(day for part in text.split(",") for day in _days(part)) if text.strip() else EVERY_DAY


def parse_time(text: str) -> int:
    """Read `06:00`; give minutes since midnight. Raises ValueError("expected ...")."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a time of day as 06:00{_not(text)}")
    return int(match[1]) * 60 + int(match[2]) if match[1] else DAY_MIN


def _window(text: str) -> Window:
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"expected times as 09:00-17:00{_not(text)}")
    start_min, end_min = parse_time(start), parse_time(end)
    window = Window(start_min % DAY_MIN, end_min)
    if end_min in {start_min, window.start_min}:
        raise ValueError(f"expected a window that ends at another time than it starts{_not(text)}")
    return window


def _days(text: str) -> Iterator[int]:
    days = [_weekday(name.strip().lower()) for name in text.split("-")]
    if None in days or len(days) > 2:  # noqa: PLR2004 -- from one day to another
        raise ValueError(f"expected days as mon-fri, sun{_not(text)}")
    begin, end = days[0] or 0, days[-1] or 0
    for ahead in range((end - begin) % len(WEEKDAYS) + 1):
        yield (begin + ahead) % len(WEEKDAYS)


def _weekday(name: str) -> int | None:
    """Give the number of a day that is named in full or by its first three letters; None for any other text."""
    return next((number for number, full in enumerate(_NAMES) if name in {full, full[:3]}), None)


def _not(text: str) -> str:
    return f', not "{text.strip()}"' if text.strip() else ""
