"""Queries for the twelve months up to the range's end: what counters rose by, and the peaks that the capacity tariff counts.

Of each month they read its first and its last point only, so a year costs no more than a day.
"""

from textwrap import indent

from scripts.dashboards.points import ZONE, after, points

_MONTHS = 12
_LEAST_PEAK_KW = 2.5  # Flanders' capacity tariff bills each month as at least this (Fluvius; VREG)


def per_month(measurement: str, *fields: str) -> str:
    """Give what a counter rose by in each of the twelve months up to the range's end: its last value less its first."""
    rows = points(measurement, fields, start="start", stop=after("1s", "stop"))
    month = f"""\
points = () => {rows}

return union(tables: [points() |> first(), points() |> last()])
    |> sort(columns: ["_time"])
    |> difference(nonNegative: true)
    |> filter(fn: (r) => exists r._value)
"""
    return _months(month)


def month_peaks() -> str:
    """Give the highest quarter-hour of each month, as the meter told it last in that month."""
    return _months(f"return {points('electricity', ['peak_demand_month'], start='start', stop='stop')}\n    |> last()\n")


def capacity_mean() -> str:
    """Give what the capacity tariff of Flanders counts: the mean of the month peaks, each at least 2.5 kW."""
    return f"""\
{month_peaks().rstrip()}
    |> map(fn: (r) => ({{r with _value: if r._value < {_LEAST_PEAK_KW} then {_LEAST_PEAK_KW} else r._value}}))
    |> mean()
    |> map(fn: (r) => ({{r with _time: v.timeRangeStop}}))
"""


def _months(month: str) -> str:
    """Give the rows of `month`, a function's body over `start` and `stop`, for each month, at that month's begin."""
    calls = "".join(f"    month(number: {n}mo, next: {n + 1}mo),\n" for n in range(1, _MONTHS + 1))
    return f"""\
import "date"
import "timezone"

zone = {ZONE}
newest = date.truncate(t: date.sub(d: 1s, from: v.timeRangeStop), unit: 1mo, location: zone)
yearAgo = date.sub(d: 1y, from: newest, location: zone)
rows = (start, stop) => {{
{indent(month, "    ")}}}
month = (number, next) => {{
    start = date.add(d: number, to: yearAgo, location: zone)
    stop = date.add(d: next, to: yearAgo, location: zone)

    return rows(start: start, stop: stop)
        |> map(fn: (r) => ({{r with _time: start}}))
}}

union(tables: [
{calls}])
    |> keep(columns: ["_time", "_value", "_field", "_measurement"])
    |> group(columns: ["_measurement", "_field"])
    |> sort(columns: ["_time"])
"""
