"""Brings telegrams from the broker into the files, tells which messages are safe, and keeps health and the log true."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from common.inbox import Message, Receipt
from common.intake import own_reading
from common.log import OncePer, Tally
from common.payload import PayloadError
from common.sections import CsvSettings
from common.service import ServiceError
from common.topics import Topics
from common.unacknowledged import Unacknowledged
from csv_logger.files import CsvFiles
from csv_logger.rotation import Moment

_SAY_AGAIN_S = 60.0

_log = logging.getLogger("csv_logger")


class Recorder:
    """The work of the service, `write_every` messages at a time."""

    def __init__(self, files: CsvFiles, topics: Topics, settings: CsvSettings) -> None:
        self._files = files
        self._folder = settings.file_path
        self._meter = topics.meter
        self._live_topic = topics.telegram
        self._unacknowledged: Unacknowledged[Receipt] = Unacknowledged(settings.write_every)
        self._rejected = Tally(_log, "not a telegram of ours")
        self._was_blocked = False
        self._say_blocked = OncePer(_SAY_AGAIN_S)

    @property
    def trouble(self) -> str:
        """Why nothing can be written now; empty if it can."""
        return self._files.obstacle or ""

    def seconds_left(self, now: Moment) -> float:
        """Give the seconds until something is due without news."""
        left_s = self._files.seconds_left(now)
        return left_s if self.trouble else min(left_s, self._unacknowledged.seconds_left(now.monotonic_s))

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the disk that nothing more is to be taken."""
        return self._files.is_full

    def take(self, messages: Sequence[Message], now: Moment) -> None:
        """Take what came from the broker."""
        for message in messages:
            try:
                self._files.add(own_reading(message, self._meter), now, is_live=message.topic == self._live_topic)
            except PayloadError as error:
                self._rejected.add(f"on {message.topic!r}: {error}", now.monotonic_s)
        if messages:
            self._unacknowledged.add([message.receipt for message in messages], now.monotonic_s)

    def work(self, now: Moment) -> list[Receipt]:
        """Do what is due; give the receipts of the messages that are safe now. Raises ServiceError when the disk fails."""
        with self._disk_failures_told():
            self._files.work(now, make_safe=self._unacknowledged.seconds_left(now.monotonic_s) <= 0)
        self._tell(now)
        return self._safe()

    def finish(self, now: Moment) -> list[Receipt]:
        """Write what waits and complete the file; give the receipts of what is safe now."""
        with self._disk_failures_told():
            self._files.finish(now)
        return self._safe()

    def compress(self, end_s: float) -> None:
        """Compress the last file if that is quick, else the next start does it; `end_s` is the monotonic clock."""
        compressor = self._files.compressor
        while compressor.has_work and time.monotonic() < end_s:
            compressor.step()
        compressor.abandon()
        self._files.close()

    def health(self) -> dict[str, object]:
        """Give the counters for `health`."""
        files = self._files
        return {
            "rows": files.rows,
            "file": files.file,
            "duplicates": files.duplicates,
            "rejected": self._rejected.count,
            "obstacle": files.obstacle,
        }

    def _safe(self) -> list[Receipt]:
        """Give what may be acknowledged: all, once no row waits; a message whose row was there before waits with the others."""
        return [] if self._files.waiting else self._unacknowledged.release()

    def _tell(self, now: Moment) -> None:
        if self.trouble and self._say_blocked.due(now.monotonic_s):
            text = "cannot write CSV rows: %s; %d wait, and the broker keeps what comes; trying on"
            _log.warning(text, self._files.obstacle, self._files.waiting)
        elif self._was_blocked and not self.trouble:
            _log.info("CSV rows are written again")
            self._say_blocked.reset()
        self._was_blocked = bool(self.trouble)

    @contextmanager
    def _disk_failures_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ServiceError(f"cannot write CSV files in {self._folder}: {error.strerror}") from error
