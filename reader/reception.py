"""From bytes to readings: decrypting, framing, decoding and numbering telegrams, with all that goes wrong counted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from common.decoder import Decoder
from common.framing import CutTelegram, Frame, Framer
from common.freshness import Drift
from common.payload import Reading, lag_s
from common.telegram import ChecksumError, Dialect, LineResult, TelegramError
from reader.diagnosis import Diagnosis


@dataclass(frozen=True, slots=True)
class Received:
    """A good telegram: its bytes, its fields, and its lines that gave nothing because something is wrong with them."""

    frame: bytes
    fields: Mapping[str, object]
    skipped: tuple[LineResult, ...] = ()


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
    skipped_lines: int = 0  # of good telegrams
    reconnects: int = 0
    drift_s: float | None = None


class Decrypts(Protocol):
    """What turns the bytes of an encrypted meter into telegrams; `errors` counts frames that gave none."""

    errors: int
    discarded_bytes: int

    def feed(self, chunk: bytes) -> bytes:
        """Take in some bytes; give those of the telegrams that end in them."""

    def restart(self) -> None:
        """Begin anew: what was half received is lost."""


@dataclass(slots=True)
class Reception:
    """Takes in the bytes of one meter."""

    meter: str
    dialect: Dialect
    timezone: str
    recorded: bool = False
    require_checksum: bool | None = None  # as `common.telegram.read` has it
    decryptor: Decrypts | None = None  # None: the meter sends plain telegrams
    counts: Counts = field(default_factory=Counts)
    _decoder: Decoder = field(init=False)
    _diagnosis: Diagnosis = field(init=False)
    _framer: Framer = field(default_factory=Framer)
    _drift: Drift = field(default_factory=Drift)

    def __post_init__(self) -> None:
        self._decoder = Decoder(dialect=self.dialect, timezone=self.timezone, require_checksum=self.require_checksum)
        self._diagnosis = Diagnosis(has_key=self.decryptor is not None)

    def feed(self, chunk: bytes) -> Iterator[Received | Rejected]:
        """Give the telegrams that end in these bytes, good and rejected, in order."""
        if self.decryptor is None:
            self._diagnosis.feed(chunk)
            return self._judged(self._framer.feed(chunk))
        decrypted = self.decryptor.feed(chunk)
        self._diagnosis.feed(chunk, decrypted)
        return self._judged(self._framer.feed(decrypted))

    def finish(self) -> Iterator[Received | Rejected]:
        """Give the telegram that the end of a file completes or cuts."""
        return self._judged(self._framer.finish())

    def restart(self) -> None:
        """Begin anew after the port was gone: what was half received is cut, and counted so."""
        if self.decryptor is not None:
            self.decryptor.restart()
        list(self.finish())
        self._diagnosis.reset()
        self.counts.reconnects += 1

    def reading(self, received: Received, now: datetime, now_s: float) -> Reading:
        """Give a good telegram its number and its lag. `now` is the host's time in UTC, `now_s` its monotonic clock."""
        self.counts.telegrams += 1
        lag = lag_s(received.fields, now)
        if lag is not None:
            self.counts.drift_s = self._drift.add(lag, now_s, now.timestamp())
        return Reading(self.meter, now, self.counts.telegrams, received.fields, lag, self.recorded)

    @property
    def begun_bytes(self) -> int:
        """How many bytes are here of a telegram that has not ended, where the meter sends plain ones."""
        return self._framer.begun_bytes

    @property
    def decrypt_errors(self) -> int:
        """How many frames could not be decrypted."""
        return self.decryptor.errors if self.decryptor is not None else 0

    def why_no_telegram(self) -> str:
        """Say in one sentence what came since the last good telegram, and what to do."""
        return self._diagnosis.sentence()

    def health(self) -> dict[str, object]:
        """Give the counters of the `health` topic."""
        counts = self.counts
        outside_frames_bytes = self.decryptor.discarded_bytes if self.decryptor is not None else 0
        return {
            "telegrams": counts.telegrams,
            "crc_errors": counts.crc_errors,
            "rejected": counts.rejected,
            "skipped_lines": counts.skipped_lines,
            "decrypt_errors": self.decrypt_errors,
            "discarded_bytes": outside_frames_bytes + self._framer.discarded_bytes,
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
            decoded = self._decoder.decode(frame.data)
        except ChecksumError as error:
            self.counts.crc_errors += 1
            return Rejected(frame.offset, str(error))
        except TelegramError as error:
            self.counts.rejected += 1
            return Rejected(frame.offset, str(error))
        self._diagnosis.reset()
        self.counts.skipped_lines += len(decoded.skipped)
        return Received(frame.data, decoded.fields, decoded.skipped)
