"""Which messages on `telegram` and `backfill` count: the one place that judges them, for all who keep readings."""

from typing import Protocol

from common.payload import PayloadError, Reading, parse

_SHOWN = 40  # characters of a text from outside


class Arrived(Protocol):
    """A message as the broker session gives it."""

    @property
    def payload(self) -> bytes:
        """What it says."""

    @property
    def retained(self) -> bool:
        """Whether it is an old one that the broker kept."""


def own_reading(message: Arrived, meter: str) -> Reading:
    """Give the reading of a message on a topic of `meter`, live or recorded.

    Raises PayloadError for what is not ours, and for what `live_payload` and `parse` refuse.
    """
    reading = parse(live_payload(message))
    if reading.meter != meter:
        raise PayloadError(f"expected meter {meter!r}, got {reading.meter[:_SHOWN]!r}")
    return reading


def live_payload(message: Arrived) -> bytes:
    """Give what a message says. Raises PayloadError if the broker kept it: nothing that is a moment's is ever retained."""
    if message.retained:
        raise PayloadError("an old message that the broker kept")
    return message.payload
