"""The files of one meter: rows go in, complete files come out, whatever happens to the disk or the process.

Rows wait in memory until they are to be made safe, and are then on the disk at once. Where the disk has no room they wait
longer. Their messages are acknowledged only then: so what waits is lost at no kill, and the broker sends few of them at a time.
"""

import errno
import logging
from collections import deque
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from common.payload import Reading
from common.sections import CsvSettings
from csv_logger.clock import LocalClock
from csv_logger.compression import Compressor
from csv_logger.contents import Contents
from csv_logger.folder import UNUSABLE_NOW, Folder
from csv_logger.history import History
from csv_logger.names import Names, is_compressed, wip
from csv_logger.open_file import OpenFile
from csv_logger.rotation import Moment, Rotation, Row, Span, begun_at
from csv_logger.rows import Kept, count_of_cells, header_of, line_of

_RETRY_S = 5.0
_NEVER_S = 3600.0
_WAITING_BYTES = 16 * 1024 * 1024  # what is sent with QoS 0 has no bound of the broker's
_TORN_BYTES = 262_144  # more than a line can have
_MEGABYTE = 1_000_000

_log = logging.getLogger("csv_logger")


class CsvFiles:
    """The folder, the open file and the rows that wait for it. Every method may raise OSError, but not for a full disk."""

    def __init__(self, settings: CsvSettings, now: Moment, *, waiting_bytes: int = _WAITING_BYTES) -> None:
        """Make the folder if it is missing, go on in the open file of before, or complete it."""
        self.rows = 0  # written since the start
        self.duplicates = 0  # telegrams of a timestamp that has its row
        self.obstacle: str | None = None  # why nothing can be written now
        self._settings = settings
        self._rotation = Rotation(settings.max_lines, settings.max_age)
        self._folder = Folder(Path(settings.file_path), Names(settings.file_prefix))
        self._folder.prepare()
        self._columns = self._saved_columns = self._folder.load_columns()
        self._kept: Kept = {}
        self._waiting: deque[Row] = deque()
        self._waiting_bytes = 0
        self._waiting_max_bytes = waiting_bytes
        self._retry_s = now.monotonic_s
        self._tidied: date | None = None
        self._file: OpenFile | None = None
        self._clock = LocalClock()
        plain = [name for name in self._folder.complete_files() if settings.compress and not is_compressed(name)]
        self.compressor = Compressor(self._folder, plain)
        self._history = History(self._folder, now.local)
        self._take_over(now)

    @property
    def file(self) -> str | None:
        """The name of the open file."""
        return wip(self._file.name) if self._file else None

    @property
    def waiting(self) -> int:
        """How many rows wait to be written."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more is to be taken in."""
        return self._waiting_bytes >= self._waiting_max_bytes

    def add(self, reading: Reading, now: Moment, *, is_live: bool = True) -> None:
        """Take a reading in, as a row that waits to be written, unless its time has one. A live one tells the meter's time."""
        time = datetime.fromisoformat(reading.timestamp)
        if not self._history.is_new(reading, time):
            self.duplicates += 1
            return
        if is_live and not reading.recorded:
            self._clock.hear(time, now.monotonic_s)
        self._columns = self._columns.with_fields(reading.fields.keys())
        row = Row(self._columns, line_of(reading, self._columns, self._kept), self._clock.right(now))
        self._waiting.append(row)
        self._waiting_bytes += len(row.line)

    def seconds_left(self, now: Moment) -> float:
        """Give the seconds until something is due without news; when rows are to be made safe, others know."""
        if self.compressor.has_work:
            return 0.0
        until_retry_s = max(0.0, self._retry_s - now.monotonic_s)
        left = [_NEVER_S]
        if self.obstacle or self.is_full:
            left.append(until_retry_s)
        if self._file:
            left.append(max(self._rotation.seconds_left(self._file.span, self._clock.right(now)), until_retry_s))
        return min(left)

    def work(self, now: Moment, *, make_safe: bool) -> None:
        """Do what is due: write what waits (`make_safe`: at once), complete a file that is over, compress a piece, tidy up."""
        if now.monotonic_s >= self._retry_s:
            self._try_to_write(now, write=make_safe or self.is_full or self.obstacle is not None)
        self.compressor.step()
        today = self._clock.today(now) if self._settings.keep_days else None
        if today is not None and today != self._tidied:
            self._tidied = today
            self._folder.remove_before(today - timedelta(days=self._settings.keep_days))

    def finish(self, now: Moment) -> None:
        """Write what waits and complete the file."""
        self._try_to_write(now, write=True, complete=True)
        if self._waiting:
            _log.warning("%d rows are not written: %s; the broker sends them again", len(self._waiting), self.obstacle)
        if self._file:
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Let another process write to the folder."""
        self._folder.close()

    def _try_to_write(self, now: Moment, *, write: bool, complete: bool = False) -> None:
        try:
            if self._waiting and (write or self._is_over(now)):
                self._write_waiting()
            if self._file and (complete or self._is_over(now)):
                self._complete(self._file)
        except OSError as error:
            if error.errno not in UNUSABLE_NOW:
                raise
            self.obstacle = error.strerror
            self._retry_s = now.monotonic_s + _RETRY_S
        else:
            self.obstacle = None

    def _is_over(self, now: Moment) -> bool:
        return self._file is not None and self._rotation.is_over(self._file.span, self._clock.right(now))

    def _write_waiting(self) -> None:
        if self._folder.free_bytes() < self._settings.min_free_mb * _MEGABYTE:
            raise OSError(errno.ENOSPC, f"less than {self._settings.min_free_mb} MB free (min_free_mb)")
        while self._waiting:
            file = self._file_for(self._waiting[0])
            group = self._group_for(file.span)
            file.append([row.line for row in group], len(group))
            self.rows += len(group)
            for row in group:
                self._waiting.popleft()
                self._waiting_bytes -= len(row.line)

    def _file_for(self, row: Row) -> OpenFile:
        if self._file and not self._rotation.takes(self._file.span, row):
            self._complete(self._file)
        if self._file is None:
            if row.columns != self._saved_columns:
                self._folder.save_columns(row.columns)
                self._saved_columns = row.columns
            header = header_of(row.columns) if self._settings.write_header else b""
            self._file = OpenFile.begin(self._folder, row.columns, row.arrived, header)
            _log.info("writing to %s", self._folder.path / wip(self._file.name))
        return self._file

    def _group_for(self, span: Span) -> list[Row]:
        """Give the rows at the front that belong to the file; the first one does."""
        room = self._settings.max_lines - span.rows if self._settings.max_lines else len(self._waiting)
        group: list[Row] = []
        for row in islice(self._waiting, room):
            if not self._rotation.takes(span, row):
                break
            group.append(row)
        return group

    def _complete(self, file: OpenFile) -> None:
        name = file.complete()
        self._file = None
        if name:
            _log.info("complete: %s", self._folder.path / name)
            if self._settings.compress:
                self.compressor.add(name)

    def _take_over(self, now: Moment) -> None:
        """Go on with the newest open file if it may, complete the others."""
        names = self._folder.open_files()
        for name in names:
            self._reopen(name, self._history.read(name), now, is_newest=name == names[-1])

    def _reopen(self, name: str, contents: Contents, now: Moment, *, is_newest: bool) -> None:
        """Open a file of before a crash without its torn last line; complete it unless it may be gone on with."""
        path = self._folder.path / name
        begun = self._folder.names.begun(name) or now.local
        span = Span(self._columns, begun_at(begun.astimezone(), now), contents.rows)
        size, goes_on = contents.size, is_newest and self._has_our_columns(contents)
        if contents.torn > _TORN_BYTES:
            _log.warning("%s is damaged after %d bytes; it is completed as it is", path, contents.size)
            size, goes_on = path.stat().st_size, False
            span.rows += 1  # so that it is not taken for empty
        elif contents.torn:
            _log.warning("%s ends within a line: its last %d bytes are dropped", path, contents.torn)
        file = OpenFile(self._folder, name.removeprefix(wip("")), span, size)
        if goes_on and contents.rows and not self._rotation.is_over(span, now):
            self._file = file
            _log.info("going on in %s after %d rows", path, contents.rows)
        else:
            self._complete(file)

    def _has_our_columns(self, contents: Contents) -> bool:
        """Tell whether a file has today's columns; without header, whether it has as many."""
        header = header_of(self._columns)
        if self._settings.write_header:
            return contents.first == header
        return contents.first != header and count_of_cells(contents.first) == len(self._columns.names)
