"""What the queries of the dashboards give: each runs, from Flux's own tree, in a small model of Flux's functions.

No server that runs Flux can be had for tests; the model is ours, after InfluxDB's descriptions of the functions.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scripts.dashboards import counters, loads, months, power
from tests.support.flux.language import run
from tests.support.flux.parser import flux_parser
from tests.support.flux.tables import Table, library, series
from tests.support.flux.times import every
from tests.support.grafana import Frame, Range, frames, sent
from tests.support.parts import PartMissing, do_without

BRUSSELS = ZoneInfo("Europe/Brussels")
VARIABLES = {"timezone": "Europe/Brussels", "limit": "2.5", "counters": "(_day|_night)"}
DAY = "total_consumption_day"


def _local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BRUSSELS).astimezone(UTC)


Ask = Callable[..., dict[str, Frame]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Give what a query makes of points: {field or load: its series}."""
    try:
        with flux_parser() as parser:

            def asked(
                query: str, points: list[Table], start: datetime, stop: datetime, window: str = "1m0s"
            ) -> dict[str, Frame]:
                script = parser.parsed(sent(query, Range(start, stop, window), **VARIABLES))
                found = frames(run(script.tree, library(points, stop)))
                assert len({(one.name, str(one.labels)) for one in found}) == len(found), "one frame for each series"
                return {one.labels.get("load", one.name): one for one in found}

            yield asked
    except PartMissing as reason:
        do_without(reason)


def _counter(
    field: str, per_hour: float, times: Iterable[datetime], measurement: str = "electricity", begin: float = 1000.0
) -> Table:
    """Give a counter that rises evenly from `begin` at the first of the times."""
    all_times = list(times)
    values = ((time, begin + per_hour * (time - all_times[0]) / timedelta(hours=1)) for time in all_times)
    return series(measurement, field, values)


def _values(frame: Frame) -> list[float | None]:
    return [None if value is None else round(value, 6) for _, value in frame.points]


def _times(frame: Frame) -> list[str]:
    return [f"{time.astimezone(BRUSSELS):%Y-%m-%d %H:%M:%S}" for time, _ in frame.points]


STEP = timedelta(seconds=30)


def test_days_are_those_of_the_clock_on_the_wall_also_when_it_is_changed(ask: Ask) -> None:
    """One kWh an hour is 24, 25 and 24 kWh around the end of summer time, to the last second of each day."""
    start, stop = _local(2026, 10, 24), _local(2026, 10, 27)
    points = [_counter(DAY, 1.0, every(STEP, start - timedelta(days=2), stop + timedelta(days=1)))]
    frame = ask(counters.per_day("electricity", "total_consumption${counters:raw}"), points, start, stop)[DAY]
    assert _values(frame) == [24.0, 25.0, 24.0]
    assert _times(frame) == ["2026-10-24 00:00:00", "2026-10-25 00:00:00", "2026-10-26 00:00:00"]


def test_the_first_day_with_a_meter_has_its_bar(ask: Ask) -> None:
    """What came before the first reading nobody knows; the hours after it count."""
    start, stop = _local(2026, 3, 1), _local(2026, 3, 4)
    points = [_counter(DAY, 1.0, every(STEP, _local(2026, 3, 2, 9), stop))]
    frame = ask(counters.per_day("electricity", DAY), points, start, stop)[DAY]
    assert _times(frame) == ["2026-03-02 00:00:00", "2026-03-03 00:00:00"]
    assert _values(frame) == [15.0, pytest.approx(24.0, abs=0.01)]


def test_what_rose_while_nobody_read_is_on_no_day(ask: Ask) -> None:
    """A day without readings has no bar, and the day after is not its heap."""
    start, stop = _local(2026, 3, 1), _local(2026, 3, 5)
    points = [
        _counter(
            DAY, 1.0, (time for time in every(STEP, start, stop) if not _local(2026, 3, 2) <= time < _local(2026, 3, 3, 6))
        )
    ]
    frame = ask(counters.per_day("electricity", DAY), points, start, stop)[DAY]
    assert _times(frame) == ["2026-03-01 00:00:00", "2026-03-03 00:00:00", "2026-03-04 00:00:00"]
    assert _values(frame)[1] == 18.0


@pytest.mark.parametrize("begin", [3.0, 0.0])
def test_another_meter_costs_the_hour_in_which_it_came(begin: float, ask: Ask) -> None:
    """Its counter is lower than the old one's: that is no negative energy, and no thousand kWh."""
    start, stop = _local(2026, 3, 1), _local(2026, 3, 3)
    old = _counter(DAY, 1.0, every(STEP, start - timedelta(hours=2), _local(2026, 3, 2, 12)))
    new = _counter(DAY, 1.0, every(STEP, _local(2026, 3, 2, 12), stop), begin=begin)
    points = [Table(old.key, old.rows + new.rows)]
    assert _values(ask(counters.per_day("electricity", DAY), points, start, stop)[DAY])[1] == pytest.approx(23.0, abs=0.1)
    assert ask(counters.total("electricity", DAY), points, start, stop) == {}


def test_the_gas_of_a_day_includes_the_reading_of_midnight(ask: Ask) -> None:
    """A meter that is read once an hour, at the full hour, gives 24 readings to a day; one that is read daily, one."""
    start, stop = _local(2026, 3, 2), _local(2026, 3, 4)
    for pause in (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)):
        points = [
            _counter("total_gas_consumption", 0.1, every(pause, start - timedelta(days=2), stop + timedelta(days=1)), "gas")
        ]
        frame = ask(counters.per_day("gas", "total_gas_consumption"), points, start, stop)["total_gas_consumption"]
        assert _values(frame) == [2.4, 2.4], pause
    points = [_counter("total_gas_consumption", 0.1, every(timedelta(hours=1), start - timedelta(days=2), stop), "gas")]
    hours = ask(counters.per_hour("gas", "total_gas_consumption"), points, start, _local(2026, 3, 3))["total_gas_consumption"]
    assert _values(hours) == [0.1] * 24
    assert _times(hours)[0] == "2026-03-02 00:00:00"


def test_the_total_is_what_the_counters_say(ask: Ask) -> None:
    """From the first reading of the range to the last, whatever is missing between them; each register for itself."""
    start, stop = _local(2026, 3, 1), _local(2026, 3, 3)
    times = [time for time in every(STEP, start, stop) if time.astimezone(BRUSSELS).hour not in {3, 4}]
    points = [
        _counter(DAY, 1.0, times),
        _counter("total_consumption_night", 0.5, times),
        _counter("total_consumption", 9.0, times),
    ]
    found = ask(counters.total("electricity", "total_consumption${counters:raw}"), points, start, stop)
    assert {name: _values(frame)[0] for name, frame in found.items()} == {
        DAY: pytest.approx(48.0, abs=0.01),
        "total_consumption_night": pytest.approx(24.0, abs=0.01),
    }


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
    start, stop = _local(2026, 3, 1), _local(2026, 3, 1, 2)
    points = [
        series(
            "electricity",
            "average_demand",
            ((time, _demand(time, late_s)) for time in every(timedelta(seconds=1), start, stop)),
        )
    ]
    found = ask(power.quarters(), points, start, stop)
    assert _values(found["average_demand"]) == [pytest.approx(kw, abs=0.01) for kw in (3.0, 1.0) * 4]
    assert _times(found["average_demand"])[:2] == ["2026-03-01 00:00:00", "2026-03-01 00:15:00"]
    assert _values(found["highest"]) == [pytest.approx(3.0, abs=0.01)]
    table = ask(power.highest_quarters(3), points, start, stop)["Value"]
    assert _values(table) == [pytest.approx(3.0, abs=0.01)] * 3


def test_the_limit_goes_across_the_whole_range(ask: Ask) -> None:
    """From its begin to its end, as a number with a dot."""
    start, stop = _local(2026, 3, 1), _local(2026, 3, 2)
    assert ask(power.limit(), [], start, stop)["limit"].points == [(start, 2.5), (stop, 2.5)]


def test_power_that_was_not_measured_is_a_gap(ask: Ask) -> None:
    """Minutes without a reading have no value, not the one before and not 0."""
    start, stop = _local(2026, 3, 1), _local(2026, 3, 1) + timedelta(minutes=5)
    times = [time for time in every(timedelta(seconds=1), start, stop) if time.minute != 2]
    points = [series("electricity", "actual_total_consumption", ((time, float(time.minute)) for time in times))]
    frame = ask(power.power("actual_total_consumption", "actual_total_injection"), points, start, stop, "1m")
    assert _values(frame["actual_total_consumption"]) == [0.0, 1.0, None, 3.0, 4.0]


def test_old_power_is_not_shown_as_that_of_now(ask: Ask) -> None:
    """Two minutes after the last reading there is none."""
    now = _local(2026, 3, 1, 12)
    points = [series("electricity", "net_power", [(now - timedelta(seconds=age), float(age)) for age in (130, 125)])]
    assert ask(power.newest("net_power"), points, now - timedelta(hours=1), now) == {}
    points = [series("electricity", "net_power", [(now - timedelta(seconds=age), float(age)) for age in (130, 60)])]
    assert _values(ask(power.newest("net_power"), points, now - timedelta(hours=1), now)["net_power"]) == [60.0]


def _month_begins() -> list[datetime]:
    return [_local(2025 + n // 12, n % 12 + 1, 1) for n in range(24)]


def test_months_are_those_of_the_calendar(ask: Ask) -> None:
    """Twelve bars, each at the first of its month on the wall, to the last second of the month."""
    start, stop = _local(2025, 12, 1), _local(2026, 11, 26)
    points = [_counter(DAY, 1.0, every(timedelta(minutes=15), _local(2025, 6, 1), stop))]
    frame = ask(months.per_month("electricity", DAY), points, start, stop)[DAY]
    assert _times(frame) == [
        f"{year}-{month:02}-01 00:00:00" for year, month in [(2025, 12), *((2026, n) for n in range(1, 12))]
    ]
    assert _values(frame)[:4] == [744.0, 744.0, 672.0, 743.0]  # March has the beginning of summer time
    assert _values(frame)[-1] == pytest.approx(25 * 24, abs=0.3)


def test_a_year_in_the_past_ends_with_its_december(ask: Ask) -> None:
    """Where the range ends at midnight the month that begins then is none of it."""
    points = [_counter(DAY, 1.0, every(timedelta(minutes=15), _local(2025, 1, 1), _local(2026, 2, 1)))]
    frame = ask(months.per_month("electricity", DAY), points, _local(2025, 1, 1), _local(2026, 1, 1))[DAY]
    assert (_times(frame)[0], _times(frame)[-1]) == ("2025-01-01 00:00:00", "2025-12-01 00:00:00")


def test_the_peak_of_a_month_is_the_last_that_the_meter_told_in_it(ask: Ask) -> None:
    """Not the highest: in its first minutes a month may still be told the peak of the month before."""
    begins = _month_begins()
    told = [(begin, 9.0) for begin in begins] + [(begin + timedelta(days=20), 1.0 + n * 0.25) for n, begin in enumerate(begins)]
    points = [series("electricity", "peak_demand_month", told)]
    start, stop = _local(2026, 1, 1), _local(2026, 12, 31)
    frame = ask(months.month_peaks(), points, start, stop)["peak_demand_month"]
    assert _values(frame) == [1.0 + n * 0.25 for n in range(12, 24)]


def test_the_capacity_tariff_counts_each_month_as_at_least_two_and_a_half(ask: Ask) -> None:
    """The mean of the peaks that are known."""
    peaks = [2.0, 2.5, 4.5]
    told = [(begin + timedelta(days=20), kw) for begin, kw in zip(_month_begins()[12:15], peaks, strict=True)]
    points = [series("electricity", "peak_demand_month", told)]
    found = ask(months.capacity_mean(), points, _local(2026, 1, 1), _local(2026, 3, 31))
    assert _values(found["peak_demand_month"]) == [round((2.5 + 2.5 + 4.5) / 3, 6)]


def _load(name: str, is_on: Callable[[datetime], bool], times: Iterable[datetime]) -> Table:
    return series("load", "load_on", ((time, int(is_on(time))) for time in times), load=name)


def test_loads_are_told_apart_and_their_hours_and_starts_are_counted(ask: Ask) -> None:
    """From 10:00 to 12:30 and from 15:00 to 15:10 are 2.7 hours and two starts; a load that is off has none."""
    start, stop = _local(2026, 3, 1), _local(2026, 3, 2)

    def is_on(time: datetime) -> bool:
        minute = time.astimezone(BRUSSELS).hour * 60 + time.minute
        return 600 <= minute < 750 or 900 <= minute < 910

    minutes = list(every(timedelta(minutes=1), start, stop))
    points = [_load("boiler", is_on, minutes), _load("pump", lambda _: False, minutes)]
    assert {name: _values(frame) for name, frame in ask(loads.hours(), points, start, stop).items()} == {
        "boiler": [pytest.approx(2 + 40 / 60)],
        "pump": [0.0],
    }
    assert {name: _values(frame) for name, frame in ask(loads.starts(), points, start, stop).items()} == {"boiler": [2.0]}
    states = ask(loads.states(), points, start, stop, "10m")["boiler"]
    assert sum(value for _, value in states.points if value) == 16


def test_a_load_that_is_not_told_of_is_neither_on_nor_off(ask: Ask) -> None:
    """Where relay_controller did not run there is a gap."""
    start, stop = _local(2026, 3, 1), _local(2026, 3, 1) + timedelta(minutes=4)
    times = [time for time in every(timedelta(minutes=1), start, stop) if time.minute != 2]
    states = ask(loads.states(), [_load("boiler", lambda _: True, times)], start, stop, "1m")["boiler"]
    assert _values(states) == [1.0, 1.0, None, 1.0]
