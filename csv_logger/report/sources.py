"""The files of a report: which there are, and their lines."""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from csv_logger.columns import columns_of
from csv_logger.names import Names, compressed, is_compressed, is_temporary, is_wip
from csv_logger.report.intake import Intake
from csv_logger.report.progress import Progress

_BLOCK_BYTES = 262_144
_LONGEST_LINE_BYTES = 1_048_576  # ours have 2 kB; what is longer is no text

Stream = io.BufferedReader | gzip.GzipFile


class SourceError(Exception):
    """Files that cannot be read, or are not there; the text says which and why."""


class Source:
    """One file."""

    def __init__(self, path: Path, names: Names) -> None:
        """Look at a file. Raises OSError."""
        self.path = path
        self.size = path.stat().st_size
        begun = names.begun(path.name)
        self.day: date | None = begun.date() if begun else None  # as its name tells it
        later = names.complete(begun) if begun else path.name  # csv_logger renames and compresses it, meanwhile perhaps
        self._names = tuple(path.with_name(name) for name in (path.name, later, compressed(later)))

    @contextmanager
    def opened(self) -> Iterator[tuple[io.BufferedReader, Stream]]:
        """Open it: as it stands on the disk, and what is in it. Raises OSError."""
        path = next((name for name in self._names if name.exists()), self.path)
        with path.open("rb") as file:
            if is_compressed(path.name):
                with gzip.open(file) as inside:
                    yield file, inside
            else:
                yield file, file

    @property
    def is_open(self) -> bool:
        """Whether csv_logger still writes it."""
        return is_wip(self.path.name)


def sources_in(paths: Iterable[Path], names: Names) -> list[Source]:
    """Give the files to read, oldest first: those that are named, and those of the prefix in folders. Raises SourceError."""
    found: dict[Path, Source] = {}
    for path in paths:
        with _failures_told(path):
            found |= {file: Source(file, names) for file in (_files_of(path, names) if path.is_dir() else [path])}
    return sorted(found.values(), key=lambda source: (source.day or date.min, source.is_open, source.path.name))


def known_columns(paths: Iterable[Path], names: Names) -> Sequence[str]:
    """Give the columns that csv_logger keeps beside its files, for those that do not name theirs (`write_header = no`)."""
    for path in paths:
        folder = path if path.is_dir() else path.parent
        try:
            return columns_of((folder / names.columns).read_text(encoding="utf-8")).names
        except (OSError, ValueError):
            continue
    return ()


def read_into(intake: Intake, sources: Iterable[Source], progress: Progress) -> None:
    """Read files. What is damaged in them is noted; one that cannot be read at all raises SourceError."""
    for source in sources:
        tally = intake.begin(source.path.name)
        with _failures_told(source.path), source.opened() as (file, inside):
            try:
                for lines in _lines(inside):
                    intake.take(lines)
                    progress.show(file.tell(), intake.rows)
            except _TornError as torn:
                if not source.is_open:
                    tally.count_broken(torn.line)
            except (EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
                tally.damage = str(error)
        progress.done += source.size
    intake.finish()


class _TornError(Exception):
    """The last line of a file has no end."""

    def __init__(self, line: bytes) -> None:
        super().__init__()
        self.line = line


def _lines(inside: Stream) -> Iterator[list[bytes]]:
    """Give the lines, block by block. Raises _TornError at the end if the last one has none."""
    rest = b""
    while block := inside.read(_BLOCK_BYTES):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > _LONGEST_LINE_BYTES:
            lines.append(rest)
            rest = b""
        yield lines
    if rest:
        raise _TornError(rest)


def _files_of(folder: Path, names: Names) -> list[Path]:
    """Give the CSV files in a folder, also the open one, without those that are being made or are there plain too."""
    there = {file.name for file in folder.iterdir() if names.is_ours(file.name) and not is_temporary(file.name)}
    there -= {compressed(name) for name in there}
    if not there:
        raise SourceError(f"cannot read {folder}: no CSV file whose name begins with {names.prefix} in this folder")
    return [folder / name for name in there]


@contextmanager
def _failures_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from None
