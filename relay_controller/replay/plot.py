"""Draws a replay with matplotlib: power and surplus, the loads, and the quarter-hours against the peak limit."""

from collections.abc import Sequence
from datetime import tzinfo
from itertools import pairwise
from pathlib import Path

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from relay_controller.load import PeakRule, Plant
from relay_controller.quarter import QUARTER_S, limit_by_kw
from relay_controller.replay.curves import Bars, Curves, bars_of, curves_of
from relay_controller.replay.outcome import Outcome
from relay_controller.replay.scenario import Scenario

_INCHES, _DPI = (14.0, 10.0), 100
_DAY_S = 86_400  # matplotlib counts time in days since 1970
_LANE = 0.4  # height of a load's bar; two loads are 1 apart

# The colours of Okabe and Ito, which people with any colour vision tell apart; lines differ in style too.
_WITH, _WITHOUT, _SUN, _OWN, _GRID = "#0072B2", "#D55E00", "#F0E442", "#009E73", "#AAAAAA"


def draw(file: Path, outcome: Outcome, plant: Plant) -> None:
    """Draw into a PNG file. Raises OSError if it cannot be written."""
    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    lanes = max(1, len(plant.loads))
    powers, loads, quarters = figure.subplots(3, 1, sharex=True, height_ratios=(3, min(3.0, 0.6 + 0.5 * lanes), 2))
    house, timed, controlled = (_curves(scenario) for scenario in (outcome.house, outcome.timed, outcome.controlled))
    _draw_powers(powers, house, timed, controlled)
    _draw_loads(loads, timed, controlled)
    span_s = outcome.last.timestamp() - outcome.first.timestamp()
    timed_bars, bars = (bars_of(one.meter.quarters, span_s) for one in (outcome.timed, outcome.controlled))
    _draw_quarters(quarters, timed_bars, bars, plant.peak)
    _label_times(quarters, plant.zone)
    if span_s > 0:
        quarters.set_xlim(*_days((outcome.first.timestamp(), outcome.last.timestamp())))
    powers.set_title(f"Replay from {outcome.first:%Y-%m-%d %H:%M} to {outcome.last:%Y-%m-%d %H:%M}", loc="left")
    with file.open("wb") as stream:
        figure.savefig(stream, format="png")


def _curves(scenario: Scenario) -> Curves:
    if scenario.samples is None:
        raise ValueError("expected a replay with samples")
    return curves_of(scenario.samples, scenario.uses)


def _draw_powers(axes: Axes, house: Curves, timed: Curves, controlled: Curves) -> None:
    axes.fill_between(_middles(house), 0, _kw(house.injected_w), color=_SUN, linewidth=0, label="surplus of the house alone")
    axes.plot(_middles(timed), _kw(timed.net_w), color=_WITHOUT, linewidth=0.9, linestyle="--", label="without control")
    axes.plot(_middles(controlled), _kw(controlled.net_w), color=_WITH, linewidth=1.3, label="with control")
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_ylabel("net power (kW)\n+ drawn, - injected")
    _legend(axes)
    axes.grid(alpha=0.3)


def _draw_loads(axes: Axes, timed: Curves, controlled: Curves) -> None:
    """Draw two bars for each load, with control above; a bar that is less high stands for a part of the time."""
    ticks: list[tuple[float, str]] = []
    for place, load in enumerate(controlled.on):
        for curves, floor, label in ((controlled, -place, load), (timed, -place - _LANE, "without control")):
            times = _middles(curves)
            top = [floor + _LANE * 0.85 * share for share in curves.on[load]]
            own = [floor + _LANE * 0.85 * share for share in curves.own[load]]
            axes.fill_between(times, floor, top, step="mid", color=_GRID, linewidth=0)
            axes.fill_between(times, floor, own, step="mid", color=_OWN, linewidth=0)
            ticks.append((floor + _LANE / 2, label))
    axes.set_yticks([at for at, _ in ticks], [label for _, label in ticks])
    axes.set_ylim(-len(controlled.on) + 1 - _LANE * 1.4, _LANE * 1.4)
    axes.set_ylabel("loads that are on")
    handles = [Patch(color=_OWN, label="from own production"), Patch(color=_GRID, label="from the grid")]
    _legend(axes, handles)
    axes.grid(alpha=0.3, axis="x")


def _draw_quarters(axes: Axes, timed: Bars, controlled: Bars, rule: PeakRule | None) -> None:
    width = controlled.quarters * QUARTER_S / _DAY_S
    ends = _days(controlled.end_s)
    axes.bar(ends, controlled.kw, width=-width, align="edge", color=_WITH, alpha=0.7, label="with control")
    timed_ends = _days(timed.end_s)
    axes.hlines(timed.kw, [end - width for end in timed_ends], timed_ends, colors=_WITHOUT, label="without control")
    if rule is not None:
        limits_kw = [limit_by_kw(rule, before_kw) for before_kw in controlled.peak_before_kw]
        axes.hlines(limits_kw, [end - width for end in ends], ends, colors="black", linestyles=":", label="peak limit")
    hours = controlled.quarters / 4
    axes.set_ylabel("quarter-hour average (kW)" if hours < 1 else f"highest quarter-hour\nof each {hours:g} h (kW)")
    _legend(axes)
    axes.grid(alpha=0.3)


def _legend(axes: Axes, handles: Sequence[Artist] | None = None) -> None:
    """Explain the colours above the panel, where they hide nothing."""
    handles = axes.get_legend_handles_labels()[0] if handles is None else handles
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(handles), frameon=False, borderaxespad=0.2)


def _label_times(axes: Axes, zone: tzinfo) -> None:
    locator = AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]
    axes.set_xlabel(f"local time ({zone})")


def _middles(curves: Curves) -> list[float]:
    edges = _days(curves.edge_s)
    return [(start + end) / 2 for start, end in pairwise(edges)]


def _days(times_s: Sequence[float]) -> list[float]:
    return [time_s / _DAY_S for time_s in times_s]


def _kw(powers_w: Sequence[float]) -> list[float]:
    return [power_w / 1000 for power_w in powers_w]
