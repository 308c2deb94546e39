"""The points that wait for the database: in memory until they are saved, then in the queue file until they are written.

Two lanes lead out of the file. The live one is held in memory besides, for it is short; the backlog is all that is in the file
and neither live, nor out in a request, nor done. After a start everything is backlog.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from influx_bridge.points import time_of
from influx_bridge.queue_file import QueueFile, QueueTroubleError
from influx_bridge.queue_place import QueuePlace
from influx_bridge.queue_tables import QueueDamagedError
from influx_bridge.ranges import Ranges, ranges_of
from influx_bridge.rows import Batch, Lane, Rejected, Row, Wish, beginning

LIVE_MAX = 5_000  # rows; of more the oldest go to the backlog
_MEGABYTE = 1_000_000
_REJECTED_KEPT = 1_000  # in memory, while the file cannot be written

T = TypeVar("T")

_log = logging.getLogger("influx_bridge")


class Queue:
    """One batch at a time is out (`take`); it ends with `written`, `put_back`, `give_up` or `give_way`.

    `trouble` tells why the file cannot be used now; then nothing is saved, and what is in memory stays there.
    """

    def __init__(self, place: QueuePlace, max_mb: int) -> None:
        """Use a file that `place` has prepared."""
        self.dropped = 0  # for want of room
        self.trouble = ""
        self._place = place
        self._file = QueueFile(place.path, max_mb * _MEGABYTE)
        self._is_unreadable = False
        self._unsaved: list[tuple[bytes, bool]] = []  # lines, and whether they are live
        self._missing: list[Row] = []  # rows that were saved in a file which is damaged by now
        self._live: deque[Row] = deque()
        self._out: Batch | None = None
        self._done = Ranges()  # written, and still in the file
        self._busy = Ranges()  # those, the live ones and the ones that are out: all that is no backlog
        self._rejected: list[Rejected] = []
        if place.has_lost_its_file:
            self._begin_anew("the file is gone, and its log is there")
        self._use(self._file.open)

    def __len__(self) -> int:
        """Count the points that wait."""
        return self.saved + len(self._missing) + len(self._unsaved)

    @property
    def path(self) -> Path:
        """The queue file."""
        return self._place.path

    @property
    def saved(self) -> int:
        """How many of them are in the file."""
        return max(0, self._file.stored - len(self._done))

    @property
    def must_save(self) -> bool:
        """Whether there are points in memory only."""
        return bool(self._unsaved or self._missing)

    @property
    def done(self) -> int:
        """How many rows of the file are written, and are taken out with the next `save`."""
        return len(self._done)

    @property
    def has_live(self) -> bool:
        """Whether there are live points that are saved, or can be."""
        return bool(self._live) or (not self.trouble and any(is_live for _, is_live in self._unsaved))

    @property
    def has_backlog(self) -> bool:
        """Whether there is something in the backlog that can be read."""
        return not self._is_unreadable and self._file.stored > len(self._busy)

    def oldest(self) -> datetime | None:
        """Give the time of the point that waits longest, UTC; None if none waits."""
        lines = [row.line for row in [*self._read(self._done, 1, 1), *self._missing[:1]]]
        lines += [line for line, _ in self._unsaved[:1]]
        return time_of(lines[0]) if lines else None

    def newest_lines(self, count: int) -> list[bytes]:
        """Give the last lines of the file, oldest first."""
        return [row.line for row in reversed(self._newest(Ranges(), count))]

    def add(self, lines: Iterable[bytes], *, live: bool) -> None:
        """Take points into memory."""
        self._unsaved += [(line, live) for line in lines]

    def save(self) -> bool:
        """Bring everything into the file, and what is done out of it; tell whether that went well."""
        self._is_unreadable = False
        rows = self._use(self._change)
        if rows is None and not self.trouble:
            rows = self._use(self._change)  # into a fresh file
        if rows is None:
            return False
        self.trouble = ""
        self._missing.clear()
        self._rejected.clear()
        for first, after in self._done:
            self._busy.remove(first, after)
        self._done = Ranges()
        live = [row for row, (_, is_live) in zip(rows, self._unsaved, strict=True) if is_live]
        self._unsaved.clear()
        self._live.extend(live)
        self._mark_busy(live)
        self._unmark_busy([self._live.popleft() for _ in range(len(self._live) - LIVE_MAX)])
        return True

    def take(self, wish: Wish) -> Batch | None:
        """Give the batch that is wished, None if there is no such row."""
        if wish.besides is not None:
            self._out = self._witness(wish.besides)
        elif wish.lane is Lane.LIVE:
            rows = beginning(self._live, wish.lines, wish.size_bytes)
            for _ in rows:
                self._live.popleft()
            self._out = Batch(wish.lane, rows, is_cut=bool(self._live)) if rows else None
        else:
            rows = self._read(self._busy, wish.lines, wish.size_bytes)
            self._mark_busy(rows)
            self._out = Batch(wish.lane, rows) if rows else None
            if not (rows or self._is_unreadable or self._missing):
                self._file.stored = len(self._busy)  # the counter of the file was wrong
        return self._out

    def written(self) -> Batch:
        """End the batch that is out: the server has it."""
        batch = self._end()
        for first, after in ranges_of(row.number for row in batch.rows):
            self._done.add(first, after)
        return batch

    def give_up(self, time: datetime, status: int, words: str) -> None:
        """End the batch that is out: it goes to the rejected ones, with the server's words."""
        told = time.isoformat(timespec="seconds")
        self._rejected += [Rejected(row, told, status, words) for row in self.written().rows]
        del self._rejected[:-_REJECTED_KEPT]

    def put_back(self) -> None:
        """End the batch that is out: it is the beginning of its lane again, a witness its end."""
        batch = self._end()
        if batch.lane is Lane.LIVE and batch.is_witness:
            self._live.extend(batch.rows)
        elif batch.lane is Lane.LIVE:
            self._live.extendleft(reversed(batch.rows))
        else:
            self._unmark_busy(batch.rows)

    def give_way(self) -> None:
        """End the batch that is out: it is backlog, and so is what is live and saved."""
        self._unmark_busy(self._end().rows)
        self._unmark_busy(self._live)
        self._live.clear()

    def close(self) -> None:
        """Close the file, and let others use it."""
        self._file.close()
        self._place.close()

    def _change(self) -> list[Row]:
        self._file.open()
        rows = [Row(number, line) for number, (line, _) in enumerate(self._unsaved, self._file.after)]
        self.dropped += self._file.change([*self._missing, *rows], self._done, self._rejected, self._busy)
        return rows

    def _witness(self, besides: int) -> Batch | None:
        if self._live and self._live[-1].number != besides:
            return Batch(Lane.LIVE, (self._live.pop(),), is_witness=True)
        rows = [row for row in self._newest(self._busy, 2) if row.number != besides][:1]
        self._mark_busy(rows)
        return Batch(Lane.BACKLOG, tuple(rows), is_witness=True) if rows else None

    def _end(self) -> Batch:
        batch, self._out = self._out, None
        if batch is None:
            raise RuntimeError("no batch is out")
        return batch

    def _read(self, without: Ranges, lines: int, size_bytes: int) -> tuple[Row, ...]:
        return self._use(lambda: self._file.read(without, lines, size_bytes), reading=True) or ()

    def _newest(self, without: Ranges, lines: int) -> list[Row]:
        return self._use(lambda: self._file.newest(without, lines), reading=True) or []

    def _mark_busy(self, rows: Iterable[Row]) -> None:
        for first, after in ranges_of(row.number for row in rows):
            self._busy.add(first, after)

    def _unmark_busy(self, rows: Iterable[Row]) -> None:
        for first, after in ranges_of(row.number for row in rows):
            self._busy.remove(first, after)

    def _use(self, action: Callable[[], T], *, reading: bool = False) -> T | None:
        """Do something with the file; gives None if it cannot be used now, or had to begin anew."""
        try:
            return action()
        except QueueTroubleError as error:
            self.trouble = str(error)
            self._is_unreadable = self._is_unreadable or reading
        except QueueDamagedError as error:
            self._begin_anew(str(error))
        return None

    def _begin_anew(self, why: str) -> None:
        """Put a file that is of no use out of the way; what was in it and is in memory, too, comes into the next one."""
        try:
            aside = self._place.move_aside()
        except OSError as error:
            self._file.forget()
            self.trouble = f"{why}, and it cannot be moved aside: {error.strerror}"
            self._is_unreadable = True
            return
        self._file.forget()
        text = "cannot use the queue file %s: %s; it is %s now, and a fresh one is begun"
        _log.error(text, self._place.path, why, aside.name)
        in_lane = sorted([*(self._out.rows if self._out else ()), *self._live], key=lambda row: row.number)
        held = {row.number: row for row in [*self._missing, *in_lane]}
        self._missing = [held[number] for number in sorted(held) if any(self._done.gaps(number, number + 1))]
        self._done, self._busy = Ranges(), Ranges()
        self._mark_busy(in_lane)
