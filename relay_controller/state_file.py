"""The file that keeps what outlives a restart. It is replaced as a whole: a crash leaves the old one or the new one."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_SIZE_MAX = 1_000_000  # bytes; ours has some hundred for each load


def read_state(path: Path) -> str | None:
    """Give the text of the file, None if there is none yet. Raises OSError, and ValueError for what cannot be ours."""
    try:
        with path.open("rb") as file:
            content = file.read(_SIZE_MAX + 1)
    except FileNotFoundError:
        return None
    if len(content) > _SIZE_MAX:
        raise ValueError("it is too large")
    return content.decode()


def write_state(path: Path, text: str) -> None:
    """Replace the file, on the disk when this returns. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.new"
    try:
        with temporary.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


class StateInUseError(Exception):
    """Another process keeps its state in this file."""


@contextmanager
def holding_state(path: Path) -> Iterator[None]:
    """Keep others from the file for the length of a block; the system ends that with the process.

    Raises StateInUseError. Where the folder cannot be written nobody is kept away: the writer will tell.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((path.parent / f".{path.name}.lock").open("wb"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateInUseError(str(path)) from None
        yield


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class StateWriter:
    """Writes the file in a thread of its own: an SD card may take seconds, and a relay must not wait for it.

    Only the newest text counts. `trouble` is why the last attempt failed; None when it went well.
    """

    def __init__(self, path: Path) -> None:
        self.trouble: OSError | None = None
        self._path = path
        self._text: str | None = None
        self._is_closing = False
        self._change = threading.Condition()  # guards the two
        self._thread = threading.Thread(target=self._run, name="state file", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Let the file become this text, soon."""
        with self._change:
            self._text = text
            self._change.notify()

    def close(self, timeout_s: float) -> None:
        """Write what is left, and wait for it for a while."""
        with self._change:
            self._is_closing = True
            self._change.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (text := self._next()) is not None:
            try:
                write_state(self._path, text)
            except OSError as error:
                self.trouble = error
            else:
                self.trouble = None

    def _next(self) -> str | None:
        """Wait for the next text; None at the end."""
        with self._change:
            while self._text is None and not self._is_closing:
                self._change.wait()
            text, self._text = self._text, None
            return text
