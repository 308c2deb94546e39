"""Which telegrams are sent again on `backfill`, and when (contract, section 3).

Mosquitto acknowledges from memory and writes to its disk only now and then (`autosave_interval`), so one that is killed
forgets. What it acknowledged is kept here for two of these intervals, what it did not for an hour. After each reconnection
all of it is sent, once the sessions of those who keep every point are back; they recognise what they have already.
Times are of the monotonic clock, in seconds.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

WINDOW_S = 600.0  # `backfill_window = auto`: twice the autosave_interval of mosquitto/mosquitto.conf
OUTAGE_MAX_S = 3600.0
SETTLE_S = 3.0  # others try to reconnect every second
_MAX_BYTES = 10 * 1024 * 1024  # an hour and ten minutes of the longest Belgian telegrams, 2.4 kB a second
_UNDER_WAY_MAX = 5  # of the session's 10 at a time: live telegrams never wait behind old ones
_LOOK_AGAIN_S = 0.02  # while these are under way
_NEVER_S = 3600.0


@dataclass(slots=True)
class _Kept:
    """A telegram, and what the broker is known to have of it."""

    payload: bytes
    received_s: float
    is_under_way: bool = False
    was_acknowledged: bool = False
    safe_since_s: float | None = None  # acknowledged on the present connection


@dataclass(slots=True)
class Backfill:
    """The telegrams that the broker may not have, oldest first; at most an hour and `window_s` of them, and 10 MiB."""

    window_s: float = WINDOW_S
    lost: int = 0  # telegrams that no broker got, because it was away for too long
    _kept: deque[_Kept] = field(default_factory=deque)
    _bytes: int = 0
    _under_way: deque[_Kept] = field(default_factory=deque)
    _again: deque[_Kept] = field(default_factory=deque)  # still to be sent again
    _due_s: float | None = None  # when that begins
    _is_new: bool = False  # the connection: a broker that forgot the others' sessions acknowledges what nobody gets
    _is_connected: bool = False

    def __len__(self) -> int:
        """Count what is kept."""
        return len(self._kept)

    def keep(self, payload: bytes, now_s: float, *, is_sent: bool) -> None:
        """Keep a telegram that was received now; `is_sent` if it is on its way to the broker."""
        kept = _Kept(payload, now_s)
        self._kept.append(kept)
        self._bytes += len(payload)
        if is_sent:
            self._send(kept)
        elif self._is_connected and self._due_s is None:  # the broker is there, but takes nothing more for now
            self._due_s = now_s + SETTLE_S
        self._forget(now_s)

    def connected(self, now_s: float) -> None:
        """Take note of a new connection, also if nobody saw the earlier one end."""
        self._break_off()
        self._is_connected = self._is_new = True
        self._due_s = now_s + SETTLE_S

    def disconnected(self) -> None:
        """Take note that the connection is gone: the broker may have lost what it acknowledged."""
        if self._is_connected or self._under_way:
            self._break_off()

    def acknowledged(self, now_s: float, under_way: int = 0) -> None:
        """Take note that the broker has acknowledged all that was sent so far, but for the last `under_way` messages."""
        while len(self._under_way) > under_way:
            kept = self._under_way.popleft()
            kept.is_under_way, kept.was_acknowledged, kept.safe_since_s = False, True, now_s

    @property
    def is_under_way(self) -> bool:
        """Whether some are to be sent again now, a few at a time."""
        return bool(self._again)

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until there may be something to send."""
        if self._again:
            return _LOOK_AGAIN_S
        return _NEVER_S if self._due_s is None else max(0.0, self._due_s - now_s)

    def due(self, now_s: float, under_way: int) -> Iterator[bytes]:
        """Give what is to be sent on `backfill` now, while less than five messages are `under_way`."""
        if self._due_s is not None and now_s >= self._due_s:
            self._due_s = None
            missing = (kept for kept in self._kept if self._is_new or kept.safe_since_s is None)
            self._again = deque(kept for kept in missing if not kept.is_under_way)
            self._is_new = False
        while self._again and under_way < _UNDER_WAY_MAX:
            under_way += 1
            kept = self._again.popleft()
            kept.safe_since_s = None
            self._send(kept)
            yield kept.payload

    def _break_off(self) -> None:
        for kept in self._kept:
            kept.is_under_way, kept.safe_since_s = False, None
        self._under_way.clear()
        self._again.clear()
        self._is_connected, self._due_s = False, None

    def _send(self, kept: _Kept) -> None:
        kept.is_under_way = True
        self._under_way.append(kept)

    def _forget(self, now_s: float) -> None:
        while self._kept and (self._bytes > _MAX_BYTES or self._is_over(self._kept[0], now_s)):
            kept = self._kept.popleft()
            self._bytes -= len(kept.payload)
            self.lost += not kept.was_acknowledged

    def _is_over(self, kept: _Kept, now_s: float) -> bool:
        if kept.safe_since_s is not None:
            return now_s - kept.safe_since_s > self.window_s
        return now_s - kept.received_s > OUTAGE_MAX_S + self.window_s
