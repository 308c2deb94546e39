"""The numbers of a report as tables for a terminal of 80 columns."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from textwrap import wrap

from csv_logger.report.charts import MOST_DAYS
from csv_logger.report.grid import Grid, capacity_grid, days_grid, moment_text, months_grid
from csv_logger.report.notes import MODEL
from csv_logger.report.numbers import Report

_WIDTH = 80


def table_of(report: Report) -> str:
    """Give everything, as text that ends with a line end."""
    grid = days_grid(report) if len(report.days) <= MOST_DAYS else months_grid(report)
    begin, end = moment_text(report.begin), moment_text(report.end)
    lines = [f"{report.period or 'All'} of meter {report.meter}, recorded from {begin} to {end}", "", *_lines(grid), ""]
    if report.capacity is not None:
        lines += [*_lines(capacity_grid(report.capacity))]
        if report.capacity.eur_per_year is not None:
            lines.append(f"That costs {report.capacity.eur_per_year:,.2f} EUR a year, at the price of [tariff] capacity.")
        lines.append("")
    if report.notes:
        lines += [*_sentences("Notes:", report.notes), ""]
    return "\n".join([*lines, *_sentences("How it is reckoned:", MODEL)]) + "\n"


def _lines(grid: Grid) -> Iterator[str]:
    """Give the rows of a grid below two lines of heads, numbers to the right; then its remarks."""
    texts = [[head.name for head in grid.heads], *(line.cells for line in grid.lines)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(grid.heads))]
    gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= _WIDTH else 1
    place = 0
    groups = []
    for group, members in groupby(grid.heads, key=lambda head: head.group):
        count = len(list(members))
        width = sum(widths[place : place + count]) + gap * (count - 1)
        widths[place + count - 1] += max(0, len(group) - width)  # a group's name that is wider than its columns
        groups.append(f"{group:^{max(width, len(group))}}" if count > 1 else f"{group:>{max(width, len(group))}}")
        place += count
    yield (" " * gap).join(groups).rstrip()
    for row in texts:
        cells = (
            f"{cell:>{width}}" if number else f"{cell:<{width}}"
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield (" " * gap).join(cells).rstrip()
    yield from grid.remarks


def _sentences(heading: str, sentences: Iterable[str]) -> Iterator[str]:
    yield heading
    for sentence in sentences:
        yield from wrap(sentence, _WIDTH, initial_indent="- ", subsequent_indent="  ")
