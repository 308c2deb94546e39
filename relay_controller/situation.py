"""What is known at one telegram: powers, the quarter-hour, the household's clock, and what conditions ask for."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from common.payload import Reading
from relay_controller.conditions import PEAK_FORECAST, PEAK_LIMIT, SURPLUS, Values
from relay_controller.quarter import Month, Quarter


class Draws(NamedTuple):
    """What loads draw that are really on, as far as known."""

    own_w: Mapping[str, float]  # load -> what it could take over: its own draw and that of loads of lower priority
    sum_w: float


class Situation(NamedTuple):
    """The last telegram, and what follows from it."""

    reading: Reading
    arrived_s: float  # monotonic clock
    fresh_until_s: float  # monotonic clock
    at_s: float  # meter time, as Unix time
    minute: int  # of it, since 1970
    wall: datetime  # the household's clock in that minute
    month: Month  # on it
    net_power_w: float | None  # + is drawn from the grid
    draws: Draws  # of the loads as they were on then
    quarter: Quarter | None  # None if the telegram does not tell what is drawn
    limit_kw: float | None  # that the quarter may average; None without a limit
    learned_w: Mapping[str, float]  # load -> power that was measured

    @property
    def tariff(self) -> str | None:
        """`day`, `night`, or None where the meter tells neither."""
        name = self.reading.fields.get("actual_tariff_name")
        return name if isinstance(name, str) else None

    def surplus_w(self, load: str) -> float | None:
        """Give the surplus as it counts for a load; None without net power."""
        return None if self.net_power_w is None else self.draws.own_w[load] - self.net_power_w

    def values(self, load: str) -> Values:
        """Give what the conditions of a load ask for."""
        number = self.reading.number
        computed = {
            SURPLUS: self.surplus_w(load),
            PEAK_FORECAST: None if self.quarter is None else self.quarter.forecast_kw,
            PEAK_LIMIT: self.limit_kw,
        }
        return lambda name: computed[name] if name in computed else number(name)

    def forecast_with_kw(self, more_w: float) -> float | None:
        """Give the quarter's average if `more_w` is drawn in addition; None if unknown."""
        import_kw = self._import_with_kw(more_w)
        return None if import_kw is None or self.quarter is None else self.quarter.forecast_with_kw(import_kw)

    def reached_with_kw(self, more_w: float) -> float | None:
        """Give the highest average of this quarter and the next one if `more_w` is drawn in addition; None if unknown.

        What a quarter saved at its beginning is not spent at its end: the next one begins with nothing saved.
        """
        import_kw = self._import_with_kw(more_w)
        if import_kw is None or self.quarter is None:
            return None
        return max(self.quarter.forecast_with_kw(import_kw), import_kw)

    def _import_with_kw(self, more_w: float) -> float | None:
        """Give what is drawn from the grid with `more_w` in addition: own production is used up first.

        Some meters tell both import and injection at a time, for they do not add up the phases.
        """
        if self.quarter is None or self.net_power_w is None:
            return None
        import_kw = self.quarter.import_kw
        injection_kw = max(0.0, import_kw - self.net_power_w / 1000)
        return max(0.0, import_kw + (max(0.0, more_w / 1000 - injection_kw) if more_w > 0 else more_w / 1000))

    def breaks_limit(self, more_w: float = 0.0) -> bool:
        """Tell whether the quarter will average more than it may, if `more_w` is drawn in addition from now on."""
        if self.limit_kw is None or self.quarter is None:
            return False
        forecast_kw = self.forecast_with_kw(more_w) if more_w else self.quarter.forecast_kw
        return forecast_kw is not None and forecast_kw > self.limit_kw

    def has_room_for(self, more_w: float) -> bool:
        """Tell whether something that draws `more_w` may go on."""
        reached_kw = self.reached_with_kw(more_w)
        return self.limit_kw is None or (reached_kw is not None and reached_kw <= self.limit_kw)


def nothing_known(_: str) -> float | None:
    """Give the value of any field without a fresh telegram."""
    return None
