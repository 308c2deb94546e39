"""Waiting for several things at once without polling: a broker session, a port, a signal, a time.

Each is something with a `fileno()`; the main loop of a service sleeps in one `select` until one of them has news.
"""

import os
import select
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import FrameType
from typing import Protocol, Self


class HasFileno(Protocol):
    """Anything that `select` can wait for."""

    def fileno(self) -> int:
        """Give the file descriptor."""


class Link(ABC):
    """Something to wait for that also writes, and has times of its own: a session with a broker."""

    @abstractmethod
    def fileno(self) -> int:
        """Give the file descriptor."""

    @property
    @abstractmethod
    def wants_write(self) -> bool:
        """Whether it waits for that descriptor to become writable."""

    @abstractmethod
    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until it has something to do without news; `now_s` is the monotonic clock."""


class Waker:
    """Wakes a `wait_for` from another thread or from a signal handler.

    Its descriptors are given back when nobody holds it any more, so that a late `wake` never hits another file.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)

    def fileno(self) -> int:
        """Give the end that becomes readable."""
        return self._read_end

    def write_fileno(self) -> int:
        """Give the end that a signal handler may write to."""
        return self._write_end

    def wake(self) -> None:
        """Wake the waiting loop; harmless when it is awake."""
        try:
            os.write(self._write_end, b"\0")
        except BlockingIOError:  # full: it has been woken often enough
            return

    def clear(self) -> None:
        """Forget all calls of `wake` so far."""
        try:
            while os.read(self._read_end, 4096):
                pass
        except BlockingIOError:
            return

    def __del__(self) -> None:
        os.close(self._read_end)
        os.close(self._write_end)


class Stop:
    """Whether SIGTERM, SIGINT or SIGHUP asked this process to end; a `wait_for` on it returns at once when they do.

    SIGHUP, of a terminal that is closed, asks for nothing where it is ignored: under `nohup`.
    """

    def __init__(self) -> None:
        self.requested = False
        self.crashed = False  # a thread ended by a bug; what it said is on stderr
        self._waker = Waker()

    def __enter__(self) -> Self:
        """Begin to listen for the signals, and for threads that end by a bug: the process must not outlive them."""
        signal.set_wakeup_fd(self._waker.write_fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)
        signal.signal(signal.SIGCONT, self._go_on)
        self._usual_excepthook, threading.excepthook = threading.excepthook, self._handle_crash
        return self

    def __exit__(self, *_: object) -> None:
        """Go on listening for signals: a second one while the service ends changes nothing."""
        threading.excepthook = self._usual_excepthook

    def fileno(self) -> int:
        """Give what becomes readable at a signal, and stays so."""
        return self._waker.fileno()

    def request(self) -> None:
        """Ask for the end from within the process."""
        self.requested = True
        self._waker.wake()

    def _handle_crash(self, crash: threading.ExceptHookArgs) -> None:
        threading.__excepthook__(crash)
        self.crashed = True
        self.request()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.request()

    def _go_on(self, _number: int, _frame: FrameType | None) -> None:
        """Let the time count in which this process was halted, by `cpulimit` or Ctrl-Z: Linux lets `select` go on where it was.

        Python begins it anew after a handler, with the time that is left.
        """
        if not self.requested:
            self._waker.clear()


def wait_for(things: Iterable[HasFileno], timeout_s: float) -> list[HasFileno]:
    """Sleep until one of the things has news, at most `timeout_s` seconds; give those that have.

    News is that it can be read; of one that `wants_write` also that it can be written. One that can tell `seconds_left` is
    not slept over (but is not among those that have news then).
    """
    by_fileno = {thing.fileno(): thing for thing in things}
    writing = []
    for fileno, thing in by_fileno.items():
        if isinstance(thing, Link):
            timeout_s = min(timeout_s, thing.seconds_left(time.monotonic()))
            if thing.wants_write:
                writing.append(fileno)
    readable, writable, _ = select.select(list(by_fileno), writing, [], max(0.0, timeout_s))
    return [by_fileno[fileno] for fileno in {*readable, *writable}]
