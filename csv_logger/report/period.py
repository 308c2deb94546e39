"""Which days are asked for, and how long days are."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from common.timestamps import YEARS
from csv_logger.report.ledger import Day, Instant
from csv_logger.report.quarters import MINUTE_S

_DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `begin` to the day before `end`; None: whatever was recorded. The text is `2026-10`, `2026` or empty."""

    text: str = ""
    begin: date | None = None
    end: date | None = None

    def has(self, day: date) -> bool:
        """Tell whether a day is asked for."""
        return (self.begin is None or day >= self.begin) and (self.end is None or day < self.end)


def month_period(text: str) -> Period:
    """Give the period of `2026-10`. Raises ValueError."""
    year, dash, month = text.partition("-")
    if dash and len(month) == 2 and month.isdecimal() and 1 <= int(month) <= 12:  # noqa: PLR2004 -- digits, months
        begin = date(_year(year, text), int(month), 1)
        return Period(text, begin, (begin + timedelta(days=31)).replace(day=1))
    raise ValueError(f'expected a month as 2026-10, got "{text}"')


def year_period(text: str) -> Period:
    """Give the period of `2026`. Raises ValueError."""
    year = _year(text, text)
    return Period(text, date(year, 1, 1), date(year + 1, 1, 1))


def minutes_of(day: date, known: Day | None, zone: tzinfo, until_s: int) -> int:
    """Give the minutes of a day: 1380 or 1500 where the clocks of the zone change, and the meter's with them.

    Those after `until_s` (Unix time) do not count: nobody could record them yet.
    """
    begin, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    past = max(0, until_s - int(begin.timestamp())) // MINUTE_S
    for instant in (known.first, known.last) if known else ():
        if instant is not None and instant.offset_s != _offset_s(instant, zone):
            return min(past, _DAY_MIN)  # this meter's clock does not change
    return min(past, int(end.timestamp() - begin.timestamp()) // MINUTE_S)


def _offset_s(instant: Instant, zone: tzinfo) -> float | None:
    offset = datetime.fromtimestamp(instant.second, zone).utcoffset()
    return None if offset is None else offset.total_seconds()


def _year(digits: str, text: str) -> int:
    if len(digits) == 4 and digits.isdecimal() and int(digits) in YEARS:  # noqa: PLR2004 -- digits
        return int(digits)
    raise ValueError(f'expected a year as 2026, got "{text}"')
