"""Cuts a stream of bytes into telegrams: a bounded state machine without I/O.

It hunts for a "/", collects up to a line that starts with "!" and its checksum, and begins anew. The telegrams do not
depend on how the bytes are cut into pieces. Memory is bounded: what grows longer than a telegram can be is thrown away.
"""

import re
from dataclasses import dataclass

MAX_TELEGRAM_BYTES = 16_384  # the longest known, Hungarian, has 5 kB
_END = re.compile(rb"\n!(?:[0-9A-Fa-f]{4}|[^\r\n/]{0,8}(?=[\r\n/])|[^\r\n/]{9})")
_MARGIN = 16  # an end, `_END`, may be cut that far from the end of the buffer

# How a telegram starts: "/", the identification, an empty line (some old meters have none), the first OBIS code.
# Where bytes were lost this may stand anywhere, also inside a line; without the empty line only at the start of a line.
_IDENTIFICATION = rb"/[A-Za-z0-9_]{3}[^\r\n()]{0,64}\r?\n"
_START = re.compile(
    _IDENTIFICATION + rb"[ \t]?\r?\n[0-9]{1,2}-[0-9]{1,2}:|(?<![^\n])" + _IDENTIFICATION + rb"[0-9]{1,2}-[0-9]{1,2}:"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one telegram, from "/" to the end of the checksum, without the line end behind it."""

    offset: int  # of the "/" in the stream
    data: bytes


@dataclass(frozen=True, slots=True)
class CutTelegram:
    """A telegram that began but did not end."""

    offset: int
    reason: str


class Framer:
    """Feed it bytes; it gives what they complete. `discarded_bytes` counts what belonged to no telegram."""

    def __init__(self) -> None:
        self.discarded_bytes = 0
        self._buffer = bytearray()  # empty, or from a "/" on
        self._offset = 0  # of the buffer's first byte in the stream
        self._scanned = 0  # no end before this place of the buffer
        self._between = True  # only line ends since the last telegram

    @property
    def begun_bytes(self) -> int:
        """How many bytes are here of a telegram that has not ended."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[Frame | CutTelegram]:
        """Take in some bytes; give the telegrams, and the cut ones, that end in them, in order."""
        found: list[Frame | CutTelegram] = []
        self._buffer += chunk
        while self._hunt():
            end = _END.search(self._buffer, self._scanned, MAX_TELEGRAM_BYTES)
            if end is not None:
                found += self._taken(end.end())
            elif len(self._buffer) >= MAX_TELEGRAM_BYTES:
                found += self._too_long()
            else:
                self._scanned = max(0, len(self._buffer) - _MARGIN)
                break
        return found

    def finish(self) -> list[Frame | CutTelegram]:
        """Tell that no byte follows; give the telegram at the end of a file, whole or cut."""
        found = self.feed(b"\n") if self._buffer else []  # a last line may lack its line end
        if self._buffer:
            del self._buffer[-1]
            found += self._cut_before(len(self._buffer), "cut off by the end")
        return found

    def _hunt(self) -> bool:
        """Throw away what is before the first "/"; tell whether there is one."""
        if self._buffer.startswith(b"/"):
            return True
        start = self._buffer.find(b"/")
        self._discard(len(self._buffer) if start < 0 else start)
        return start >= 0

    def _taken(self, end: int) -> list[Frame | CutTelegram]:
        """Take the telegram that ends at `end`; what began before it and has no end of its own is cut."""
        start = _last_start(self._buffer, end)
        found = self._cut_before(start, "cut off by the next telegram")
        found.append(Frame(self._offset, bytes(self._buffer[: end - start])))
        self._drop(end - start)
        self._between = True
        return found

    def _too_long(self) -> list[Frame | CutTelegram]:
        """Give up what is too long, but keep what may be a telegram that began late in it."""
        start = _last_start(self._buffer, MAX_TELEGRAM_BYTES) or self._buffer.rfind(b"\n/", 0, MAX_TELEGRAM_BYTES) + 1
        return self._cut_before(start or MAX_TELEGRAM_BYTES, f"no end within {MAX_TELEGRAM_BYTES} bytes")

    def _cut_before(self, end: int, reason: str) -> list[Frame | CutTelegram]:
        """Drop the bytes before `end`; each telegram that started in them is cut, the rest is noise."""
        cut: list[Frame | CutTelegram] = [
            CutTelegram(self._offset + start.start(), reason) for start in _START.finditer(self._buffer, 0, end)
        ]
        self._discard(end)
        return cut

    def _discard(self, count: int) -> None:
        noise = self._buffer[:count]
        if self._between:
            noise = noise.lstrip(b"\r\n")  # no loss
        self._between = self._between and not noise
        self.discarded_bytes += len(noise)
        self._drop(count)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._offset += count
        self._scanned = 0


def _last_start(buffer: bytearray, end: int) -> int:
    """Give the place of the last telegram that starts before `end`; 0, the first "/", if none looks like a start."""
    start = 0
    if buffer.find(b"/", 1, end) < 0:  # as nearly always
        return start
    for match in _START.finditer(buffer, 0, end):
        start = match.start()
    return start
