"""The core of the report: rows in, numbers of days and months out."""

import json
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csv_logger.report.numbers import Report
from csv_logger.report.period import month_period
from csv_logger.report.summary import report_of
from tests.support.report import intake_of, lines_of, local, steady_rows, told

DAY = 1440  # minutes


def _drawn(report: Report) -> dict[str, float | None]:
    return {day.name: day.amounts.drawn_kwh for day in report.days}


def _recorded(report: Report) -> dict[str, float]:
    return {day.name: round(day.recorded_percent, 1) for day in report.days}


def test_a_day_is_the_difference_of_the_counters_at_its_ends() -> None:
    """A row of midnight ends one day and begins the other."""
    report = told(lines_of(steady_rows("2026-06-01T00:00:00", 2 * DAY, kw=1.2)))
    assert _drawn(report) == {"2026-06-01": 28.8, "2026-06-02": 28.8, "2026-06-03": None}
    assert (report.total.amounts.drawn_kwh, report.total.amounts.injected_kwh) == (57.6, None)
    assert report.pauses == ()


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)], ids=["spring", "autumn", "any other day"]
)
def test_a_day_on_which_the_clocks_change_has_its_own_length(day: str, hours: int) -> None:
    """All of it is recorded, and its energy is that of 23 or 25 hours."""
    report = told(lines_of(steady_rows(f"{day}T00:00:00", hours * 60 - 1, kw=1.0)))
    assert _recorded(report) == {day: 100.0}
    assert report.total.peak_kw == pytest.approx(1.0, abs=0.005)
    assert report.total.amounts.drawn_kwh == pytest.approx(hours - 1 / 60, abs=0.001)


def test_a_meter_whose_clock_never_changes_has_days_of_24_hours() -> None:
    """Swedish meters say winter all summer long: their days are those of their stamps."""
    rows = [
        {"timestamp": f"2026-03-29T{hour:02d}:{minute:02d}:00+01:00", "total_consumption": hour}
        for hour in range(24)
        for minute in range(60)
    ]
    assert _recorded(told(lines_of(rows))) == {"2026-03-29": 100.0}


def test_what_nobody_could_record_yet_is_not_missing() -> None:
    """In a month that goes on, on a day that goes on: hours until now count, also where the host's clock is behind."""
    rows = lines_of(steady_rows("2026-06-01T00:00:00", 2 * DAY + 600))
    for now, percents in (
        ("2026-06-03T10:01:00", (100.0, 100.0)),
        ("2026-06-03T20:02:00", (50.0, 85.3)),
        ("2020-01-01T00:00:00", (100.0, 100.0)),
        ("2040-01-01T00:00:00", (41.7, 8.1)),
    ):
        report = told(rows, now=now)
        recorded = _recorded(report)["2026-06-03"], round(report.months[0].recorded_percent, 1)
        assert recorded == pytest.approx(percents, abs=0.1)


def test_rows_of_meters_without_a_clock_are_put_down_to_the_day_at_home() -> None:
    """They have the host's time, in UTC: in Brussels half past ten is the day after already."""
    rows = [
        {"timestamp": "2026-06-01T21:59:30+00:00", "total_consumption": 5},
        {"timestamp": "2026-06-01T22:00:00+00:00", "total_consumption": 6},
        {"timestamp": "2026-06-01T22:30:00+00:00", "total_consumption": 8},
    ]
    assert _drawn(told(lines_of(rows))) == {"2026-06-01": 1.0, "2026-06-02": 2.0}


def test_what_a_gap_within_a_day_hides_belongs_to_that_day() -> None:
    """The counters know it; only its share of the time is missing."""
    rows = steady_rows("2026-06-01T00:00:00", DAY)
    report = told(lines_of([*rows[:600], *rows[840:]]))
    assert (_drawn(report)["2026-06-01"], _recorded(report)["2026-06-01"], report.pauses) == (28.8, 83.3, ())


def test_what_a_gap_over_midnight_hides_belongs_to_no_day() -> None:
    """It has a line of its own, and counts in the month."""
    rows = steady_rows("2026-06-01T00:00:00", 3 * DAY)
    report = told(lines_of([*rows[: 23 * 60], *rows[2 * DAY + 60 :]]))
    assert _drawn(report) == {"2026-06-01": 27.58, "2026-06-03": 27.6, "2026-06-04": None}
    pause = report.pauses[0]
    assert (pause.begin, pause.end) == ("2026-06-01T22:59:00+02:00", "2026-06-03T01:00:00+02:00")
    assert pause.amounts.drawn_kwh == 31.22
    assert report.months[0].amounts.drawn_kwh == 3 * 28.8


def test_a_gap_over_the_end_of_a_month_counts_in_neither() -> None:
    """But in the sum of all."""
    rows = steady_rows("2026-06-30T00:00:00", 2 * DAY)
    report = told(lines_of([*rows[: 20 * 60], *rows[28 * 60 :]]))
    assert [month.amounts.drawn_kwh for month in report.months] == [23.98, 24.0]
    assert (report.pauses[0].amounts.drawn_kwh, report.total.amounts.drawn_kwh) == (9.62, 57.6)


def test_a_short_pause_over_midnight_is_no_gap() -> None:
    """A meter that sends every ten seconds: the last one of a day is some seconds early."""
    rows = steady_rows("2026-06-01T23:30:03", 60, every_s=10)
    report = told(lines_of(rows))
    assert report.pauses == ()
    assert sum(kwh for kwh in _drawn(report).values() if kwh) == pytest.approx(1.2)


@pytest.mark.parametrize("after_kwh", ["0.000", "93211.500"], ids=["from 0", "far ahead"])
def test_a_replaced_meter_costs_what_came_with_it_and_is_told(after_kwh: str) -> None:
    """Nothing is negative, nothing leaps."""
    rows = steady_rows("2026-06-01T00:00:00", 10 * 60)
    rows += steady_rows("2026-06-01T12:00:00", 10 * 60, start_kwh=float(after_kwh))
    report = told(lines_of(rows))
    assert report.total.amounts.drawn_kwh == 24.0
    assert report.notes[-1] == (
        "2026-06-01: total_consumption_day went back or leapt, as when a meter is replaced; what came with it counts nowhere."
    )


def test_gas_is_put_down_by_the_time_of_its_own_meter() -> None:
    """The hour before midnight comes with the telegrams after it."""
    gas = [
        ("2026-06-01T22:00:00+02:00", 10),
        ("2026-06-01T23:00:00+02:00", 11),
        ("2026-06-02T00:00:00+02:00", 13),
        ("2026-06-02T01:00:00+02:00", 17),
    ]
    rows = [
        {"timestamp": f"2026-06-0{day}T{hour}:00:07+02:00", "total_gas_consumption": volume, "gas_timestamp": stamp}
        for (stamp, volume), (day, hour) in zip(gas, ((1, 22), (1, 23), (2, "00"), (2, "01")), strict=True)
    ]
    report = told(lines_of(rows))
    assert {day.name: dict(day.amounts.media) for day in report.days} == {
        "2026-06-01": {"gas": 3.0},
        "2026-06-02": {"gas": 4.0},
    }


def test_a_meter_that_is_read_once_a_day_has_its_use_on_the_day_it_was_used() -> None:
    """At ten past three: nearly all of it is of the day before."""
    rows = [
        {
            "timestamp": f"2026-06-0{day}T03:12:30+02:00",
            "total_water_consumption": day,
            "water_timestamp": f"2026-06-0{day}T03:10:00+02:00",
        }
        for day in range(1, 5)
    ]
    report = told(lines_of(rows))
    assert [day.amounts.media.get("water") for day in report.days] == [1.0, 1.0, 1.0, None]
    assert report.pauses == ()


def test_a_meter_without_a_time_of_its_own_that_stands_still_over_night_has_no_gap() -> None:
    """Each row tells its counter anew, at the row's time; only where rows are missing nobody knows."""
    rows = [
        {"timestamp": row["timestamp"], "total_gas_consumption": f"{100 + max(0, min(number, 1260) - 420) / 200:.3f}"}
        for number, row in enumerate(steady_rows("2026-07-01T00:00:00", DAY - 1))
    ]
    rows += [
        {**row, "timestamp": str(row["timestamp"]).replace("07-01", "07-02"), "total_gas_consumption": 104.2} for row in rows
    ]
    report = told(lines_of(rows))
    assert [dict(day.amounts.media) for day in report.days] == [{"gas": 4.2}, {"gas": 0.0}]
    assert report.pauses == ()
    assert len(told(lines_of([*rows[: DAY - 200], *rows[DAY + 300 :]])).pauses) == 1


PEAKS = "peak_demand_month,peak_demand_month_timestamp,peak_demand_history"


def test_the_peak_of_the_meter_counts_and_a_difference_is_told() -> None:
    """The quarter-hours of half a month are not all of them."""
    rows = [
        {**row, "average_demand": 0.3, "peak_demand_month": 3.5, "peak_demand_month_timestamp": "2026-06-03T18:15:00+02:00"}
        for row in steady_rows("2026-06-10T00:00:00", DAY, kw=1.2)
    ]
    report = told(lines_of(rows), price=50.0)
    assert report.capacity is not None
    assert [(month.month, month.told_kw, month.counted_kw) for month in report.capacity.months] == [("2026-06", 3.5, 3.5)]
    assert (report.capacity.mean_kw, report.capacity.eur_per_year) == (3.5, 175.0)
    assert report.notes[0] == (
        "2026-06: the meter tells a peak of 3.500 kW, the highest quarter-hour in the files has 0.300 kW "
        "(3 % of the month is recorded)."
    )


def test_a_peak_that_may_not_be_the_highest_is_told() -> None:
    """Half a month of quarter-hours, and a meter that tells no peak."""
    report = told(lines_of(steady_rows("2026-06-10T00:00:00", 6 * DAY, every_s=30)))
    assert report.capacity is not None
    assert (report.capacity.months[0].told_kw, report.capacity.mean_kw) == (None, 2.5)
    assert report.notes == (
        "2026-06: the meter tells no peak, and 20 % of the month is recorded; there may be one above 1.200 kW.",
        "The capacity tariff takes 12 months; a peak is known of 1: the mean is that of these.",
    )


def test_months_before_the_recording_come_from_the_history_of_the_meter() -> None:
    """Twelve of them count, each with 2.5 kW at least."""
    history = [
        {
            "month": f"{2025 + (month > 12)}-{(month - 1) % 12 + 1:02d}",
            "timestamp": "2026-01-01T00:15:00+01:00",
            "value": month / 4,
        }
        for month in range(5, 18)
    ]
    cell = '"' + json.dumps(history).replace('"', '""') + '"'
    rows = [{**row, "peak_demand_history": cell} for row in steady_rows("2026-06-10T00:00:00", 60, kw=6.0)]
    capacity = told(lines_of(rows)).capacity
    assert capacity is not None
    assert [month.month for month in capacity.months][::11] == ["2025-07", "2026-06"]
    assert [month.counted_kw for month in capacity.months] == [2.5, 2.5, 2.5, 2.5, 2.75, 3.0, 3.25, 3.5, 3.75, 4.0, 4.25, 6.0]


def test_a_peak_that_begins_anew_is_not_that_of_the_month_before() -> None:
    """The register has 0 then, and the month's first second; 0 in the history is the peak of a month."""
    rows = [
        {"timestamp": "2026-07-01T00:00:01+02:00", "peak_demand_month": "0.000", "peak_demand_month_timestamp": stamp}
        for stamp in ("2026-07-01T00:00:00+02:00",)
    ]
    assert told(lines_of(rows)).capacity is None
    history = '"[{""month"":""2026-06"",""timestamp"":""2026-06-01T00:15:00+02:00"",""value"":0.0}]"'
    capacity = told(lines_of([{**rows[0], "peak_demand_history": history}])).capacity
    assert capacity is not None
    assert [(month.month, month.told_kw) for month in capacity.months] == [("2026-06", 0.0)]


def test_a_row_of_a_wrong_clock_is_no_month_that_is_billed() -> None:
    """The twelve months end with the last one of which a peak is known; those after the period do not count."""
    rows = steady_rows("2026-05-31T12:00:00", 2 * DAY, kw=3.0)
    wrong = {**rows[-1], "timestamp": "2031-01-01T00:16:00+01:00"}
    for lines, period, months in (
        (lines_of([*rows, wrong]), None, ["2026-05", "2026-06"]),
        (lines_of([*rows, wrong]), month_period("2026-05"), ["2026-05"]),
        (lines_of([wrong]), None, None),
    ):
        capacity = told(lines, period=period).capacity
        assert (None if capacity is None else [month.month for month in capacity.months]) == months


def test_the_peak_of_a_month_that_ends_with_its_last_quarter_is_of_that_month() -> None:
    """Its time is the first second of the next."""
    rows = [
        {
            "timestamp": "2026-07-01T00:00:01+02:00",
            "peak_demand_month": 4.0,
            "peak_demand_month_timestamp": "2026-07-01T00:00:00+02:00",
        },
        {
            "timestamp": "2026-07-01T00:20:01+02:00",
            "peak_demand_month": 0.5,
            "peak_demand_month_timestamp": "2026-07-01T00:15:00+02:00",
        },
    ]
    capacity = told(lines_of(rows)).capacity
    assert capacity is not None
    assert [(month.month, month.told_kw) for month in capacity.months] == [("2026-06", 4.0), ("2026-07", 0.5)]


@pytest.mark.parametrize(
    ("rows", "kw"),
    [
        pytest.param([("11:00:00", 5.0, ""), ("11:15:00", 5.5, "")], 2.0, id="from the counters"),
        pytest.param([("11:00:30", 5.0, ""), ("11:15:30", 5.5, "")], 2.0, id="which need not be read on the second"),
        pytest.param([("11:00:00", 5.0, 0.0), ("11:14:59", 5.5, 1.9)], 1.9, id="from what the meter tells"),
        pytest.param([("11:02:00", 5.0, ""), ("11:15:00", 5.5, "")], None, id="not without its begin"),
        pytest.param([("11:00:00", 5.0, 0.0), ("11:12:00", 5.5, 1.9)], None, id="not without its end"),
        pytest.param([("11:00:00", 5.0, ""), ("11:14:59", 4.5, "")], None, id="not over a counter that goes back"),
        pytest.param([("11:14:50", "", 1.0), ("11:15:05", "", 1.0)], 1.0, id="not what is told late"),
    ],
)  # fmt: skip
def test_the_average_of_a_quarter_hour(rows: list[tuple[str, object, object]], kw: float | None) -> None:
    """What the meter tells at its end, else the difference of its counters; None if that is not known."""
    lines = [
        {"timestamp": f"2026-06-01T{at}+02:00", "total_consumption": kwh, "average_demand": demand} for at, kwh, demand in rows
    ]
    peak_kw = told(lines_of(lines)).days[0].peak_kw
    assert peak_kw == (None if kw is None else pytest.approx(kw))


def test_damaged_lines_are_counted_and_cost_no_more_than_themselves() -> None:
    """Cut, garbage, no numbers; the day is the same."""
    lines = lines_of([{**row, "average_demand": 0.1} for row in steady_rows("2026-06-01T00:00:00", DAY - 1)])
    whole = told(lines)
    broken = {
        100: lines[100][:20], 200: b"<script>\r", 300: b"", 400: lines[400].replace(b"2026-06", b"2026-16"),
        500: lines[500].replace(b",0.1", b",NaN"), 600: lines[600][:-3] + b"x\r", 700: lines[700] + b",1\r",
        800: b"\x00\xff,,\r",        900: lines[900].replace(b"+02:00", b"+2"), 1000: b'"' + lines[1000],
    }  # fmt: skip
    report = told([broken.get(number, line) for number, line in enumerate(lines)])
    assert (report.unreadable, report.rows) == (9, DAY - 1)
    assert _drawn(report) == _drawn(whole)
    assert report.days[0].recorded_percent == pytest.approx(100 * (DAY - 10) / DAY)
    assert report.notes[-1] == f"file 1: 9 lines that cannot be read, left out; the first begins with {broken[100].decode()!r}."


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda line: line.replace(b"\r", b""), id="other ends of lines"),
        pytest.param(lambda line: b",".join([*line.rstrip().split(b",")[1:], line.split(b",")[0]]), id="time at the end"),
        pytest.param(lambda line: line.replace(b":00+02:00", b":00.250+0200"), id="parts of a second"),
        pytest.param(lambda line: line.replace(b"T", b" "), id="a blank within the time"),
        pytest.param(lambda line: b"\xef\xbb\xbf" + line if line.startswith(b"time") else line, id="a mark of UTF-8"),
    ],
)
def test_files_that_another_program_wrote_anew_are_read_too(change: object) -> None:
    """The columns are found by their names, the time in every form that names a moment."""
    assert callable(change)
    lines = lines_of(steady_rows("2026-06-01T00:00:00", DAY))
    assert told([change(line) for line in lines]) == told(lines)


def test_a_file_without_names_has_the_columns_that_csv_logger_keeps() -> None:
    """Of an older one, with fewer columns, those that never change."""
    names = ["timestamp", *(f"column {number}" for number in range(30)), "total_consumption"]
    row = ["2026-06-01T{:02d}:00:00+02:00", "{:02d}.5", *["0"] * 29, "7{:02d}"]
    lines = [(",".join(row).format(hour, hour, hour) + "\r").encode() for hour in range(3)]
    assert told(lines, known=names).total.amounts.drawn_kwh == 2.0
    of_unknown = told(lines)
    assert (of_unknown.total.amounts.drawn_day_kwh, of_unknown.unreadable) == (2.0, 0)


def test_columns_may_change_within_a_file_that_was_put_together() -> None:
    """Names in the middle count from there on; the same names again are no row."""
    rows = steady_rows("2026-06-01T00:00:00", DAY)
    first, second = lines_of(rows[:700]), lines_of([{"timestamp": row["timestamp"], "x": 1, **row} for row in rows[700:]])
    report = told([*first, first[0], *second])
    assert (report.total.amounts.drawn_kwh, report.unreadable, report.rows) == (28.8, 0, DAY + 1)


def test_what_is_no_file_of_ours_is_refused() -> None:
    """Neither names of columns nor a row at its begin."""
    for line in (b"a,b,c\r", b"\x89PNG\r", b'"' * 200_000, b"2026-06-01T00:00:00+02:00,1\r"):
        with pytest.raises(ValueError, match=r"neither a row nor the names|field larger"):
            intake_of([line])


def test_only_the_period_that_is_asked_for_is_told() -> None:
    """Its last row is of the midnight that ends it."""
    report = told(lines_of(steady_rows("2026-05-31T12:00:00", 33 * DAY, kw=1.0, every_s=600)), period=month_period("2026-06"))
    assert (len(report.days), report.period, report.total.amounts.drawn_kwh) == (30, "2026-06", 720.0)
    assert (report.begin, report.end) == ("2026-06-01T00:00:00+02:00", "2026-06-30T23:50:00+02:00")
    assert (
        report_of(intake_of(lines_of(steady_rows("2026-05-31T12:00:00", 60))), "home", month_period("2026-06"), None, 0.0)
        is None
    )


MINUTES = steady_rows("2026-06-30T22:30:00", 150)
# Three rows a minute; the gas meter is read once a minute, and silent for the first three.
ROWS = [
    {
        **row,
        "total_gas_consumption": max(3, number // 3),
        "gas_timestamp": MINUTES[max(3, number // 3)]["timestamp"],
    }
    for number, row in enumerate(steady_rows("2026-06-30T22:30:00", 150, every_s=20))
]
LINES = lines_of(ROWS)


@given(
    st.sets(st.integers(2, len(LINES) - 1), max_size=6),
    st.sets(st.integers(1, len(LINES) - 1), max_size=200),
    st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_it_does_not_matter_how_rows_are_split_into_files(cuts: set[int], lost: set[int], seed: int) -> None:
    """Nor in which order the files come; with gaps and damage, and rows that come twice."""
    lines = [
        line[:9] if number in lost and number % 3 == 0 else line
        for number, line in enumerate(LINES)
        if number not in lost or number % 3 != 1
    ]
    ends = [1, *sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    files = [[lines[0], *lines[begin:end]] for begin, end in pairwise(ends)]
    whole, split = told(lines), told(*files)
    assert [vars_of(split), split.notes[: len(whole.notes) - 1]] == [vars_of(whole), whole.notes[: len(whole.notes) - 1]]
    Random(seed).shuffle(files)  # noqa: S311 -- an order, no secret
    mixed = told(*files)
    assert (mixed.days, mixed.months, mixed.pauses) == (whole.days, whole.months, whole.pauses)
    twice = told(lines, lines)
    assert (twice.days, twice.pauses, twice.duplicates) == (whole.days, whole.pauses, whole.rows - whole.unreadable)


def vars_of(report: Report) -> tuple[object, ...]:
    """Give all numbers of a report."""
    return (
        report.rows,
        report.duplicates,
        report.unreadable,
        report.total,
        report.months,
        report.days,
        report.pauses,
        report.capacity,
    )


@given(st.lists(st.integers(0, 4000), min_size=2, max_size=60), st.integers(0, 20))
@settings(max_examples=50, deadline=None)
def test_days_and_gaps_are_all_that_the_counter_counted(steps_min: list[int], wh: int) -> None:
    """Whatever is recorded: the sum is the difference of its last and first value, and no day is negative."""
    at_min, rows = 0, []
    for step in steps_min:
        at_min += step
        moment = local("2026-01-15T00:00:00") + timedelta(minutes=at_min)
        rows.append({"timestamp": moment.isoformat(), "total_consumption": f"{at_min * wh / 1000:.3f}"})
    report = told(lines_of(rows))
    amounts = [*(day.amounts for day in report.days), *(pause.amounts for pause in report.pauses)]
    parts = [one.drawn_kwh for one in amounts if one.drawn_kwh is not None]
    assert round(sum(parts), 6) == (report.total.amounts.drawn_kwh or 0.0)
    assert report.total.amounts.drawn_kwh in {None, round((at_min - steps_min[0]) * wh / 1000, 6)}
    assert all(part >= 0 for part in parts)
