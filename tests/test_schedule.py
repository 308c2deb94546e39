"""influx_bridge.schedule: when to write next."""

import pytest

from influx_bridge.failure import Failure
from influx_bridge.schedule import Schedule

AWAY = Failure(None, "connection refused")


def test_the_first_write_is_due_at_once_and_the_next_after_the_interval() -> None:
    """Counted from the beginning of a write."""
    schedule = Schedule(10)
    assert schedule.seconds_left(5.0, waiting=True) == 0
    schedule.began(5.0)
    schedule.succeeded()
    assert schedule.seconds_left(7.0, waiting=True) == 8.0


def test_nothing_is_due_while_nothing_waits() -> None:
    """The service sleeps on."""
    assert Schedule(10).seconds_left(5.0, waiting=False) >= 3600


def test_more_than_a_batch_goes_on_at_once() -> None:
    """A backlog does not wait for the interval."""
    schedule = Schedule(10)
    schedule.began(5.0)
    schedule.again(6.0)
    assert schedule.seconds_left(6.0, waiting=True) == 0


def test_pauses_double_up_to_a_minute_and_begin_anew_after_a_success() -> None:
    """The server is given time, and never given up."""
    schedule = Schedule(10)
    assert [schedule.failed(AWAY, 0.0, 0.0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert schedule.seconds_left(20.0, waiting=True) == 40.0
    schedule.succeeded()
    assert schedule.failed(AWAY, 0.0, 0.0) == 1


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
