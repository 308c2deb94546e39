"""The timestamps of the last rows, so that no timestamp is written twice."""

from collections.abc import Iterable

REMEMBERED = 7200  # two hours of a meter that sends every second: more than a broker sends again


class Recent:
    """A bounded memory, oldest forgotten first."""

    def __init__(self, timestamps: Iterable[str] = (), *, remembered: int = REMEMBERED) -> None:
        """Begin with the timestamps of earlier rows, oldest first."""
        self._remembered = remembered
        self._timestamps: dict[str, None] = {}
        for timestamp in timestamps:
            self.is_new(timestamp)

    def is_new(self, timestamp: str) -> bool:
        """Tell whether a timestamp was not there before, and remember it."""
        if timestamp in self._timestamps:
            return False
        self._timestamps[timestamp] = None
        if len(self._timestamps) > self._remembered:
            del self._timestamps[next(iter(self._timestamps))]
        return True
