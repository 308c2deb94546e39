"""The course of an upload: what the next request is to carry, and what follows from how it ended."""

from dataclasses import dataclass, field
from enum import Enum

from influx_bridge.failure import Failure, Kind
from influx_bridge.portion import Portion
from influx_bridge.rows import Batch, Lane, Wish
from influx_bridge.schedule import NEVER_S, Schedule
from influx_bridge.suspicion import Suspicion, Verdict


class Fate(Enum):
    """What becomes of the rows of a batch that ended."""

    WRITTEN = "written"
    AGAIN = "back to the beginning of their lane"
    LATER = "to the backlog, and all live ones with them: they are not live any more when they can be written"
    REJECTED = "given up"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a batch ended."""

    fate: Fate
    failure: Failure | None = None
    pause_s: float | None = None  # until the next try, where trying at once is no use
    recovered: bool = False  # the first success after a failure with a pause


@dataclass(frozen=True, slots=True)
class Times:
    """When a request ended, how long it took, and a random number from 0 to 1, as `Schedule.failed` describes it."""

    now_s: float
    duration_s: float = 0.0
    jitter: float = 0.0


@dataclass(slots=True)
class Upload:
    """One request at a time; it begins with `began` and ends with `end`. Times are of the monotonic clock, in seconds."""

    schedule: Schedule
    errors: int = 0  # requests that failed
    trouble: Failure | None = None  # why nothing can be written now
    _portions: dict[Lane, Portion] = field(default_factory=lambda: {lane: Portion() for lane in Lane})
    _suspicion: Suspicion = field(default_factory=Suspicion)

    def seconds_left(self, now_s: float, *, live: bool, backlog: bool) -> float:
        """Give the seconds until the next request, if there are live points, and backlog."""
        if self._suspicion.suspect:
            return self.schedule.seconds_left_of_pause(now_s)
        lanes = ((Lane.LIVE, live), (Lane.BACKLOG, backlog))
        return min((self.schedule.seconds_left(lane, now_s) for lane, has_rows in lanes if has_rows), default=NEVER_S)

    def wish(self, now_s: float, *, live: bool, backlog: bool) -> Wish | None:
        """Give what the next request is to carry, None if none is due."""
        if self.seconds_left(now_s, live=live, backlog=backlog) > 0:
            return None
        suspect = self._suspicion.suspect
        if suspect:
            return Wish(suspect, 1, 1, self._suspicion.witness_besides)
        is_live = live and self.schedule.seconds_left(Lane.LIVE, now_s) <= 0
        lane = Lane.LIVE if is_live else Lane.BACKLOG
        portion = self._portions[lane]
        return Wish(lane, portion.lines, portion.size_bytes)

    def began(self, batch: Batch, now_s: float) -> None:
        """Take note of the request that begins."""
        if not batch.is_witness:
            self.schedule.began(batch.lane, batch.size_bytes, now_s)

    def missed(self) -> None:
        """Take note that there was no row for a wish."""
        self._suspicion.forget()

    def end(self, batch: Batch, failure: Failure | None, times: Times, queued: int) -> Ended:
        """End the request with its failure, None if it is written. `queued` counts the rows that wait, these among them."""
        if failure is None:
            return self._succeed(batch, times)
        self.errors += 1
        if failure.kind is Kind.REFUSED:
            return self._refuse(batch, failure, times, queued)
        self._suspicion.forget()
        if failure.status is None:
            self._portions[batch.lane].halve(batch)
        return self._pause(failure, times)

    def _succeed(self, batch: Batch, times: Times) -> Ended:
        if not batch.is_witness:
            self._portions[batch.lane].written(batch, times.duration_s)
        self._suspicion.written(batch)
        self.schedule.succeeded()
        recovered, self.trouble = self.trouble is not None, None
        if recovered or (batch.lane is Lane.LIVE and batch.is_cut):
            self.schedule.again(times.now_s)
        return Ended(Fate.WRITTEN, recovered=recovered)

    def _refuse(self, batch: Batch, failure: Failure, times: Times, queued: int) -> Ended:
        if failure.is_too_large and len(batch.rows) > 1:
            self._portions[batch.lane].halve_bytes(batch)
            verdict = Verdict.HALVE
        else:
            verdict = self._suspicion.refused(batch, queued)
            if verdict is Verdict.HALVE:
                self._portions[batch.lane].halve(batch)
        if verdict is Verdict.STUCK:
            return self._pause(failure, times)
        if verdict is Verdict.WAIT:
            return self._wait(batch, failure, times)
        if batch.lane is Lane.LIVE:
            self.schedule.again(times.now_s)
        return Ended(Fate.REJECTED if verdict is Verdict.REJECT else Fate.AGAIN, failure)

    def _wait(self, batch: Batch, failure: Failure, times: Times) -> Ended:
        pause_s = self.schedule.bar_backlog(times.now_s)
        if batch.is_witness:  # two lines that have nothing to do with each other: it may be the server
            self.trouble = failure
            return Ended(Fate.AGAIN, failure, pause_s)
        return Ended(Fate.LATER if batch.lane is Lane.LIVE else Fate.AGAIN, failure)

    def _pause(self, failure: Failure, times: Times) -> Ended:
        self.trouble = failure
        return Ended(Fate.LATER, failure, pause_s=self.schedule.failed(failure, times.now_s, times.jitter))
