"""The simulated household obeys physics and the rules of its meter."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader.dice import Dice
from reader.house_day import HouseDay
from reader.household import DAY, HISTORY_MONTHS, NIGHT, Household, MeterState, MonthPeak, Peak
from reader.sunshine import BRUSSELS

SEEDS = st.integers(0, 2**32)
STARTS = st.datetimes(datetime(2002, 1, 1), datetime(2068, 12, 31), timezones=st.just(BRUSSELS))  # noqa: DTZ001 -- given after
QUARTER = timedelta(minutes=15)


def local(*parts: int) -> datetime:
    """Give a moment of Belgian time."""
    year, month, day, *rest = parts
    hour, minute, second = (*rest, 0, 0, 0)[:3]
    return datetime(year, month, day, hour, minute, second, tzinfo=BRUSSELS)


def lived(household: Household, steps: int, seconds: int = 1) -> Iterator[MeterState]:
    """Give the state now and after each of some steps."""
    yield household.state()
    for _ in range(steps):
        yield household.step(seconds)


def consumption_wh(state: MeterState) -> int:
    """Give both tariffs together."""
    return state.consumption_day_wh + state.consumption_night_wh


def injection_wh(state: MeterState) -> int:
    """Give both tariffs together."""
    return state.injection_day_wh + state.injection_night_wh


def registers_wh(state: MeterState) -> list[int]:
    """Give the four energy registers."""
    return [state.consumption_day_wh, state.consumption_night_wh, state.injection_day_wh, state.injection_night_wh]


@given(SEEDS, STARTS, st.integers(1, 400))
@settings(max_examples=30, deadline=None)
def test_each_register_is_the_integral_of_the_powers_of_its_tariff(seed: int, start: datetime, seconds: int) -> None:
    """Within one Wh, the rounding of a display, over any stretch of time; a second belongs to the tariff that it begins in."""
    states = list(lived(Household(seed, start), seconds))
    energy_ws = [0, 0, 0, 0]
    for before, after in pairwise(states):
        register = (0 if before.tariff == DAY else 1) + (0 if after.power_w >= 0 else 2)
        energy_ws[register] += abs(after.power_w)
    for first_wh, last_wh, between_ws in zip(registers_wh(states[0]), registers_wh(states[-1]), energy_ws, strict=True):
        assert abs((last_wh - first_wh) * 3600 - between_ws) < 3600


def test_nothing_drifts_in_a_day() -> None:
    """After 86400 additions the registers still are the exact sums."""
    states = list(lived(Household(3, local(2026, 4, 7)), 86_400))
    drawn_ws = sum(max(0, state.power_w) for state in states[1:])
    injected_ws = sum(max(0, -state.power_w) for state in states[1:])
    # Two registers each, of which the display cuts up to one Wh at either end.
    assert abs((consumption_wh(states[-1]) - consumption_wh(states[0])) * 3600 - drawn_ws) < 2 * 3600
    assert abs((injection_wh(states[-1]) - injection_wh(states[0])) * 3600 - injected_ws) < 2 * 3600


@given(SEEDS, STARTS, st.lists(st.integers(0, 900), max_size=4))
@settings(max_examples=20, deadline=None)
def test_long_steps_and_short_ones_lead_to_the_same_state(seed: int, start: datetime, steps: list[int]) -> None:
    """A life does not depend on how often one looks."""
    looked_at, other, third = (Household(seed, start) for _ in range(3))
    for seconds in steps:
        looked_at.step(seconds)
    end = start.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=sum(steps))
    assert looked_at.state() == other.step(sum(steps)) == third.advance_to(end)
    assert looked_at.state().moment.astimezone(UTC) == end  # other zones never equal it in the hour that comes twice


@given(SEEDS, STARTS)
@settings(max_examples=20, deadline=None)
def test_the_demand_rises_from_nothing_within_a_quarter(seed: int, start: datetime) -> None:
    """It is the energy drawn in the quarter so far as its share of the whole quarter's average."""
    drawn_ws = 0
    household = Household(seed, start)
    utc = start.astimezone(UTC)  # local times do not add up in the hour that October repeats
    household.advance_to(utc + QUARTER - timedelta(minutes=start.minute % 15, seconds=start.second))
    for state in list(lived(household, 900))[1:-1]:
        drawn_ws += max(0, state.power_w)
        assert state.average_demand_w == drawn_ws // 900
    assert household.state().average_demand_w == 0


def test_the_first_telegram_knows_the_quarter_that_runs() -> None:
    """A household that begins in the middle of a quarter has lived its first part."""
    end, begin = local(2026, 1, 5, 19, 10), local(2026, 1, 5, 19)
    assert Household(1, end).state().average_demand_w == Household(1, begin).advance_to(end).average_demand_w > 0


def test_the_month_peak_is_the_highest_complete_quarter() -> None:
    """It never falls within the month, and its stamp is the end of that quarter."""
    household = Household(8, local(2026, 2, 1))
    highest = Peak(local(2026, 2, 1), 0)
    assert household.state().month_peak == highest
    for _ in range(2 * 96):
        drawn_ws = sum(max(0, state.power_w) for state in list(lived(household, 900))[1:])
        state = household.state()
        if drawn_ws // 900 > highest.power_w:
            highest = Peak(state.moment, drawn_ws // 900)
        assert state.month_peak == highest
    assert highest.power_w > 1000


def test_the_last_quarter_of_a_month_belongs_to_it() -> None:
    """At the first second of a month the peak of the old one joins the history, and the new one begins at nothing."""
    household = Household(4, local(2026, 3, 31, 23, 44))
    before = household.step(60)
    household._month_peak = Peak(before.moment, 1)
    midnight = household.step(900)
    row = midnight.peak_history[-1]
    assert row.month_end == row.peak.timestamp == midnight.moment == local(2026, 4, 1)
    assert midnight.peak_history[:-1] == before.peak_history
    assert midnight.month_peak == Peak(local(2026, 4, 1), 0)
    assert household.step(900).month_peak.timestamp == local(2026, 4, 1, 0, 15)


def test_the_history_keeps_thirteen_months() -> None:
    """The oldest goes."""
    household = Household(4, local(2026, 3, 31, 23, 59, 59))
    month = household.state().peak_history[0]
    household._history = tuple(replace(month, peak=Peak(month.month_end, number)) for number in range(HISTORY_MONTHS))
    history = household.step().peak_history
    assert [row.peak.power_w for row in history[:-1]] == list(range(1, HISTORY_MONTHS))
    assert len(history) == HISTORY_MONTHS


@given(SEEDS, STARTS)
@settings(max_examples=50, deadline=None)
def test_the_history_at_the_start_is_plausible(seed: int, start: datetime) -> None:
    """It tells the months before, oldest first, each with a peak within the month."""
    state = Household(seed, start).state()
    ends = [row.month_end for row in state.peak_history]
    assert len(ends) >= 6
    assert all(end.day == 1 and end.hour == 0 for end in ends)
    assert all(timedelta(days=27) < after - before < timedelta(days=32) for before, after in pairwise(ends))
    assert ends[-1] <= state.moment < ends[-1] + timedelta(days=32)
    assert all(0 < _days_before_end(row) < 32 and 2000 < row.peak.power_w < 6000 for row in state.peak_history)
    assert ends[-1] <= state.month_peak.timestamp <= state.moment


def _days_before_end(row: MonthPeak) -> float:
    return (row.month_end - row.peak.timestamp) / timedelta(days=1)


@given(SEEDS, STARTS)
@settings(max_examples=20, deadline=None)
def test_a_seed_repeats(seed: int, start: datetime) -> None:
    """The same seed and start give the same life, another seed another one."""
    assert Household(seed, start).step(120) == Household(seed, start).step(120)
    assert Household(seed, start).step(120) != Household(seed + 1, start).step(120)


@pytest.mark.parametrize("seed", range(8))
def test_the_sun_injects_at_noon_in_june_and_not_at_midnight(seed: int) -> None:
    """Clouds weaken it, but over the middle of the day more goes out than comes in."""
    household = Household(seed, local(2026, 6, 21, 0, 0, 1))
    assert all(state.power_w > 0 for state in lived(household, 3600))
    before = household.advance_to(local(2026, 6, 21, 11))
    after = household.advance_to(local(2026, 6, 21, 15))
    assert injection_wh(after) - injection_wh(before) > consumption_wh(after) - consumption_wh(before)


def test_phases_differ_in_direction_at_the_same_moment() -> None:
    """The panels feed one phase while the others draw, and the total is the net of all."""
    states = lived(Household(1, local(2026, 6, 21, 11)), 60)
    assert any(state.phases[0].power_w < 0 < state.phases[1].power_w for state in states)


@given(SEEDS, STARTS)
@settings(max_examples=50, deadline=None)
def test_voltage_and_current_fit_the_power(seed: int, start: datetime) -> None:
    """The grid stays within its norm, 230 V and 10 percent (EN 50160), and |P| = U I on every phase."""
    for state in lived(Household(seed, start), 10, seconds=60):
        for phase in state.phases:
            assert 2070 <= phase.voltage_dv <= 2530
            product_w = phase.voltage_dv * phase.current_ca / 1000
            assert abs(product_w - abs(phase.power_w)) <= 0.005 * 253 + 0.001


def test_injecting_raises_the_voltage() -> None:
    """Power that flows into the street's cable lifts its end."""
    noon = HouseDay(1, local(2026, 6, 21).date()).grid_dv(12 * 3600)
    state = Household(1, local(2026, 6, 21, 12)).state()
    assert state.phases[0].power_w < -500
    assert state.phases[0].voltage_dv > noon


@pytest.mark.parametrize(
    ("moment", "tariff"),
    [
        (local(2026, 6, 22, 6, 59, 59), NIGHT),  # a Monday
        (local(2026, 6, 22, 7), DAY),
        (local(2026, 6, 22, 21, 59, 59), DAY),
        (local(2026, 6, 22, 22), NIGHT),
        (local(2026, 6, 20, 12), NIGHT),  # a Saturday
        (local(2026, 6, 21, 12), NIGHT),
    ],
)
def test_day_is_from_seven_to_ten_on_weekdays(moment: datetime, tariff: int) -> None:
    """Belgian hours, both for a household that starts then and for one that lives up to it."""
    assert Household(1, moment).state().tariff == tariff
    assert Household(1, moment - timedelta(seconds=1)).step().tariff == tariff


@given(SEEDS, STARTS)
@settings(max_examples=20, deadline=None)
def test_gas_reports_every_five_minutes_and_water_every_fifteen_seconds(seed: int, start: datetime) -> None:
    """The stamp is the last such mark, the reading is the one of the mark, and neither ever falls."""
    states = list(lived(Household(seed, start), 400))
    for state in states:
        assert timedelta() <= state.moment - state.gas.timestamp < timedelta(minutes=5)
        assert state.gas.timestamp.minute % 5 == state.gas.timestamp.second == 0
        assert timedelta() <= state.moment - state.water.timestamp < timedelta(seconds=15)
        assert state.water.timestamp.second % 15 == 0
    for before, after in pairwise(states):
        assert before.gas.volume_l <= after.gas.volume_l
        assert before.water.volume_l <= after.water.volume_l
        assert before.gas == after.gas or before.gas.timestamp < after.gas.timestamp


def test_a_winter_day_needs_gas_and_water() -> None:
    """It is heated, and people wash."""
    household = Household(1, local(2026, 1, 13))
    before = household.state()
    after = household.advance_to(local(2026, 1, 14))
    assert 3000 < after.gas.volume_l - before.gas.volume_l < 20_000
    assert 80 < after.water.volume_l - before.water.volume_l < 800


@pytest.mark.parametrize(
    ("day", "hours", "offsets_h"),
    [((2026, 3, 29), 23, [1] * 2 + [2] * 22), ((2026, 10, 25), 25, [2] * 3 + [1] * 23), ((2026, 6, 1), 24, [2] * 25)],
)
def test_a_day_on_which_the_clocks_change(day: tuple[int, int, int], hours: int, offsets_h: list[int]) -> None:
    """It has 23 or 25 hours with the right offset, and the registers go on without a jump."""
    start = local(*day)
    household = Household(2, start)
    states = list(lived(household, hours * 60, seconds=60))
    assert states[-1].moment.replace(tzinfo=None) == start.replace(tzinfo=None) + timedelta(days=1)
    assert [state.moment.utcoffset() for state in states[::60]] == [timedelta(hours=offset) for offset in offsets_h]
    for before, after in pairwise(states):
        assert after.moment.timestamp() - before.moment.timestamp() == 60
        rises_wh = [now - then for then, now in zip(registers_wh(before), registers_wh(after), strict=True)]
        assert all(0 <= rise_wh <= 12_000 // 60 for rise_wh in rises_wh)


@given(SEEDS, st.dates())
@settings(max_examples=100, deadline=None)
def test_every_day_can_be_lived(seed: int, day: date) -> None:
    """No day's uses run over its end, and its first and last seconds are there."""
    house = HouseDay(seed, day)
    for second in (0, 86_399):
        assert house.flows_at(second).l1_w > 0


def test_a_moment_that_is_past_is_refused() -> None:
    """The message tells both moments."""
    household = Household(1, local(2026, 6, 21, 12))
    with pytest.raises(ValueError, match=r"from 2026-06-21T12:00:00\+02:00 on, got 2026-06-21T11:00:00\+02:00"):
        household.advance_to(local(2026, 6, 21, 11))


def test_a_start_without_zone_is_refused() -> None:
    """Nobody knows which second it would be."""
    with pytest.raises(ValueError, match="with time zone, got 2026-06-21T12:00:00"):
        Household(1, datetime(2026, 6, 21, 12))  # noqa: DTZ001 -- that is the point


def test_dice_throw_what_they_promise() -> None:
    """Whole numbers reach both ends, shares spread evenly, and the name decides."""
    dice = Dice("test")
    assert {dice.between(1, 6) for _ in range(200)} == {1, 2, 3, 4, 5, 6}
    assert 0.45 < sum(dice.share() for _ in range(2000)) / 2000 < 0.55
    assert 0.2 < sum(dice.happens(0.25) for _ in range(2000)) / 2000 < 0.3
    assert Dice("a").share() == Dice("a").share() != Dice("b").share()
