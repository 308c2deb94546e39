"""What the queries of the dashboards give of energy: of hours, local days, months, and of the range."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from scripts.dashboards import counters, months
from tests.support.flux.tables import Table, series
from tests.support.flux.times import every
from tests.support.grafana import BRUSSELS, Ask, local, times_of, values_of

pytest_plugins = ("tests.support.grafana_parts",)
DAY = "total_consumption_day"
STEP = timedelta(seconds=30)


def _counter(
    field: str, per_hour: float, times: Iterable[datetime], measurement: str = "electricity", begin: float = 1000.0
) -> Table:
    """Give a counter that rises evenly from `begin` at the first of the times."""
    all_times = list(times)
    values = ((time, begin + per_hour * (time - all_times[0]) / timedelta(hours=1)) for time in all_times)
    return series(measurement, field, values)


def test_days_are_those_of_the_clock_on_the_wall_also_when_it_is_changed(ask: Ask) -> None:
    """One kWh an hour is 24, 25 and 24 kWh around the end of summer time, to the last second of each day."""
    start, stop = local(2026, 10, 24), local(2026, 10, 27)
    points = [_counter(DAY, 1.0, every(STEP, start - timedelta(days=2), stop + timedelta(days=1)))]
    frame = ask(counters.per_day("electricity", "total_consumption${counters:raw}"), points, start, stop)[DAY]
    assert values_of(frame) == [24.0, 25.0, 24.0]
    assert times_of(frame) == ["2026-10-24 00:00:00", "2026-10-25 00:00:00", "2026-10-26 00:00:00"]


def test_the_first_day_with_a_meter_has_its_bar(ask: Ask) -> None:
    """What came before the first reading nobody knows; the hours after it count."""
    start, stop = local(2026, 3, 1), local(2026, 3, 4)
    points = [_counter(DAY, 1.0, every(STEP, local(2026, 3, 2, 9), stop))]
    frame = ask(counters.per_day("electricity", DAY), points, start, stop)[DAY]
    assert times_of(frame) == ["2026-03-02 00:00:00", "2026-03-03 00:00:00"]
    assert values_of(frame) == [15.0, pytest.approx(24.0, abs=0.01)]


def test_what_rose_while_nobody_read_is_on_no_day(ask: Ask) -> None:
    """A day without readings has no bar, and the day after is not its heap."""
    start, stop = local(2026, 3, 1), local(2026, 3, 5)
    points = [
        _counter(DAY, 1.0, (time for time in every(STEP, start, stop) if not local(2026, 3, 2) <= time < local(2026, 3, 3, 6)))
    ]
    frame = ask(counters.per_day("electricity", DAY), points, start, stop)[DAY]
    assert times_of(frame) == ["2026-03-01 00:00:00", "2026-03-03 00:00:00", "2026-03-04 00:00:00"]
    assert values_of(frame)[1] == 18.0


@pytest.mark.parametrize("begin", [3.0, 0.0])
def test_another_meter_costs_the_hour_in_which_it_came(begin: float, ask: Ask) -> None:
    """Its counter is lower than the old one's: that is no negative energy, and no thousand kWh."""
    start, stop = local(2026, 3, 1), local(2026, 3, 3)
    old = _counter(DAY, 1.0, every(STEP, start - timedelta(hours=2), local(2026, 3, 2, 12)))
    new = _counter(DAY, 1.0, every(STEP, local(2026, 3, 2, 12), stop), begin=begin)
    points = [Table(old.key, old.rows + new.rows)]
    assert values_of(ask(counters.per_day("electricity", DAY), points, start, stop)[DAY])[1] == pytest.approx(23.0, abs=0.1)
    assert ask(counters.total("electricity", DAY), points, start, stop) == {}


def test_the_gas_of_a_day_includes_the_reading_of_midnight(ask: Ask) -> None:
    """A meter that is read once an hour, at the full hour, gives 24 readings to a day; one that is read daily, one."""
    start, stop = local(2026, 3, 2), local(2026, 3, 4)
    for pause in (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)):
        points = [
            _counter("total_gas_consumption", 0.1, every(pause, start - timedelta(days=2), stop + timedelta(days=1)), "gas")
        ]
        frame = ask(counters.per_day("gas", "total_gas_consumption"), points, start, stop)["total_gas_consumption"]
        assert values_of(frame) == [2.4, 2.4], pause
    points = [_counter("total_gas_consumption", 0.1, every(timedelta(hours=1), start - timedelta(days=2), stop), "gas")]
    hours = ask(counters.per_hour("gas", "total_gas_consumption"), points, start, local(2026, 3, 3))["total_gas_consumption"]
    assert values_of(hours) == [0.1] * 24
    assert times_of(hours)[0] == "2026-03-02 00:00:00"


def test_the_total_is_what_the_counters_say(ask: Ask) -> None:
    """From the first reading of the range to the last, whatever is missing between them; each register for itself."""
    start, stop = local(2026, 3, 1), local(2026, 3, 3)
    times = [time for time in every(STEP, start, stop) if time.astimezone(BRUSSELS).hour not in {3, 4}]
    points = [
        _counter(DAY, 1.0, times),
        _counter("total_consumption_night", 0.5, times),
        _counter("total_consumption", 9.0, times),
    ]
    found = ask(counters.total("electricity", "total_consumption${counters:raw}"), points, start, stop)
    assert {name: values_of(frame)[0] for name, frame in found.items()} == {
        DAY: pytest.approx(48.0, abs=0.01),
        "total_consumption_night": pytest.approx(24.0, abs=0.01),
    }


def test_months_are_those_of_the_calendar(ask: Ask) -> None:
    """Twelve bars, each at the first of its month on the wall, to the last second of the month."""
    start, stop = local(2025, 12, 1), local(2026, 11, 26)
    points = [_counter(DAY, 1.0, every(timedelta(minutes=15), local(2025, 6, 1), stop))]
    frame = ask(months.per_month("electricity", DAY), points, start, stop)[DAY]
    assert times_of(frame) == [
        f"{year}-{month:02}-01 00:00:00" for year, month in [(2025, 12), *((2026, n) for n in range(1, 12))]
    ]
    assert values_of(frame)[:4] == [744.0, 744.0, 672.0, 743.0]  # March has the beginning of summer time
    assert values_of(frame)[-1] == pytest.approx(25 * 24, abs=0.3)


def test_a_year_in_the_past_ends_with_its_december(ask: Ask) -> None:
    """Where the range ends at midnight the month that begins then is none of it."""
    points = [_counter(DAY, 1.0, every(timedelta(minutes=15), local(2025, 1, 1), local(2026, 2, 1)))]
    frame = ask(months.per_month("electricity", DAY), points, local(2025, 1, 1), local(2026, 1, 1))[DAY]
    assert (times_of(frame)[0], times_of(frame)[-1]) == ("2025-01-01 00:00:00", "2025-12-01 00:00:00")
