"""What the queries of the dashboards give of power, quarter-hours, peaks and loads."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pytest

from scripts.dashboards import loads, months, power
from tests.support.flux.tables import Table, series
from tests.support.flux.times import every
from tests.support.grafana import BRUSSELS, Ask, local, times_of, values_of

pytest_plugins = ("tests.support.grafana_parts",)


def _demand(time: datetime, late_s: int = 0) -> float:
    """Give a register that rises to 1 kW in odd quarters and to 3 kW in even ones, and begins anew some seconds late."""
    past_s = time.timestamp() % 900
    number = int(time.timestamp() // 900)
    if past_s < late_s:
        number, past_s = number - 1, 900.0
    return (3.0 if number % 2 == 0 else 1.0) * past_s / 900


@pytest.mark.parametrize("late_s", [0, 1, 20])
def test_a_quarter_hour_is_what_the_register_reached_before_its_end(late_s: int, ask: Ask) -> None:
    """Also with a meter that tells the last quarter's value for some seconds into the next."""
    start, stop = local(2026, 3, 1), local(2026, 3, 1, 2)
    points = [
        series(
            "electricity",
            "average_demand",
            ((time, _demand(time, late_s)) for time in every(timedelta(seconds=1), start, stop)),
        )
    ]
    found = ask(power.quarters(), points, start, stop)
    assert values_of(found["average_demand"]) == [pytest.approx(kw, abs=0.01) for kw in (3.0, 1.0) * 4]
    assert times_of(found["average_demand"])[:2] == ["2026-03-01 00:00:00", "2026-03-01 00:15:00"]
    assert values_of(found["highest"]) == [pytest.approx(3.0, abs=0.01)]
    table = ask(power.highest_quarters(3), points, start, stop)["Value"]
    assert values_of(table) == [pytest.approx(3.0, abs=0.01)] * 3


@pytest.mark.parametrize("typed", ["2.5", "2,5"])
def test_the_limit_goes_across_the_whole_range(typed: str, ask: Ask) -> None:
    """From its begin to its end, with a dot or with the comma of a Belgian keyboard."""
    start, stop = local(2026, 3, 1), local(2026, 3, 2)
    assert ask(power.limit(), [], start, stop, limit=typed)["limit"].points == [(start, 2.5), (stop, 2.5)]


def test_without_a_limit_there_is_no_line(ask: Ask) -> None:
    """Where somebody emptied it; the quarter-hours stay."""
    assert ask(power.limit(), [], local(2026, 3, 1), local(2026, 3, 2), limit="") == {}


def test_power_that_was_not_measured_is_a_gap(ask: Ask) -> None:
    """Minutes without a reading have no value, not the one before and not 0."""
    start, stop = local(2026, 3, 1), local(2026, 3, 1) + timedelta(minutes=5)
    times = [time for time in every(timedelta(seconds=1), start, stop) if time.minute != 2]
    points = [series("electricity", "actual_total_consumption", ((time, float(time.minute)) for time in times))]
    frame = ask(power.power("actual_total_consumption", "actual_total_injection"), points, start, stop, "1m")
    assert values_of(frame["actual_total_consumption"]) == [0.0, 1.0, None, 3.0, 4.0]


def test_old_power_is_not_shown_as_that_of_now(ask: Ask) -> None:
    """Two minutes after the last reading there is none."""
    now = local(2026, 3, 1, 12)
    points = [series("electricity", "net_power", [(now - timedelta(seconds=age), float(age)) for age in (130, 125)])]
    assert ask(power.newest("net_power"), points, now - timedelta(hours=1), now) == {}
    points = [series("electricity", "net_power", [(now - timedelta(seconds=age), float(age)) for age in (130, 60)])]
    assert values_of(ask(power.newest("net_power"), points, now - timedelta(hours=1), now)["net_power"]) == [60.0]


def _month_begins() -> list[datetime]:
    return [local(2025 + n // 12, n % 12 + 1, 1) for n in range(24)]


def test_the_peak_of_a_month_is_the_last_that_the_meter_told_in_it(ask: Ask) -> None:
    """Not the highest: in its first minutes a month may still be told the peak of the month before."""
    begins = _month_begins()
    told = [(begin, 9.0) for begin in begins] + [(begin + timedelta(days=20), 1.0 + n * 0.25) for n, begin in enumerate(begins)]
    points = [series("electricity", "peak_demand_month", told)]
    start, stop = local(2026, 1, 1), local(2026, 12, 31)
    frame = ask(months.month_peaks(), points, start, stop)["peak_demand_month"]
    assert values_of(frame) == [1.0 + n * 0.25 for n in range(12, 24)]


def test_the_capacity_tariff_counts_each_month_as_at_least_two_and_a_half(ask: Ask) -> None:
    """The mean of the peaks that are known."""
    peaks = [2.0, 2.5, 4.5]
    told = [(begin + timedelta(days=20), kw) for begin, kw in zip(_month_begins()[12:15], peaks, strict=True)]
    points = [series("electricity", "peak_demand_month", told)]
    found = ask(months.capacity_mean(), points, local(2026, 1, 1), local(2026, 3, 31))
    assert values_of(found["peak_demand_month"]) == [round((2.5 + 2.5 + 4.5) / 3, 6)]


def _load(name: str, is_on: Callable[[datetime], bool], times: Iterable[datetime]) -> Table:
    return series("load", "load_on", ((time, int(is_on(time))) for time in times), load=name)


def test_loads_are_told_apart_and_their_hours_and_starts_are_counted(ask: Ask) -> None:
    """From 10:00 to 12:30 and from 15:00 to 15:10 are 2.7 hours and two starts; a load that is off has none."""
    start, stop = local(2026, 3, 1), local(2026, 3, 2)

    def is_on(time: datetime) -> bool:
        minute = time.astimezone(BRUSSELS).hour * 60 + time.minute
        return 600 <= minute < 750 or 900 <= minute < 910

    minutes = list(every(timedelta(minutes=1), start, stop))
    points = [_load("boiler", is_on, minutes), _load("pump", lambda _: False, minutes)]
    assert {name: values_of(frame) for name, frame in ask(loads.hours(), points, start, stop).items()} == {
        "boiler": [pytest.approx(2 + 40 / 60)],
        "pump": [0.0],
    }
    assert {name: values_of(frame) for name, frame in ask(loads.starts(), points, start, stop).items()} == {"boiler": [2.0]}
    states = ask(loads.states(), points, start, stop, "10m")["boiler"]
    assert sum(value for _, value in states.points if value) == 16


def test_a_load_that_is_not_told_of_is_neither_on_nor_off(ask: Ask) -> None:
    """Where relay_controller did not run there is a gap."""
    start, stop = local(2026, 3, 1), local(2026, 3, 1) + timedelta(minutes=4)
    times = [time for time in every(timedelta(minutes=1), start, stop) if time.minute != 2]
    states = ask(loads.states(), [_load("boiler", lambda _: True, times)], start, stop, "1m")["boiler"]
    assert values_of(states) == [1.0, 1.0, None, 1.0]
