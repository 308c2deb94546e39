"""From quarter-hours to the numbers of a report."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone, tzinfo

from common.obis import MEDIA
from csv_logger.report.intake import Intake
from csv_logger.report.layout import PER_UNIT
from csv_logger.report.ledger import Gap, Instant, Ledger, days_between, ledger_of
from csv_logger.report.notes import notes_of
from csv_logger.report.numbers import Amounts, Capacity, CapacityMonth, Pause, Report, Span
from csv_logger.report.peaks import Highest, MonthPeak, highest_of_days, highest_of_months, month_peaks, window
from csv_logger.report.period import Period, minutes_of
from csv_logger.report.quarters import MINUTE_S, Quarter, Quarters
from csv_logger.report.sums import DRAWN, INJECTED, Sums, sums_of, together
from csv_logger.report.told import Month

_DIGITS = 6


def report_of(intake: Intake, meter: str, period: Period, capacity_eur: float | None, now_s: float) -> Report | None:
    """Reckon everything; None if nothing was recorded in the period. `capacity_eur` is the price of a kW for a year.

    Minutes after `now_s` (Unix time) do not count as missing, or after the last reading, should that be later.
    """
    quarters, tallies = intake.quarters, intake.tallies
    ledger = ledger_of(quarters)
    days = [day for day in ledger.days if period.has(day)]
    if not any(ledger.days[day].first for day in days):
        return None
    highest = highest_of_days(quarters)
    until_s = max(int(now_s), max(quarter.last.second for quarter in quarters.known.values()) + MINUTE_S)
    book = _Book(ledger, highest, quarters.zone, until_s)
    months = tuple(book.span(month, *_ends_of_month(month)) for month in sorted({f"{day:%Y-%m}" for day in days}))
    read = {month.name for month in months}
    computed = highest_of_months(highest)
    computed = {month: kw for month, kw in computed.items() if month in read or month not in quarters.told.peaks}
    peaks = month_peaks(months[-1].name, quarters.told, computed)
    recorded = {peak.month: book.span(peak.month, *_ends_of_month(peak.month)).recorded_percent for peak in peaks}
    begin, end = _first_and_last(quarters, period)
    return Report(
        meter=meter,
        period=period.text,
        begin=_iso(begin),
        end=_iso(end),
        rows=intake.rows,
        duplicates=quarters.duplicates,
        unreadable=sum(tally.broken for tally in tallies),
        units={medium.name: medium.unit for medium in MEDIA if medium.name in quarters.media},
        total=book.span(period.text or "all", period.begin or days[0], period.end or days[-1] + timedelta(days=1)),
        months=months,
        days=tuple(book.span(day.isoformat(), day, day + timedelta(days=1)) for day in days),
        pauses=tuple(_pause(gap) for ends, gap in ledger.gaps.items() if any(map(period.has, ends))),
        capacity=_capacity(peaks, capacity_eur),
        notes=tuple(notes_of(ledger, recorded, peaks, tallies, quarters.duplicates, period)),
    )


def missing_months(quarters: Quarters, period: Period) -> list[Month]:
    """Give the months that count for the capacity tariff and whose peak the meter did not tell in what was read so far."""
    days = [day for day in map(_day_of, quarters.known.items()) if period.has(day)]
    if not days:
        return []
    computed = highest_of_months(highest_of_days(quarters))
    return [month for month in window(f"{max(days):%Y-%m}", quarters.told, computed) if month not in quarters.told.peaks]


class _Book:
    """Everything by day, to be summed up."""

    def __init__(self, ledger: Ledger, highest: Mapping[date, Highest], zone: tzinfo, until_s: int) -> None:
        self._ledger = ledger
        self._highest = highest
        self._zone = zone
        self._until_s = until_s
        self._sums = {day: sums_of(known.counted) for day, known in ledger.days.items()}

    def span(self, name: str, begin: date, end: date) -> Span:
        """Sum up the days from `begin` to the day before `end`, and the gaps that lie within."""
        days = list(days_between(begin, end))
        gaps = (gap for ends, gap in self._ledger.gaps.items() if begin <= ends[0] and ends[1] < end)
        parts = [*(self._sums[day] for day in days if day in self._sums), *(sums_of(gap.counted) for gap in gaps)]
        highest = max((self._highest[day] for day in days if day in self._highest), key=_by_kw, default=None)
        recorded = sum(self._ledger.days[day].minutes for day in days if day in self._ledger.days)
        minutes = sum(minutes_of(day, self._ledger.days.get(day), self._zone, self._until_s) for day in days)
        return Span(
            name=name,
            amounts=_amounts(together(parts)),
            peak_kw=None if highest is None else round(highest.kw, _DIGITS),
            peak_end="" if highest is None else _iso(highest.end),
            recorded_percent=round(100 * min(1.0, recorded / minutes), _DIGITS),
        )


def _by_kw(highest: Highest) -> tuple[float, int]:
    return highest.kw, -highest.end.second


def _capacity(peaks: Sequence[MonthPeak], price: float | None) -> Capacity | None:
    if not peaks:
        return None
    mean_kw = sum(peak.counted_kw for peak in peaks) / len(peaks)
    return Capacity(
        mean_kw=round(mean_kw, _DIGITS),
        eur_per_year=None if price is None else round(mean_kw * price, _DIGITS),
        months=tuple(
            CapacityMonth(peak.month, _rounded(peak.told_kw), _rounded(peak.computed_kw), round(peak.counted_kw, _DIGITS))
            for peak in peaks
        ),
    )


def _pause(gap: Gap) -> Pause:
    return Pause(_iso(gap.begin), _iso(gap.end), _amounts(sums_of(gap.counted)))


def _amounts(sums: Sums) -> Amounts:
    def unit(amount: int | None) -> float | None:
        return None if amount is None else amount / PER_UNIT

    return Amounts(
        drawn_kwh=unit(sums.drawn),
        drawn_day_kwh=unit(sums.by_name.get(f"{DRAWN}_day")),
        drawn_night_kwh=unit(sums.by_name.get(f"{DRAWN}_night")),
        injected_kwh=unit(sums.injected),
        injected_day_kwh=unit(sums.by_name.get(f"{INJECTED}_day")),
        injected_night_kwh=unit(sums.by_name.get(f"{INJECTED}_night")),
        media={name: amount / PER_UNIT for name, amount in sums.media.items()},
    )


def _first_and_last(quarters: Quarters, period: Period) -> tuple[Instant, Instant]:
    numbers = [number for number, quarter in quarters.known.items() if period.has(_day_of((number, quarter)))]
    first, last = quarters.known[min(numbers)], quarters.known[max(numbers)]
    return Instant(first.first.second, first.offset_s), Instant(last.last.second, last.offset_s)


def _day_of(known: tuple[int, Quarter]) -> date:
    return Instant(known[1].first.second, known[1].offset_s).day


def _ends_of_month(month: Month) -> tuple[date, date]:
    begin = date.fromisoformat(f"{month}-01")
    return begin, (begin + timedelta(days=31)).replace(day=1)


def _iso(instant: Instant) -> str:
    return datetime.fromtimestamp(instant.second, timezone(timedelta(seconds=instant.offset_s))).isoformat()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
