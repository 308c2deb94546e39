"""Where simulated telegrams go: a pseudo-terminal, TCP clients, or standard output.

A sink takes whole telegrams, keeps a bounded number of bytes and never blocks. What it cannot pass on in time it drops as
whole telegrams, the oldest first, as a meter does that nobody listens to; standard output alone drops nothing.
"""

import errno
import fcntl
import os
import select
import socket
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

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left that somebody may still take."""

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
            os.read(self._master, _CHUNK_BYTES)
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


class TcpServer:
    """A serial port on the network, as ser2net offers it: each client gets every telegram from its connection on.

    A client that does not keep up is dropped. Port 0 takes a free one. Raises SinkError if the address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self._clients: list[_Client] = []
        try:
            self._listener = _listen(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one in DNS
            reason = error.strerror if isinstance(error, OSError) else "not a host name"
            raise SinkError(f"cannot listen on {host}:{port}: {reason}") from None

    @property
    def address(self) -> str:
        """The real address, as HOST:PORT."""
        host, port = self._listener.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def is_ready(self) -> bool:
        """Whether a client has taken everything so far: the fastest sets the pace."""
        return any(not client.pending for client in self._clients)

    @property
    def is_idle(self) -> bool:
        """Whether every client was sent all."""
        return all(not client.pending for client in self._clients)

    def offer(self, telegram: bytes) -> None:
        """Take a telegram for every client."""
        for client in self._clients:
            client.pending += telegram

    def serve(self) -> None:
        """Take in new clients, and pass on what the old ones have room for."""
        while len(self._clients) < _CLIENTS:
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                break
            self._clients.append(_Client(connection))
        for client in self._clients:
            client.serve()
        self._clients = [client for client in self._clients if client.is_there]

    def reading(self) -> Iterator[HasFileno]:
        """Give what clients arrive at and leave by; while there are too many, others wait at the door."""
        if len(self._clients) < _CLIENTS:
            yield self._listener
        yield from (client for client in self._clients if client.may_talk)

    def writing(self) -> Iterator[HasFileno]:
        """Give the clients with something left to send."""
        return (client for client in self._clients if client.pending)

    def close(self) -> None:
        """Say goodbye to all."""
        for client in self._clients:
            client.close()
        self._listener.close()


class StandardOutput:
    """A pipe, a file or a terminal. Nothing is dropped: it is not ready until all is written.

    `serve` raises BrokenPipeError when the reader has gone, and SinkError when the disk is full.
    """

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno
        self._pending = b""

    @property
    def is_ready(self) -> bool:
        """Whether everything so far is written."""
        return not self._pending

    @property
    def is_idle(self) -> bool:
        """Whether everything is written."""
        return not self._pending

    def offer(self, telegram: bytes) -> None:
        """Take a telegram, when ready."""
        self._pending += telegram

    def serve(self) -> None:
        """Write if that does not block.

        Standard output is shared with the shell, so it stays a blocking one; select promises room for PIPE_BUF bytes.
        """
        while self._pending and select.select([], [self._fileno], [], 0)[1]:
            try:
                self._pending = self._pending[os.write(self._fileno, self._pending[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise
            except OSError as error:
                raise SinkError(f"cannot write to standard output: {error.strerror}") from None

    def reading(self) -> tuple[()]:
        """Give nothing."""
        return ()

    def writing(self) -> list[int]:
        """Give the descriptor while something is left to write."""
        return [self._fileno] if self._pending else []

    def close(self) -> None:
        """Leave it open: it is not ours."""


class _Client:
    """A TCP client and what it has not taken yet."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CLIENT_BYTES)  # else megabytes wait in the kernel
        self._connection = connection
        self.pending = b""
        self.is_there = True
        self.may_talk = True

    def fileno(self) -> int:
        return self._connection.fileno()

    def serve(self) -> None:
        try:
            if self.may_talk:
                self._listen()
            if self.pending:
                self._send()
        except OSError:  # reset, or gone from the network
            self.close()
        if len(self.pending) > _CLIENT_BYTES:
            self.close()

    def close(self) -> None:
        self.is_there = False
        self._connection.close()

    def _listen(self) -> None:
        """Forget what it says. One that ends its own half may still read; one that has gone shows when sending."""
        with suppress(BlockingIOError):
            self.may_talk = bool(self._connection.recv(_CHUNK_BYTES))

    def _send(self) -> None:
        with suppress(BlockingIOError):
            self.pending = self.pending[self._connection.send(self.pending) :]


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    listener.settimeout(0)
    return listener


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
