"""A sink for a reader of its own: a pseudo-terminal, which it opens as a serial port."""

import errno
import fcntl
import os
import select
import termios
import tty
from collections import deque
from contextlib import suppress
from pathlib import Path

from reader.sink import SinkError

_PENDING_TELEGRAMS = 16
_TERMINAL_BYTES = 4000  # what a terminal keeps unread is 4095 bytes, in Linux
_READ_BYTES = 4096


class PseudoTerminal:
    """A serial port that is none: a reader opens LINK as it would open /dev/ttyUSB0.

    Raises SinkError if LINK cannot be made.
    """

    def __init__(self, link: Path) -> None:
        # This end keeps the reader's end open too: without it, a reader that leaves would end the line for the next one.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._device = os.ttyname(self._slave)
        self._link = link
        self._pending: deque[bytes] = deque(maxlen=_PENDING_TELEGRAMS)
        self._begun = b""  # what is left of a telegram that went in part
        self._room_bytes = _TERMINAL_BYTES
        try:
            _make_link(link, self._device)
        except OSError as error:
            self._close_ends()
            raise SinkError(f"cannot make {link}: {error.strerror}") from None

    @property
    def is_ready(self) -> bool:
        """Whether everything so far went into the terminal."""
        return not self._pending and not self._begun

    @property
    def is_idle(self) -> bool:
        """Whether the reader has it all: what it has not read when the line ends is lost."""
        return self.is_ready and self._is_empty()

    def offer(self, telegram: bytes) -> None:
        """Take a telegram; of more than sixteen that nobody reads, the oldest goes."""
        self._pending.append(telegram)

    def serve(self) -> None:
        """Write what fits, and forget what a reader writes: a meter does not listen, but the writer must not hang."""
        with suppress(BlockingIOError):
            os.read(self._master, _READ_BYTES)
        with suppress(BlockingIOError):
            while self._begun or self._begin_next():
                self._begun = self._begun[os.write(self._master, self._begun) :]

    def reading(self) -> list[int]:
        """Give the end on which a reader's own bytes arrive."""
        return [self._master]

    def writing(self) -> list[int]:
        """Give nothing: a terminal is always writable; that it was read shows in `is_ready` after the next `serve`."""
        return []

    def close(self) -> None:
        """Remove LINK, unless it leads elsewhere by now, and end the line."""
        with suppress(OSError):
            if str(self._link.readlink()) == self._device:
                self._link.unlink()
        self._close_ends()

    def _begin_next(self) -> bool:
        """Take the next telegram if the terminal has room for all of it.

        So a reader that opens the port, which empties the terminal, never meets the second half of a telegram.
        """
        if self._is_empty():
            self._room_bytes = _TERMINAL_BYTES
        if not self._pending or len(self._pending[0]) > self._room_bytes:
            return False
        self._begun = self._pending.popleft()
        self._room_bytes -= len(self._begun)
        return True

    def _is_empty(self) -> bool:
        """Tell whether the reader took everything.

        Between the two ends bytes may be on their way, which FIONREAD does not count; select waits for them to arrive.
        """
        select.select([self._slave], [], [], 0)
        return not any(fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4))

    def _close_ends(self) -> None:
        os.close(self._slave)
        os.close(self._master)


def _make_link(link: Path, device: str) -> None:
    """Make or renew the symlink. What is not ours stays: files, and links to other devices that are there."""
    if not link.is_symlink():
        link.symlink_to(device)
        return
    target = os.path.realpath(link)
    if os.path.lexists(target) and not target.startswith("/dev/pts/"):
        raise FileExistsError(errno.EEXIST, f"it is a link to {target}, which is not ours")
    beside = link.with_name(f"{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(device)
    beside.replace(link)
