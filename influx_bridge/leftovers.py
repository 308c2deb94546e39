"""Points in queue files of bridges that are gone: the first bridge of the group takes them over."""

import logging
from contextlib import suppress
from pathlib import Path

from influx_bridge.queue import Queue
from influx_bridge.queue_file import QueueFile, QueueTroubleError
from influx_bridge.queue_place import QueuePlace
from influx_bridge.queue_tables import QueueDamagedError
from influx_bridge.ranges import Ranges, ranges_of
from influx_bridge.replica import MOST, queue_file_of

_LOOK_EVERY_S = 60.0
_ABANDONED_S = 600.0  # without a change: a bridge that is only restarted takes up its own file
_PORTION_ROWS, _PORTION_BYTES = 1_000, 1_000_000
_PORTIONS = 10  # at once; the rest in a minute
_NO_LIMIT = 2**62

_log = logging.getLogger("influx_bridge")


class Leftovers:
    """Looks after the queue files beside ours. Times are of the monotonic clock, `wall_s` is Unix time, both in seconds."""

    def __init__(self, queue_file: Path) -> None:
        self._paths = [queue_file_of(queue_file, str(number)) for number in range(2, MOST + 1)]
        self._empty: dict[Path, float] = {}  # when the file was changed last, as it was seen to be empty
        self._due_s = 0.0

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until it is time to look again."""
        return max(0.0, self._due_s - now_s)

    def look(self, queue: Queue, now_s: float, wall_s: float) -> None:
        """Take over what was left behind, if it is time: each point is in our file before it leaves the other one."""
        if now_s < self._due_s:
            return
        self._due_s = now_s + _LOOK_EVERY_S
        for path in self._paths:
            changed_s = _changed_s(path)
            if changed_s is not None and self._empty.get(path) != changed_s and wall_s - changed_s > _ABANDONED_S:
                with suppress(BlockingIOError):  # there is a bridge that has nothing to do
                    self._take_over(path, queue)

    def _take_over(self, path: Path, queue: Queue) -> None:
        place = QueuePlace(path)
        try:
            place.prepare()
            file = QueueFile(path, _NO_LIMIT)
            try:
                taken = _moved(file, queue)
                is_empty = not file.stored
            finally:
                file.close()
            if taken:
                _log.info("%d points that another bridge left in %s are taken over", taken, path)
            if is_empty and (changed_s := _changed_s(path)) is not None:
                self._empty[path] = changed_s
        except (QueueTroubleError, QueueDamagedError) as error:
            _log.warning("cannot take over what another bridge left in %s: %s", path, error)
        finally:
            place.close()


def _moved(file: QueueFile, queue: Queue) -> int:
    """Bring rows from one file into the other; give how many."""
    moved = 0
    file.open()
    for _ in range(_PORTIONS):
        rows = file.read(Ranges(), _PORTION_ROWS, _PORTION_BYTES)
        if not rows:
            break
        queue.add([row.line for row in rows], live=False)
        if not queue.save():
            break
        done = Ranges()
        for first, after in ranges_of(row.number for row in rows):
            done.add(first, after)
        file.change([], done, [], Ranges())
        moved += len(rows)
    return moved


def _changed_s(path: Path) -> float | None:
    """Tell when a file, or its log, was changed last; None if there is none."""
    times_s = [one.stat().st_mtime for one in (path, Path(f"{path}-wal")) if one.exists()]
    return max(times_s, default=None) if path.exists() else None
