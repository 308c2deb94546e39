"""Which seconds have their row, so that no timestamp is written twice.

A broker that is killed and comes back with what it saved minutes before sends again what a service took in between: hours of
telegrams, where it had been away. So days are remembered, a bit for each second: 10.8 kB a day.
"""

from datetime import UTC, datetime, timedelta

DAYS = 64  # more than a broker keeps; the one that was touched longest ago goes
_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class Seen:
    """A bounded set of seconds, as Unix times."""

    def __init__(self, *, days: int = DAYS) -> None:
        self.newest = -1  # the latest second that was ever taken in
        self._max_days = days
        self._days: dict[int, bytearray] = {}  # the one that was touched last at the end
        self._last = (0, bytearray())  # that one

    def add(self, second: int) -> bool:
        """Take a second in; tell whether it is new."""
        day, second_of_day = divmod(second, _DAY_S)
        number, bits = self._last
        if number != day or not bits:
            bits = self._touched(day)
        byte, bit = second_of_day >> 3, 1 << (second_of_day & 7)
        if bits[byte] & bit:
            return False
        bits[byte] |= bit
        self.newest = max(self.newest, second)
        return True

    def _touched(self, day: int) -> bytearray:
        bits = self._days.pop(day, None) or bytearray(_DAY_S // 8)
        self._days[day] = bits
        if len(self._days) > self._max_days:
            del self._days[next(iter(self._days))]
        self._last = (day, bits)
        return bits


def second_of(time: datetime) -> int:
    """Give the second in which a time with its offset lies, as Unix time."""
    return (time - _EPOCH) // _SECOND
