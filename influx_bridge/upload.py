"""The course of an upload: a batch begins when it is due, ends well or not, and decides when the next one begins."""

from dataclasses import dataclass, field

from influx_bridge.batch import Waiting
from influx_bridge.failure import Failure, Kind
from influx_bridge.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Ended:
    """How a batch ended, for the log."""

    failure: Failure | None = None
    pause_s: float | None = None  # until the next try, where trying at once is no use
    dropped: bytes | None = None  # the line that was given up
    recovered: bool = False  # the first success after a failure with a pause


@dataclass(slots=True)
class Upload:
    """What waits, and when it goes. Times are of the monotonic clock, in seconds."""

    schedule: Schedule
    waiting: Waiting = field(default_factory=Waiting)
    errors: int = 0  # requests that failed
    _failing: bool = False

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until a batch may begin."""
        return self.schedule.seconds_left(now_s, waiting=self.waiting.ready)

    def begin(self, now_s: float) -> bytes | None:
        """Give the body of the next batch; None if nothing waits. It ends with `end`."""
        batch = self.waiting.take()
        if batch is None:
            return None
        self.schedule.began(now_s)
        return batch.body

    def end(self, failure: Failure | None, now_s: float, jitter: float) -> Ended:
        """End the batch with its failure, None if it is written. `jitter`, 0 to 1, as `Schedule.failed` describes it."""
        if failure is None:
            return self._succeed(now_s)
        self.errors += 1
        if failure.kind is Kind.REFUSED:
            refusal = self.waiting.refused()
            if not refusal.stuck:
                self.schedule.again(now_s)
                return Ended(failure, dropped=refusal.dropped)
        else:
            self.waiting.failed()
        self._failing = True
        return Ended(failure, pause_s=self.schedule.failed(failure, now_s, jitter))

    def _succeed(self, now_s: float) -> Ended:
        self.waiting.written()
        self.schedule.succeeded()
        if self.waiting.fills_batch:
            self.schedule.again(now_s)
        recovered, self._failing = self._failing, False
        return Ended(recovered=recovered)
