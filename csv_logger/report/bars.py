"""Draws a chart as SVG that stands within a page: its colours are those of the page, by class."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from csv_logger.report.charts import Chart, ticks

_WIDTH, _HEIGHT = 900, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 10, 26  # around the field of the bars
_TICKS = 5
_CHARACTER = 9.0  # width that a character of a label takes
_SAME = 1e-6
_SHARE = 0.78  # of its place that a bar takes


def svg_of(chart: Chart) -> str:
    """Give the picture; each bar has its number as a title."""
    marks = ticks(*chart.ends, _TICKS)
    field = _Field(marks[0], marks[-1], len(chart.labels))
    lines = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(f"{chart.title}, {chart.unit}")}">',
        *_marks(marks, field),
        *_bars(chart, field),
        *_across(chart, field),
        *_labels(chart, field),
        "</svg>",
    ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Field:
    """What is drawn on: from the lowest to the highest value."""

    low: float
    high: float
    count: int  # of bars

    @property
    def width(self) -> float:
        """What a bar has with the room around it."""
        return (_WIDTH - _LEFT - _RIGHT) / self.count

    def x(self, place: int) -> float:
        return _LEFT + place * self.width

    def y(self, value: float) -> float:
        return _TOP + (self.high - value) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)


def _marks(marks: list[float], field: _Field) -> Iterator[str]:
    digits = next((digits for digits in (0, 1) if all(abs(mark - round(mark, digits)) < _SAME for mark in marks)), 2)
    for mark in marks:
        y = field.y(mark)
        kind = "zero" if mark == 0 else "mark"
        yield f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{abs(mark):,.{digits}f}</text>'


def _bars(chart: Chart, field: _Field) -> Iterator[str]:
    for place, name in enumerate(chart.names):
        if chart.is_none[place]:
            box = f'x="{field.x(place):.1f}" y="{_TOP}" width="{field.width:.1f}" height="{_HEIGHT - _TOP - _BOTTOM}"'
            yield f'<rect class="none" {box}><title>{escape(name)}: not recorded</title></rect>'
        x, width = field.x(place) + field.width * (1 - _SHARE) / 2, field.width * _SHARE
        up = down = 0.0
        for series in chart.series:
            value = series.values[place]
            if not value:
                continue
            begin = up if value > 0 else down
            up, down = (up + value, down) if value > 0 else (up, down + value)
            y, height = field.y(max(begin, begin + value)), abs(field.y(begin) - field.y(begin + value))
            title = escape(f"{name}: {series.name} {abs(value):,.3f} {chart.unit}")
            box = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
            yield f'<rect class="{series.colour}" {box}><title>{title}</title></rect>'
        if chart.is_part[place] and (up or down):  # stripes leave the colour and the ends what they are
            middle = f'x1="{x + width / 2:.1f}" x2="{x + width / 2:.1f}"'
            yield f'<line class="part" {middle} y1="{field.y(up):.1f}" y2="{field.y(down):.1f}" stroke-width="{width:.1f}"/>'


def _across(chart: Chart, field: _Field) -> Iterator[str]:
    for number, (name, value) in enumerate(chart.lines.items()):
        ends = f'x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{field.y(value):.1f}" y2="{field.y(value):.1f}"'
        yield f'<line class="across n{number}" {ends}><title>{escape(name)}</title></line>'


def _labels(chart: Chart, field: _Field) -> Iterator[str]:
    """Give as many labels as have room."""
    step = 1 + int(max(map(len, chart.labels)) * _CHARACTER / field.width)
    for place in range(0, len(chart.labels), step):
        x = field.x(place) + field.width / 2
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(chart.labels[place])}</text>'
