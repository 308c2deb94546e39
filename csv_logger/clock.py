"""The local time by which files are named and midnight comes: the host's, unless it is plainly wrong.

A Raspberry Pi has no clock of its own that runs without power: until the network tells it the time, it may be hours or decades
behind. The meter's clock is set by the grid operator. A wrong clock never makes files old enough to be deleted.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from common.payload import Reading
from csv_logger.rotation import Moment

_UNSET = timedelta(hours=12)  # behind the meter by more than that: not set yet; meters differ by minutes


@dataclass(slots=True)
class LocalClock:
    """Learns from each reading by how much the host's clock is behind."""

    _behind: timedelta = timedelta(0)
    _newest: datetime | None = None  # time of the newest reading

    def learn(self, reading: Reading, now: Moment) -> None:
        """Compare a reading that arrived now with the host's clock; a recorded one tells nothing."""
        if reading.recorded:
            return
        moment = datetime.fromisoformat(reading.timestamp)
        self._newest = moment if self._newest is None else max(self._newest, moment)
        ahead = moment - now.local
        self._behind = ahead if ahead > _UNSET else timedelta(0)

    def right(self, now: Moment) -> Moment:
        """Give the moment with the local time that counts."""
        if not self._behind:
            return now
        return Moment((now.local + self._behind).astimezone(now.local.tzinfo), now.monotonic_s)

    def today(self, now: Moment) -> date | None:
        """Give the day from which `keep_days` counts back: the earlier one of both clocks; None before the first reading."""
        if self._newest is None:
            return None
        return min(now.local.date(), self._newest.astimezone(now.local.tzinfo).date())


def received_at(reading: Reading) -> datetime:
    """Tell when a reading was received, by a clock that was set: its row cannot be older."""
    moment = datetime.fromisoformat(reading.timestamp)
    return moment if moment - reading.received > _UNSET else reading.received
