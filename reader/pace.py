"""How long to wait between two recorded telegrams."""

from collections.abc import Mapping
from datetime import datetime

_DEFAULT_INTERVAL_S = 1.0  # of telegrams without a time (DSMR 2 and 3)
_LONGEST_WAIT_S = 60.0  # a recording may have gaps of days


class Pace:
    """Gives each telegram of a recording the wait before it, as the meter sent them, `speed` times faster (0: no waits)."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._last: datetime | None = None
        self._is_first = True

    def wait_s(self, fields: Mapping[str, object]) -> float:
        """Give the seconds to wait before the telegram with these fields."""
        timestamp = fields.get("timestamp")
        moment = datetime.fromisoformat(timestamp) if isinstance(timestamp, str) else None
        interval_s = _DEFAULT_INTERVAL_S
        if moment is not None and self._last is not None:
            interval_s = min(max((moment - self._last).total_seconds(), 0.0), _LONGEST_WAIT_S)
        self._last = moment or self._last
        is_first, self._is_first = self._is_first, False
        return 0.0 if is_first or self._speed == 0 else interval_s / self._speed
