"""The first place of a group: only its session is kept while all are down, so it must not stay empty while others run.

(Docker ends any of them when there are to be fewer.)
"""

from pathlib import Path

from influx_bridge.queue_place import is_free

_LOOK_EVERY_S = 10.0
_ABANDONED_S = 30.0  # one that is only restarted is back by then


class FirstPlace:
    """Watches it from another place. Times are of the monotonic clock, in seconds."""

    def __init__(self, queue_file: Path) -> None:
        """Take the queue file of the first place."""
        self._path = queue_file
        self._due_s = 0.0
        self._empty_since_s: float | None = None

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until it is time to look again."""
        return max(0.0, self._due_s - now_s)

    def stays_empty(self, now_s: float) -> bool:
        """Look, if it is time; tell whether nobody has been there for half a minute."""
        if now_s < self._due_s:
            return False
        self._due_s = now_s + _LOOK_EVERY_S
        if not is_free(self._path):
            self._empty_since_s = None
            return False
        if self._empty_since_s is None:
            self._empty_since_s = now_s
        return now_s - self._empty_since_s >= _ABANDONED_S
