"""An electricity meter that is only reckoned: energies by tariff, quarter-hours and month peaks, from powers and durations.

Energies are in Ws: the product of whole watts and whole seconds, exact. Quarters are those of the clock; a quarter of which a
part is not recorded counts with what was.
"""

from array import array
from dataclasses import dataclass
from datetime import datetime

from relay_controller.quarter import QUARTER_S

WS_PER_KWH = 3_600_000
_QUARTER_WS_PER_KW = QUARTER_S * 1000


@dataclass(slots=True)
class Month:
    """The highest quarter of a month so far."""

    name: str  # 2026-06
    quarter_kw: float = 0.0  # of the recording
    quarter_end: datetime | None = None
    told_kw: float = 0.0  # the month's peak that the house's own meter told at the begin of the recording
    stamp: str = ""  # ISO time of the peak, as a meter tells it

    @property
    def peak_kw(self) -> float:
        """The month's peak, which is what one pays for."""
        return max(self.quarter_kw, self.told_kw)


@dataclass(slots=True)
class Quarters:
    """All quarters of which something is recorded."""

    end_s: "array[float]"  # Unix time
    kw: "array[float]"
    peak_before_kw: "array[float]"  # month's peak before each of them


class Meter:
    """Takes in stretches of constant power, none of which goes over the end of a quarter, and the time."""

    def __init__(self, now: datetime, told_kw: float = 0.0, stamp: str = "") -> None:
        """Begin at `now`, in the zone of the household; `told_kw` and `stamp` are this month's peak so far, if it is known."""
        self.drawn_day_ws = 0.0
        self.drawn_night_ws = 0.0
        self.injected_ws = 0.0
        self.counted_s = 0.0
        self.quarter_ws = 0.0  # drawn in the running quarter
        self.quarters = Quarters(array("d"), array("d"), array("d"))
        self._zone = now.tzinfo
        self._counted_before_s = 0.0  # what was counted before the running quarter
        self._quarter_end_s = quarter_end_s(now.timestamp())
        self.months = [Month(f"{now:%Y-%m}", told_kw=told_kw, stamp=stamp or now.isoformat())]

    @property
    def drawn_ws(self) -> float:
        """All that was drawn."""
        return self.drawn_day_ws + self.drawn_night_ws

    @property
    def month(self) -> Month:
        """The running month."""
        return self.months[-1]

    @property
    def recorded_months(self) -> list[Month]:
        """The months of which a quarter, or a part of one, is over."""
        return [month for month in self.months if month.quarter_end is not None]

    @property
    def average_demand_kw(self) -> float:
        """The energy of the running quarter as its share of the average."""
        return self.quarter_ws / _QUARTER_WS_PER_KW

    def add(self, seconds: float, net_w: float, *, is_night: bool) -> None:
        """Count a stretch of the running quarter."""
        self.counted_s += seconds
        energy_ws = net_w * seconds
        if energy_ws < 0:
            self.injected_ws -= energy_ws
            return
        self.quarter_ws += energy_ws
        if is_night:
            self.drawn_night_ws += energy_ws
        else:
            self.drawn_day_ws += energy_ws

    def advance(self, now_s: float) -> None:
        """Tell the time; the quarter and the month may be over."""
        if now_s >= self._quarter_end_s:
            self.end_quarter()
            self._quarter_end_s = quarter_end_s(now_s)
            now = datetime.fromtimestamp(now_s, self._zone)
            name = f"{now:%Y-%m}"
            if name != self.month.name:
                self.months.append(Month(name, stamp=now.isoformat()))

    def end_quarter(self) -> None:
        """Count the running quarter as it is."""
        if self.counted_s == self._counted_before_s:
            return
        month, kw = self.month, self.average_demand_kw
        self.quarters.end_s.append(self._quarter_end_s)
        self.quarters.kw.append(kw)
        self.quarters.peak_before_kw.append(month.peak_kw)
        end = datetime.fromtimestamp(self._quarter_end_s, self._zone)
        if kw > month.peak_kw:
            month.stamp = end.isoformat()
        if month.quarter_end is None or kw > month.quarter_kw:
            month.quarter_kw, month.quarter_end = kw, end
        self.quarter_ws = 0.0
        self._counted_before_s = self.counted_s


def quarter_end_s(now_s: float) -> float:
    """Give the end of the quarter that runs at a Unix time."""
    return (now_s // QUARTER_S + 1) * QUARTER_S
