"""What the rules want of one load, and what keeps them from it: decisions and the sentence about them ask the same here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from relay_controller.load import Load
from relay_controller.load_state import LoadState
from relay_controller.situation import Situation

_GUARANTEE_RESERVE_S = 300.0  # for settling and for the guard, where the rest is run as late as possible
_GUARANTEE_HEAD_START_S = 3600.0  # in the low tariff; with twice the rest enough for a quarter-hour or two that the guard takes


class Wish(Enum):
    """Why the rules want a load switched."""

    RULES = "its condition"
    GUARANTEE = "its guaranteed time"
    DONE = "its guaranteed time is over"
    CLOSED = "its hours are over"
    MAX_ON = "max_on_per_day is reached"
    GUARD = "the peak guard"


class Bar(Enum):
    """What keeps the rules from a switch that they want."""

    OFF_WHEN = "off_when holds too"
    MIN_TIME = "a minimum time; seconds left"
    CLOSED = "outside its hours"
    CLOSING = "the hours left are shorter than min_on; seconds left"
    STARTS = "max_starts_per_day is reached"
    MAX_ON = "max_on_per_day leaves less than min_on; seconds left"
    SHED = "the guard has switched something off in this quarter; seconds left"
    NO_ROOM = "with it a quarter would break the peak limit; its average in kW"
    SETTLING = "the switch before; seconds left"


@dataclass(frozen=True, slots=True)
class Barred:
    """Something that keeps the rules from a switch, with its number."""

    bar: Bar
    number: float = 0.0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What else the rules look at, besides the load itself."""

    situation: Situation
    wall: datetime  # the household's clock, cut to the minute
    now_s: float  # monotonic clock
    power_w: float  # what the load draws, as far as known
    pending_w: float = 0.0  # what was switched on since the telegram, less what was switched off
    has_shed: bool = False  # whether the guard has switched something off in this quarter


def may_wish(load: Load, one: LoadState, situation: Situation) -> bool:
    """Tell whether it is worth asking what the rules want: mostly it is not, and telegrams come every second."""
    if not one.auto_on:
        return one.on_since_s is not None or load.min_on_per_day_s > 0
    return one.off_since_s is not None or load.has_limits or situation.limit_kw is not None


def wish(load: Load, one: LoadState, outlook: Outlook) -> Wish | None:
    """Tell why the rules want the load switched over from what they chose last; None if they do not."""
    if not load.has_rules:
        return None
    return _wish_off(load, one, outlook) if one.auto_on else _wish_on(load, one, outlook)


def is_guarantee_due(load: Load, one: LoadState, outlook: Outlook) -> bool:
    """Tell whether the rest of the guaranteed time has to be run now.

    In the low tariff it begins twice its length and an hour before it is due, so that the sun had its chance and the guard
    may interrupt it; in the other tariff, and without tariffs, as late as possible.
    """
    rest_s = guarantee_rest_s(load, one, outlook.now_s)
    if rest_s <= 0 or one.tally.due_at_s is None:
        return False
    left_s = one.tally.due_at_s - outlook.situation.at_s
    if left_s <= rest_s + _GUARANTEE_RESERVE_S:
        return True
    is_low = outlook.situation.tariff == "night"
    return is_low and (one.tally.has_begun or left_s <= 2 * rest_s + _GUARANTEE_HEAD_START_S)


def guarantee_rest_s(load: Load, one: LoadState, now_s: float) -> float:
    """Give the seconds that are left of the guaranteed time; zero or less when it is reached, or there is none."""
    return load.min_on_per_day_s and load.min_on_per_day_s - one.tally.toward_guarantee_s(now_s)


def bars(load: Load, one: LoadState, outlook: Outlook, why: Wish) -> Iterator[Barred]:
    """Give what keeps the rules from the switch that they want, settling apart."""
    if left_s := one.min_time_left_s(load, outlook.now_s):
        yield Barred(Bar.MIN_TIME, left_s)
    if not one.auto_on:
        if why is Wish.RULES and one.off_since_s is not None:
            yield Barred(Bar.OFF_WHEN)
        yield from _limits_of_day(load, one, outlook)
        yield from _peak(one, outlook)


def _wish_off(load: Load, one: LoadState, outlook: Outlook) -> Wish | None:
    if one.takes_effect and one.on and outlook.situation.breaks_limit(_own_more_w(load, outlook)):
        return Wish.GUARD
    if not load.hours.is_open(outlook.wall):
        return Wish.CLOSED
    if load.max_on_per_day_s and one.tally.today_s(outlook.now_s) >= load.max_on_per_day_s:
        return Wish.MAX_ON
    if is_guarantee_due(load, one, outlook):
        return None
    if one.off_since_s is not None and outlook.now_s - one.off_since_s >= load.off_delay_s:
        return Wish.RULES
    return Wish.DONE if one.tally.has_begun and one.on_since_s is None else None


def _own_more_w(load: Load, outlook: Outlook) -> float:
    """Give what is to be added to the net power to see it with the load on: a shadow load draws nothing."""
    return outlook.pending_w + (outlook.power_w if load.shadow else 0.0)


def _wish_on(load: Load, one: LoadState, outlook: Outlook) -> Wish | None:
    if is_guarantee_due(load, one, outlook):
        return Wish.GUARANTEE
    if one.on_since_s is not None and outlook.now_s - one.on_since_s >= load.on_delay_s:
        return Wish.RULES
    return None


def _limits_of_day(load: Load, one: LoadState, outlook: Outlook) -> Iterator[Barred]:
    if not load.hours.is_always:
        closes_in_s = load.hours.closes_in_s(outlook.wall)
        if closes_in_s == 0:
            yield Barred(Bar.CLOSED)
        elif closes_in_s < load.min_on_s:
            yield Barred(Bar.CLOSING, closes_in_s)
    if load.max_starts_per_day and one.tally.starts >= load.max_starts_per_day:
        yield Barred(Bar.STARTS, load.max_starts_per_day)
    if load.max_on_per_day_s:
        left_s = load.max_on_per_day_s - one.tally.today_s(outlook.now_s)
        if left_s <= 0 or left_s < load.min_on_s:
            yield Barred(Bar.MAX_ON, max(0.0, left_s))


def _peak(one: LoadState, outlook: Outlook) -> Iterator[Barred]:
    """Give what the peak guard has against a load that would go on."""
    situation = outlook.situation
    if situation.limit_kw is None:
        return
    if outlook.has_shed and situation.quarter is not None:
        yield Barred(Bar.SHED, situation.quarter.left_s)
    more_w = outlook.pending_w + (0.0 if one.on else outlook.power_w)
    if not situation.has_room_for(more_w):
        yield Barred(Bar.NO_ROOM, situation.reached_with_kw(more_w) or 0.0)
