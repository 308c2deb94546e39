"""The four dashboards: today, month, year, loads."""

from collections.abc import Callable
from typing import Any

from scripts.dashboards import counters, loads, months, power
from scripts.dashboards.blocks import (
    DRAWN,
    INJECTED,
    NO_COUNTERS,
    NO_DEMAND,
    NO_LOADS,
    OF_DRAWN,
    OF_INJECTED,
    energy_bars,
    energy_per_hour,
    medium_bars,
    powers,
    quarters,
    total,
    volume_per_hour,
    volume_total,
)
from scripts.dashboards.dashboard import Row, dashboard
from scripts.dashboards.look import of
from scripts.dashboards.panels import bars, per_load, stat, table, timeline, without_data

_MONTH = "MMM YYYY"


def today() -> dict[str, Any]:
    """Give the dashboard of one day."""
    phases = [f"actual_l{n}_{way}" for way in ("consumption", "injection") for n in (1, 2, 3)]
    net = stat("Net power now", [power.newest("net_power")], "watt", [of("net_power")], decimals=0)
    now = stat("This quarter-hour so far", [power.newest("average_demand")], "kwatt", [of("average_demand")], decimals=2)
    rows = [
        Row(
            4,
            [
                (4, without_data(net, "no data of the last two minutes")),
                (8, total("Drawn", DRAWN, OF_DRAWN)),
                (8, total("Injected", INJECTED, OF_INJECTED)),
                (4, without_data(now, "no data of the last two minutes")),
            ],
        ),
        Row(8, [(24, powers("Power", ["actual_total_consumption", "actual_total_injection"], 25))]),
        Row(8, [(12, quarters("Quarter-hours against the limit")), (12, powers("Power of each phase", phases, 0))]),
        Row(8, [(12, energy_per_hour()), (6, volume_per_hour("gas")), (6, volume_per_hour("water"))]),
        Row(6, [(24, without_data(timeline("Loads", loads.states()), NO_LOADS))]),
    ]
    return dashboard("today", "Smart meter: today", rows, start="now/d", stop="now/d", refresh="1m")


def month() -> dict[str, Any]:
    """Give the dashboard of one month."""
    peak = stat("Peak of the month", [power.last("peak_demand_month")], "kwatt", [of("peak_demand_month")], decimals=3)
    days = "ddd D"
    rows = [
        Row(
            4,
            [
                (7, total("Drawn", DRAWN, OF_DRAWN)),
                (7, total("Injected", INJECTED, OF_INJECTED)),
                (4, without_data(peak, NO_DEMAND)),
                (3, volume_total("gas")),
                (3, volume_total("water")),
            ],
        ),
        Row(9, [(24, quarters("Quarter-hours against the limit"))]),
        Row(
            8,
            [
                (12, energy_bars("Drawn per day", counters.per_day("electricity", DRAWN), OF_DRAWN, days)),
                (12, energy_bars("Injected per day", counters.per_day("electricity", INJECTED), OF_INJECTED, days)),
            ],
        ),
        Row(
            8,
            [
                (8, without_data(table("Highest quarter-hours", power.highest_quarters(10), "kwatt", "Average"), NO_DEMAND)),
                (8, medium_bars("gas", "Gas per day", counters.per_day, days)),
                (8, medium_bars("water", "Water per day", counters.per_day, days)),
            ],
        ),
        _heat_and_cooling("day", counters.per_day, days),
    ]
    return dashboard("month", "Smart meter: month", rows, start="now/M", stop="now/M", refresh="15m")


def year() -> dict[str, Any]:
    """Give the dashboard of the twelve months up to the end of the range."""
    mean = stat(
        "Mean of month peaks, each at least 2.5 kW", [months.capacity_mean()], "kwatt", [of("peak_demand_month")], decimals=3
    )
    drawn, injected = months.per_month("electricity", DRAWN), months.per_month("electricity", INJECTED)
    peaks = bars("Peak of each month", months.month_peaks(), "kwatt", [of("peak_demand_month")], time_format=_MONTH, decimals=2)
    rows = [
        Row(
            4,
            [
                (6, without_data(mean, NO_DEMAND)),
                (9, without_data(stat("Drawn in twelve months", [drawn], "kwatth", OF_DRAWN, calc="sum"), NO_COUNTERS)),
                (
                    9,
                    without_data(stat("Injected in twelve months", [injected], "kwatth", OF_INJECTED, calc="sum"), NO_COUNTERS),
                ),
            ],
        ),
        Row(8, [(24, without_data(peaks, NO_DEMAND))]),
        Row(
            8,
            [
                (12, energy_bars("Drawn per month", drawn, OF_DRAWN, _MONTH)),
                (12, energy_bars("Injected per month", injected, OF_INJECTED, _MONTH)),
            ],
        ),
        Row(
            8,
            [
                (12, medium_bars("gas", "Gas per month", months.per_month, _MONTH)),
                (12, medium_bars("water", "Water per month", months.per_month, _MONTH)),
            ],
        ),
        _heat_and_cooling("month", months.per_month, _MONTH),
    ]
    return dashboard("year", "Smart meter: year", rows, start="now-11M/M", stop="now/M", refresh="")


def switched_loads() -> dict[str, Any]:
    """Give the dashboard of loads."""
    hours = bars("Hours on per day", loads.hours(), "h", [], time_format="ddd D")
    starts = bars("Switched on per day", loads.starts(), "none", [], time_format="ddd D", decimals=0)
    sums = stat("Hours on", [loads.hours()], "h", [], calc="sum")
    rows = [
        Row(4, [(24, without_data(per_load(sums), NO_LOADS))]),
        Row(8, [(24, without_data(timeline("When they were on", loads.states()), NO_LOADS))]),
        Row(9, [(12, without_data(per_load(hours), NO_LOADS)), (12, without_data(per_load(starts), NO_LOADS))]),
    ]
    return dashboard("loads", "Smart meter: loads", rows, start="now-6d/d", stop="now/d", refresh="5m")


def _heat_and_cooling(period: str, query: Callable[[str, str], str], time_format: str) -> Row:
    """Give the row of the meters that few households have; `period` is day or month."""
    media = ("heat", "cooling")
    panels = [(12, medium_bars(one, f"{one.capitalize()} per {period}", query, time_format)) for one in media]
    return Row(8, panels, "Heat and cooling")
