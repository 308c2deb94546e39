"""Which telegram the live topics show when several came at once: the newest, and none that is older than what waits.

A reader that had no processor for a while finds several telegrams at the port. All of them go to `telegram`; fields, raw bytes
and announcements only of the last one, for nobody wants to see a second of the past.
"""

from dataclasses import dataclass

from common.payload import Reading

_LONGEST_S = 1.0  # without showing any, if the port never has nothing more


@dataclass(frozen=True, slots=True)
class Shown:
    """A telegram that the live topics show: what was read from it, and its bytes."""

    reading: Reading
    frame: bytes


@dataclass(slots=True)
class Newest:
    """Keeps the newest telegram until it is shown; `skipped` counts those that never were. Seconds are monotonic."""

    skipped: int = 0
    _waiting: Shown | None = None
    _since_s: float = 0.0  # when the first one came that was not shown

    @property
    def is_waiting(self) -> bool:
        """Whether there is one to show."""
        return self._waiting is not None

    def saw(self, reading: Reading, frame: bytes, now_s: float) -> None:
        """Take a good telegram."""
        if self._waiting is None:
            self._since_s = now_s
        else:
            self.skipped += 1
        self._waiting = Shown(reading, frame)

    def take(self, now_s: float, *, is_behind: bool) -> Shown | None:
        """Give the one to show now. With `is_behind` newer ones may be at the port: it waits for them, but not for ever."""
        if is_behind and now_s - self._since_s < _LONGEST_S:
            return None
        waiting, self._waiting = self._waiting, None
        return waiting
