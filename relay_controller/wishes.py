"""What the rules want of one load, and what keeps them from it: decisions and the sentence about them ask the same here."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from relay_controller.guarantee import may_be_due
from relay_controller.load import Load
from relay_controller.load_state import LoadState
from relay_controller.situation import Situation


class Wish(Enum):
    """Why the rules want a load switched."""

    RULES = "its condition"
    GUARANTEE = "its guaranteed time"
    DONE = "its guaranteed time is over"
    CLOSED = "its hours are over"
    MAX_ON = "max_on_per_day is reached"
    GUARD = "the peak guard"
    YIELD = "a more important load needs the room below the peak limit"


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
    now_s: float  # monotonic clock
    power_w: float  # what the load draws, as far as known
    pending_w: float  # what was switched on since the telegram, less what was switched off
    has_shed: bool  # whether the guard has switched something off in this quarter
    is_due: bool  # whether the rest of the guaranteed time has to be run now


def may_wish(load: Load, one: LoadState, situation: Situation) -> bool:
    """Tell whether it is worth asking what the rules want: mostly it is not, and telegrams come every second."""
    if not load.has_rules:
        return False
    if may_be_due(load, one, situation):
        return True
    if not one.auto_on:
        return one.on_since_s is not None
    if one.off_since_s is not None or load.has_hours or one.for_guarantee or load.on_when is None:
        return True
    return situation.breaks_limit() or (load.shadow and situation.limit_kw is not None)


def wish(load: Load, one: LoadState, outlook: Outlook) -> Wish | None:
    """Tell why the rules want the load switched over from what they chose last; None if they do not."""
    return _wish_off(load, one, outlook) if one.auto_on else _wish_on(load, one, outlook)


def bars(load: Load, one: LoadState, outlook: Outlook, why: Wish) -> Iterator[Barred]:
    """Give what keeps the rules from the switch that they want, settling apart."""
    if left_s := one.min_time_left_s(load, outlook.now_s):
        yield Barred(Bar.MIN_TIME, left_s)
    if not one.auto_on:
        if why is Wish.RULES and one.off_since_s is not None:
            yield Barred(Bar.OFF_WHEN)
        yield from _limits_of_day(load, one, outlook)
        yield from _peak(load, one, outlook)


def _wish_off(load: Load, one: LoadState, outlook: Outlook) -> Wish | None:
    if one.takes_effect and one.on and outlook.situation.breaks_limit(own_more_w(load, outlook)):
        return Wish.GUARD
    if one.open_s <= 0:
        return Wish.CLOSED
    if load.max_on_per_day_s and one.counters.today_s(outlook.now_s) >= load.max_on_per_day_s:
        return Wish.MAX_ON
    if outlook.is_due:
        return None
    if one.off_since_s is not None and outlook.now_s - one.off_since_s >= load.off_delay_s:
        return Wish.RULES
    return Wish.DONE if one.for_guarantee or load.on_when is None else None


def own_more_w(load: Load, outlook: Outlook) -> float:
    """Give what is to be added to the telegram's net power for the load that is on: a shadow load draws nothing in it."""
    return outlook.pending_w + (outlook.power_w if load.shadow else 0.0)


def _wish_on(load: Load, one: LoadState, outlook: Outlook) -> Wish | None:
    if outlook.is_due:
        return Wish.GUARANTEE
    if one.on_since_s is not None and outlook.now_s - one.on_since_s >= load.on_delay_s:
        return Wish.RULES
    return None


def _limits_of_day(load: Load, one: LoadState, outlook: Outlook) -> Iterator[Barred]:
    if one.open_s <= 0:
        yield Barred(Bar.CLOSED)
    elif one.open_s < load.min_on_s:
        yield Barred(Bar.CLOSING, one.open_s)
    if load.max_starts_per_day and one.counters.starts >= load.max_starts_per_day:
        yield Barred(Bar.STARTS, load.max_starts_per_day)
    if load.max_on_per_day_s:
        left_s = load.max_on_per_day_s - one.counters.today_s(outlook.now_s)
        if left_s <= 0 or left_s < load.min_on_s:
            yield Barred(Bar.MAX_ON, max(0.0, left_s))


def _peak(load: Load, one: LoadState, outlook: Outlook) -> Iterator[Barred]:
    """Give what the peak guard has against a load that would go on."""
    situation = outlook.situation
    if situation.limit_kw is None:
        return
    if outlook.has_shed and situation.quarter is not None:
        yield Barred(Bar.SHED, situation.quarter.left_s)
    more_w = outlook.pending_w + (0.0 if one.on and not load.shadow else outlook.power_w)
    if not situation.has_room_for(more_w):
        yield Barred(Bar.NO_ROOM, situation.reached_with_kw(more_w) or 0.0)
