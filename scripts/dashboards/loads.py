"""Queries for loads. Of each there is a point at each of its switches, and once a minute."""

from scripts.dashboards.points import local_window, points


def states() -> str:
    """Give whether each load was on, 1 or 0, for most of each point's width; what was not told is a gap."""
    return f"""\
import "math"

{points("load", ["load_on"])}
    |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: true, timeSrc: "_start")
    |> map(fn: (r) => ({{r with _value: if exists r._value then math.round(x: r._value) else r._value}}))
"""


def hours() -> str:
    """Give how many hours each load was on, per local day."""
    return f"""\
import "timezone"

{points("load", ["load_on"])}
    |> aggregateWindow(every: 5m, fn: mean, createEmpty: false, timeSrc: "_start")
    |> map(fn: (r) => ({{r with _value: r._value / 12.0}}))
    |> {local_window("1d", "sum")}
"""


def starts() -> str:
    """Give how often each load was switched on, per local day."""
    return f"""\
import "timezone"

{points("load", ["load_on"])}
    |> difference()
    |> filter(fn: (r) => r._value > 0)
    |> {local_window("1d", "sum")}
"""
