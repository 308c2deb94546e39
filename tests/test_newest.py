"""`reader.newest`: which of several telegrams the live topics show."""

from datetime import UTC, datetime

from common.payload import Reading
from reader.newest import Newest, Shown


def _reading(number: int) -> Reading:
    return Reading("home", datetime(2026, 1, 31, tzinfo=UTC), number, {"net_power": number})


def _shown(newest: Newest, now_s: float, *, is_behind: bool = False) -> int | None:
    shown = newest.take(now_s, is_behind=is_behind)
    return None if shown is None else shown.reading.seq


def test_one_after_the_other_each_is_shown() -> None:
    """With its bytes, and once."""
    newest = Newest()
    for number in (1, 2):
        newest.saw(_reading(number), b"/", float(number))
        assert newest.take(float(number), is_behind=False) == Shown(_reading(number), b"/")
        assert newest.take(float(number), is_behind=False) is None
    assert newest.skipped == 0


def test_of_several_at_once_the_last_one_is_shown() -> None:
    """The others are counted."""
    newest = Newest()
    for number in (1, 2, 3):
        newest.saw(_reading(number), b"/", 1.0)
    assert (_shown(newest, 1.0), newest.skipped) == (3, 2)


def test_while_the_reader_is_behind_it_waits_for_newer_ones_but_not_for_ever() -> None:
    """A port that never has nothing more must not end the live topics."""
    newest = Newest()
    found = []
    for quarter in range(12):
        newest.saw(_reading(quarter), b"/", quarter / 4)
        found.append(_shown(newest, quarter / 4, is_behind=True))
    assert [number for number in found if number is not None] == [4, 9]
    assert newest.skipped == 9
    assert _shown(newest, 3.0) == 11
