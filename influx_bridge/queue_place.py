"""The place of the queue file: its folder, its lock, and the names of files that were moved aside."""

import errno
import fcntl
import os
import struct
import tempfile
from pathlib import Path

APPLICATION_ID = 0x534D5131  # "SMQ1": tells that an SQLite file is a queue of ours (SQLite, "Database File Format", 1.3)
VERSION = 1  # of the tables in it
COMPANIONS = ("", "-wal", "-shm", "-journal")  # what belongs to one SQLite file
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_PAGE_BYTES_MIN = 512
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class QueuePlace:
    """Where one queue file is. Every method may raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def prepare(self) -> None:
        """Make the folder if it is missing, prove that folder and file can be written, and lock the file.

        A full disk is no reason why not: it will have room one day. Raises BlockingIOError where another process has the lock.
        """
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
        if self.path.exists():
            self.path.open("r+b").close()
        self._lock = os.open(folder / f".{self.path.name}.lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    @property
    def has_lost_its_file(self) -> bool:
        """Whether there is a log without the file that it belongs to, or with a stump of it: SQLite would delete it."""
        log = Path(f"{self.path}-wal")
        is_stump = not self.path.exists() or self.path.stat().st_size < _PAGE_BYTES_MIN
        return is_stump and log.exists() and log.stat().st_size > 0

    def move_aside(self) -> Path:
        """Give the file another name, with what belongs to it; nothing is deleted."""
        number = 1
        while any(self._aside(number, companion).exists() for companion in COMPANIONS):
            number += 1
        for companion in reversed(COMPANIONS):  # last the file itself: a crash in between must not leave it without its log
            old = Path(f"{self.path}{companion}")
            if old.exists():
                old.rename(self._aside(number, companion))
        return self._aside(number, "")

    def close(self) -> None:
        """Give the lock back; the end of the process does the same."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _aside(self, number: int, companion: str) -> Path:
        return self.path.with_name(f"{self.path.name}.aside{number}{companion}")


def is_free(path: Path) -> bool:
    """Tell whether nobody holds a queue file now, and whether it could be held."""
    place = QueuePlace(path)
    try:
        place.prepare()
    except OSError:  # somebody has the lock, or the disk is ill
        return False
    place.close()
    return True


def look(path: Path) -> tuple[bool, str]:
    """Tell whether a queue file is well, or can be made, and what was found; it makes and changes nothing."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        well = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
        return well, "not there yet; it will be made" if well else f"cannot write in {folder}"
    except OSError as error:
        return False, error.strerror or str(error)
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
        return False, "it cannot be written"
    problem = problem_of(header)
    size_mb = sum(Path(f"{path}{one}").stat().st_size for one in COMPANIONS if Path(f"{path}{one}").exists()) / 1_000_000
    return not problem, f"{problem}; it will be moved aside" if problem else f"{size_mb:.1f} MB"


def problem_of(header: bytes) -> str:
    """Tell from the first 100 bytes of a file why it is no queue of ours; empty if it is one, or a file yet to be filled."""
    if not header:
        return ""
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        return "not an SQLite file"
    (version,) = struct.unpack_from(">I", header, 60)
    (application_id,) = struct.unpack_from(">I", header, 68)
    return identity_problem(application_id, version)


def identity_problem(application_id: int, version: int) -> str:
    """Tell from what SQLite calls application_id and user_version why a file is no queue of ours; empty if it is one."""
    if application_id != APPLICATION_ID:
        return "an SQLite file, but no queue of smartmeter"
    return "" if version == VERSION else f"of version {version}, and this smartmeter knows {VERSION}"
