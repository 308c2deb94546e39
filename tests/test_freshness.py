"""`common.freshness`: old data is a value with one safe meaning, decided here."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.freshness import Drift, FreshnessJudge, StaleAfter, Verdict
from common.payload import Reading

START = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _reading(received_s: float, lag_s: float | None = 1.0, *, recorded: bool = False) -> Reading:
    return Reading("home", _at(received_s), 1, {}, lag_s, recorded)


@pytest.mark.parametrize(
    ("reading", "retained", "now_s", "verdict"),
    [
        pytest.param(_reading(101), False, 101.1, Verdict.FRESH, id="the next one"),
        pytest.param(_reading(101), True, 101.1, Verdict.RETAINED, id="retained"),
        pytest.param(_reading(101, recorded=True), False, 101.1, Verdict.RECORDED, id="from a file"),
        pytest.param(_reading(101, recorded=True), True, 101.1, Verdict.RETAINED, id="retained, from a file"),
        pytest.param(_reading(101), False, 115.9, Verdict.FRESH, id="14.9 s on its way"),
        pytest.param(_reading(101), False, 116.0, Verdict.LATE, id="15 s on its way"),
        pytest.param(_reading(101), False, 86_501, Verdict.LATE, id="a day on its way"),
        pytest.param(_reading(115.9), False, 101.0, Verdict.FRESH, id="14.9 s from the future"),
        pytest.param(_reading(116), False, 101.0, Verdict.LATE, id="15 s from the future"),
        pytest.param(_reading(100), False, 101.0, Verdict.OUT_OF_ORDER, id="the same again"),
        pytest.param(_reading(99), False, 101.0, Verdict.OUT_OF_ORDER, id="one from before"),
        pytest.param(_reading(100.001), False, 101.0, Verdict.FRESH, id="a millisecond later"),
        pytest.param(_reading(101, 15.9), False, 101.1, Verdict.FRESH, id="14.9 s behind the meter"),
        pytest.param(_reading(101, 16.0), False, 101.1, Verdict.LATE, id="15 s behind the meter"),
        pytest.param(_reading(101, -500.0), False, 101.1, Verdict.FRESH, id="the meter's clock was set back"),
        pytest.param(_reading(101, None), False, 101.1, Verdict.FRESH, id="no time in the telegram"),
    ],
)
def test_a_telegram_is_fresh_or_it_is_told_why_not(reading: Reading, *, retained: bool, now_s: float, verdict: Verdict) -> None:
    """After one accepted at 100 s with a lag of 1 s; the limit is 15 s."""
    judge = FreshnessJudge(StaleAfter())
    assert judge.judge(_reading(100), retained=False, now=_at(100), now_s=100.0) is Verdict.FRESH
    assert judge.judge(reading, retained=retained, now=_at(now_s), now_s=now_s) is verdict


@pytest.mark.parametrize("reading", [_reading(100), _reading(100, None), _reading(100, 7200.0), _reading(100, -7200.0)])
def test_the_first_telegram_is_fresh_whatever_the_meters_clock_says(reading: Reading) -> None:
    """Its lag is all that is known of the two clocks."""
    judge = FreshnessJudge(StaleAfter())
    assert judge.judge(reading, retained=False, now=_at(100), now_s=5.0) is Verdict.FRESH


def test_a_refused_telegram_changes_nothing() -> None:
    """Only an accepted one counts for the order and for the silence."""
    judge = FreshnessJudge(StaleAfter())
    judge.judge(_reading(100), retained=False, now=_at(100), now_s=100.0)
    for refused in (_reading(300), _reading(110, 60.0), _reading(112, recorded=True), _reading(50)):
        assert judge.judge(refused, retained=False, now=_at(112), now_s=112.0) is not Verdict.FRESH
    assert judge.stale_after.is_stale(115.0)
    assert judge.judge(_reading(110), retained=False, now=_at(112), now_s=112.0) is Verdict.FRESH


def test_a_configured_limit_holds_everywhere() -> None:
    """On the way and behind the meter."""
    judge = FreshnessJudge(StaleAfter(3.0))
    assert judge.judge(_reading(100), retained=False, now=_at(103), now_s=103.0) is Verdict.LATE
    assert judge.judge(_reading(101), retained=False, now=_at(103), now_s=103.0) is Verdict.FRESH
    assert judge.judge(_reading(104, 4.0), retained=False, now=_at(104), now_s=104.0) is Verdict.LATE


@pytest.mark.parametrize("step_s", [-7200.0, -60.0, 60.0, 7200.0])
def test_a_step_of_the_hosts_clock_does_not_stop_the_telegrams(step_s: float) -> None:
    """The next telegram has a lag and a time that jump by the step; the drift begins anew."""
    judge = FreshnessJudge(StaleAfter())
    for second in range(5):
        judge.judge(_reading(second), retained=False, now=_at(second), now_s=float(second))
    for second in range(5, 10):
        reading = _reading(second + step_s, 1.0 + step_s)
        assert judge.judge(reading, retained=False, now=_at(second + step_s), now_s=float(second)) is Verdict.FRESH


def test_the_drift_is_the_least_lag_of_ten_minutes() -> None:
    """An older minimum is forgotten, at 600 s still known."""
    drift = Drift()
    lags = {0.0: 5.0, 1.0: 1.0, 300.0: 3.0, 601.0: 4.0, 601.5: 6.0, 900.5: 7.0}
    assert [drift.add(lag, now_s, now_s) for now_s, lag in lags.items()] == [5.0, 1.0, 1.0, 1.0, 3.0, 4.0]


def test_a_step_of_the_hosts_clock_begins_the_drift_anew() -> None:
    """Up or down; less than two seconds is no step."""
    drift = Drift()
    assert drift.add(1.0, 10.0, 1000.0) == 1.0
    assert drift.add(2.9, 11.0, 1002.9) == 1.0
    assert drift.add(62.9, 12.0, 1063.9) == 62.9
    assert drift.add(-99.0, 13.0, 903.0) == -99.0
    assert drift.add(1.0, 14.0, 1004.0) == 1.0


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(-50, 50)), max_size=60))
def test_the_drift_equals_the_plain_minimum(steps: list[tuple[int, int]]) -> None:
    """The same as looking through all telegrams of the window each time."""
    drift, now_s, seen = Drift(), 0, list[tuple[int, int]]()
    for step_s, lag in steps:
        now_s += step_s
        seen.append((now_s, lag))
        assert drift.add(lag, now_s, now_s) == min(one for when_s, one in seen if when_s >= now_s - 600)


@pytest.mark.parametrize(
    ("arrivals_s", "limit_s"),
    [
        pytest.param([], 15.0, id="nothing yet"),
        pytest.param([0, 60, 120], 15.0, id="two intervals prove nothing"),
        pytest.param([0, 1, 2, 3, 4], 15.0, id="every second"),
        pytest.param([0, 4, 8, 12], 15.0, id="every 4 s: 3.5 times is less"),
        pytest.param([0, 10, 20, 30], 35.0, id="every 10 s"),
        pytest.param([0, 10, 20, 30, 600, 610], 35.0, id="every 10 s with a gap"),
        pytest.param([0, 1, 2, 3, 3600, 3601, 3602, 7200, 7201, 7202], 15.0, id="every second with two gaps"),
        pytest.param([*range(0, 100, 10), *range(100, 110)], 15.0, id="only the last nine intervals count"),
    ],
)
def test_the_limit_learns_the_meters_interval(arrivals_s: list[float], limit_s: float) -> None:
    """15 s, or 3.5 times the interval if that is longer."""
    stale_after = StaleAfter()
    for now_s in arrivals_s:
        stale_after.saw_telegram(now_s)
    assert stale_after.seconds == limit_s


def test_a_configured_limit_learns_nothing() -> None:
    """The setting wins."""
    stale_after = StaleAfter(5.0)
    for now_s in range(0, 100, 10):
        stale_after.saw_telegram(now_s)
    assert stale_after.seconds == 5.0


def test_a_fresh_start_is_stale_and_a_silence_makes_it_so_again() -> None:
    """With the seconds that are left."""
    stale_after = StaleAfter(5.0)
    assert (stale_after.is_stale(1000.0), stale_after.seconds_left(1000.0)) == (True, 0.0)
    stale_after.saw_telegram(1000.0)
    assert [(stale_after.is_stale(now_s), stale_after.seconds_left(now_s)) for now_s in (1000.0, 1004.0, 1005.0, 1009.0)] == [
        (False, 5.0), (False, 1.0), (True, 0.0), (True, 0.0),
    ]  # fmt: skip
