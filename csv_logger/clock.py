"""The local time by which files are named and midnight comes: the host's, unless it is plainly wrong.

A Raspberry Pi has no clock of its own that runs without power: until the network tells it the time, it may be hours or decades
behind. The meter's clock is set by the grid operator. A wrong clock never makes files old enough to be deleted.
"""

from datetime import date, datetime, timedelta

from csv_logger.rotation import Moment

_UNSET = timedelta(hours=12)  # behind the meter by more than that: not set yet; meters differ by minutes
_SAME = timedelta(seconds=60)
_YEARS = range(2000, 2100)  # a telegram gives a year two digits


class LocalClock:
    """Knows the meter's time too; between two readings the monotonic clock carries it on, which never jumps."""

    def __init__(self) -> None:
        self._last: datetime | None = None  # time of the last reading
        self._anchor: datetime | None = None  # a time of the meter, and the monotonic clock then
        self._anchor_s = 0.0

    def hear(self, meter: datetime, monotonic_s: float) -> None:
        """Take in the time of a reading that came live."""
        if meter.year not in _YEARS:
            return
        self._last = meter
        expected = self._meter_time(monotonic_s)
        if expected is None or abs(meter - expected) > _SAME:  # else all stays as it is: time never flickers around midnight
            self._anchor, self._anchor_s = meter, monotonic_s

    def right(self, now: Moment) -> Moment:
        """Give the moment with the local time that counts."""
        meter = self._meter_time(now.monotonic_s)
        if meter is None or meter - now.local <= _UNSET:
            return now
        return Moment(meter.astimezone(), now.monotonic_s)

    def today(self, now: Moment) -> date | None:
        """Give the day from which `keep_days` counts back: the earlier one of both clocks; None before the first reading."""
        return None if self._last is None else min(now.local, self._last).astimezone().date()

    def _meter_time(self, monotonic_s: float) -> datetime | None:
        return None if self._anchor is None else self._anchor + timedelta(seconds=monotonic_s - self._anchor_s)
