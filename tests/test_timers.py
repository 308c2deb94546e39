"""A day without control: when timers have a load on, and that it uses what it did with control."""

from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_controller.replay.meter import Meter
from relay_controller.replay.scenario import Scenario
from relay_controller.replay.timers import Day, Span, run_timers, spans_of

MIDNIGHT = datetime(2026, 6, 21, tzinfo=UTC)
MIDNIGHT_S = MIDNIGHT.timestamp()
QUARTERS = 96


def _day(*stretches: tuple[float, float]) -> Day:
    """Give a day of stretches (start, end), in seconds after midnight."""
    day = Day()
    for start_s, end_s in stretches:
        day.add(MIDNIGHT_S + start_s, MIDNIGHT_S + end_s, 0.0, is_night=False)
    return day


@pytest.mark.parametrize(
    ("stretches", "need_s", "from_s", "expected"),
    [
        pytest.param([(0, 900), (900, 1800)], 1000, 0, [(0, 1000)], id="from midnight"),
        pytest.param([(0, 900), (900, 1800)], 600, 700, [(700, 1300)], id="from a time within a stretch"),
        pytest.param([(0, 300), (600, 900)], 400, 100, [(100, 800)], id="a gap does not count"),
        pytest.param([(500, 900)], 100, 0, [(0, 600)], id="the recording begins later"),
        pytest.param([(0, 900), (900, 1800)], 500, 1700, [(-inf, 400), (1700, inf)], id="the rest is at the day's begin"),
        pytest.param([(0, 900)], 500, 2000, [(-inf, 500), (2000, inf)], id="the recording ends before"),
        pytest.param([(0, 900)], 900, 0, [(0, 900)], id="all of it"),
    ],
)
def test_a_timer_is_on_in_one_go(
    stretches: list[tuple[float, float]], need_s: float, from_s: float, expected: list[Span]
) -> None:
    """Until so many recorded seconds are over."""
    spans = spans_of(_day(*stretches), need_s, MIDNIGHT_S + from_s)
    assert [(start_s - MIDNIGHT_S, end_s - MIDNIGHT_S) for start_s, end_s in spans] == expected


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=QUARTERS, max_size=QUARTERS),
    st.lists(st.integers(0, 100), min_size=2, max_size=2),
    st.integers(0, 86_399),
)
def test_each_load_uses_what_it_did_with_control(places: list[tuple[int, int]], percents: list[int], from_s: int) -> None:
    """Whatever is recorded of the day, and whenever the timers start."""
    stretches = [
        (number * 900 + min(place), number * 900 + max(place)) for number, place in enumerate(places) if place[0] != place[1]
    ]
    recorded_s = sum(end_s - start_s for start_s, end_s in stretches)
    on_s = {load: recorded_s * percent // 100 for load, percent in zip("ab", percents, strict=True)}
    scenario = Scenario(Meter(MIDNIGHT), {"a": 1000.0, "b": 50.0})
    run_timers(_day(*stretches), scenario, on_s, MIDNIGHT_S + from_s)
    assert {load: use.on_s for load, use in scenario.uses.items()} == on_s
    assert scenario.meter.counted_s == recorded_s
    assert scenario.meter.drawn_ws == 1000 * on_s["a"] + 50 * on_s["b"]
