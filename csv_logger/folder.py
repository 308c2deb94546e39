"""The folder of the files: what is in it, what is free, and the small file that keeps the columns."""

import errno
import fcntl
import gzip
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from csv_logger.columns import Columns, columns_of, text_of
from csv_logger.contents import Contents, read_contents
from csv_logger.names import Names, compressed, is_compressed, is_temporary, is_wip, temporary, wip

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})  # of the disk, of a quota
UNUSABLE_NOW = NO_ROOM | {errno.EROFS}  # a damaged SD card becomes read-only, until somebody mends it
_PIECE_BYTES = 1_048_576

_log = logging.getLogger("csv_logger")


class Folder:
    """The files of one prefix in a folder. Every method may raise OSError."""

    def __init__(self, path: Path, names: Names) -> None:
        self.path = path
        self.names = names
        self._lock: int | None = None

    def prepare(self) -> None:
        """Make the folder if it is missing, prove that it can be written, lock it, and remove what a crash left half made.

        Raises BlockingIOError where another process has the lock: two would tear each other's lines.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try_to_write(self.path)
        self._take_lock()
        for name in self._ours():
            if is_temporary(name):
                (self.path / name).unlink()

    def close(self) -> None:
        """Give the lock back; the end of the process does the same."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def open_files(self) -> list[str]:
        """Give the names of the files that were not completed, oldest first."""
        return [name for name in self._ours() if is_wip(name)]

    def complete_files(self) -> list[str]:
        """Give the names of the complete files, oldest first; one that is there plain and compressed has both."""
        return [name for name in self._ours() if not is_wip(name) and not is_temporary(name)]

    def free_name(self, begun: datetime) -> str:
        """Give the name of a complete file that is not taken in any state: by `begun`, or the next free second."""
        while True:
            name = self.names.complete(begun)
            if not any((self.path / taken).exists() for taken in (name, wip(name), compressed(name))):
                return name
            begun += timedelta(seconds=1)

    def free_bytes(self) -> int:
        """Give the room on the disk that is there for us."""
        return free_bytes(self.path)

    def contents(self, name: str, note: Callable[[int], object]) -> Contents:
        """Read a file, plain or compressed (EOFError and zlib.error if it is damaged); `note` as `read_contents` has it."""
        path = self.path / name
        if is_compressed(name):
            with gzip.open(path) as file:
                return read_contents(_lines(file), note)
        with path.open("rb") as file:
            return read_contents(_lines(file), note)

    def remove_before(self, day: date) -> None:
        """Delete the complete files whose names tell an earlier day; one that cannot be deleted is said and stays."""
        for name in self.complete_files():
            begun = self.names.begun(name)
            if begun is not None and begun.date() < day:
                try:
                    (self.path / name).unlink()
                except OSError as error:
                    _log.warning("cannot delete %s: %s", self.path / name, error.strerror)
                else:
                    _log.info("deleted %s: older than keep_days", self.path / name)

    def load_columns(self) -> Columns:
        """Give the columns that were saved, or the fixed ones; a file that cannot be read is moved aside, which is said."""
        path = self.path / self.names.columns
        try:
            return columns_of(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Columns()
        except (OSError, ValueError) as error:
            aside = _aside(path)
            path.rename(aside)
            _log.warning("cannot use %s (%s); it is %s now, and the columns begin anew", path, error, aside.name)
            return Columns()

    def save_columns(self, columns: Columns) -> None:
        """Keep the columns for the next start."""
        half_made = self.path / temporary(self.names.columns)
        with half_made.open("w", encoding="utf-8") as file:
            file.write(text_of(columns))
            file.flush()
            os.fsync(file.fileno())
        half_made.replace(self.path / self.names.columns)
        self.sync()

    def sync(self) -> None:
        """Bring names that came, went or changed on to the disk."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network file systems know no such thing for folders
                raise
        finally:
            os.close(descriptor)

    def _take_lock(self) -> None:
        self._lock = os.open(self.path / self.names.lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def _ours(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir() if self.names.is_ours(path.name))


def _lines(file: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    """Give the lines; one that is longer than any of ours, in a damaged file, comes in pieces."""
    return iter(lambda: file.readline(_PIECE_BYTES), b"")


def try_to_write(path: Path) -> None:
    """Prove that files can be made in a folder; a full disk is no reason why not. Raises OSError."""
    try:
        _make_a_file(path)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise


def _make_a_file(path: Path) -> None:
    """Make a file that has no name, or where the file system knows no such thing (FAT, NFS), one that is gone at once."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_TMPFILE))
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR}:
            raise
        from tempfile import TemporaryFile  # noqa: PLC0415 -- half a megabyte that is seldom needed

        TemporaryFile(dir=path).close()


def try_to_go_on(path: Path, names: Names) -> None:
    """Prove that what an earlier csv_logger left in a folder can be opened: its open files, its lock.

    Nothing is changed. Raises OSError, with the name of the file.
    """
    for name in sorted(one.name for one in path.iterdir()):
        if name == names.lock or (is_wip(name) and names.is_ours(name)):
            with suppress(FileNotFoundError):  # it was completed just now
                os.close(os.open(path / name, os.O_RDWR))


def free_bytes(path: Path) -> int:
    """Give the room for us on the disk of a folder."""
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize


def _aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.broken{number}")).exists():
        number += 1
    return aside
