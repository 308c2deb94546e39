"""influx_bridge.schedule: when to write next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx_bridge.failure import Failure
from influx_bridge.rows import Lane
from influx_bridge.schedule import Schedule

AWAY = Failure(None, "connection refused")


def left(schedule: Schedule, now_s: float) -> tuple[float, float]:
    """Give the seconds until live points and backlog may be written."""
    return schedule.seconds_left(Lane.LIVE, now_s), schedule.seconds_left(Lane.BACKLOG, now_s)


def test_the_first_write_is_due_at_once_and_the_next_after_the_interval() -> None:
    """Counted from the beginning of a write; backlog does not wait for it."""
    schedule = Schedule(10)
    assert left(schedule, 5.0) == (0, 0)
    schedule.began(Lane.LIVE, 1000, 5.0)
    schedule.succeeded()
    assert left(schedule, 7.0) == (8.0, 0)


def test_live_points_do_not_wait_for_backlog() -> None:
    """Whatever its rate."""
    schedule = Schedule(10, backlog_mb_per_5min=3)
    schedule.began(Lane.BACKLOG, 50_000, 5.0)
    assert left(schedule, 5.0) == (0, 5.0)


def test_without_a_rate_backlog_never_waits() -> None:
    """One request after the other."""
    schedule = Schedule(10)
    schedule.began(Lane.BACKLOG, 500_000, 5.0)
    assert left(schedule, 5.0) == (0, 0)


@given(st.lists(st.tuples(st.integers(1, 512_000), st.floats(0, 60)), min_size=1, max_size=60), st.integers(1, 10))
def test_no_five_minutes_carry_more_than_the_rate_and_one_request(requests: list[tuple[int, float]], rate_mb: int) -> None:
    """However long each takes, and whatever pause is between them."""
    schedule, now_s, begun = Schedule(10, rate_mb), 1000.0, list[tuple[float, int]]()
    for size_bytes, pause_s in requests:
        now_s += pause_s
        now_s += schedule.seconds_left(Lane.BACKLOG, now_s)
        schedule.began(Lane.BACKLOG, size_bytes, now_s)
        begun.append((now_s, size_bytes))
    for first_s, _ in begun:
        window = [size_bytes for begun_s, size_bytes in begun if first_s <= begun_s < first_s + 299.9]
        assert sum(window) - window[-1] <= rate_mb * 1_000_000


def test_pauses_double_up_to_a_minute_and_begin_anew_after_a_success() -> None:
    """The server is given time, and never given up."""
    schedule = Schedule(10)
    assert [schedule.failed(AWAY, 0.0, 0.0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert left(schedule, 20.0) == (40.0, 40.0)
    assert schedule.seconds_left_of_pause(20.0) == 40.0
    schedule.succeeded()
    assert schedule.failed(AWAY, 0.0, 0.0) == 1


def test_after_a_pause_the_interval_does_not_count() -> None:
    """Nobody waits for a minute because that is the interval."""
    schedule = Schedule(60)
    schedule.began(Lane.LIVE, 1000, 5.0)
    schedule.failed(AWAY, 6.0, 0.0)
    assert left(schedule, 6.0) == (1.0, 1.0)


def test_everything_may_be_tried_once_more_at_the_end() -> None:
    """Without the rest of the pause."""
    schedule = Schedule(60)
    schedule.failed(AWAY, 6.0, 0.0)
    schedule.resume()
    assert left(schedule, 6.0) == (0, 0)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_a_person_has_to_mend_is_tried_once_a_minute(status: int) -> None:
    """And never given up either."""
    assert Schedule(10).failed(Failure(status, ""), 0.0, 0.0) == 60


@pytest.mark.parametrize(("jitter", "pause_s"), [(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)])
def test_jitter_shortens_the_pause_by_up_to_a_half(jitter: float, pause_s: float) -> None:
    """Not all come back at once."""
    assert Schedule(10).failed(AWAY, 0.0, jitter) == pause_s


@pytest.mark.parametrize(("retry_after_s", "pause_s"), [(None, 1), (0.0, 1), (0.2, 1), (30.0, 30), (600.0, 600), (1e9, 3600)])
def test_a_server_may_ask_for_a_longer_pause(retry_after_s: float | None, pause_s: float) -> None:
    """Up to an hour."""
    assert Schedule(10).failed(Failure(429, "", retry_after_s), 0.0, 0.0) == pause_s
