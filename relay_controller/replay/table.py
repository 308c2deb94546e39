"""The numbers of a replay as tables for a terminal of 100 columns."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from relay_controller.replay.notes import duration_text
from relay_controller.replay.report import LoadReport, Report, ScenarioReport, UseReport

_WIDTH = 100
_LABEL, _CELL = 34, 20
_NOTHING = "-"


def table_of(report: Report) -> str:
    """Give everything, as text that ends with a line end."""
    return "\n".join([*_heading(report), "", *_scenarios(report), "", *_loads(report), *_remarks(report)]) + "\n"


def _heading(report: Report) -> Iterator[str]:
    recording = report.recording
    begin, end = _moment(recording.begin), _moment(recording.end)
    counted = duration_text(recording.counted_s)
    yield f"Replay from {begin} to {end} (readings: {recording.readings:,}; time counted: {counted})"


def _scenarios(report: Report) -> Iterator[str]:
    ways = (report.house_alone, report.without_control, report.with_control)
    yield _line("", ("house alone", "without control", "with control"))
    yield _line("drawn from the grid by day", (f"{way.drawn_day_kwh:,.3f} kWh" for way in ways))
    yield _line("drawn from the grid by night", (f"{way.drawn_night_kwh:,.3f} kWh" for way in ways))
    yield _line("injected", (f"{way.injected_kwh:,.3f} kWh" for way in ways))
    for months in zip(*(way.months for way in ways), strict=True):
        yield _line(f"highest quarter-hour of {months[0].month}", (f"{month.highest_quarter_kw:,.3f} kW" for month in months))
        yield _line("  which ended at", (_moment(month.highest_quarter_end) for month in months))
    yield _line("cost of energy", (_eur(way.energy_eur) for way in ways))
    yield _line("cost of capacity", (_eur(way.capacity_eur) for way in ways))


def _loads(report: Report) -> Iterator[str]:
    if not report.loads:
        return
    name = max(4, *map(len, report.loads))
    row = f"{{:<{name}}}{{:>9}}{{:>10}}{{:>8}}{{:>9}}{{:>9}}{{:>10}}{{:>10}}{{:>10}}{{:>6}}{{:>9}}"
    heading = row.format(
        "load", "power", "switches", "starts", "on", "longest", "shortest", "used kWh", "kWh", "with", "without"
    )
    yield f"{'own production':>{len(heading)}}"
    yield heading
    for load, one in report.loads.items():
        yield row.format(load, *_load_cells(one))
    yield ""


def _load_cells(load: LoadReport) -> Iterator[str]:
    use = load.with_control
    yield f"{load.power_w:,.3f}".rstrip("0").rstrip(".") + " W"
    yield f"{load.switches:,}"
    yield f"{load.starts:,}"
    yield duration_text(use.on_s)
    yield duration_text(load.longest_run_s)
    yield _NOTHING if load.shortest_run_s is None else duration_text(load.shortest_run_s)
    yield f"{use.used_kwh:,.3f}"
    yield f"{use.own_kwh:,.3f}"
    yield _percent(use)
    yield _percent(load.without_control)


def _percent(use: UseReport) -> str:
    return _NOTHING if use.own_percent is None else f"{use.own_percent:.0f} %"


def _remarks(report: Report) -> Iterator[str]:
    yield from _saving(report.without_control, report.with_control)
    if report.notes:
        yield from _sentences("Notes:", report.notes)
        yield ""
    yield from _sentences("How it is reckoned:", report.model)


def _sentences(heading: str, sentences: Iterable[str]) -> Iterator[str]:
    yield heading
    for sentence in sentences:
        yield from wrap(sentence, _WIDTH, initial_indent="- ", subsequent_indent="  ")


def _saving(without: ScenarioReport, controlled: ScenarioReport) -> Iterator[str]:
    """Say what control is worth."""
    parts = [
        f"{abs(before - after):,.2f} EUR {'less' if after <= before else 'more'} for {what}"
        for what, before, after in (
            ("energy", without.energy_eur, controlled.energy_eur),
            ("capacity", without.capacity_eur, controlled.capacity_eur),
        )
        if before is not None and after is not None
    ]
    if parts:
        yield f"With control instead of without: {', '.join(parts)}."
        yield ""


def _line(label: str, cells: Iterable[str]) -> str:
    return (f"{label:<{_LABEL}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)).rstrip()


def _moment(iso: str) -> str:
    return iso[:16].replace("T", " ")


def _eur(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:,.2f} EUR"
