"""What bridges leave behind that are gone, which the first of the group takes over.

Points in their queue files, and messages that the broker still keeps for them.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from influx_bridge.queue_file import QueueFile, QueueTroubleError
from influx_bridge.queue_place import QueuePlace
from influx_bridge.queue_tables import QueueDamagedError
from influx_bridge.ranges import Ranges, ranges_of
from influx_bridge.replica import MOST, queue_file_of
from influx_bridge.subscribed import Subscribed

_LOOK_EVERY_S = 60.0
_ABANDONED_S = 120.0  # without a change: a bridge that is only restarted takes up its own file
_PORTION_ROWS, _PORTION_BYTES = 1_000, 1_000_000
_PORTIONS = 10  # at once; the rest in a minute
_NO_LIMIT = 2**62

Adopt = Callable[[list[bytes]], bool]  # takes points in; tells whether they are safe
EndSession = Callable[[str, list[str]], bool]  # of an instance that asked for topics; tells whether it is ended

_log = logging.getLogger("influx_bridge")


class Leftovers:
    """Looks after the queue files beside ours. Times are of the monotonic clock, `wall_s` is Unix time, both in seconds."""

    def __init__(self, queue_file: Path, adopt: Adopt, end_session: EndSession) -> None:
        self._paths = {str(number): queue_file_of(queue_file, str(number)) for number in range(2, MOST + 1)}
        self._adopt = adopt
        self._end_session = end_session
        self._empty: dict[Path, float] = {}  # when the file was changed last, as it was seen to be empty
        self._due_s = 0.0

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until it is time to look again."""
        return max(0.0, self._due_s - now_s)

    def look(self, now_s: float, wall_s: float) -> None:
        """Take over what was left behind, if it is time."""
        if now_s < self._due_s:
            return
        self._due_s = now_s + _LOOK_EVERY_S
        for instance, path in self._paths.items():
            changed_s = _changed_s(path)
            if changed_s is None or wall_s - changed_s <= _ABANDONED_S:
                continue
            if self._empty.get(path) != changed_s or Subscribed(path).exists:
                with suppress(BlockingIOError):  # there is a bridge that has nothing to do
                    self._take_over(instance, path)

    def _take_over(self, instance: str, path: Path) -> None:
        place, subscribed = QueuePlace(path), Subscribed(path)
        try:
            place.prepare()
            file = QueueFile(path, _NO_LIMIT)
            try:
                taken = self._moved(file)
                is_empty = not file.stored
            finally:
                file.close()
            if taken:
                _log.info("%d points that another bridge left in %s are taken over", taken, path)
            if is_empty and (changed_s := _changed_s(path)) is not None:
                self._empty[path] = changed_s
            if subscribed.exists and self._end_session(instance, subscribed.topics()):
                subscribed.forget()
        except (QueueTroubleError, QueueDamagedError) as error:
            _log.warning("cannot take over what another bridge left in %s: %s", path, error)
        finally:
            place.close()

    def _moved(self, file: QueueFile) -> int:
        """Bring rows from one file into ours, where each is before it leaves the other one; give how many."""
        moved = 0
        file.open()
        for _ in range(_PORTIONS):
            rows = file.read(Ranges(), _PORTION_ROWS, _PORTION_BYTES)
            if not rows or not self._adopt([row.line for row in rows]):
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
