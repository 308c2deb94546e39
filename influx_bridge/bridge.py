"""Brings points from the broker's messages through the queue to the database, and keeps health and the log true."""

import logging
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from common.inbox import Message, Receipt
from common.payload import PayloadError
from common.sections import InfluxSettings
from common.service import ServiceError
from common.unacknowledged import Unacknowledged
from common.waiting import HasFileno, wait_for
from influx_bridge.failure import Kind
from influx_bridge.intake import Intake
from influx_bridge.queue import Queue
from influx_bridge.report import Report
from influx_bridge.rows import Batch, Lane, Wish
from influx_bridge.schedule import NEVER_S, Schedule
from influx_bridge.selection import Selection
from influx_bridge.upload import Fate, Times, Upload
from influx_bridge.writer import Writer, Writing

_DISK_PAUSE_S = 5.0
_SAVED_TOGETHER = 500  # messages: half of those that the broker may have under way, so that it goes on meanwhile
_ENDLESS_S = 1800.0  # longer than `timeout` may be, for connecting and for the answer
_TIDY_S = 30.0  # what is written goes out of the file with the next points, or after that time
_TIDY_ROWS = 10_000  # or when it is so much: else a crash in the middle of a backlog would send all of it again
_REMEMBERED = 5_000  # of the file, at the start; the reader sends the last ten minutes again

_log = logging.getLogger("influx_bridge")


@dataclass(frozen=True, slots=True)
class _Request:
    """What is on its way to the database."""

    batch: Batch
    writing: Writing
    begun_s: float


class Bridge:
    """The work of the service. Times are of the monotonic clock, in seconds."""

    def __init__(self, writer: Writer, queue: Queue, settings: InfluxSettings, selection: Selection) -> None:
        self._writer = writer
        self._queue = queue
        self._settings = settings
        self._intake = Intake(selection, meter_tag=settings.meter_tag)
        self._intake.remember(queue.newest_lines(_REMEMBERED))
        self._upload = Upload(Schedule(settings.upload_interval, settings.backlog_mb_per_5min))
        self._unacknowledged: Unacknowledged[Receipt] = Unacknowledged(_SAVED_TOGETHER)
        self._request: _Request | None = None
        self._save_again_s = self._tidy_s = 0.0
        self._written = self._rejected = 0
        self._report = Report(settings.url, queue.path)
        if len(queue):
            _log.info("%d points wait in %s", len(queue), queue.path)

    @property
    def is_failing(self) -> bool:
        """Whether somebody has to mend something: the disk, or what the database says."""
        failure = self._upload.trouble
        return bool(self._queue.trouble) or (failure is not None and failure.kind is not Kind.PASSING)

    @property
    def trouble(self) -> str:
        """Why points are not written now, also while that may pass by itself; empty if they are."""
        return self._queue.trouble or (str(self._upload.trouble) if self._upload.trouble else "")

    def waits_on(self) -> list[Writing]:
        """Give what becomes readable when there is something to do."""
        return [self._request.writing] if self._request else []

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until something is due without news."""
        return min(self._seconds_to_save(now_s), self._seconds_to_upload(now_s))

    def take(self, messages: Iterable[Message], now_s: float) -> None:
        """Take what came from the broker."""
        now = datetime.now(UTC)
        for message in messages:
            try:
                taken = self._intake.take(message.topic, message, now)
            except PayloadError as error:
                self._report.foreign.add(f"on {message.topic!r}: {error}", now_s)
            else:
                self._queue.add(taken.lines, live=taken.live)
            self._unacknowledged.add([message.receipt], now_s)

    def work(self, ready: list[HasFileno], now_s: float) -> list[Receipt]:
        """Do what is due; give the receipts of the messages that are safe now. Raises ServiceError when a request hangs."""
        if self._request and self._request.writing in ready:
            self._end_request(now_s)
        if self._request and now_s - self._request.begun_s > _ENDLESS_S:  # a server that sends a byte now and then
            raise ServiceError(f"a request to {self._settings.url} has not ended for {_ENDLESS_S / 60:.0f} minutes")
        wish = self._wish(now_s)
        live_is_due = wish is not None and wish.lane is Lane.LIVE and self._queue.must_save and now_s >= self._save_again_s
        safe = self.save(now_s) if live_is_due or self._seconds_to_save(now_s) <= 0 else []
        if wish:
            self._begin_request(now_s)
        return safe

    def save(self, now_s: float) -> list[Receipt]:
        """Make everything safe; give the receipts of what is safe now, none if the disk fails."""
        queue = self._queue
        if (queue.must_save or queue.done or queue.trouble) and not queue.save():
            self._save_again_s = now_s + _DISK_PAUSE_S
            self._report.disk_failed(queue.trouble, now_s)
            return []
        self._tidy_s = now_s + _TIDY_S
        self._report.saved(queue.dropped, now_s)
        return self._unacknowledged.release()

    def take_now(self, messages: Iterable[Message], now_s: float) -> bool:
        """Take messages that the caller acknowledges himself; tell whether they are safe."""
        self.take([replace(message, receipt=None) for message in messages], now_s)
        self.save(now_s)
        return not self._queue.must_save

    def adopt(self, lines: Iterable[bytes]) -> bool:
        """Take in points of another queue file; tell whether they are safe here. Twice the same are one."""
        self._queue.add(self._intake.unknown(lines), live=False)
        return self._queue.save()

    def health(self) -> dict[str, object]:
        """Give the counters for `health`."""
        oldest = self._queue.oldest()
        return {
            "written": self._written,
            "queued": len(self._queue),
            "oldest_queued": oldest.isoformat() if oldest else None,
            "errors": self._upload.errors,
            "rejected": self._rejected,
            "dropped": self._queue.dropped,
            "failure": self.trouble or None,
        }

    def begin_last_request(self) -> None:
        """Try once more to write what waits, whatever pause there is."""
        if self._request is None:
            self._upload.schedule.resume()
            self._begin_request(time.monotonic())

    def finish(self, deadline_s: float, *, with_backlog: bool = False) -> None:
        """Write what is live, or all, until `deadline_s`, then close the file; what is not written stays in it."""
        while self._request and wait_for(self.waits_on(), deadline_s - time.monotonic()):
            self._end_request(time.monotonic())
            has_more = self._queue.has_live or (with_backlog and self._queue.has_backlog)
            if has_more and not self._upload.trouble:
                self.begin_last_request()
        self._queue.save()
        if len(self._queue):
            _log.info("%d points wait in %s for the next start", self._queue.saved, self._queue.path)
        self._queue.close()
        self._writer.close()

    def _seconds_to_save(self, now_s: float) -> float:
        queue = self._queue
        if now_s < self._save_again_s:
            return self._save_again_s - now_s
        if queue.trouble or queue.done >= _TIDY_ROWS:
            return 0.0
        left = self._unacknowledged.seconds_left(now_s)
        return min(left, max(0.0, self._tidy_s - now_s)) if queue.done or queue.must_save else left

    def _seconds_to_upload(self, now_s: float) -> float:
        queue = self._queue
        return NEVER_S if self._request else self._upload.seconds_left(now_s, live=queue.has_live, backlog=queue.has_backlog)

    def _wish(self, now_s: float) -> Wish | None:
        queue = self._queue
        return None if self._request else self._upload.wish(now_s, live=queue.has_live, backlog=queue.has_backlog)

    def _begin_request(self, now_s: float) -> None:
        wish = self._wish(now_s)
        batch = self._queue.take(wish) if wish else None
        if batch:
            self._upload.began(batch, now_s)
            self._request = _Request(batch, self._writer.begin(batch.body), now_s)
        elif wish:
            self._upload.missed()
            if self._queue.trouble:  # what was saved cannot be read
                self._save_again_s = now_s + _DISK_PAUSE_S
                self._report.disk_failed(self._queue.trouble, now_s)

    def _end_request(self, now_s: float) -> None:
        request, self._request = self._request, None
        if request is None:
            return
        failure = request.writing.failure()
        jitter = random.random()  # noqa: S311 -- spreads the load, keeps no secret
        times = Times(now_s, now_s - request.begun_s, jitter)
        ended = self._upload.end(request.batch, failure, times, self._queue.saved)
        if ended.fate is Fate.WRITTEN:
            self._written += len(self._queue.written().rows)
        elif ended.fate is Fate.AGAIN:
            self._queue.put_back()
        elif ended.fate is Fate.LATER:
            self._queue.give_way()
        elif ended.failure and ended.failure.status is not None:
            self._rejected += 1
            self._queue.give_up(datetime.now(UTC), ended.failure.status, ended.failure.words)
        self._report.ended(request.batch, ended, len(self._queue), now_s)
