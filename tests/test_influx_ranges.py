"""influx_bridge.ranges: sets of row numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx_bridge.ranges import Ranges, ranges_of

_RANGE = st.tuples(st.integers(0, 30), st.integers(0, 30))


@given(st.lists(st.tuples(st.booleans(), _RANGE), max_size=20), _RANGE)
def test_it_holds_what_was_added_and_not_removed(changes: list[tuple[bool, tuple[int, int]]], window: tuple[int, int]) -> None:
    """Its ranges ascend and do not touch; its gaps are all the rest."""
    ranges, wanted = Ranges(), set[int]()
    for adds, (first, after) in changes:
        if adds:
            ranges.add(first, after)
            wanted |= set(range(first, after))
        else:
            ranges.remove(first, after)
            wanted -= set(range(first, after))
    assert list(ranges) == list(ranges_of(sorted(wanted)))
    assert len(ranges) == len(wanted)
    assert list(ranges.gaps(*window)) == list(ranges_of(sorted(set(range(*window)) - wanted)))


@pytest.mark.parametrize(
    ("numbers", "ranges"),
    [((), []), ((5,), [(5, 6)]), ((1, 2, 3), [(1, 4)]), ((1, 3, 4, 9), [(1, 2), (3, 5), (9, 10)])],
)
def test_numbers_that_follow_each_other_are_one_range(numbers: tuple[int, ...], ranges: list[tuple[int, int]]) -> None:
    """Two numbers for each."""
    assert list(ranges_of(numbers)) == ranges
