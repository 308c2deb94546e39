"""csv_logger.seen and csv_logger.clock: which seconds have their row, and which local time counts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.payload import Reading
from csv_logger.clock import LocalClock, received_at
from csv_logger.rotation import Moment
from csv_logger.seen import Seen, second_of

BRUSSELS = ZoneInfo("Europe/Brussels")
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=BRUSSELS)
DAY_S = 86_400


@given(st.lists(st.integers(-5 * DAY_S, 50 * DAY_S)))
def test_a_second_is_new_once(seconds: list[int]) -> None:
    """In whatever order they come, before 1970 too."""
    seen, known = Seen(), set[int]()
    for second in seconds:
        assert seen.add(second) is (second not in known)
        known.add(second)


def test_the_day_that_was_touched_longest_ago_is_forgotten() -> None:
    """The memory is bounded."""
    seen = Seen(days=2)
    assert [seen.add(day * DAY_S) for day in (1, 2, 1, 3)] == [True, True, False, True]
    assert [seen.add(day * DAY_S) for day in (1, 3, 2)] == [False, False, True]


def test_the_hour_that_comes_twice_has_other_seconds() -> None:
    """The offset tells them apart, and the same instant is the same second."""
    summer, winter = second_of("2026-10-25T02:30:00+02:00"), second_of("2026-10-25T02:30:00+01:00")
    assert (winter - summer, second_of("2026-10-25T00:30:00.999+00:00") - summer) == (3600, 0)


@pytest.mark.parametrize("text", ["timestamp", "2026-10-25T02:30:00", "0"])
def test_what_is_no_time_has_no_second(text: str) -> None:
    """A damaged row."""
    with pytest.raises(ValueError, match=text):
        second_of(text)


def reading(moment: datetime, received: datetime = NOON, *, recorded: bool = False) -> Reading:
    """Give a reading with the meter's own time."""
    return Reading("home", received, 1, {"timestamp": moment.isoformat()}, recorded=recorded)


@pytest.mark.parametrize(
    ("host", "meter", "right"),
    [
        # both clocks are set: the host's counts
        (NOON, NOON, NOON),
        (NOON, NOON + timedelta(hours=1), NOON),
        # the host's is not set yet: the meter's counts
        (datetime(1970, 1, 1, 1, 0, tzinfo=BRUSSELS), NOON, NOON),
        (NOON - timedelta(hours=13), NOON, NOON),
        # the meter is behind: the host's counts
        (NOON, NOON - timedelta(days=150), NOON),
        # telegrams of an outage
        (NOON, NOON - timedelta(hours=13), NOON),
    ],
)
def test_the_local_time_is_the_hosts_unless_that_is_not_set(host: datetime, meter: datetime, right: datetime) -> None:
    """Which one files are named by."""
    clock = LocalClock()
    clock.learn(reading(meter), Moment(host, 5.0))
    assert clock.right(Moment(host, 5.0)) == Moment(right, 5.0)
    assert clock.right(Moment(host, 5.0)).local.utcoffset() == right.utcoffset()


def test_a_clock_that_is_set_counts_from_the_next_reading_on() -> None:
    """The correction goes with its reason."""
    clock = LocalClock()
    clock.learn(reading(NOON), Moment(datetime(1970, 1, 1, tzinfo=UTC), 5.0))
    clock.learn(reading(NOON), Moment(NOON, 6.0))
    assert clock.right(Moment(NOON, 7.0)) == Moment(NOON, 7.0)


def test_a_recording_tells_nothing_of_clocks() -> None:
    """It is of another day."""
    clock = LocalClock()
    clock.learn(reading(NOON + timedelta(days=400), recorded=True), Moment(NOON, 5.0))
    assert clock.right(Moment(NOON, 5.0)) == Moment(NOON, 5.0)
    assert clock.today(Moment(NOON, 5.0)) is None


def test_files_grow_old_by_the_clock_that_is_behind() -> None:
    """So that no wrong clock deletes them."""
    clock, day = LocalClock(), timedelta(days=1)
    clock.learn(reading(NOON), Moment(NOON, 5.0))
    assert clock.today(Moment(NOON + 30_000 * day, 5.0)) == date(2026, 1, 31)
    assert clock.today(Moment(NOON - day, 5.0)) == date(2026, 1, 30)


def test_a_reading_is_as_old_as_the_clock_that_was_set_says() -> None:
    """The reader's, or the meter's if that one was not set."""
    assert received_at(reading(NOON - timedelta(seconds=1))) == NOON
    assert received_at(reading(NOON, datetime(1970, 1, 1, tzinfo=UTC))) == NOON
