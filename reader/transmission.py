"""When to look at the port again while a telegram comes in.

A telegram of 1,100 bytes takes 95 ms at 115,200 baud and comes in some seventy pieces. A reader that wakes for each of them
works for nothing: only the last one completes the telegram. So it learns from a few telegrams how long they are and how fast
their bytes come, and lets the port be until shortly before the end. The end itself it waits for.

Seconds are those of the monotonic clock.
"""

from collections import deque
from dataclasses import dataclass, field

# Of so many telegrams in a row the shortest and the fastest count. They are seen without a pause, and so are those after a
# telegram that ended in a pause because it was shorter, or much faster: a meter that is irregular makes one in five late.
_LEARNED = 4
_LINE_END_BYTES = 2  # behind a telegram; what comes next may be a second away
_MOST_BYTES = 1500  # in one pause: the kernel keeps 4,095 of a terminal
_AWAKE_BEFORE_S = 0.0005  # the end, for a late timer; twice as long after each telegram that had ended before it was due,
_AWAKE_BEFORE_MOST_S = 0.008  # up to this: then they are learned anew; each that was waited for takes back a tenth
_FRESH_BYTES = 256  # a first piece is no longer: 200 of a USB adapter that hands over every 16 ms
_LEAST_S = 0.003  # a shorter pause spares nothing


def byte_s(baudrate: int, bytesize: int, parity: str, stopbits: int) -> float:
    """Give the seconds that a byte takes on the line: with a start bit, its parity and its stop bits."""
    return (1 + bytesize + (parity.upper() != "N") + stopbits) / baudrate


@dataclass(slots=True)
class Transmission:
    """Follows the bytes of a line on which each byte takes at least `byte_s` seconds."""

    byte_s: float
    _past: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_LEARNED))  # length, seconds per byte
    _count: int = 0  # bytes since the last telegram ended
    _is_fresh: bool = True  # this telegram's first piece was read as soon as it was there
    _begun_count: int = 0  # bytes of that piece
    _begun_s: float = 0.0
    _due_s: float = 0.0  # when this telegram will have ended, if there was a pause just now
    _awake_before_s: float = _AWAKE_BEFORE_S

    def took(self, count: int, now_s: float, *, has_end: bool, begun_bytes: int = 0) -> float:
        """Take note of `count` bytes that were read at `now_s`, whether a telegram ended in them, and how many came behind it.

        Gives the seconds to let the port be: 0 for none, and for none as long as the port was read late: there may be more.
        """
        due_s, self._due_s = self._due_s, 0.0
        is_first = self._count <= _LINE_END_BYTES
        self._count += count
        if is_first:
            self._begun_count, self._begun_s = self._count, now_s
            self._is_fresh = self._is_fresh and self._count <= _FRESH_BYTES
        if has_end:
            if not due_s:
                self._learn(now_s, is_first=is_first)
            elif now_s < due_s:  # else it is this machine that was late
                self._doubt()
            self._count, self._is_fresh = 0, not begun_bytes
            return 0.0
        if not self._is_fresh:
            return 0.0
        left_s = self._end_s() - now_s if count else 0.0
        pause_s = min(left_s, _MOST_BYTES * self.byte_s) - self._awake_before_s
        if pause_s < _LEAST_S:
            return 0.0
        self._due_s = now_s + left_s
        return pause_s

    def begin_anew(self) -> None:
        """Take note that the port was opened again: what comes may begin anywhere in a telegram."""
        self._past.clear()
        self._count, self._due_s, self._is_fresh = 0, 0.0, True

    def _doubt(self) -> None:
        """Take note of a telegram that ended before it was due: its first piece was read late, or it is another one."""
        self._awake_before_s *= 2
        if self._count < self._shortest() or self._awake_before_s > _AWAKE_BEFORE_MOST_S:
            self._past.clear()
            self._awake_before_s = _AWAKE_BEFORE_S

    def _learn(self, now_s: float, *, is_first: bool) -> None:
        if not self._is_fresh:
            return
        behind_first = self._count - self._begun_count
        pace_s = 0.0 if is_first else min(self.byte_s, (now_s - self._begun_s) / behind_first)
        self._past.append((self._count, pace_s))
        self._awake_before_s = max(_AWAKE_BEFORE_S, 0.9 * self._awake_before_s)

    def _end_s(self) -> float:
        """Give when this telegram ends at the earliest; 0 if that is not known.

        It is reckoned from the first piece, which was read as soon as it was there; a later one may have waited.
        """
        if len(self._past) < _LEARNED or self._count <= _LINE_END_BYTES:
            return 0.0
        behind_first = self._shortest() - self._begun_count
        return self._begun_s + behind_first * min(pace_s for _, pace_s in self._past)

    def _shortest(self) -> int:
        return min(length for length, _ in self._past)
