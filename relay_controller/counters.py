"""What a load did today, and since its guaranteed time was last due: starts and seconds on.

Days and the times `by` which a guarantee is due follow meter time, durations the monotonic clock (`now_s`).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

_DAY_S = 86_400
_CLOCK_CHANGE_S = 3600  # on the two days a year that have 23 and 25 hours


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of one load. Sums leave out the stretch that runs since `on_from_s`."""

    day: date | None = None  # which "today" is; None before the first telegram
    starts: int = 0  # today, by the rules
    on_s: float = 0.0  # today
    due_at_s: float | None = None  # meter time, as Unix time, when the guaranteed time ends; None without guarantee
    guaranteed_s: float = 0.0  # seconds on of those that the guarantee is about
    has_begun: bool = False  # whether the rest of the guarantee is being run
    on_from_s: float | None = None  # monotonic; None while the load is off

    def today_s(self, now_s: float) -> float:
        """Give the seconds on today."""
        return self.on_s + self._running_s(now_s)

    def toward_guarantee_s(self, now_s: float) -> float:
        """Give the seconds on since the guarantee was last due."""
        return self.guaranteed_s + self._running_s(now_s)

    def switched(self, now_s: float, *, on: bool) -> "Counters":
        """Note that the load went on or off."""
        if on:
            return self if self.on_from_s is not None else replace(self, on_from_s=now_s)
        return replace(self._summed(now_s), on_from_s=None)

    def at(self, today: date, due_at_s: float | None, now_s: float) -> "Counters":
        """Begin anew where a new day or a new guarantee begins. A clock that goes back a little begins no day."""
        after = self
        if self.day is None:  # what ran before the first telegram of all counts for its day and its guarantee
            after = replace(after._summed(now_s), day=today)
        elif not self.day - timedelta(days=1) <= today <= self.day:
            after = replace(after._summed(now_s), day=today, starts=0, on_s=0.0)  # noqa: SLF001
        if due_at_s != self.due_at_s and not self._is_a_day_before(due_at_s):
            after = after._summed(now_s)  # noqa: SLF001
            kept_s = after.guaranteed_s if self.day is None else 0.0
            after = replace(after, due_at_s=due_at_s, guaranteed_s=kept_s, has_begun=False)
        return after

    def _is_a_day_before(self, due_at_s: float | None) -> bool:
        """Tell whether a time is that of the guarantee before: the clock went back over `by`."""
        return due_at_s is not None and self.due_at_s is not None and abs(self.due_at_s - due_at_s - _DAY_S) <= _CLOCK_CHANGE_S

    def _running_s(self, now_s: float) -> float:
        return 0.0 if self.on_from_s is None else max(0.0, now_s - self.on_from_s)

    def _summed(self, now_s: float) -> "Counters":
        """Move what has run so far into the sums."""
        if self.on_from_s is None:
            return self
        return replace(self, on_s=self.today_s(now_s), guaranteed_s=self.toward_guarantee_s(now_s), on_from_s=now_s)


def next_due(wall: datetime, by_min: int) -> datetime:
    """Give when a guarantee is due next: the first `by_min` minutes after a midnight that is later than `wall` (aware)."""
    by = timedelta(minutes=by_min)
    for days in range(3):
        midnight = datetime(wall.year, wall.month, wall.day) + timedelta(days=days)  # noqa: DTZ001 -- of the wall clock
        due = (midnight + by).replace(tzinfo=wall.tzinfo)
        if due.timestamp() > wall.timestamp():
            return due
    raise ValueError(f"expected a time of day, got {by_min} minutes")
