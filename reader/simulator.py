"""Where simulated telegrams go: a pseudo-terminal, TCP clients, or standard output.

A sink takes whole telegrams, keeps a bounded number of bytes and never blocks. What it cannot pass on in time it drops as
whole telegrams, the oldest first, as a meter does that nobody listens to; standard output alone drops nothing.
"""

import errno
import fcntl
import os
import select
import socket
import sys
import termios
import tty
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from common.waiting import HasFileno

_PENDING_TELEGRAMS = 16
_TERMINAL_BYTES = 4000  # what a terminal keeps unread is 4095 bytes, in Linux
_CLIENTS = 16
_CLIENT_BYTES = 65_536
_CHUNK_BYTES = 4096


class SinkError(Exception):
    """A sink cannot be had, or not any more; the text says which and why."""


class Sink(Protocol):
    """Takes telegrams."""

    @property
    def is_ready(self) -> bool:
        """Whether somebody takes telegrams here and has taken what came so far."""

    def offer(self, telegram: bytes) -> None:
        """Take a telegram; `serve` passes it on."""

    def serve(self) -> None:
        """Do what can be done without waiting: take in new clients, write what fits."""

    def reading(self) -> Iterable[HasFileno | int]:
        """Give what may become readable."""

    def writing(self) -> Iterable[HasFileno | int]:
        """Give what is waited for to become writable."""

    def close(self) -> None:
        """Give everything back."""


def wait(sinks: Iterable[Sink], stop: HasFileno, timeout_s: float) -> None:
    """Sleep until a sink has something to do or `stop` wakes, at most `timeout_s` seconds; then serve the sinks."""
    sinks = list(sinks)
    reading = [stop, *(thing for sink in sinks for thing in sink.reading())]
    writing = [thing for sink in sinks for thing in sink.writing()]
    select.select(reading, writing, [], timeout_s)
    for sink in sinks:
        sink.serve()


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
        try:
            _make_link(link, self._device)
        except OSError as error:
            self._close_ends()
            raise SinkError(f"cannot make {link}: {error.strerror}") from None

    @property
    def is_ready(self) -> bool:
        """Whether everything so far went into the terminal."""
        return not self._pending and not self._begun

    def offer(self, telegram: bytes) -> None:
        """Take a telegram; of more than sixteen that nobody reads, the oldest goes."""
        self._pending.append(telegram)

    def serve(self) -> None:
        """Write what fits, and forget what a reader writes: a meter does not listen, but the writer must not hang."""
        with suppress(BlockingIOError):
            while os.read(self._master, _CHUNK_BYTES):
                pass
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
            if os.readlink(self._link) == self._device:
                self._link.unlink()
        self._close_ends()

    def _begin_next(self) -> bool:
        """Take the next telegram if the terminal has room for all of it.

        So a reader that opens the port, which empties the terminal, never meets the second half of a telegram.
        """
        if not self._pending or self._unread_bytes() + len(self._pending[0]) > _TERMINAL_BYTES:
            return False
        self._begun = self._pending.popleft()
        return True

    def _unread_bytes(self) -> int:
        count = fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4)
        return int.from_bytes(count, sys.byteorder)

    def _close_ends(self) -> None:
        os.close(self._slave)
        os.close(self._master)


class TcpServer:
    """A serial port on the network, as ser2net offers it: each client gets every telegram from its connection on.

    A client that does not keep up is dropped. Port 0 takes a free one. Raises SinkError if the address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self._clients: list[_Client] = []
        self._listener = socket.socket()
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self._listener = socket.create_server(address, family=family)
        except OSError as error:
            raise SinkError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        self._listener.setblocking(False)
