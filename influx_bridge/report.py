"""What the log tells of the work; what repeats itself is said once per minute."""

import logging
from pathlib import PurePath

from common.log import OncePer, Tally
from influx_bridge.rows import Batch
from influx_bridge.upload import Ended, Fate

_SAY_AGAIN_S = 60.0
_LINE_SHOWN = 200

_log = logging.getLogger("influx_bridge")


class Report:
    """Times are of the monotonic clock, in seconds."""

    def __init__(self, url: str, queue_file: PurePath) -> None:
        self.foreign = Tally(_log, "not a message of ours")
        self._url = url
        self._queue_file = queue_file
        self._disk_failed = False
        self._status_said: int | None = 0  # of the failure that was complained of last
        self._dropped_said = 0
        self._rejected = Tally(_log, f"InfluxDB refuses a point, which is in the table `rejected` of {queue_file} now")
        self._say_failure, self._say_disk, self._say_dropped = (OncePer(_SAY_AGAIN_S) for _ in range(3))

    def ended(self, batch: Batch, ended: Ended, queued: int, now_s: float) -> None:
        """Tell how a request ended, if it is worth it; `queued` points wait then."""
        if ended.recovered:
            _log.info("InfluxDB at %s takes points again; %d wait", self._url, queued)
            self._say_failure.reset()
        if ended.fate is Fate.REJECTED:
            line = batch.rows[0].line.decode(errors="replace")[:_LINE_SHOWN]
            self._rejected.add(f"{ended.failure}: {line!r}", now_s)
        elif ended.failure and ended.pause_s is not None:
            if ended.failure.status != self._status_said:
                self._say_failure.reset()
            self._status_said = ended.failure.status
            if self._say_failure.due(now_s):
                text = "cannot write to InfluxDB at %s: %s; %d points wait, next try in %.0f s"
                _log.warning(text, self._url, ended.failure, queued, ended.pause_s)

    def disk_failed(self, trouble: str, now_s: float) -> None:
        """Tell that points cannot be saved."""
        self._disk_failed = True
        if self._say_disk.due(now_s):
            _log.error("cannot keep points in %s: %s; trying on", self._queue_file, trouble)

    def saved(self, dropped: int, now_s: float) -> None:
        """Tell that points are saved again, and how many were dropped for want of room so far."""
        if self._disk_failed:
            _log.info("points are kept in %s again", self._queue_file)
            self._disk_failed = False
            self._say_disk.reset()
        if dropped > self._dropped_said and self._say_dropped.due(now_s):
            self._dropped_said = dropped
            _log.warning("no room for more points that wait: the oldest %d so far are lost", dropped)
