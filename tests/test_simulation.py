"""The rules over recordings: by hand, over gaps, days and months, and the same as second by second."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.freshness import StaleAfter
from common.payload import Reading
from reader.sunshine import BRUSSELS
from relay_controller.conditions import parse_condition
from relay_controller.decide import decide, initial
from relay_controller.events import Telegram
from relay_controller.load import Load, OnStale, PeakRule, Plant
from relay_controller.replay.outcome import Counts, Outcome, Runs
from relay_controller.replay.recorded import Row
from relay_controller.replay.scenario import Scenario, Use
from relay_controller.replay.simulation import Simulation, asked_fields, replayable
from tests.support.recordings import fields_of, row, states_of

NOON = datetime(2026, 6, 21, 12, tzinfo=BRUSSELS)
STALE_S = 600.0

# Acts at once, so that what happens can be reckoned by hand.
BOILER = Load(
    "boiler",
    on_when=parse_condition("surplus > 1500 W"),
    off_when=parse_condition("surplus < 0 W"),
    on_delay_s=0,
    off_delay_s=0,
    min_on_s=0,
    min_off_s=0,
    power_w=2000,
)


def _plant(*loads: Load, peak: PeakRule | None = None) -> Plant:
    return replayable(Plant(loads, settle_s=0.0, peak=peak, zone=BRUSSELS))


def _replay(plant: Plant, rows: Iterable[Row], timers_from_min: int = 0, stale_s: float | None = STALE_S) -> Outcome:
    first, *others = rows
    simulation = Simulation(plant, first, StaleAfter(stale_s), timers_from_min)
    for one in others:
        simulation.take(one)
    return simulation.finish()


def _rows(*minutes_and_powers: tuple[float, float], begin: datetime = NOON, tariff: str = "day") -> list[Row]:
    """Give rows at so many minutes after `begin`."""
    return [
        row(datetime.fromtimestamp(begin.timestamp() + 60 * minutes, BRUSSELS), power_w, actual_tariff_name=tariff)
        for minutes, power_w in minutes_and_powers
    ]


def _energies(scenario: Scenario) -> tuple[float, float, float]:
    """Give what was drawn by day and by night, and what was injected, in W min."""
    meter = scenario.meter
    return meter.drawn_day_ws / 60, meter.drawn_night_ws / 60, meter.injected_ws / 60


def test_a_small_recording_by_hand() -> None:
    """On at 12:01, off at 12:04, when 500 W are drawn; each row tells the power since the row before."""
    outcome = _replay(_plant(BOILER), _rows((0, 100), (1, -1600), (2, -2500), (3, -1000), (4, 500), (5, 500)))
    # The house alone: drawn 500 + 500, injected 1600 + 2500 + 1000.
    # With the boiler on in the minutes that end at 2, 3 and 4: -500, 1000, 2500.
    assert _energies(outcome.house) == (1000, 0, 5100)
    assert _energies(outcome.controlled) == (1000 + 2500 + 500, 0, 1600 + 500)
    assert outcome.controlled.uses == {"boiler": Use(2000, on_s=180, own_ws=60 * (2000 + 1000 + 0))}
    # A timer would have had it on in the first three minutes: 400, -500, 1000, and then 500, 500.
    assert _energies(outcome.timed) == (400 + 1000 + 500 + 500, 0, 500)
    assert outcome.timed.uses == {"boiler": Use(2000, on_s=180, own_ws=60 * (1600 + 2000 + 1000))}
    assert outcome.runs == {"boiler": Runs(switches=2, starts=1, longest_s=180, shortest_s=180)}
    assert outcome.counts == Counts(rows=6)
    assert [scenario.meter.month.quarter_kw for scenario in (outcome.house, outcome.timed, outcome.controlled)] == [
        pytest.approx(watt_minutes / 15_000) for watt_minutes in (1000, 2400, 4000)
    ]
    assert (outcome.first, outcome.last) == (NOON, NOON + timedelta(minutes=5))


def test_own_production_goes_to_the_first_load_first() -> None:
    """The second one takes what is left."""
    heater = replace(BOILER, name="heater", power_w=1000, priority=2)
    outcome = _replay(_plant(BOILER, heater), _rows((0, -4000), (1, -4000), (2, -2500), (3, -1500)))
    assert outcome.controlled.uses == {
        "boiler": Use(2000, on_s=180, own_ws=60 * (2000 + 2000 + 1500)),
        "heater": Use(1000, on_s=180, own_ws=60 * (1000 + 500 + 0)),
    }


def test_the_tariff_is_that_of_the_row_before() -> None:
    """The register that ran since then; a row without one is day."""
    rows = [*_rows((0, 0), (1, 100), tariff="day"), *_rows((2, 200), (3, 300), tariff="night"), *_rows((4, 500), tariff="day")]
    del rows[-1].fields["actual_tariff_name"]
    outcome = _replay(_plant(), [*rows, *_rows((5, 1000), tariff="night")])
    assert _energies(outcome.house) == (100 + 200 + 1000, 300 + 500, 0)
    assert outcome.counts == Counts(rows=6, without_tariff=1)


def test_rows_that_go_back_or_repeat_a_moment_are_left_out() -> None:
    """And counted."""
    outcome = _replay(_plant(), _rows((0, 0), (2, 100), (2, 900), (1, 900), (0, 900), (3, 50)))
    assert _energies(outcome.house) == (250, 0, 0)
    assert outcome.counts == Counts(rows=3, out_of_order=3)


def test_a_gap_counts_nowhere_and_makes_loads_safe() -> None:
    """The run ends when the meter counts as silent; the next row begins anew."""
    outcome = _replay(_plant(BOILER), _rows((0, -3000), (5, -3000), (16, -3000), (18, -3000)))
    assert outcome.counts == Counts(rows=4, gaps=1, gap_s=660)
    assert _energies(outcome.house) == (0, 0, 3000 * 7)
    assert outcome.controlled.uses == outcome.timed.uses == {"boiler": Use(2000, on_s=7 * 60, own_ws=7 * 60 * 2000)}
    assert outcome.runs == {"boiler": Runs(switches=3, starts=2, longest_s=300 + STALE_S, shortest_s=300 + STALE_S)}


def test_a_pause_is_a_gap_from_the_limit_on() -> None:
    """At ten minutes the meter is silent, a second earlier it is slow."""
    assert _replay(_plant(), _rows((0, 100), (599 / 60, 100))).counts.gaps == 0
    assert _replay(_plant(), _rows((0, 100), (10, 100))).counts.gaps == 1


def test_the_limit_follows_the_interval_of_the_rows() -> None:
    """By default 3.5 intervals, as the services have it, once it is known."""
    counts = _replay(_plant(), _rows(*((minutes, 100) for minutes in (0, 1, 2, 3, 4, 7, 11))), stale_s=None).counts
    assert counts == Counts(rows=7, gaps=3 + 1, gap_s=3 * 60 + 4 * 60)


def test_a_load_whose_safe_state_is_on_begins_so() -> None:
    """That is no start."""
    load = replace(BOILER, on_stale=OnStale.ON, min_on_s=60)
    outcome = _replay(_plant(load), _rows((0, 500), (1, 500), (2, 500)))
    assert outcome.runs["boiler"].starts == 0
    assert outcome.runs["boiler"].switches == 1


@pytest.mark.parametrize(
    ("told", "on_minutes"),
    [
        pytest.param({}, 10 + 15, id="no peak is told"),
        pytest.param({"peak_demand_month": 2.0, "peak_demand_month_timestamp": "2026-06-05T18:15:00+02:00"}, 15, id="of June"),
        pytest.param({"peak_demand_month": 2.0}, 25, id="of an unknown time"),
        pytest.param(
            {"peak_demand_month": 2.0, "peak_demand_month_timestamp": "2026-06-01T00:00:00+02:00"}, 25, id="the last of May"
        ),
        pytest.param({"peak_demand_month": 2.0, "peak_demand_month_timestamp": "never"}, 25, id="no time"),
    ],
)
def test_the_rules_see_the_peak_of_the_month_that_would_be(told: dict[str, object], on_minutes: int) -> None:
    """What the meter told at the begin, then the quarters with the loads; a new month begins at 0."""
    on_when, off_when = parse_condition("peak_demand_month < 0.5 kW"), parse_condition("peak_demand_month >= 0.5 kW")
    lamp = replace(BOILER, on_when=on_when, off_when=off_when, power_w=900)
    begin = datetime(2026, 6, 30, 23, 35, tzinfo=BRUSSELS)
    rows = _rows(*((minutes, 0) for minutes in range(0, 41, 5)), begin=begin)
    rows[0].fields.update(told)
    outcome = _replay(_plant(lamp), rows)
    assert outcome.controlled.uses["boiler"].on_s == 60 * on_minutes
    peaks_kw = {month.name: month.quarter_kw for month in outcome.controlled.meter.recorded_months}
    assert peaks_kw == {"2026-06": 0.9 * (on_minutes - 15) / 15, "2026-07": pytest.approx(0.9)}


def test_the_guard_sees_the_quarter_that_would_be() -> None:
    """A load that always wants to run breaks the limit without control only."""
    greedy = replace(
        BOILER, on_when=parse_condition("surplus > -9 kW"), off_when=parse_condition("surplus < -9 kW"), on_delay_s=5
    )
    rows = _rows(*((second / 60, 200 if second <= 300 else 2000) for second in range(0, 2701, 5)))
    outcome = _replay(_plant(greedy, peak=PeakRule(2.5)), rows, timers_from_min=12 * 60 + 15, stale_s=None)
    assert outcome.controlled.uses["boiler"].on_s == 300  # from 12:00:05 until what is drawn then would break the limit
    assert outcome.controlled.meter.month.quarter_kw == pytest.approx(2.0, abs=0.1)
    assert outcome.timed.meter.month.quarter_kw == pytest.approx(2.0 + 2.0 * 300 / 900)


def test_days_end_at_local_midnight_when_the_clocks_change() -> None:
    """25 hours in October: the timers have the rest of the night's run on the next day."""
    begin = datetime(2026, 10, 25, tzinfo=BRUSSELS)
    rows = _rows(*((10 * number, -3000 if number <= 150 else 500) for number in range(49 * 6 + 1)), begin=begin)
    outcome = _replay(_plant(BOILER), rows, timers_from_min=12 * 60, stale_s=900)
    assert outcome.counts.gaps == 0
    # On for all of the first day, and on the second for ten minutes: from midnight, or from noon.
    assert outcome.controlled.uses == outcome.timed.uses == {"boiler": Use(2000, 90_600, 90_000 * 2000)}
    assert outcome.controlled.meter.month.quarter_end == datetime(2026, 10, 26, 0, 15, tzinfo=BRUSSELS)
    assert outcome.timed.meter.month.quarter_end == datetime(2026, 10, 26, 12, 15, tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(datetime(2026, 3, 29, 1, 30, tzinfo=BRUSSELS), id="spring"),
        pytest.param(datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS), id="autumn"),
        pytest.param(datetime(2026, 6, 22, 6, 30, tzinfo=BRUSSELS), id="night and day"),
        pytest.param(datetime(2026, 6, 30, 23, 30, tzinfo=BRUSSELS), id="a new month"),
    ],
)
def test_the_house_alone_is_what_its_meter_counted(begin: datetime) -> None:
    """Energies by tariff to the Wh of the registers, and the average of the running quarter."""
    states = list(states_of(begin, seed=3, seconds=3600))
    rows = [row(state.moment, state.power_w, **fields_of(state)) for state in states]
    outcome = _replay(_plant(), rows, stale_s=None)
    first, last, meter = states[0], states[-1], outcome.house.meter
    assert outcome.counts == Counts(rows=3601)
    for counted_ws, before_wh, after_wh in (
        (meter.drawn_day_ws, first.consumption_day_wh, last.consumption_day_wh),
        (meter.drawn_night_ws, first.consumption_night_wh, last.consumption_night_wh),
        (meter.injected_ws, first.injection_day_wh + first.injection_night_wh, last.injection_day_wh + last.injection_night_wh),
    ):
        assert counted_ws / 3600 == pytest.approx(after_wh - before_wh, abs=2)
    by_end = {state.moment.timestamp(): state.average_demand_w for state in states}
    for end_s, kw in zip(meter.quarters.end_s, meter.quarters.kw, strict=True):
        assert int(kw * 1000) == pytest.approx(by_end[end_s - 1], abs=6)  # a second before it begins anew


@dataclass(frozen=True)
class _Second:
    at_s: int  # its end
    house_w: int
    loads: tuple[str, ...]  # that are on in it


def _lived(plant: Plant, rows: list[Row]) -> list[_Second]:
    """Live through a recording second by second, in the plainest way."""
    state, last_s = initial(plant), None
    on: tuple[str, ...] = ()
    lived: list[_Second] = []
    for one in rows:
        now_s = int(one.moment.timestamp())
        if last_s is not None and now_s <= last_s:
            continue
        for second in range(now_s if last_s is None else last_s + 1, now_s + 1):
            if last_s is not None and now_s - last_s < STALE_S:
                lived.append(_Second(second, int(one.net_power_w), on))
            if second < now_s:
                state, _ = decide(plant, state, None, second)
                on = tuple(name for name, load in state.loads.items() if load.on)
        draw_w = sum(load.power_w or 0 for load in plant.loads if load.name in on)
        fields = {"timestamp": one.moment.isoformat(), "net_power": one.net_power_w + draw_w}
        state, _ = decide(plant, state, Telegram(Reading("", one.moment, 1, fields), STALE_S), now_s)
        on = tuple(name for name, load in state.loads.items() if load.on)
        last_s = now_s
    return lived


def _timed(plant: Plant, lived: list[_Second], timers_from_min: int) -> list[_Second]:
    """Give the same seconds with timers: those of each day that come first from their time on."""
    by_day: dict[str, list[_Second]] = {}
    for one in lived:
        by_day.setdefault(f"{datetime.fromtimestamp(one.at_s - 1, BRUSSELS):%F}", []).append(one)
    timed = []
    for seconds in by_day.values():
        day = datetime.fromtimestamp(seconds[0].at_s - 1, BRUSSELS)
        start = datetime(day.year, day.month, day.day, timers_from_min // 60, timers_from_min % 60, tzinfo=BRUSSELS)
        late = [one.at_s > start.timestamp() for one in seconds]
        in_turn = [*(i for i, is_late in enumerate(late) if is_late), *(i for i, is_late in enumerate(late) if not is_late)]
        on = {load.name: set(in_turn[: sum(load.name in one.loads for one in seconds)]) for load in plant.loads}
        timed += [
            replace(one, loads=tuple(name for name, places in on.items() if place in places))
            for place, one in enumerate(seconds)
        ]
    return timed


def _summed(plant: Plant, seconds: list[_Second]) -> tuple[object, ...]:
    """Give what was drawn and injected, the quarters, and what each load used."""
    drawn, injected = 0.0, 0.0
    quarters: dict[int, float] = {}
    uses = {load.name: [0.0, 0.0] for load in plant.loads}
    for one in seconds:
        net_w, own_w = float(one.house_w), float(max(0, -one.house_w))
        for load in plant.loads:
            if load.name in one.loads:
                power_w = load.power_w or 0.0
                net_w += power_w
                uses[load.name][0] += 1
                uses[load.name][1] += min(power_w, own_w)
                own_w -= min(power_w, own_w)
        drawn, injected = drawn + max(0.0, net_w), injected + max(0.0, -net_w)
        end_s = ((one.at_s - 1) // 900 + 1) * 900
        quarters[end_s] = quarters.get(end_s, 0.0) + max(0.0, net_w)
    return drawn, injected, {end_s: energy / 900_000 for end_s, energy in quarters.items()}, uses


def _sums_of(scenario: Scenario) -> tuple[object, ...]:
    meter = scenario.meter
    quarters = dict(zip(meter.quarters.end_s, meter.quarters.kw, strict=True))
    uses = {name: [use.on_s, use.own_ws] for name, use in scenario.uses.items()}
    return meter.drawn_ws, meter.injected_ws, quarters, uses


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from([-5, 0, 1, 7, 60, 200, 599, 600, 2000]), st.integers(-4000, 3000)), max_size=40),
    st.integers(0, 1439),
    st.sampled_from(
        [
            datetime(2026, 3, 28, 22, 50, tzinfo=UTC),
            datetime(2026, 10, 24, 22, 50, tzinfo=UTC),
            datetime(2026, 6, 30, 21, 7, tzinfo=UTC),
        ]
    ),
    st.integers(0, 14_400),
    st.sampled_from([0.0, 30.0, 400.0]),
)
def test_it_is_the_same_as_second_by_second(
    steps: list[tuple[int, int]], timers_from_min: int, begin: datetime, later_s: int, delay_s: float
) -> None:
    """Energies, quarters, and what the loads used, with control and without, over gaps, midnights and clock changes."""
    heater = replace(
        BOILER, name="heater", power_w=700, priority=2, off_delay_s=delay_s, min_on_s=delay_s, on_stale=OnStale.HOLD
    )
    plant = _plant(BOILER, heater)
    at_s = begin.timestamp() + later_s
    rows = [row(datetime.fromtimestamp(at_s, BRUSSELS), 0)]
    for step_s, power_w in steps:
        at_s += step_s
        rows.append(row(datetime.fromtimestamp(at_s, BRUSSELS), power_w))
    outcome, lived = _replay(plant, rows, timers_from_min), _lived(plant, rows)
    assert _sums_of(outcome.controlled) == _summed(plant, lived)
    assert _sums_of(outcome.timed) == _summed(plant, _timed(plant, lived, timers_from_min))
    assert _sums_of(outcome.house)[:3] == _summed(_plant(), [replace(one, loads=()) for one in lived])[:3]


def test_what_is_replayed_are_all_loads_with_rules() -> None:
    """Shadow loads as if they were real; a load that only a person switches is left out."""
    plant = _plant(replace(BOILER, shadow=True), Load("lamp"))
    assert [(load.name, load.shadow) for load in plant.loads] == [("boiler", False)]


def test_the_fields_that_conditions_ask_for_are_those_that_must_be_recorded() -> None:
    """Without what is reckoned anew."""
    on_when, off_when = "surplus > 1 kW and l1_voltage > 250 V", "peak_forecast > peak_limit or frequency < 49.9 Hz"
    load = replace(BOILER, on_when=parse_condition(on_when), off_when=parse_condition(off_when))
    assert asked_fields(_plant(load, Load("idle"))) == {"boiler": frozenset({"l1_voltage", "frequency"})}
