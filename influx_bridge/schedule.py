"""When to write next: every `upload_interval`, sooner while more waits than fits a batch, later after failures."""

from influx_bridge.failure import Failure, Kind

_FIRST_PAUSE_S = 1.0
_MAX_PAUSE_S = 60.0
_MAX_RETRY_AFTER_S = 3600.0  # what a server may ask for; more would be giving up
_NEVER_S = 3600.0


class Schedule:
    """Times are of the monotonic clock, in seconds. The first write is due at once."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._due_s = 0.0
        self._pause_s = _FIRST_PAUSE_S

    def seconds_left(self, now_s: float, *, waiting: bool) -> float:
        """Give the seconds until the next write; a long time if nothing is `waiting`."""
        return max(0.0, self._due_s - now_s) if waiting else _NEVER_S

    def began(self, now_s: float) -> None:
        """Count the interval from the beginning of a write."""
        self._due_s = now_s + self._interval_s

    def again(self, now_s: float) -> None:
        """Let the next write begin at once."""
        self._due_s = now_s

    def succeeded(self) -> None:
        """Forget earlier failures."""
        self._pause_s = _FIRST_PAUSE_S

    def failed(self, failure: Failure, now_s: float, jitter: float) -> float:
        """Give the pause until the next try, in seconds: doubled each time, up to a minute.

        What a person has to mend is tried once a minute. A server's own Retry-After holds if it is longer. `jitter`, 0 to 1,
        shortens the pause by up to a half, so that not all who lost a server come back to it at once.
        """
        passing = failure.kind is Kind.PASSING
        pause_s = (self._pause_s if passing else _MAX_PAUSE_S) * (1 - jitter / 2)
        self._pause_s = min(self._pause_s * 2, _MAX_PAUSE_S)
        pause_s = max(pause_s, min(failure.retry_after_s or 0.0, _MAX_RETRY_AFTER_S))
        self._due_s = now_s + pause_s
        return pause_s
