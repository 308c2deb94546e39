"""Quarter-hour peaks: the average power drawn in each quarter of the clock, the highest of a day, and what counts of a year.

The value of a quarter is what the meter itself tells at its end (`average_demand`), else the difference of the counters.
Flanders' capacity tariff bills the mean of the last twelve month peaks, each of at least 2.5 kW (Fluvius; VREG).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from csv_logger.report.layout import PER_UNIT, REGISTERS
from csv_logger.report.ledger import Instant
from csv_logger.report.quarters import MINUTE_S, QUARTER_S, Quarter, Quarters, Reading
from csv_logger.report.told import MOST_KW, Month, Told

LEAST_PEAK_KW = 2.5
MONTHS = 12
_HOUR_S = 3600
_SINGLE = REGISTERS.index("total_consumption")
_TARIFFS = tuple(place for place, name in enumerate(REGISTERS) if name.startswith("total_consumption_"))


class Highest(NamedTuple):
    """The highest quarter of a day or month: its average, and the moment of its end."""

    kw: float
    end: Instant


@dataclass(frozen=True, slots=True)
class MonthPeak:
    """What a month counts for the capacity tariff."""

    month: Month
    told_kw: float | None  # by the meter
    computed_kw: float | None  # from what was read

    @property
    def kw(self) -> float:
        """The peak: the meter's is the one that is billed."""
        return (self.computed_kw or 0.0) if self.told_kw is None else self.told_kw

    @property
    def counted_kw(self) -> float:
        """The peak as it is billed."""
        return max(LEAST_PEAK_KW, self.kw)


def highest_of_days(quarters: Quarters) -> dict[date, Highest]:
    """Give the highest quarter of each day that has one of which all is known."""
    highest: dict[date, Highest] = {}
    for number, quarter in quarters.known.items():
        kw = quarter_kw(number, quarter, quarters.known.get(number + 1))
        if kw is None:
            continue
        end = Instant((number + 1) * QUARTER_S, quarter.offset_s)
        day = end.last_day
        if day not in highest or (kw, -end.second) > (highest[day].kw, -highest[day].end.second):
            highest[day] = Highest(kw, end)
    return highest


def highest_of_months(days: Mapping[date, Highest]) -> dict[Month, float]:
    """Give the average of the highest quarter of each month, in kW."""
    peaks: dict[Month, float] = {}
    for day, highest in days.items():
        month = f"{day:%Y-%m}"
        peaks[month] = max(peaks.get(month, 0.0), highest.kw)
    return peaks


def quarter_kw(number: int, quarter: Quarter, after: Quarter | None) -> float | None:
    """Give the average of a quarter; None if its end was not read, or without the meter's own value its begin."""
    begin_s, end_s = number * QUARTER_S, (number + 1) * QUARTER_S
    last = quarter.last
    left_s = end_s - last.second
    if last.demand_kw is not None and left_s <= MINUTE_S:
        return max(0.0, last.demand_kw) + max(0.0, last.import_kw or 0.0) * left_s / QUARTER_S
    first, until = quarter.first, after.first if after is not None else last
    if first.second - begin_s > MINUTE_S or abs(until.second - end_s) > MINUTE_S or until.second <= first.second:
        return None
    drawn = _drawn(first, until)
    kw = None if drawn is None else drawn / PER_UNIT * _HOUR_S / (until.second - first.second)
    return kw if kw is not None and 0 <= kw < MOST_KW else None


def window(latest: Month, told: Told, computed: Mapping[Month, float]) -> list[Month]:
    """Give the twelve months that count, oldest first: the last one is that, up to `latest`, of which a peak is known.

    One row of a wrong clock makes no month that is billed.
    """
    last = max((month for month in (*told.peaks, *computed) if month <= latest), default=latest)
    year, month = map(int, last.split("-"))
    numbers = range(year * MONTHS + month - MONTHS, year * MONTHS + month)
    return [f"{number // MONTHS}-{number % MONTHS + 1:02d}" for number in numbers]


def month_peaks(latest: Month, told: Told, computed: Mapping[Month, float]) -> list[MonthPeak]:
    """Give the months of those twelve of which a peak is known."""
    peaks = (
        MonthPeak(month, told.peaks[month].kw if month in told.peaks else None, computed.get(month))
        for month in window(latest, told, computed)
    )
    return [peak for peak in peaks if peak.told_kw is not None or peak.computed_kw is not None]


def _drawn(begin: Reading, end: Reading) -> int | None:
    """Give what was drawn between two readings: by the one register, or by those of the tariffs together."""
    for places in ((_SINGLE,), _TARIFFS):
        counters = [(begin.registers[place], end.registers[place]) for place in places]
        known = [after - before for before, after in counters if before is not None and after is not None]
        if known and all((before is None) == (after is None) for before, after in counters):
            return sum(known)
    return None
