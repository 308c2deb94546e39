"""The running quarter-hour in meter time: what it will average if nothing changes, and what it may average.

Belgium's capacity tariff bills the highest average power that a quarter of the clock draws from the grid in a month, never
a sliding one, import only, with a minimum of 2.5 kW (Fluvius; VREG). `average_demand` (1-0:1.4.0) is the energy of the
running quarter so far as its share of the average: it rises from 0. Quarters are told apart by Unix time: every offset in
use is a multiple of 15 minutes.
"""

from typing import NamedTuple

from common.payload import Reading
from relay_controller.load import PeakRule

QUARTER_S = 900
LEAST_PEAK_KW = 2.5
_LONGEST_PAUSE_S = 60.0  # between two telegrams, for the sum over a quarter to be its average
_RESET_WITHIN_S = 30.0  # a meter may go on telling the last quarter's average for a moment

Month = str  # `2026-06`, on the wall


class Quarter(NamedTuple):
    """The quarter of the last telegram that told what is drawn."""

    number: int  # quarters since 1970
    at_s: float  # meter time of that telegram, as Unix time
    import_kw: float  # drawn from the grid then
    demand_kw: float  # energy so far, as share of the average
    forecast_kw: float  # the average if nothing changes
    month: Month
    month_peak_kw: float = 0.0  # highest quarter of the month: as the meter tells it, else the highest that was seen
    told_kw: float | None = None  # `average_demand` as the meter sent it
    old_kw: float | None = None  # what it sent of the quarter before, while it has not begun anew
    is_whole: bool = True  # whether `demand_kw` is known to have all since its begin

    @property
    def left_s(self) -> float:
        """Seconds until the quarter ends."""
        return QUARTER_S - self.at_s % QUARTER_S

    def forecast_with_kw(self, import_kw: float) -> float:
        """Give the quarter's average if `import_kw` is drawn from now on."""
        return _forecast_kw(self.demand_kw, import_kw, self.at_s)

    def limit_kw(self, rule: PeakRule) -> float:
        """Give what the quarter may average."""
        return limit_by_kw(rule, self.month_peak_kw) - rule.margin_kw


def limit_by_kw(rule: PeakRule, month_peak_kw: float) -> float:
    """Give the limit, before its margin, in a month whose peak so far is `month_peak_kw`."""
    return max(LEAST_PEAK_KW, month_peak_kw) if rule.limit_kw is None else rule.limit_kw


def quarter_after(before: Quarter | None, reading: Reading, at_s: float, month: Month) -> Quarter | None:
    """Give the quarter of a telegram at meter time `at_s`, in `month`; None if it does not tell what is drawn.

    Of a quarter whose beginning was not seen it is assumed that it went as it goes now.
    """
    import_kw = _import_kw(reading)
    if import_kw is None:
        return None
    number = int(at_s // QUARTER_S)
    told_kw = _not_negative(reading.number("average_demand"))
    old_kw = _not_begun_anew_kw(before, told_kw, number, at_s)
    demand_kw = _computed_kw(before, import_kw, number, at_s) if told_kw is None or old_kw is not None else told_kw
    peak_kw = _told_peak_kw(reading, month)
    if peak_kw is None:
        peak_kw = _seen_peak_kw(before, import_kw, number, month)
    forecast_kw = _forecast_kw(demand_kw, import_kw, at_s)
    is_whole = told_kw is not None or _is_whole(before, number, at_s)
    return Quarter(number, at_s, import_kw, demand_kw, forecast_kw, month, peak_kw, told_kw, old_kw, is_whole)


def quarter_at(
    at_s: float, import_kw: float, demand_kw: float, month: Month, month_peak_kw: float, *, is_whole: bool = True
) -> Quarter:
    """Give a quarter from what was kept of it."""
    forecast_kw = _forecast_kw(demand_kw, import_kw, at_s)
    number = int(at_s // QUARTER_S)
    return Quarter(number, at_s, import_kw, demand_kw, forecast_kw, month, month_peak_kw, is_whole=is_whole)


def _is_whole(before: Quarter | None, number: int, at_s: float) -> bool:
    """Tell whether what was added up has no hole since the quarter began."""
    if before is None or number != before.number:
        return at_s % QUARTER_S <= _LONGEST_PAUSE_S
    return before.is_whole and 0 <= at_s - before.at_s <= _LONGEST_PAUSE_S


def _forecast_kw(demand_kw: float, import_kw: float, at_s: float) -> float:
    return demand_kw + import_kw * (QUARTER_S - at_s % QUARTER_S) / QUARTER_S


def _import_kw(reading: Reading) -> float | None:
    consumption_kw = reading.number("actual_total_consumption")
    if consumption_kw is not None:
        return max(0.0, consumption_kw)
    net_power_w = reading.number("net_power")
    return None if net_power_w is None else max(0.0, net_power_w / 1000)


def _not_negative(told_kw: float | None) -> float | None:
    """Take what is drawn for 0 where a meter tells less."""
    return None if told_kw is None else max(0.0, told_kw)


def _not_begun_anew_kw(before: Quarter | None, told_kw: float | None, number: int, at_s: float) -> float | None:
    """Give the last quarter's average while the meter still tells that one in the first seconds of a new quarter."""
    if before is None or told_kw is None or at_s % QUARTER_S >= _RESET_WITHIN_S:
        return None
    last_kw = before.told_kw if number == before.number + 1 else before.old_kw
    return told_kw if last_kw is not None and 0 < last_kw <= told_kw else None


def _computed_kw(before: Quarter | None, import_kw: float, number: int, at_s: float) -> float:
    """Add up what is drawn, where the meter does not."""
    if before is None or number != before.number:
        return import_kw * (at_s % QUARTER_S) / QUARTER_S
    return before.demand_kw + import_kw * max(0.0, at_s - before.at_s) / QUARTER_S


def _told_peak_kw(reading: Reading, month: Month) -> float | None:
    """Give the month's peak that the meter tells; 0 where it still tells that of the month before.

    A stamp is the end of the quarter: one of the first midnight belongs to the month before.
    """
    peak_kw, stamp = _not_negative(reading.number("peak_demand_month")), reading.fields.get("peak_demand_month_timestamp")
    if peak_kw is None or not isinstance(stamp, str):
        return peak_kw
    return peak_kw if stamp.startswith(month) and stamp[8:19] != "01T00:00:00" else 0.0


def _seen_peak_kw(before: Quarter | None, import_kw: float, number: int, month: Month) -> float:
    if before is None:
        return 0.0
    peak_kw = before.month_peak_kw
    if number == before.number + 1 and before.is_whole and before.left_s <= _LONGEST_PAUSE_S:
        peak_kw = max(peak_kw, before.forecast_with_kw(import_kw))
    return peak_kw if month == before.month else 0.0
