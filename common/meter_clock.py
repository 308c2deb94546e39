"""How far the meter's clock and this machine's are apart, and what mends it."""

from common.check import Check, ok, warning

_WHAT = "clock of the meter"
_LAG_MAX_S = 60.0
_ZONE_MAX_H = 14
_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3600.0, 86_400.0
_UNITS = ((2 * _DAY_S, _DAY_S, "days"), (10 * _HOUR_S, _HOUR_S, "h"), (2 * _MINUTE_S, _MINUTE_S, "min"))  # (from, unit, name)


def judge_lag(lag_s: float | None, set_clock: str) -> Check:
    """Judge the lag of a live telegram, as `common.payload.lag_s` gives it: None if the meter sends no time.

    `set_clock` is what sets this machine's clock. Whole hours are those of a zone, or of its summer time.
    """
    if lag_s is None:
        return ok(_WHAT, "it sends no time")
    found = f"{_span(abs(lag_s))} {'behind' if lag_s >= 0 else 'before'} this machine's"
    if abs(lag_s) <= _LAG_MAX_S:
        return ok(_WHAT, found)
    return warning(_WHAT, found, f"set [meter] timezone to that of the meter; or {set_clock}" if _hours(lag_s) else set_clock)


def _hours(lag_s: float) -> int:
    """Give the hours, if they are whole ones, and no more than zones differ; else 0."""
    hours = round(lag_s / _HOUR_S)
    return hours if abs(hours) <= _ZONE_MAX_H and abs(lag_s - hours * _HOUR_S) <= _LAG_MAX_S else 0


def _span(seconds: float) -> str:
    """Write a time roughly: each telegram is late by another second."""
    if hours := _hours(seconds):
        return f"{hours} h"
    for from_s, unit_s, name in _UNITS:
        if seconds >= from_s:
            return f"{seconds / unit_s:.0f} {name}"
    return f"{seconds:.0f} s"
