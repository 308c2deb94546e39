"""csv_logger.seen: which seconds have their row."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from csv_logger.seen import Seen, second_of

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


def test_the_latest_second_is_known() -> None:
    """Also when earlier ones follow."""
    seen = Seen()
    for second in (5, 7, 6):
        seen.add(second)
    assert seen.newest == 7


def test_the_hour_that_comes_twice_has_other_seconds() -> None:
    """The offset tells them apart, and the same instant is the same second."""
    summer, winter, utc = (
        second_of(datetime.fromisoformat(text))
        for text in ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T00:30:00.999+00:00")
    )
    assert (winter - summer, utc - summer) == (3600, 0)


def test_the_first_and_the_last_year_have_seconds() -> None:
    """Anybody may send them."""
    seen = Seen()
    for text in ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"):
        assert seen.add(second_of(datetime.fromisoformat(text)))
