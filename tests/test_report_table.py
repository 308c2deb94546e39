"""The numbers of a report as tables in a terminal, as a page and as a picture."""

import re
import struct
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from csv_logger.report.charts import charts_of, ticks
from csv_logger.report.grid import days_grid, months_grid
from csv_logger.report.numbers import Report
from csv_logger.report.page import page_of
from csv_logger.report.plot import picture_of
from csv_logger.report.progress import bar_of
from csv_logger.report.table import table_of
from tests.support.report import lines_of, local, steady_rows, told

DAY = 1440  # minutes


def _days() -> Report:
    """Give three days of which the second is lost: both tariffs, gas, injection at noon."""
    rows = []
    for number, row in enumerate(steady_rows("2026-06-01T00:00:00", 3 * DAY - 1)):
        kwh = float(str(row["total_consumption_day"])) - 100
        fields = {
            "total_consumption_night": f"{kwh / 2:.3f}",
            "total_injection_day": f"{12000 + kwh / 3:.3f}",
            "total_injection_night": 7,
            "total_gas_consumption": number // 60,
            "gas_timestamp": row["timestamp"],
            "peak_demand_month": 3.0,
            "peak_demand_month_timestamp": "2026-06-01T18:15:00+02:00",
        }
        rows.append(row | fields)
    return told(lines_of([*rows[: DAY - 300], *rows[2 * DAY + 120 :]]), price=50.0)


def _months() -> Report:
    """Give fourteen months of a meter with one register, which was read at noon of each day."""
    noon = local("2026-01-01T12:00:00")
    days = ((number, noon + timedelta(days=number)) for number in range(424))
    return told(lines_of({"timestamp": day.isoformat(), "total_consumption": number * 10} for number, day in days))


TABLE = """\
All of meter home, recorded from 2026-06-01 00:00 to 2026-06-03 23:59

                 drawn, kWh   injected, kWh    quarter peak       gas  data
                  day  night    day   night     kW       ended     m³     %
Mon 2026-06-01  22.78  11.39   7.59    0.00  1.800       00:15  18.00    79
gap 1           37.22  18.61  12.41    0.00                     32.00
Wed 2026-06-03  26.38  13.19   8.79    0.00  1.800       02:15  21.00    91
sum             86.38  43.19  28.79    0.00  1.800  2026-06-01  71.00    56
gap 1: 2026-06-01 18:59 to 2026-06-03 02:00

         month peak, kW
month    meter  recorded  counts, kW
2026-06  3.000     1.800       3.000
mean                           3.000
That costs 150.00 EUR a year, at the price of [tariff] capacity.

Notes:
- 2026-06: the meter tells a peak of 3.000 kW, the highest quarter-hour in the
  files has 1.800 kW (5 % of the month is recorded).
- The capacity tariff takes 12 months; a peak is known of 1: the mean is that of
  these.

How it is reckoned:
"""


def test_the_table_is_read_without_a_manual() -> None:
    """Days, gaps in their place, the sum; then what is billed, and what one should know."""
    assert table_of(_days()).startswith(TABLE)


def test_many_days_are_told_by_month() -> None:
    """A gap over the end of a month stands between the two; what nobody knows is a hyphen."""
    lines = table_of(_months()).splitlines()
    assert lines[2:7] == [
        "            drawn  quarter peak  data",
        "              kWh  kW     ended     %",
        "2026-01    300.00   -              <1",
        "gap 1       10.00",
        "2026-02    270.00   -              <1",
    ]
    assert [line for line in lines if line.startswith("sum")] == ["sum      4,230.00   -              <1"]


@pytest.mark.parametrize("report", [_days(), _months()], ids=["days", "months"])
def test_the_table_fits_into_a_terminal(report: Report) -> None:
    """Of 80 columns, without blanks at the ends of lines."""
    table = table_of(report)
    assert max(map(len, table.splitlines())) <= 80
    assert not re.search(r" \n|\n\n\n", table)


class _Page(HTMLParser):
    """What a browser would see of a page: its elements, and the addresses in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.kinds: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.kinds.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "action", "data", "srcset"}]
        if tag not in {"meta", "line"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Demand that what was opened last is closed first."""
        assert tag in {"line", self.open[-1]}
        if tag == self.open[-1]:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


@pytest.mark.parametrize(("report", "charts"), [(_days(), 3), (_months(), 1)], ids=["days", "months"])
def test_the_page_is_whole_and_asks_nothing_of_anybody(report: Report, charts: int) -> None:
    """Every element is closed, no address is in it, nothing of it runs, and each chart has a picture."""
    text = page_of(report)
    page = _Page(text)
    assert (page.open, page.addresses) == ([], [])
    assert not {"script", "link", "img", "iframe"} & set(page.kinds)
    assert page.kinds.count("svg") == page.kinds.count("figure") == charts
    assert not re.search(r"url\(|@import|nan|inf\b", text)


def test_what_comes_from_files_is_text_on_the_page() -> None:
    """Names and damaged lines may hold anything."""
    evil = "<script>alert('1')</script>"
    page = _Page(page_of(replace(_days(), meter=evil, notes=(evil,), period=evil)))
    assert "script" not in page.kinds
    assert page.text.count(evil) == 5


def test_what_is_missing_is_seen() -> None:
    """A day that was not recorded, and two that are not all there: striped, in the colour of their tariff."""
    text = page_of(_days())
    assert "2026-06-02: not recorded" in text
    assert re.search(r'<rect class="drawn" [^>]+><title>2026-06-01: drawn, day 22.780 kWh</title>', text)
    assert len(re.findall(r'<line class="part" ', text)) == 2 * 3


def test_a_month_without_gas_has_a_chart_of_nothing() -> None:
    """In summer its counter stands still: an axis, and no bar; in the picture too."""
    rows = [{"timestamp": row["timestamp"], "total_gas_consumption": 7} for row in steady_rows("2026-07-01T00:00:00", DAY)]
    report = told(lines_of(rows))
    (chart,) = charts_of(report)
    assert (chart.title, chart.ends) == ("Gas", (0.0, 0.0))
    page = _Page(page_of(report))
    assert (page.kinds.count("svg"), page.kinds.count("rect")) == (1, 0)
    assert picture_of(report)[:4] == b"\x89PNG"


def test_a_row_of_a_wrong_clock_makes_no_chart_of_a_thousand_days() -> None:
    """What was recorded far apart is drawn by month."""
    rows = steady_rows("2026-07-01T00:00:00", 3 * DAY)
    report = told(lines_of([*rows, {**rows[-1], "timestamp": "2031-01-01T00:16:00+01:00"}]))
    assert {len(chart.labels) for chart in charts_of(report)} == {55}
    assert len(charts_of(replace(report, days=report.days[:-1]))[0].labels) == 4


def test_a_quarter_that_ends_at_midnight_is_told_of_the_day_that_ends() -> None:
    """Also where a month ends with it, and in the sum."""
    rows = steady_rows("2026-09-30T12:00:00", 12 * 60)
    rows += steady_rows("2026-10-01T00:00:00", 31 * DAY + 60 - 15, start_kwh=114.4)  # an hour more, in autumn
    rows += steady_rows("2026-11-01T00:00:00", DAY, kw=1.0, start_kwh=1200.0)
    report = told(lines_of(rows))
    assert report.months[1].peak_end == "2026-11-01T00:00:00+01:00"
    ends = [
        {line.cells[0]: line.cells[place] for line in grid.lines}
        for grid in (days_grid(report), months_grid(report))
        for place, head in enumerate(grid.heads)
        if head.name == "ended"
    ]
    assert (ends[0]["Sat 2026-10-31"], ends[0]["Sun 2026-11-01"]) == ("24:00", "00:15")
    assert (ends[1]["2026-10"], ends[1]["2026-11"], ends[1]["sum"]) == ("31 24:00", "01 00:15", "2026-10-31")


def test_what_is_billed_is_the_mean_of_as_many_months_as_are_known() -> None:
    """One is no more than one."""
    capacity = _days().capacity
    assert capacity is not None
    twelve = replace(capacity, months=capacity.months * 12)
    assert (capacity.basis, twelve.basis) == ("mean of 1 month", "mean of 12 months")
    assert page_of(_days()).count("mean of 1 month") == 3  # tile, key and line


def test_a_chart_has_a_place_for_every_month() -> None:
    """Also for those of which nothing is there."""
    report = _months()
    without = replace(report, months=(*report.months[:3], *report.months[5:]))
    (chart,) = charts_of(without)
    assert (len(chart.labels), [place for place, is_none in enumerate(chart.is_none) if is_none]) == (14, [3, 4])


@pytest.mark.parametrize(
    ("ends", "marks"),
    [
        ((0, 4.04), [0, 1, 2, 3, 4, 5]),
        ((-24, 19), [-30, -20, -10, 0, 10, 20]),
        ((0, 0), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ((0, 0.31), [0, 0.1, 0.2, 0.3, 0.4]),
    ],
)
def test_the_marks_of_an_axis_are_round(ends: tuple[float, float], marks: list[float]) -> None:
    """And hold all values between them."""
    assert ticks(*ends, 5) == pytest.approx(marks)


@pytest.mark.parametrize(("report", "height"), [(_days(), 780), (_months(), 260)], ids=["days", "months"])
def test_the_picture_has_the_same_charts(report: Report, height: int) -> None:
    """PNG, a strip for each."""
    head = picture_of(report)[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:]) == (1100, height)


def test_next_to_nothing_is_a_table_a_page_and_a_picture_too() -> None:
    """One row, of a meter that tells nothing else."""
    report = told([b"timestamp,net_power\r", b"2026-06-01T12:00:00+02:00,5\r"])
    assert "Mon 2026-06-01" in table_of(report)
    assert _Page(page_of(report)).kinds.count("svg") == 0
    assert picture_of(report)[:4] == b"\x89PNG"


def test_the_bar_tells_what_is_left() -> None:
    """In one line of a terminal."""
    assert bar_of(0.0, 0, 0.5) == "reading [........................]   0 %, 0 rows"
    assert bar_of(0.25, 7_884_000, 60.0) == "reading [######..................]  25 %, 7,884,000 rows, 3:00 left"
    assert bar_of(1.0, 31_536_000, 240.0) == "reading [########################] 100 %, 31,536,000 rows, 0:00 left"
