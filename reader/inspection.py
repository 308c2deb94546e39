"""Telegrams under the magnifying glass: each one of a stream with its place, its bytes, and what its lines gave or why not.

The service needs only what `reader.reception` gives; the commands `decode` and `capture` also show and keep what is wrong.
"""

from dataclasses import dataclass

from common.framing import MAX_TELEGRAM_BYTES, CutTelegram, Frame, Framer
from common.sections import MeterSettings
from common.telegram import Dialect, Telegram, TelegramError, read
from reader.diagnosis import Diagnosis
from reader.reception import Decrypts


@dataclass(frozen=True, slots=True)
class Inspected:
    """One telegram. `offset` is the place of its "/" in the stream, `data` has no line end behind the checksum.

    `telegram` is None for a rejected one, and `reason` says why. A cut one ends where the next begins.
    """

    offset: int
    data: bytes
    telegram: Telegram | None
    reason: str = ""


class Inspection:
    """Feed it the bytes of one meter; memory is bounded by what the framer keeps.

    With a `decryptor` they are encrypted, and places are those in the decrypted text.
    """

    def __init__(self, meter: MeterSettings, decryptor: Decrypts | None = None) -> None:
        self._meter = meter
        self._decryptor = decryptor
        self._framer = Framer()
        self._diagnosis = Diagnosis(has_key=decryptor is not None)
        self._newest = bytearray()  # the stream's last bytes: those that the framer may still speak of
        self._newest_offset = 0

    def feed(self, chunk: bytes) -> list[Inspected]:
        """Take in some bytes; give the telegrams that end in them, good and rejected, in order."""
        text = chunk if self._decryptor is None else self._decryptor.feed(chunk)
        self._diagnosis.feed(chunk, b"" if self._decryptor is None else text)
        self._newest += text
        inspected = self._inspected(self._framer.feed(text))
        forgotten = max(0, len(self._newest) - MAX_TELEGRAM_BYTES)
        del self._newest[:forgotten]
        self._newest_offset += forgotten
        return inspected

    def finish(self) -> list[Inspected]:
        """Give the telegram that the end of the stream completes or cuts."""
        return self._inspected(self._framer.finish())

    def why_none(self) -> str:
        """Say in one sentence, without a full stop, why no good telegram came."""
        return self._diagnosis.sentence()

    def _inspected(self, events: list[Frame | CutTelegram]) -> list[Inspected]:
        ends = [event.offset for event in events[1:]] + [self._newest_offset + len(self._newest)]
        return [
            self._judged(event) if isinstance(event, Frame) else self._cut(event, end)
            for event, end in zip(events, ends, strict=False)
        ]

    def _judged(self, frame: Frame) -> Inspected:
        meter = self._meter
        try:
            telegram = read(
                frame.data,
                dialect=Dialect(meter.dialect),
                timezone=meter.timezone,
                require_checksum=meter.require_checksum,
            )
        except TelegramError as error:
            return Inspected(frame.offset, frame.data, None, str(error))
        return Inspected(frame.offset, frame.data, telegram)

    def _cut(self, cut: CutTelegram, end: int) -> Inspected:
        start = cut.offset - self._newest_offset
        data = self._newest[start : start + min(end - cut.offset, MAX_TELEGRAM_BYTES)]
        return Inspected(cut.offset, bytes(data).rstrip(b"\r\n"), None, cut.reason)
