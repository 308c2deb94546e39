"""From bytes to readings: framing, decoding and the numbering of telegrams, with everything that goes wrong counted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from common.freshness import Drift
from common.payload import Reading, lag_s
from common.telegram import ChecksumError, Dialect, TelegramError, read
from reader.framing import CutTelegram, Frame, Framer


@dataclass(frozen=True, slots=True)
class Received:
    """A good telegram: its bytes and its fields."""

    frame: bytes
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A telegram that is not published, and why. `offset` is the place of its "/" in the stream."""

    offset: int
    reason: str


@dataclass(slots=True)
class Counts:
    """What the reader tells on its `health` topic."""

    telegrams: int = 0
    crc_errors: int = 0
    rejected: int = 0  # telegrams that were dropped for another reason: cut, or not decodable
    reconnects: int = 0
    drift_s: float | None = None


@dataclass(slots=True)
class Reception:
    """Takes in the bytes of one meter."""

    meter: str
    dialect: Dialect
    timezone: str
    recorded: bool = False
    counts: Counts = field(default_factory=Counts)
    _framer: Framer = field(default_factory=Framer)
    _drift: Drift = field(default_factory=Drift)

    def feed(self, chunk: bytes) -> Iterator[Received | Rejected]:
        """Give the telegrams that end in these bytes, good and rejected, in order."""
        return self._judged(self._framer.feed(chunk))

    def finish(self) -> Iterator[Received | Rejected]:
        """Give the telegram that the end of a file completes or cuts."""
        return self._judged(self._framer.finish())

    def restart(self) -> None:
        """Begin anew after the port was gone: what was half received is cut, and counted so."""
        list(self.finish())
        self.counts.reconnects += 1

    def reading(self, received: Received, now: datetime, now_s: float) -> Reading:
        """Give a good telegram its number and its lag. `now` is the host's time in UTC, `now_s` its monotonic clock."""
        self.counts.telegrams += 1
        lag = lag_s(received.fields, now)
        if lag is not None:
            self.counts.drift_s = self._drift.add(lag, now_s, now.timestamp())
        return Reading(self.meter, now, self.counts.telegrams, received.fields, lag, self.recorded)

    def health(self) -> dict[str, object]:
        """Give the counters of the `health` topic."""
        counts = self.counts
        return {
            "telegrams": counts.telegrams,
            "crc_errors": counts.crc_errors,
            "rejected": counts.rejected,
            "discarded_bytes": self._framer.discarded_bytes,
            "reconnects": counts.reconnects,
            "drift_s": counts.drift_s,
        }

    def _judged(self, events: Iterable[Frame | CutTelegram]) -> Iterator[Received | Rejected]:
        for event in events:
            if isinstance(event, CutTelegram):
                self.counts.rejected += 1
                yield Rejected(event.offset, event.reason)
            else:
                yield self._decoded(event)

    def _decoded(self, frame: Frame) -> Received | Rejected:
        try:
            return Received(frame.data, read(frame.data, dialect=self.dialect, timezone=self.timezone).fields)
        except ChecksumError as error:
            self.counts.crc_errors += 1
            return Rejected(frame.offset, str(error))
        except TelegramError as error:
            self.counts.rejected += 1
            return Rejected(frame.offset, str(error))
