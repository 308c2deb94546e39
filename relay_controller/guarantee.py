"""The guaranteed time of a load: `min_on_per_day` until `by`. The sun comes first; the rest is run when it has to be."""

from relay_controller.counters import Counters
from relay_controller.load import Load
from relay_controller.load_state import LoadState
from relay_controller.situation import Situation

LOW_TARIFF = "night"
_DAY_S = 86_400
_RESERVE_S = 300.0  # for settling and the guard, where the rest is run as late as possible
_HEAD_START_S = 3600.0  # in the low tariff; with twice the rest enough for the quarters that the guard may take


def rest_s(load: Load, counters: Counters, now_s: float) -> float:
    """Give the seconds that are left of the guaranteed time; zero or less when it is reached, or there is none."""
    return load.min_on_per_day_s and load.min_on_per_day_s - counters.toward_guarantee_s(now_s)


def low_tariff_ends_s(due_at_s: float, at_s: float, began_at_s: float | None, ended_at_s: float | None) -> float:
    """Give until when the low tariff may be used for what is due at a time.

    It is taken to begin and to end every day when it did last (meter times, as Unix time; None where that was not seen).
    Where it comes back before what is due, or nothing is known of it, all the time until then counts.
    """
    if began_at_s is None or ended_at_s is None:
        return due_at_s
    begin_s, end_s = (due_at_s - (due_at_s - seen_s) % _DAY_S for seen_s in (began_at_s, ended_at_s))
    return end_s if at_s < end_s and begin_s < end_s else due_at_s


def may_be_due(load: Load, one: LoadState, situation: Situation) -> bool:
    """Tell at a glance whether it can be that the rest has to be run now."""
    if not load.min_on_per_day_s or one.counters.due_at_s is None:
        return False
    earliest_s = 2 * load.min_on_per_day_s + _HEAD_START_S + one.closed_s
    return one.counters.has_begun or min(one.low_ends_s, one.counters.due_at_s) - situation.at_s <= earliest_s


def is_due(load: Load, one: LoadState, situation: Situation, now_s: float) -> bool:
    """Tell whether the rest of the guaranteed time has to be run now.

    In the low tariff it begins twice its length and an hour before it is due, or before the low tariff ends if that is
    earlier, so that the sun had its chance and the guard may interrupt it; in the other tariff, and without tariffs, as late
    as possible. Only the load's own hours count.
    """
    counters = one.counters
    missing_s = rest_s(load, counters, now_s)
    if missing_s <= 0 or counters.due_at_s is None:
        return False
    if counters.due_at_s - situation.at_s - one.closed_s <= missing_s + _RESERVE_S * (1 + counters.has_begun):
        return True
    left_s = min(one.low_ends_s, counters.due_at_s) - situation.at_s - one.closed_s
    return situation.tariff == LOW_TARIFF and (counters.has_begun or left_s <= 2 * missing_s + _HEAD_START_S)
