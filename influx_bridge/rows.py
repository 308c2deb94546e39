"""The rows of the queue, and what a request carries of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import islice

MAX_LINES = 1_000  # in one request: it must not keep live points waiting for more than about a second
MAX_BYTES = 512_000  # of line protocol, the same


@dataclass(frozen=True, slots=True)
class Row:
    """One point that waits. Of two rows the one with the smaller number came first."""

    number: int
    line: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A point that the server refuses for itself, and what it said."""

    row: Row
    time: str  # when it was refused, ISO 8601, UTC
    status: int
    words: str


class Lane(Enum):
    """Two lanes lead to the database."""

    LIVE = "live"  # points that just came: they go first
    BACKLOG = "backlog"  # all others, oldest first, in what time is left


@dataclass(frozen=True, slots=True)
class Wish:
    """What the next request is to carry: at most so many lines and bytes of the beginning of a lane.

    With `besides` it is one line of either lane, the newest whose row has another number.
    """

    lane: Lane
    lines: int
    size_bytes: int
    besides: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are written together: the beginning of a lane, or the one that was wished `besides` another."""

    lane: Lane
    rows: tuple[Row, ...]
    is_cut: bool = False  # more rows of the lane wait
    is_witness: bool = False

    @property
    def body(self) -> bytes:
        """The request's body."""
        return b"\n".join(row.line for row in self.rows)

    @property
    def size_bytes(self) -> int:
        """The length of the body."""
        return sum(len(row.line) + 1 for row in self.rows) - 1


def beginning(rows: Iterable[Row], lines: int, size_bytes: int) -> tuple[Row, ...]:
    """Give as many of the first rows as a request of so many lines and bytes may carry; one at least, if there is one."""
    taken: list[Row] = []
    for row in islice(rows, lines):
        size_bytes -= len(row.line) + 1
        if size_bytes < 0 and taken:
            break
        taken.append(row)
    return tuple(taken)
