"""The numbers of a report as rows and columns of text, for the terminal and for the page alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from operator import attrgetter

from csv_logger.report.notes import percent_text
from csv_logger.report.numbers import Amounts, Capacity, Pause, Report, Span

NOTHING = "-"
_SAME_KWH = 1e-6
_MONTH, _DAY = len("2026-10"), len("2026-10-25")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; columns of one group stand together."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its cells, the first of which is its name."""

    cells: tuple[str, ...]
    kind: str = ""  # gap, sum


@dataclass(frozen=True, slots=True)
class Grid:
    """Heads and rows; every row has a cell for each head. `remarks` explain names of rows."""

    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    remarks: tuple[str, ...] = ()


def days_grid(report: Report) -> Grid:
    """Give each day, with the gaps in between, and their sum."""
    return _grid(report, report.days, report.pauses)


def months_grid(report: Report) -> Grid:
    """Give each month, with the gaps that go over the end of one, and their sum."""
    return _grid(report, report.months, [pause for pause in report.pauses if _leaves_month(pause)])


def capacity_grid(capacity: Capacity) -> Grid:
    """Give the months of the capacity tariff and their mean."""
    heads = (Head("", "month"), Head("month peak, kW", "meter"), Head("month peak, kW", "recorded"), Head("", "counts, kW"))
    lines = [
        Line((month.month, _text(month.told_kw, 3), _text(month.computed_kw, 3), _text(month.counted_kw, 3)))
        for month in capacity.months
    ]
    return Grid(heads, (*lines, Line(("mean", "", "", _text(capacity.mean_kw, 3)), "sum")))


def moment_text(iso: str) -> str:
    """Give date and time to the minute."""
    return iso[:16].replace("T", " ")


_Cell = Callable[[Span | Pause], str]
_Part = Callable[[Amounts], float | None]


def _grid(report: Report, spans: Sequence[Span], pauses: Sequence[Pause]) -> Grid:
    columns = list(_columns(report, spans))
    width = len(spans[0].name)
    rows = [(span.name, Line((_name(span.name), *(cell(span) for _, cell in columns)))) for span in spans]
    for number, pause in enumerate(pauses, 1):  # each after the day or month in which it begins
        rows.append((f"{pause.begin[:width]}~", Line((f"gap {number}", *(cell(pause) for _, cell in columns)), "gap")))
    total = Line(("sum", *(cell(report.total) for _, cell in columns)), "sum")
    return Grid(
        heads=(Head("", ""), *(head for head, _ in columns)),
        lines=(*(line for _, line in sorted(rows, key=lambda row: row[0])), total),
        remarks=tuple(f"gap {number}: {_pause_text(pause)}" for number, pause in enumerate(pauses, 1)),
    )


def _pause_text(pause: Pause) -> str:
    where = "; it counts in neither month" if _leaves_month(pause) else ""
    return f"{moment_text(pause.begin)} to {moment_text(pause.end)}{where}"


def _leaves_month(pause: Pause) -> bool:
    """Tell whether a gap goes over the end of a month; one that ends with it does not."""
    end = datetime.fromisoformat(pause.end) - timedelta(seconds=1)
    return pause.begin[:_MONTH] != f"{end:%Y-%m}"


def _columns(report: Report, spans: Sequence[Span]) -> Iterator[tuple[Head, _Cell]]:
    """Give the columns of which something is known."""
    yield from _electricity("drawn", spans, _DRAWN)
    yield from _electricity("injected", spans, _INJECTED)
    yield Head("quarter peak", "kW"), lambda span: _text(span.peak_kw, 3) if isinstance(span, Span) else ""
    yield Head("quarter peak", "ended"), _peak_end
    for name, unit in report.units.items():
        yield Head(name, unit), partial(_medium, name)
    yield Head("data", "%"), lambda span: percent_text(span.recorded_percent) if isinstance(span, Span) else ""


def _electricity(group: str, spans: Sequence[Span], parts: Mapping[str, _Part]) -> Iterator[tuple[Head, _Cell]]:
    """Give the tariffs, and their sum where a meter has more of them, or one register."""
    known = [name for name, part in parts.items() if any(part(span.amounts) is not None for span in spans)]
    if len(known) > 1 and not any(_has_other_tariffs(span.amounts, parts) for span in spans):
        known.remove(_ALL)
    for name in known:
        head = Head(f"{group}, kWh", name) if len(known) > 1 else Head(group, "kWh")
        yield head, partial(_amount, parts[name])


def _has_other_tariffs(amounts: Amounts, parts: Mapping[str, _Part]) -> bool:
    tariffs = sum(part(amounts) or 0.0 for name, part in parts.items() if name != _ALL)
    return abs((parts[_ALL](amounts) or 0.0) - tariffs) > _SAME_KWH


def _amount(part: _Part, span: Span | Pause) -> str:
    return _text(part(span.amounts))


def _medium(name: str, span: Span | Pause) -> str:
    return _text(span.amounts.media.get(name))


_ALL = "all"
_DRAWN: Mapping[str, _Part] = {
    "day": attrgetter("drawn_day_kwh"),
    "night": attrgetter("drawn_night_kwh"),
    _ALL: attrgetter("drawn_kwh"),
}
_INJECTED: Mapping[str, _Part] = {
    "day": attrgetter("injected_day_kwh"),
    "night": attrgetter("injected_night_kwh"),
    _ALL: attrgetter("injected_kwh"),
}


def _peak_end(span: Span | Pause) -> str:
    """Give the end of the peak: its time within a day, with its day within a month, its date else; midnight ends a day."""
    if not isinstance(span, Span) or not span.peak_end:
        return ""
    end = datetime.fromisoformat(span.peak_end)
    day = end - timedelta(seconds=1)
    clock = f"{end:%H:%M}" if end.date() == day.date() else "24:00"
    return {_DAY: clock, _MONTH: f"{day:%d} {clock}"}.get(len(span.name), f"{day:%Y-%m-%d}")


def _name(name: str) -> str:
    """Give `Sun 2026-10-25` for a day."""
    return f"{date.fromisoformat(name):%a} {name}" if len(name) == _DAY else name


def _text(value: float | None, digits: int = 2) -> str:
    return NOTHING if value is None else f"{value:,.{digits}f}"
