"""What stands on more than one dashboard: panels with their queries."""

from collections.abc import Callable

from scripts.dashboards import counters, power
from scripts.dashboards.look import of, unit
from scripts.dashboards.panels import Override, Panel, bars, stacked, stat, time_series, without_data
from scripts.dashboards.points import COUNTERS

DRAWN, INJECTED = f"total_consumption{COUNTERS}", f"total_injection{COUNTERS}"
_REGISTERS = ("_day", "_night", "_tariff_3", "_tariff_4", "_tariff_5", "")
OF_DRAWN = [of(f"total_consumption{register}") for register in _REGISTERS]
OF_INJECTED = [of(f"total_injection{register}") for register in _REGISTERS]
NO_COUNTERS = "no data: is “Counters” above what your meter has?"
NO_DEMAND = "no data, or this meter does not tell the demand of quarter-hours"
NO_LOADS = "no data: loads are in your settings, if you have any"
_BELOW = {"transform": "negative-Y"}  # what is injected hangs under the line
_MARK = {"drawStyle": "points", "showPoints": "always", "pointSize": 11, "fillOpacity": 0}
_DASHES = {"lineStyle": {"fill": "dash", "dash": [8, 8]}, "lineWidth": 2}
_LINE = {**_DASHES, "fillOpacity": 0, "lineInterpolation": "linear", "insertNulls": False}
_TWO_QUARTERS_MS = 1_800_000


def powers(title: str, fields: list[str], opacity: int) -> Panel:
    """Give the curves of powers."""
    overrides = [of(field, **(_BELOW if field.endswith("injection") else {})) for field in fields]
    return time_series(title, [power.power(*fields)], "kwatt", overrides, fillOpacity=opacity)


def quarters(title: str) -> Panel:
    """Give the averages of quarter-hours, the highest marked, and the limit."""
    overrides = [of("average_demand"), of("highest", **_MARK), of("limit", **_LINE)]
    custom = {"lineInterpolation": "stepAfter", "insertNulls": _TWO_QUARTERS_MS}
    panel = time_series(title, [power.quarters(), power.limit()], "kwatt", overrides, **custom)
    panel["options"]["legend"]["calcs"] = ["max"]
    return without_data(panel, NO_DEMAND)


def energy_per_hour() -> Panel:
    """Give energy drawn and injected in each hour."""
    below = [of(f"total_injection{register}", **_BELOW) for register in _REGISTERS]
    query = counters.per_hour("electricity", DRAWN, INJECTED)
    return without_data(_hours("Energy per hour", query, "kwatth", [*OF_DRAWN, *below]), NO_COUNTERS)


def volume_per_hour(medium: str) -> Panel:
    """Give what a gas or water meter counted in each hour."""
    field = f"total_{medium}_consumption"
    panel = _hours(f"{medium.capitalize()} per hour", counters.per_hour(medium, field), unit(field), [of(field)])
    return without_data(panel, f"no {medium} meter")


def _hours(title: str, query: str, of_unit: str, overrides: list[Override]) -> Panel:
    stacking = {"mode": "normal", "group": "A"}
    return time_series(title, [query], of_unit, overrides, drawStyle="bars", fillOpacity=80, lineWidth=0, stacking=stacking)


def total(title: str, counter: str, overrides: list[Override]) -> Panel:
    """Give what each register of a counter rose by in the range."""
    return without_data(stat(title, [counters.total("electricity", counter)], "kwatth", overrides), NO_COUNTERS)


def volume_total(medium: str) -> Panel:
    """Give what a gas or water meter counted in the range."""
    field = f"total_{medium}_consumption"
    panel = stat(medium.capitalize(), [counters.total(medium, field)], unit(field), [of(field)])
    return without_data(panel, f"no {medium} meter")


def energy_bars(title: str, query: str, overrides: list[Override], time_format: str) -> Panel:
    """Give energy of days or months."""
    return without_data(stacked(bars(title, query, "kwatth", overrides, time_format=time_format)), NO_COUNTERS)


def medium_bars(medium: str, title: str, query: Callable[[str, str], str], time_format: str) -> Panel:
    """Give what a meter on the M-Bus counted, per day or month."""
    field = f"total_{medium}_consumption"
    panel = bars(title, query(medium, field), unit(field), [of(field)], time_format=time_format)
    return without_data(panel, f"no {medium} meter")
