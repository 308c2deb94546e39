"""What simulated telegrams go to: a sink.

A sink takes whole telegrams, keeps a bounded number of bytes and never blocks. What it cannot pass on in time it drops as
whole telegrams, the oldest first, as a meter does that nobody listens to; standard output alone drops nothing.
"""

import select
from collections.abc import Iterable
from typing import Protocol

from common.waiting import HasFileno


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
