"""A report as one page: charts, tables, notes. It asks nothing of anybody: style and pictures are within it."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from csv_logger.report.bars import svg_of
from csv_logger.report.charts import MOST_DAYS, Chart, charts_of
from csv_logger.report.grid import NOTHING, Grid, capacity_grid, days_grid, moment_text, months_grid
from csv_logger.report.notes import MODEL, WHOLE_PERCENT, percent_text
from csv_logger.report.numbers import Report
from csv_logger.report.style import STYLE

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
"""


def page_of(report: Report) -> str:
    """Give the page."""
    title = escape(f"{report.period or 'Everything'} of meter {report.meter}")
    begin, end = moment_text(report.begin), moment_text(report.end)
    parts = [
        f"{_HEAD}<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>{title}</h1>\n<p>Recorded from {begin} to {end}.</p>",
        *_tiles(report),
        *map(_figure, charts_of(report)),
        *_tables(report),
        *_list("Notes", report.notes),
        *_list("How it is reckoned", MODEL),
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _tiles(report: Report) -> Iterator[str]:
    """Give the numbers that one wants to see first."""
    amounts, capacity = report.total.amounts, report.capacity
    tiles = [("drawn", amounts.drawn_kwh, "kWh", 1), ("injected", amounts.injected_kwh, "kWh", 1)]
    tiles += [("highest quarter-hour", report.total.peak_kw, "kW", 2)]
    if capacity is not None:
        tiles += [(f"capacity tariff, {capacity.basis}", capacity.mean_kw, "kW", 2)]
        if capacity.eur_per_year is not None:
            tiles += [("capacity tariff, a year", capacity.eur_per_year, "EUR", 2)]
    tiles += [(name, amounts.media.get(name), unit, 1) for name, unit in report.units.items()]
    texts = [(name, NOTHING if value is None else f"{value:,.{digits}f}", unit) for name, value, unit, digits in tiles]
    yield '<dl class="tiles">'
    for name, number, unit in (*texts, ("recorded", percent_text(report.total.recorded_percent), "%")):
        yield f"<div><dt>{escape(name)}</dt><dd>{number} <small>{escape(unit)}</small></dd></div>"
    yield "</dl>"


def _figure(chart: Chart) -> str:
    keys = [
        f'<span><i class="{series.colour}"></i>{escape(series.name)}</span>' for series in chart.series if len(chart.series) > 1
    ]
    keys += [f'<span><i class="across n{number}"></i>{escape(name)}</span>' for number, name in enumerate(chart.lines)]
    keys += [f'<span><i class="part"></i>less than {WHOLE_PERCENT:.0f} % recorded</span>'] if any(chart.is_part) else []
    keys += ['<span><i class="none"></i>not recorded</span>'] if any(chart.is_none) else []
    heading = f"<b>{escape(chart.title)}</b>, {escape(chart.unit)}"
    return f'<figure>\n<figcaption>{heading} <span class="keys">{"".join(keys)}</span></figcaption>\n{svg_of(chart)}\n</figure>'


def _tables(report: Report) -> Iterator[str]:
    if len(report.months) > 1:
        yield _table("Months", months_grid(report))
    days = _table("Days", days_grid(report))
    yield days if len(report.days) <= MOST_DAYS else f"<details><summary>Every day</summary>\n{days}\n</details>"
    if report.capacity is not None:
        yield _table("Capacity tariff (Flanders)", capacity_grid(report.capacity))


def _table(title: str, grid: Grid) -> str:
    groups = [(name, len(list(heads))) for name, heads in groupby(grid.heads, key=lambda head: head.group)]
    lines = [
        f'<section>\n<h2>{escape(title)}</h2>\n<div class="wide"><table>\n<thead>',
        _row((f'<th colspan="{count}" scope="colgroup">{escape(name)}</th>' for name, count in groups)),
        _row(f'<th scope="col">{escape(head.name)}</th>' for head in grid.heads),
        "</thead>\n<tbody>",
    ]
    for line in grid.lines:
        name, *cells = map(escape, line.cells)
        row = [f'<th scope="row">{name}</th>', *(f"<td>{cell}</td>" for cell in cells)]
        lines.append(_row(row, line.kind))
    remarks = "".join(f"<p>{escape(remark)}</p>" for remark in grid.remarks)
    return "\n".join([*lines, f"</tbody>\n</table></div>{remarks}\n</section>"])


def _row(cells: Iterable[str], kind: str = "") -> str:
    return f"<tr{f' class={kind}' if kind else ''}>{''.join(cells)}</tr>"


def _list(title: str, sentences: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{escape(sentence)}</li>" for sentence in sentences]
    if items:
        yield f"<section><h2>{escape(title)}</h2><ul>{''.join(items)}</ul></section>"
