"""The points that wait for the database, and how they go there in batches.

They wait in memory: what is not written yet is lost when the process is killed. A failed write never costs a point;
only two things do, both counted: the oldest go when there is no room, and a line goes that the server refuses.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_WAITING = 100_000  # lines of up to 700 bytes: 28 hours of a meter that sends every second
MAX_BATCH = 5_000  # lines, as InfluxDB advises
_REFUSALS_PER_WITNESS = 10


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that are written together. `newest` tells that it is not the oldest that wait, but the newest line alone."""

    lines: tuple[bytes, ...]
    newest: bool = False

    @property
    def body(self) -> bytes:
        """The request's body."""
        return b"\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refused batch leads to."""

    dropped: bytes | None = None  # the line that was given up
    stuck: bool = False  # whatever is asked is refused: wait before the next try


class Waiting:
    """The lines that wait, oldest first. One batch at a time is out; it ends with `written`, `failed` or `refused`.

    Each failure halves the next batch and each success doubles it: so a bad line is soon alone, and a slow server is not
    asked for more than it can do in time. A server that speaks TLS, or a proxy, may refuse every request of whatever content
    with 400. So a line that is refused alone is dropped only if the server takes another one, the newest, right after.
    """

    def __init__(self, max_waiting: int = MAX_WAITING, max_batch: int = MAX_BATCH) -> None:
        """Hold at most `max_waiting` lines besides the batch that is out."""
        self.written_count = 0
        self.dropped = 0  # for want of room
        self.rejected = 0  # by the server
        self._lines: deque[bytes] = deque()
        self._out: Batch | None = None
        self._max_waiting = max_waiting
        self._max_batch = max_batch
        self._limit = max_batch
        self._ask_newest = False
        self._may_reject = 0

    def __len__(self) -> int:
        """Count the lines that are not written yet, those of the batch that is out too."""
        return len(self._lines) + (len(self._out.lines) if self._out else 0)

    @property
    def ready(self) -> bool:
        """Whether `take` would give a batch."""
        return self._out is None and bool(self._lines)

    @property
    def fills_batch(self) -> bool:
        """Whether there are enough lines for the next batch to be full."""
        return len(self._lines) >= self._limit

    @property
    def oldest(self) -> datetime | None:
        """The time of the oldest line, UTC; None if none waits."""
        if self._out and not self._out.newest:
            return _time_of(self._out.lines[0])
        if self._lines:
            return _time_of(self._lines[0])
        return _time_of(self._out.lines[0]) if self._out else None

    def add(self, lines: Iterable[bytes]) -> None:
        """Append lines; the oldest go if there is no room."""
        self._lines.extend(lines)
        self._make_room()

    def take(self) -> Batch | None:
        """Give the next batch, or None if nothing waits or a batch is out."""
        if not self.ready:
            return None
        if self._ask_newest:
            self._out = Batch((self._lines.pop(),), newest=True)
        else:
            self._out = Batch(tuple(self._lines.popleft() for _ in range(min(self._limit, len(self._lines)))))
        return self._out

    def written(self) -> None:
        """End the batch that is out: the server has it."""
        batch = self._end()
        self.written_count += len(batch.lines)
        if batch.newest:
            self._ask_newest = False
            self._may_reject = _REFUSALS_PER_WITNESS
        else:
            self._may_reject = 0
            self._limit = min(self._limit * 2, self._max_batch)

    def failed(self) -> None:
        """End the batch that is out: it goes back to its place."""
        self._put_back(self._end())

    def refused(self) -> Refusal:
        """End the batch that is out: the server does not want something in it."""
        batch = self._end()
        alone = len(batch.lines) == 1
        if alone and not batch.newest and self._may_reject:
            self._may_reject -= 1
            self.rejected += 1
            return Refusal(dropped=batch.lines[0])
        self._put_back(batch)
        self._ask_newest = alone and not batch.newest and len(self._lines) > 1
        return Refusal(stuck=alone and not self._ask_newest)

    def _end(self) -> Batch:
        batch, self._out = self._out, None
        if batch is None:
            raise RuntimeError("no batch is out")
        return batch

    def _put_back(self, batch: Batch) -> None:
        if batch.newest:
            self._lines.extend(batch.lines)
        else:
            self._lines.extendleft(reversed(batch.lines))
            self._limit = max(1, len(batch.lines) // 2)
        self._make_room()

    def _make_room(self) -> None:
        while len(self._lines) > self._max_waiting:
            self._lines.popleft()
            self.dropped += 1


def _time_of(line: bytes) -> datetime:
    return datetime.fromtimestamp(int(line[line.rindex(b" ") :]), UTC)
