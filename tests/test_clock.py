"""csv_logger.clock: which local time counts, where a host has no clock of its own."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from csv_logger.clock import LocalClock
from csv_logger.rotation import Moment

BRUSSELS = ZoneInfo("Europe/Brussels")
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=BRUSSELS)
UNSET = datetime(1970, 1, 1, 1, 0, tzinfo=BRUSSELS)


@pytest.fixture(autouse=True)
def _in_brussels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process have the zone of the tests."""
    with monkeypatch.context() as change:
        change.setenv("TZ", "Europe/Brussels")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("host", "meter", "right"),
    [
        # both clocks are set: the host's counts
        (NOON, NOON, NOON),
        (NOON, NOON + timedelta(hours=1), NOON),
        # the host's is not set yet: the meter's counts
        (UNSET, NOON, NOON),
        (NOON - timedelta(hours=13), NOON, NOON),
        # with the offset of its own season
        (UNSET, datetime(2026, 6, 21, 12, 0, tzinfo=BRUSSELS), datetime(2026, 6, 21, 12, 0, tzinfo=BRUSSELS)),
        # the meter is behind: the host's counts
        (NOON, NOON - timedelta(days=150), NOON),
        # telegrams of an outage
        (NOON, NOON - timedelta(hours=13), NOON),
        # no meter tells such a year
        (NOON, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), NOON),
        (NOON, datetime(1, 1, 1, tzinfo=UTC), NOON),
    ],
)
def test_the_local_time_is_the_hosts_unless_that_is_not_set(host: datetime, meter: datetime, right: datetime) -> None:
    """Which one files are named by."""
    clock = LocalClock()
    clock.hear(meter, 5.0)
    assert clock.right(Moment(host, 5.0)) == Moment(right, 5.0)
    assert clock.right(Moment(host, 5.0)).local.utcoffset() == right.utcoffset()


def test_between_two_readings_time_goes_on() -> None:
    """By the monotonic clock."""
    clock = LocalClock()
    clock.hear(NOON, 5.0)
    assert clock.right(Moment(UNSET, 8.5)) == Moment(NOON + timedelta(seconds=3.5), 8.5)


def test_a_clock_that_is_set_counts_at_once() -> None:
    """No moment lies in a future that is the sum of both."""
    clock = LocalClock()
    clock.hear(NOON, 5.0)
    assert clock.right(Moment(NOON, 5.0)) == Moment(NOON, 5.0)


def test_readings_that_are_out_of_order_do_not_move_the_time() -> None:
    """Around midnight files would begin and end with each of them."""
    clock = LocalClock()
    for seconds, monotonic_s in ((0, 5.0), (2, 6.0), (1, 7.0)):
        clock.hear(NOON + timedelta(seconds=seconds), monotonic_s)
    assert clock.right(Moment(UNSET, 7.0)) == Moment(NOON + timedelta(seconds=2), 7.0)


def test_a_meter_whose_clock_is_set_is_followed() -> None:
    """By more than a minute."""
    clock = LocalClock()
    clock.hear(NOON, 5.0)
    clock.hear(NOON + timedelta(days=2), 6.0)
    assert clock.right(Moment(UNSET, 6.0)) == Moment(NOON + timedelta(days=2), 6.0)


def test_files_grow_old_by_the_clock_that_is_behind() -> None:
    """So that no wrong clock deletes them."""
    clock, day = LocalClock(), timedelta(days=1)
    assert clock.today(Moment(NOON, 5.0)) is None
    clock.hear(NOON, 5.0)
    assert clock.today(Moment(NOON + 30_000 * day, 5.0)) == date(2026, 1, 31)
    assert clock.today(Moment(NOON - day, 5.0)) == date(2026, 1, 30)
