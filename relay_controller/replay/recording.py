"""Reads recordings from files: CSV of csv_logger, and telegrams as the meter sent them; each plain or compressed by gzip."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from common.framing import CutTelegram, Frame, Framer
from common.sections import MeterSettings
from common.telegram import Dialect, read
from relay_controller.replay.recorded import Columns, Row, Unreadable, row_of

_CHUNK_BYTES = 65_536
_OPEN = ".wip__"  # before the name of a file that is being written
_HALF_MADE = ".tmp__"  # what csv_logger is compressing
_LAST = datetime.max.replace(tzinfo=UTC)


class RecordingError(Exception):
    """A file that cannot be read, or is no recording; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is read from recordings: of which meter, and which numeric fields besides those that a replay always needs."""

    meter: MeterSettings
    wanted: AbstractSet[str]
    prefix: str = ""  # of the files that count in a folder: a demo may have left others there

    def csv_rows(self, paths: Iterable[Path]) -> Iterator[Row | Unreadable]:
        """Give the rows of CSV files, and of all CSV files with the prefix in folders, by the time of their first row.

        Raises RecordingError.
        """
        files = list(chain.from_iterable(_files_in(path, self.prefix) for path in paths))
        begins = {file: self._begin(file) for file in files}
        for file in sorted(begins, key=lambda file: begins[file]):
            yield from self._rows_of_csv(file)

    def telegram_rows(self, files: Iterable[Path]) -> Iterator[Row | Unreadable]:
        """Give the telegrams of files, one file after the other. Raises RecordingError."""
        for file in files:
            framer = Framer()
            with _failures_told(file), _opened(file) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    yield from self._rows_of_telegrams(file, framer.feed(chunk))
                yield from self._rows_of_telegrams(file, framer.finish())

    def _begin(self, file: Path) -> datetime:
        """Give the time of the first row of a file; far ahead if it has none."""
        return next((row.moment for row in self._rows_of_csv(file) if isinstance(row, Row)), _LAST)

    def _rows_of_csv(self, file: Path) -> Iterator[Row | Unreadable]:
        with _failures_told(file), _opened(file) as stream:
            lines = _WholeLines(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=""))
            reader = csv.reader(lines)
            header = next(reader, None)
            if header is None:  # just begun
                return
            columns = self._columns(header, file)
            while not lines.at_end:
                try:
                    for cells in reader:
                        try:
                            row = columns.row(cells)
                        except ValueError as error:
                            if cells == header or not cells:
                                continue  # files that were put together
                            yield Unreadable(f"{file}: line {reader.line_num}", str(error))
                        else:
                            yield row
                except csv.Error as error:
                    yield Unreadable(f"{file}: line {reader.line_num}", str(error))
            if lines.is_torn:
                yield Unreadable(f"{file}: line {reader.line_num + 1}", "cut off by the end")

    def _columns(self, header: Sequence[str], file: Path) -> Columns:
        try:
            return Columns(header, self.wanted, is_dutch=self.meter.dialect == "dutch")
        except ValueError as error:
            raise RecordingError(f"{file}: line 1: {error}") from None

    def _rows_of_telegrams(self, file: Path, events: Iterable[Frame | CutTelegram]) -> Iterator[Row | Unreadable]:
        for event in events:
            if isinstance(event, CutTelegram):
                yield Unreadable(f"{file}: byte {event.offset}", event.reason)
                continue
            try:
                yield self._row_of_telegram(event)
            except ValueError as error:
                yield Unreadable(f"{file}: byte {event.offset}", str(error))

    def _row_of_telegram(self, frame: Frame) -> Row:
        meter = self.meter
        telegram = read(
            frame.data, dialect=Dialect(meter.dialect), timezone=meter.timezone, require_checksum=meter.require_checksum
        )
        return row_of(telegram.fields, self.wanted)


class _WholeLines:
    """The lines of a file without a last one that has no end: it is torn, or still being written."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.at_end = False
        self.is_torn = False
        self._lines = lines

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if line.endswith(("\n", "\r")):
                yield line
            else:
                self.is_torn = True
        self.at_end = True


def _files_in(path: Path, prefix: str) -> list[Path]:
    """Give the CSV files of a folder, also the open one, without those that are being made or are there plain too."""
    if not path.is_dir():
        return [path]
    with _failures_told(path):
        names = {one.name for one in path.iterdir() if one.name.endswith((".csv", ".csv.gz"))}
    names -= {f"{name}.gz" for name in names}
    files = [path / name for name in sorted(names) if name.removeprefix(_OPEN).startswith(prefix) and _HALF_MADE not in name]
    if not files:
        which = f" whose name begins with {prefix}" if prefix else ""
        raise RecordingError(f"cannot read {path}: no CSV file{which} in this folder")
    return files


@contextmanager
def _opened(file: Path) -> Iterator[gzip.GzipFile | io.BufferedReader]:
    with gzip.open(file) if file.name.endswith(".gz") else file.open("rb") as stream:
        yield stream


@contextmanager
def _failures_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror or error}") from None
    except (EOFError, zlib.error) as error:
        raise RecordingError(f"cannot read {path}: {error}") from None
