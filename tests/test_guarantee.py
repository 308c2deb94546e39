"""When the rest of a load's guaranteed time has to be run."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.payload import Reading
from relay_controller.counters import Counters
from relay_controller.guarantee import is_due, low_tariff_ends_s, may_be_due, rest_s
from relay_controller.load import Load
from relay_controller.load_state import LoadState
from relay_controller.situation import Draws, Situation

DUE = datetime(2026, 6, 2, 6, tzinfo=UTC)
NOW_S = 5000.0  # of the monotonic clock
HOURS_S = 3600.0

BOILER = Load("boiler", min_on_per_day_s=2 * HOURS_S, by_min=360, power_w=2000)


def situation(left_s: float, tariff: str | None = None) -> Situation:
    """Give what a telegram tells so long before the guarantee is due."""
    at_s = DUE.timestamp() - left_s
    fields: dict[str, object] = {} if tariff is None else {"actual_tariff_name": tariff}
    return Situation(
        reading=Reading("home", DUE, 1, fields),
        arrived_s=NOW_S,
        fresh_until_s=inf,
        at_s=at_s,
        minute=int(at_s // 60),
        wall=datetime.fromtimestamp(at_s // 60 * 60, UTC),
        month="2026-06",
        net_power_w=None,
        draws=Draws({}, 0.0),
        quarter=None,
        limit_kw=None,
        learned_w={},
    )


def ran(seconds: float, *, has_begun: bool = False) -> Counters:
    """Give the counters of a load that has run so much of its guarantee."""
    return Counters(DUE.date(), due_at_s=DUE.timestamp(), guaranteed_s=seconds, has_begun=has_begun)


def off(counters: Counters, closed_s: float = 0.0, low_ends_s: float = inf) -> LoadState:
    """Give a load of which so much of the time until then lies outside of its hours, and until when it may use low tariff."""
    return LoadState(auto_on=False, counters=counters, closed_s=closed_s, low_ends_s=low_ends_s)


@pytest.mark.parametrize(
    ("load", "counters", "expected_s"),
    [
        pytest.param(Load("lamp"), Counters(guaranteed_s=60.0), 0, id="no guarantee"),
        pytest.param(BOILER, Counters(), 7200, id="nothing yet"),
        pytest.param(BOILER, ran(3600), 3600, id="half of it"),
        pytest.param(BOILER, ran(7200), 0, id="reached"),
        pytest.param(BOILER, ran(9000), -1800, id="more than that"),
        pytest.param(BOILER, replace(ran(3600), on_from_s=NOW_S - 600), 3000, id="it is on"),
    ],
)
def test_the_rest_is_what_has_not_run(load: Load, counters: Counters, expected_s: float) -> None:
    """Zero or less when there is nothing to be run."""
    assert rest_s(load, counters, NOW_S) == expected_s


@pytest.mark.parametrize(
    ("left_s", "counters", "tariff", "expected"),
    [
        # as late as possible, with five minutes of reserve
        pytest.param(7501, ran(0), None, False, id="no tariff, there is time"),
        pytest.param(7500, ran(0), None, True, id="no tariff, it is time"),
        pytest.param(7501, ran(0), "day", False, id="the high tariff, there is time"),
        pytest.param(7500, ran(0), "day", True, id="the high tariff, it is time"),
        pytest.param(3901, ran(3600), None, False, id="half of it has run, there is time"),
        pytest.param(3900, ran(3600), None, True, id="half of it has run, it is time"),
        pytest.param(1, ran(0), None, True, id="too late for all of it is no reason not to begin"),
        pytest.param(86_400, ran(0), None, False, id="just begun"),
        # in the low tariff with a head start of an hour, and once more its length
        pytest.param(18_001, ran(0), "night", False, id="the low tariff, there is time for the sun"),
        pytest.param(18_000, ran(0), "night", True, id="the low tariff, it is time"),
        pytest.param(10_801, ran(3600), "night", False, id="the low tariff, half of it has run, there is time"),
        pytest.param(10_800, ran(3600), "night", True, id="the low tariff, half of it has run, it is time"),
        pytest.param(18_000, ran(0), "other", False, id="a tariff of another name is not the low one"),
        # once begun it goes on in the low tariff, although the rest becomes shorter than the time left
        pytest.param(17_000, ran(3600, has_begun=True), "night", True, id="begun, the low tariff"),
        pytest.param(17_000, ran(3600, has_begun=True), "day", False, id="begun, but the tariff is high now"),
        pytest.param(17_000, ran(3600, has_begun=True), None, False, id="begun, but the tariff is not told any more"),
        pytest.param(3900, ran(3600, has_begun=True), "day", True, id="begun, the tariff is high, and it is time"),
        # nothing to be run
        pytest.param(100, ran(7200), "night", False, id="reached"),
        pytest.param(100, ran(7200, has_begun=True), "night", False, id="begun and reached"),
        pytest.param(100, ran(9000), None, False, id="more than reached"),
        pytest.param(100, Counters(), None, False, id="not known when it is due"),
        pytest.param(100, Counters(has_begun=True), "night", False, id="begun, not known when it is due"),
    ],
)
def test_the_rest_is_run_when_it_has_to_be(left_s: float, counters: Counters, tariff: str | None, expected: bool) -> None:  # noqa: FBT001 -- a column
    """A row per situation of a load with two guaranteed hours."""
    assert is_due(BOILER, off(counters), situation(left_s, tariff), NOW_S) is expected


@pytest.mark.parametrize(
    ("tariff", "least_left_s"), [(None, 7500), ("day", 7500), ("night", 18_000)], ids=["no tariff", "high tariff", "low tariff"]
)
@pytest.mark.parametrize("closed_s", [0.0, 3600.0, 50_000.0])
def test_only_a_loads_own_hours_count(tariff: str | None, least_left_s: float, closed_s: float) -> None:
    """What lies outside of them is no time in which the rest could be run: it has to begin so much earlier."""
    one = off(ran(0), closed_s)
    due = [is_due(BOILER, one, situation(least_left_s + closed_s + seconds, tariff), NOW_S) for seconds in (1, 0)]
    assert due == [False, True]
    assert may_be_due(BOILER, one, situation(18_000 + closed_s))
    assert not may_be_due(BOILER, one, situation(18_001 + closed_s))


@pytest.mark.parametrize(
    ("at", "due", "began", "ended", "expected"),
    [
        pytest.param("02 01:00", "02 12:00", None, None, "02 12:00", id="nothing was seen"),
        pytest.param("02 01:00", "02 12:00", "01 22:00", None, "02 12:00", id="no end was seen"),
        pytest.param("02 01:00", "02 12:00", None, "01 07:00", "02 12:00", id="no begin was seen"),
        pytest.param("02 01:00", "02 12:00", "01 22:00", "01 07:00", "02 07:00", id="the day before, and so it will"),
        pytest.param("08 01:00", "08 12:00", "01 22:00", "01 07:00", "08 07:00", id="a week before"),
        pytest.param("02 07:00", "02 12:00", "01 22:00", "01 07:00", "02 12:00", id="it should end now, and does not"),
        pytest.param("02 08:00", "02 12:00", "01 22:00", "01 07:00", "02 12:00", id="it should be over, and is not"),
        pytest.param("02 08:00", "02 12:00", "01 22:00", "02 07:00", "02 12:00", id="it is over today"),
        pytest.param("01 23:00", "02 06:00", "01 22:00", "01 07:00", "02 06:00", id="it ends after that"),
        pytest.param("02 06:30", "03 06:00", "01 22:00", "01 07:00", "03 06:00", id="it ends soon, and comes back in time"),
        pytest.param("01 23:00", "02 07:00", "01 22:00", "01 07:00", "02 07:00", id="it ends just then"),
        pytest.param("01 13:00", "02 12:00", "01 22:00", "01 07:00", "02 07:00", id="it ends tomorrow"),
        pytest.param("01 13:00", "02 12:00", "01 22:00", "02 07:00", "02 07:00", id="the meter's clock went back"),
    ],
)
def test_the_low_tariff_ends_when_it_ended_last(at: str, due: str, began: str | None, ended: str | None, expected: str) -> None:
    """By the time of day, if that lies between now and what is due, and the low tariff does not come back before that."""
    at_s, due_s, began_s, ended_s, expected_s = (
        None if text is None else datetime.fromisoformat(f"2026-06-{text}+00:00").timestamp()
        for text in (at, due, began, ended, expected)
    )
    assert at_s is not None
    assert due_s is not None
    assert low_tariff_ends_s(due_s, at_s, began_s, ended_s) == expected_s


@pytest.mark.parametrize(
    ("tariff", "least_left_s"),
    [
        # 2 x 2 h + 1 h before the low tariff ends, five hours before it is due
        pytest.param("night", 36_000, id="low tariff"),
        pytest.param("day", 7500, id="high tariff"),
        pytest.param(None, 7500, id="no tariff"),
    ],
)
def test_in_the_low_tariff_it_is_run_before_that_ends(tariff: str | None, least_left_s: float) -> None:
    """What the other tariff costs afterwards is not waited for, nor does its end change anything in the other one."""
    one = off(ran(0), low_ends_s=DUE.timestamp() - 5 * HOURS_S)
    due = [is_due(BOILER, one, situation(least_left_s + seconds, tariff), NOW_S) for seconds in (1, 0)]
    assert due == [False, True]
    assert may_be_due(BOILER, one, situation(36_000))
    assert not may_be_due(BOILER, one, situation(36_001))


def test_what_runs_now_counts() -> None:
    """A load that has been on for 59 of its last 60 minutes is due for one more, and then it is not."""
    counters = replace(ran(3600), on_from_s=NOW_S)
    due = [is_due(BOILER, off(counters), situation(300 - seconds), NOW_S + 3540 + seconds) for seconds in (0, 59, 60, 61)]
    assert due == [True, True, False, False]


def test_a_load_without_guarantee_is_never_due() -> None:
    """Whatever its counters say."""
    for left_s in (-100, 0, 100):
        for counters in (ran(0), ran(0, has_begun=True)):
            one, now = off(counters), situation(left_s, "night")
            assert (is_due(Load("lamp"), one, now, NOW_S), may_be_due(Load("lamp"), one, now)) == (False, False)


@pytest.mark.parametrize(
    ("left_s", "counters", "expected"),
    [
        pytest.param(18_001, ran(0), False, id="there is time, whatever the tariff"),
        pytest.param(18_000, ran(0), True, id="in the low tariff it would be time"),
        pytest.param(80_000, ran(0, has_begun=True), True, id="begun"),
        pytest.param(100, Counters(), False, id="not known when it is due"),
    ],
)
def test_a_glance_tells_whether_it_is_worth_to_look(left_s: float, counters: Counters, expected: bool) -> None:  # noqa: FBT001 -- a column
    """Without the tariff and without what has run."""
    assert may_be_due(BOILER, off(counters), situation(left_s, "day")) is expected


SECONDS = st.floats(0, 90_000) | st.integers(0, 90_000).map(float)


LOADS = st.builds(replace, st.just(BOILER), min_on_per_day_s=st.floats(1, 86_400))
COUNTERS = st.builds(
    Counters,
    due_at_s=st.just(DUE.timestamp()),
    guaranteed_s=SECONDS,
    has_begun=st.booleans(),
    on_from_s=st.none() | SECONDS.map(lambda seconds: NOW_S - seconds),
)


LOW_ENDS_S = st.just(inf) | SECONDS.map(lambda seconds: DUE.timestamp() - seconds)


@given(
    LOADS, st.builds(off, COUNTERS, SECONDS, LOW_ENDS_S), st.floats(-90_000, 90_000), st.sampled_from([None, "day", "night"])
)
def test_what_is_due_is_seen_at_a_glance(load: Load, one: LoadState, left_s: float, tariff: str | None) -> None:
    """`is_due` is never true where `may_be_due` is not, or decisions would pass over a load."""
    now = situation(left_s, tariff)
    if is_due(load, one, now, NOW_S):
        assert may_be_due(load, one, now)
        assert rest_s(load, one.counters, NOW_S) > 0


@given(st.floats(60, 40_000), st.sampled_from([None, "day", "night"]), st.integers(60, 600))
@settings(max_examples=40, deadline=None)
def test_who_begins_when_it_is_due_is_in_time(least_s: float, tariff: str | None, step_s: int) -> None:
    """Undisturbed, a load that follows `is_due` from the begin of its day runs all of it, and hardly more."""
    load, counters, now_s, left_s = replace(BOILER, min_on_per_day_s=least_s), ran(0), 0.0, 86_400.0
    is_on = False
    while left_s > 0:
        due = is_due(load, off(counters), situation(left_s, tariff), now_s)
        if due != is_on:
            is_on = due
            counters = replace(counters.switched(now_s, on=is_on), has_begun=counters.has_begun or is_on)
        now_s, left_s = now_s + step_s, left_s - step_s
    missing_s = rest_s(load, counters, now_s)
    assert -step_s - 1e-6 <= missing_s <= max(0.0, step_s - 300.0) + 1e-6
