"""How old is too old: the one place that decides it (contract, sections 3 and 4).

A telegram is fresh when it is live (not retained, not recorded), came just now, after the one before, and does not lag
behind more than the two clocks differ anyway. A fresh start counts as stale.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from common.payload import Reading

DRIFT_WINDOW_S = 600.0
STALE_AFTER_S = 15.0  # for meters that send every second
INTERVALS_UNTIL_STALE = 3.5
_KEPT_INTERVALS = 9
_LEAST_INTERVALS = 3
_LONGEST_INTERVAL_S = 60.0  # meters send every 1 to 10 s; a slower one is not known
_CLOCK_STEP_S = 2.0  # wall clock against monotonic clock between two telegrams: more is a step, not jitter


class Verdict(Enum):
    """Whether a telegram may be acted upon, or why not."""

    FRESH = "fresh"
    RETAINED = "retained"
    RECORDED = "recorded"
    LATE = "late"
    OUT_OF_ORDER = "out of order"


@dataclass(slots=True)
class Drift:
    """The difference of the meter's and the host's clock: the least lag of the last ten minutes.

    Times in seconds; `now_s` is the monotonic clock's, `wall_s` the host's Unix time.
    """

    _lags: deque[tuple[float, float]] = field(default_factory=deque)  # (monotonic time, lag), lags rising
    _clock_offset_s: float | None = None

    def add(self, lag_s: float, now_s: float, wall_s: float) -> float:
        """Take in the lag of one telegram and give the drift, in seconds. A step of the host's clock starts it anew."""
        offset_s = wall_s - now_s
        if self._clock_offset_s is not None and abs(offset_s - self._clock_offset_s) > _CLOCK_STEP_S:
            self._lags.clear()
        self._clock_offset_s = offset_s
        while self._lags and self._lags[-1][1] >= lag_s:
            self._lags.pop()
        self._lags.append((now_s, lag_s))
        while self._lags[0][0] < now_s - DRIFT_WINDOW_S:
            self._lags.popleft()
        return self._lags[0][1]


@dataclass(slots=True)
class StaleAfter:
    """After how many seconds without a telegram the meter counts as silent.

    `configured_s` is the setting; None is `auto`: 15 s, or 3.5 times the meter's own interval if that is longer.
    """

    configured_s: float | None = None
    _last_s: float | None = None
    _intervals_s: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_INTERVALS))

    def saw_telegram(self, now_s: float) -> None:
        """Learn the meter's interval from the arrival of a telegram, `now_s` on the monotonic clock."""
        if self._last_s is not None:
            self._intervals_s.append(now_s - self._last_s)
        self._last_s = now_s

    @property
    def seconds(self) -> float:
        """The limit in seconds. The shortest of the last intervals is the meter's own: a bad cable only makes gaps."""
        if self.configured_s is not None:
            return self.configured_s
        interval_s = min(self._intervals_s) if len(self._intervals_s) >= _LEAST_INTERVALS else 0.0
        return max(STALE_AFTER_S, INTERVALS_UNTIL_STALE * min(interval_s, _LONGEST_INTERVAL_S))

    def is_stale(self, now_s: float) -> bool:
        """Tell whether no telegram came for too long; without any telegram yet it is stale."""
        return self.seconds_left(now_s) <= 0

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until the meter counts as silent; 0 when it does already."""
        return 0.0 if self._last_s is None else max(0.0, self._last_s + self.seconds - now_s)


@dataclass(slots=True)
class FreshnessJudge:
    """Judges telegrams as they arrive at a service that must not act on old ones."""

    stale_after: StaleAfter
    _drift: Drift = field(default_factory=Drift)
    _last_received: datetime | None = None

    def judge(self, reading: Reading, *, retained: bool, now: datetime, now_s: float) -> Verdict:
        """Tell whether a reading is fresh; `now` is the host's time in UTC, `now_s` its monotonic clock."""
        if retained:
            return Verdict.RETAINED
        if reading.recorded:
            return Verdict.RECORDED
        limit = timedelta(seconds=self.stale_after.seconds)
        if abs(now - reading.received) >= limit:
            return Verdict.LATE
        if self._last_received is not None and reading.received <= self._last_received < now + limit:
            return Verdict.OUT_OF_ORDER
        if reading.lag_s is not None:
            drift_s = self._drift.add(reading.lag_s, now_s, now.timestamp())
            if reading.lag_s - drift_s >= self.stale_after.seconds:
                return Verdict.LATE
        self._last_received = reading.received
        self.stale_after.saw_telegram(now_s)
        return Verdict.FRESH
