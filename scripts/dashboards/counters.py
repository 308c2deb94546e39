"""Queries for what counters rose by: in the range, in each hour, in each local day."""

from scripts.dashboards.points import after, local_window, points

_DATE, _TIMEZONE = 'import "date"\n', 'import "timezone"\n'


def total(measurement: str, *fields: str) -> str:
    """Give what a counter rose by in the range; nothing if another meter came in it."""
    rows = points(measurement, fields, stop=after("1s", "v.timeRangeStop"))
    return f"""\
import "date"

points = () => {rows}

union(tables: [points() |> first(), points() |> last()])
    |> sort(columns: ["_time"])
    |> difference(nonNegative: true)
    |> filter(fn: (r) => exists r._value)
"""


def per_hour(measurement: str, *fields: str) -> str:
    """Give what a counter rose by in each hour.

    An hour ends with the reading of its last second, 00:00:00: hence the second by which windows are shifted. After more than
    the longest pause between two readings (an hour, on the M-Bus a day) nobody knows when it rose: that is a gap, and so is
    the first hour of another meter.
    """
    longest_h = 1 if measurement == "electricity" else 25
    start = f"date.sub(d: {longest_h}h, from: {after('1s', 'v.timeRangeStart')})"
    rows = points(measurement, fields, start=start, stop=after("1s", "v.timeRangeStop"))
    return f"""\
import "date"

{rows}
    |> aggregateWindow(every: 1h, offset: 1s, fn: last, createEmpty: false, timeSrc: "_start")
    |> timeShift(duration: -1s, columns: ["_time"])
    |> difference(nonNegative: true, keepFirst: true)
    |> elapsed(unit: 1m)
    |> filter(fn: (r) => exists r._value and r.elapsed <= {longest_h * 60} and r._time >= v.timeRangeStart)
    |> drop(columns: ["elapsed"])
"""


def per_day(measurement: str, *fields: str) -> str:
    """Give what a counter rose by in each local day, as the sum of its hours."""
    return f"""\
{per_hour(measurement, *fields).rstrip().replace(_DATE, _DATE + _TIMEZONE, 1)}
    |> {local_window("1d", "sum")}
"""
