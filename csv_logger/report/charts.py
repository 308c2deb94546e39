"""What the charts of a report show, whoever draws them: bars for each day, or for each month where there are many days."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

from csv_logger.report.ledger import days_between
from csv_logger.report.notes import WHOLE_PERCENT
from csv_logger.report.numbers import Report, Span
from csv_logger.report.peaks import LEAST_PEAK_KW

MOST_DAYS = 35  # more do not fit
_DAY = len("2026-10-25")
_COLOURS = {"gas": "gas", "water": "water", "heat": "gas", "cooling": "water"}


_Part = Callable[[Span], float | None]
_Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Bars of one colour; None where nothing is known. Less than 0 goes down from the line."""

    name: str
    colour: str  # name of it: drawn, night, injected, peak, gas, water
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars that stand on one another, and perhaps lines across, by their name."""

    title: str
    unit: str
    labels: tuple[str, ...]
    names: tuple[str, ...]  # of the same, in full
    is_part: tuple[bool, ...]  # whether a part of it is not recorded
    is_none: tuple[bool, ...]  # whether nothing of it is
    series: tuple[Series, ...]
    lines: Mapping[str, float]

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest of the stacks and lines; 0 is among them."""
        tops, depths = [0.0, *self.lines.values()], [0.0]
        for stack in zip(*(one.values for one in self.series), strict=True):
            known = [value for value in stack if value is not None]
            tops.append(sum(value for value in known if value > 0))
            depths.append(sum(value for value in known if value < 0))
        return min(depths), max(tops)


def charts_of(report: Report) -> list[Chart]:
    """Give the charts of which something is known."""
    days = list(_days(report.days))  # also those that lie between two recordings, or before one row of a wrong clock
    by_day = len(days) <= MOST_DAYS
    spans = {span.name: span for span in (report.days if by_day else report.months)}
    names = days if by_day else list(_months(report.months))
    chosen = [spans.get(name) for name in names]
    labels = tuple(_label(name) for name in names)
    is_none = tuple(span is None for span in chosen)
    is_part = tuple(span is not None and span.recorded_percent < WHOLE_PERCENT for span in chosen)

    def values(part: _Part) -> _Values:
        return tuple(None if span is None else part(span) for span in chosen)

    def chart(title: str, unit: str, series: Sequence[Series], lines: Mapping[str, float] | None = None) -> Chart:
        return Chart(title, unit, labels, tuple(names), is_part, is_none, tuple(series), lines or {})

    charts = [
        chart("Electricity from the grid (up) and to the grid (down)", "kWh", list(_electricity(report, values))),
        chart("Highest quarter-hour", "kW", [Series("peak", "peak", values(lambda span: span.peak_kw))], _peak_lines(report)),
    ]
    for name, unit in report.units.items():
        series = Series(name, _COLOURS[name], values(lambda span, name=name: span.amounts.media.get(name)))  # type: ignore[misc]
        charts.append(chart(name.capitalize(), unit, [series]))
    return [one for one in charts if any(value is not None for series in one.series for value in series.values)]


def ticks(low: float, high: float, count: int) -> list[float]:
    """Give round numbers from `low` or less to `high` or more, about as many; where the two are one, up to 1 above."""
    high = high if high > low else low + 1.0
    rough = max(high - low, 1e-9) / count
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [number * step for number in range(floor(low / step + 1e-9), ceil(high / step - 1e-9) + 1)]


def _electricity(report: Report, values: Callable[[_Part], _Values]) -> Iterator[Series]:
    spans = (*report.days, *report.months)
    if any(span.amounts.drawn_day_kwh is not None for span in spans):
        yield Series("drawn, day", "drawn", values(lambda span: span.amounts.drawn_day_kwh))
        yield Series("drawn, night", "night", values(lambda span: span.amounts.drawn_night_kwh))
        rest = values(_drawn_otherwise)
        if any(rest):
            yield Series("drawn, other tariffs", "peak", rest)
    else:
        yield Series("drawn", "drawn", values(lambda span: span.amounts.drawn_kwh))
    injected = values(lambda span: span.amounts.injected_kwh)
    if any(injected):
        yield Series("injected", "injected", tuple(None if kwh is None else -kwh for kwh in injected))


def _drawn_otherwise(span: Span) -> float | None:
    amounts = span.amounts
    if amounts.drawn_kwh is None:
        return None
    return round(amounts.drawn_kwh - (amounts.drawn_day_kwh or 0.0) - (amounts.drawn_night_kwh or 0.0), 6)


def _peak_lines(report: Report) -> dict[str, float]:
    """Give what is billed: the mean of the last months, and the least."""
    lines = {f"least that is billed, {LEAST_PEAK_KW} kW": LEAST_PEAK_KW}
    if report.capacity is not None:
        lines[f"{report.capacity.basis}, {report.capacity.mean_kw:.2f} kW"] = report.capacity.mean_kw
    return lines


def _days(spans: Sequence[Span]) -> Iterator[str]:
    first, last = (date.fromisoformat(spans[place].name) for place in (0, -1))
    return (day.isoformat() for day in (*days_between(first, last), last))


def _months(spans: Sequence[Span]) -> Iterator[str]:
    first, last = (12 * int(spans[place].name[:4]) + int(spans[place].name[5:]) - 1 for place in (0, -1))
    return (f"{number // 12}-{number % 12 + 1:02d}" for number in range(first, last + 1))


def _label(name: str) -> str:
    """Give the day of the month, or the month."""
    return str(int(name[-2:])) if len(name) == _DAY else name
