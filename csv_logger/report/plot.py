"""Draws the charts of a report with matplotlib, as a PNG picture."""

from collections.abc import Iterator, Sequence
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from csv_logger.report.charts import Chart, charts_of
from csv_logger.report.notes import WHOLE_PERCENT
from csv_logger.report.numbers import Report

_WIDTH, _HEIGHT, _DPI = 11.0, 2.6, 100  # inches; the height is that of one chart
_MOST_LABELS = 35

# The colours of Okabe and Ito, which people with any colour vision tell apart.
_COLOURS = {
    "drawn": "#0072B2", "night": "#56B4E9", "injected": "#E69F00", "peak": "#B0568A", "gas": "#D55E00", "water": "#009E73",
}  # fmt: skip


def picture_of(report: Report) -> bytes:
    """Give the PNG file."""
    charts = charts_of(report)
    figure = Figure(figsize=(_WIDTH, _HEIGHT * max(1, len(charts))), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    for axes, chart in zip(figure.subplots(max(1, len(charts)), 1, squeeze=False)[:, 0], charts, strict=False):
        _draw(axes, chart)
    title = f"{report.period or 'Everything'} of meter {report.meter}"
    figure.suptitle("; ".join([title, *_remarks(charts)]), x=0.01, ha="left", fontweight="bold")
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _remarks(charts: Sequence[Chart]) -> Iterator[str]:
    """Explain bars that look different."""
    if any(any(chart.is_part) for chart in charts):
        yield f"striped: less than {WHOLE_PERCENT:.0f} % recorded"
    if any(any(chart.is_none) for chart in charts):
        yield "grey: not recorded"


def _draw(axes: Axes, chart: Chart) -> None:
    places = range(len(chart.labels))
    up, down = [0.0] * len(places), [0.0] * len(places)
    for series in chart.series:
        values = [value or 0.0 for value in series.values]
        begins = [up[place] if value > 0 else down[place] for place, value in enumerate(values)]
        bars = axes.bar(places, values, bottom=begins, width=0.78, color=_COLOURS[series.colour])
        for bar, is_part in zip(bars, chart.is_part, strict=True):
            bar.set(hatch="--" if is_part else None, edgecolor="white", linewidth=0)
        up = [before + max(0.0, value) for before, value in zip(up, values, strict=True)]
        down = [before + min(0.0, value) for before, value in zip(down, values, strict=True)]
    for style, (name, value) in zip((":", "--"), chart.lines.items(), strict=False):
        axes.axhline(value, color="black", linewidth=1.0, linestyle=style, label=name)
    for place, is_none in enumerate(chart.is_none):
        if is_none:
            axes.axvspan(place - 0.5, place + 0.5, color="#DDDDDD", linewidth=0)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_title(chart.title, loc="left", fontsize=10)
    axes.set_ylabel(chart.unit)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,g}")
    step = 1 + len(places) // _MOST_LABELS
    axes.set_xticks(list(places)[::step], chart.labels[::step])
    axes.set_xlim(-0.6, len(places) - 0.4)
    axes.grid(alpha=0.3, axis="y")
    axes.set_axisbelow(True)
    if len(chart.series) + len(chart.lines) > 1:
        colours = [Patch(color=_COLOURS[series.colour], label=series.name) for series in chart.series]
        handles = [*colours, *axes.get_legend_handles_labels()[0]]
        axes.legend(
            handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=5, frameon=False, borderaxespad=0.2, fontsize=9
        )
