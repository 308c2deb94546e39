"""Queries for power: its curve, its value now, and quarter-hours against the limit."""

from textwrap import indent

from scripts.dashboards.points import points

_QUARTERS = f"""\
{points("electricity", ["average_demand"])}
    |> aggregateWindow(every: 15m, fn: last, createEmpty: false, timeSrc: "_start")"""


def power(*fields: str) -> str:
    """Give the mean of each point's width, in the field's unit; what was not measured is a gap."""
    return f"""\
{points("electricity", fields)}
    |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: true, timeSrc: "_start")
"""


def newest(*fields: str) -> str:
    """Give the value of now; none if there was none in the last two minutes."""
    return f"{points('electricity', fields, start='-2m', stop='now()')}\n    |> last()\n"


def last(*fields: str) -> str:
    """Give the last value of the range."""
    return f"{points('electricity', fields)}\n    |> last()\n"


def quarters() -> str:
    """Give the average of each quarter-hour in kW, and the highest of them once more, as `highest`.

    The register rises until its quarter ends; some meters tell the end of one for some seconds into the next.
    So it is the last value before the end that counts, and never the highest.
    """
    return f"""\
quarters =
{indent(_QUARTERS, "    ")}

union(tables: [quarters, quarters |> max() |> set(key: "_field", value: "highest")])
"""


def highest_quarters(count: int) -> str:
    """Give the highest quarter-hours, the highest first."""
    return f"""\
{_QUARTERS}
    |> group()
    |> sort(columns: ["_value"], desc: true)
    |> limit(n: {count})
    |> keep(columns: ["_time", "_value"])
"""


def limit() -> str:
    """Give the limit as a line across the range: with a dot or a comma as somebody typed it; none where it was emptied."""
    return """\
import "array"
import "strings"

limitKw = float(v: strings.replaceAll(v: "0${limit:raw}", t: ",", u: "."))

array.from(rows: [
    {_measurement: "limit", _field: "limit", _time: v.timeRangeStart, _value: limitKw},
    {_measurement: "limit", _field: "limit", _time: v.timeRangeStop, _value: limitKw},
])
    |> filter(fn: (r) => r._value > 0.0)
    |> group(columns: ["_measurement", "_field"])
"""
