"""When to write next: live points every `upload_interval`, backlog as fast as its rate allows, both later after failures."""

from influx_bridge.failure import Failure, Kind
from influx_bridge.rows import Lane

_FIRST_PAUSE_S = 1.0
_MAX_PAUSE_S = 60.0
_MAX_RETRY_AFTER_S = 3600.0  # what a server may ask for; more would be giving up
_RATE_WINDOW_S = 300.0
_MEGABYTE = 1_000_000
NEVER_S = 3600.0


class Schedule:
    """Times are of the monotonic clock, in seconds. The first write is due at once."""

    def __init__(self, interval_s: float, backlog_mb_per_5min: float = 0) -> None:
        """Take no rate, 0, for no limit."""
        self._interval_s = interval_s
        self._backlog_bytes_per_s = backlog_mb_per_5min * _MEGABYTE / _RATE_WINDOW_S
        self._due_s = {Lane.LIVE: 0.0, Lane.BACKLOG: 0.0}
        self._resume_s = self._unbarred_s = 0.0
        self._pause_s = _FIRST_PAUSE_S

    def seconds_left(self, lane: Lane, now_s: float) -> float:
        """Give the seconds until a lane may write."""
        unbarred_s = self._unbarred_s if lane is Lane.BACKLOG else 0.0
        return max(0.0, self._due_s[lane] - now_s, self._resume_s - now_s, unbarred_s - now_s)

    def seconds_left_of_pause(self, now_s: float) -> float:
        """Give the seconds until anything may be written at all."""
        return max(0.0, self._resume_s - now_s)

    def began(self, lane: Lane, size_bytes: int, now_s: float) -> None:
        """Count from the beginning of a write: the interval, or the time that so many bytes are worth.

        So no five minutes carry more backlog than `backlog_mb_per_5min` and one request.
        """
        if lane is Lane.LIVE:
            self._due_s[lane] = now_s + self._interval_s
        elif self._backlog_bytes_per_s:
            self._due_s[lane] = max(self._due_s[lane], now_s) + size_bytes / self._backlog_bytes_per_s

    def again(self, now_s: float) -> None:
        """Let the next write of live points begin at once."""
        self._due_s[Lane.LIVE] = now_s

    def resume(self) -> None:
        """Let everything begin at once."""
        self._resume_s = 0.0
        self._due_s = dict.fromkeys(Lane, 0.0)

    def bar_backlog(self, now_s: float) -> float:
        """Let the backlog wait for live points to be written, a minute at most; give that time in seconds."""
        self._unbarred_s = now_s + _MAX_PAUSE_S
        return _MAX_PAUSE_S

    def succeeded(self) -> None:
        """Forget earlier failures."""
        self._pause_s = _FIRST_PAUSE_S
        self._resume_s = self._unbarred_s = 0.0

    def failed(self, failure: Failure, now_s: float, jitter: float) -> float:
        """Give the pause until the next try, in seconds: doubled each time, up to a minute.

        What a person has to mend is tried once a minute. A server's own Retry-After holds if it is longer. `jitter`, 0 to 1,
        shortens the pause by up to a half, so that not all who lost a server come back to it at once.
        """
        passing = failure.kind is Kind.PASSING
        pause_s = (self._pause_s if passing else _MAX_PAUSE_S) * (1 - jitter / 2)
        self._pause_s = min(self._pause_s * 2, _MAX_PAUSE_S)
        pause_s = max(pause_s, min(failure.retry_after_s or 0.0, _MAX_RETRY_AFTER_S))
        self._resume_s = self._due_s[Lane.LIVE] = now_s + pause_s
        return pause_s
