"""Sets of row numbers, which mostly follow each other: of 86,400 of them the first and the last are enough."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Ranges:
    """A set of whole numbers, kept as ranges `(first, after)` in ascending order that do not touch."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._afters: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        """Count the numbers."""
        return self._count

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Give the ranges."""
        return zip(tuple(self._firsts), tuple(self._afters), strict=True)

    def add(self, first: int, after: int) -> None:
        """Take in the numbers from `first` on that are below `after`."""
        if first < after:
            low, high = bisect_left(self._afters, first), bisect_right(self._firsts, after)
            if low < high:
                first, after = min(first, self._firsts[low]), max(after, self._afters[high - 1])
            self._replace(low, high, [(first, after)])

    def remove(self, first: int, after: int) -> None:
        """Take out the numbers from `first` on that are below `after`."""
        low, high = bisect_right(self._afters, first), bisect_left(self._firsts, after)
        if first < after and low < high:
            left, right = (self._firsts[low], first), (after, self._afters[high - 1])
            self._replace(low, high, [one for one in (left, right) if one[0] < one[1]])

    def gaps(self, first: int, after: int) -> Iterator[tuple[int, int]]:
        """Give the ranges between `first` and `after` of the numbers that are not in the set."""
        for taken_first, taken_after in self:
            if taken_after > first:
                if taken_first >= after:
                    break
                if taken_first > first:
                    yield first, taken_first
                first = taken_after
        if first < after:
            yield first, after

    def _replace(self, low: int, high: int, ranges: list[tuple[int, int]]) -> None:
        old = sum(self._afters[low:high]) - sum(self._firsts[low:high])
        self._firsts[low:high] = [first for first, _ in ranges]
        self._afters[low:high] = [after for _, after in ranges]
        self._count += sum(after - first for first, after in ranges) - old


def ranges_of(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Give the ranges of ascending numbers."""
    first = after = None
    for number in numbers:
        if first is None or after is None:
            first, after = number, number + 1
        elif number == after:
            after += 1
        else:
            yield first, after
            first, after = number, number + 1
    if first is not None and after is not None:
        yield first, after
