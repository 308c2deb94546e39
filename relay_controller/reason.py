"""One sentence with the numbers: why a load is in this state, and what it waits for.

off: surplus 1,230 W, needs more than 1,500 W for 60 s (0 s so far)
on: by hand, for 3,540 s more
"""

from collections.abc import Iterator
from math import ceil

from relay_controller.conditions import PEAK_FORECAST, PEAK_LIMIT
from relay_controller.guarantee import rest_s
from relay_controller.load import Load, OnStale, Plant
from relay_controller.load_state import LoadState, Mode
from relay_controller.situation import Situation
from relay_controller.state import State
from relay_controller.wishes import Bar, Barred, Outlook, Wish, bars, own_more_w, wish
from relay_controller.wording import condition_text, duration, number, quantity

_ALWAYS_TOLD = frozenset({Bar.CLOSED, Bar.STARTS, Bar.MAX_ON, Bar.SHED})  # also while nothing wants the load on


def reason_of(plant: Plant, load: Load, state: State, now_s: float) -> str:
    """Give the sentence about a load; `now_s` is the monotonic clock's time."""
    one = state.loads[load.name]
    why = "; ".join(_why(plant, load, one, state, now_s))
    if load.shadow and not state.is_stopped:
        return f"off: in shadow mode, would be {_word(on=one.on)}: {why}"
    return f"{_word(on=one.on and not load.shadow)}: {why}"


def _why(plant: Plant, load: Load, one: LoadState, state: State, now_s: float) -> Iterator[str]:
    outlook = state.outlook(load, now_s)
    if state.is_stopped:
        yield "the relay controller has ended"
    elif one.mode is not Mode.AUTO:
        yield f"by hand, for {duration(ceil(one.manual_until_s - now_s), up=True)} more"
        yield from _warnings(load, one, outlook, now_s)
    elif not load.has_rules:
        yield "no rules, waits for a command"
    elif outlook is None:
        yield _stale(load, one, "", None if state.last is None else state.last.arrived_s, now_s)
    elif (missing := load.missing(state.values(load.name), is_guarded=plant.peak is not None)) and one.is_blind(now_s):
        yield _stale(load, one, f" with {', '.join(missing)}", one.seen_s, now_s)
    else:
        yield from _rules(load, one, state, outlook)


def _stale(load: Load, one: LoadState, missing: str, since_s: float | None, now_s: float) -> str:
    held = "held, " if load.on_stale is OnStale.HOLD and one.on else ""
    return f"{held}no fresh telegram{missing} {'yet' if since_s is None else f'for {duration(now_s - since_s)}'}"


def _warnings(load: Load, one: LoadState, outlook: Outlook | None, now_s: float) -> Iterator[str]:
    """Tell what a person's choice goes against: it is done all the same."""
    if one.on != one.auto_on and (left_s := one.min_time_left_s(load, now_s)):
        yield f"although {_min_time(one)} lasts {duration(ceil(left_s), up=True)} more"
    if one.on and not load.shadow and outlook is not None and outlook.situation.breaks_limit(outlook.pending_w):
        yield f"although {_peak(load, outlook)}"


def _rules(load: Load, one: LoadState, state: State, outlook: Outlook) -> Iterator[str]:
    yield from _waited_for(load, one, state, outlook)
    yield from _guarantee(load, one, outlook)
    if one.has_yielded:
        yield "it makes room for a more important load"
    why = wish(load, one, outlook)
    if why is Wish.GUARD:
        yield _peak(load, outlook)
    elif why in {Wish.CLOSED, Wish.MAX_ON}:
        yield why.value
    since_s = one.off_since_s if one.auto_on else one.on_since_s
    is_wanted = why is not None or since_s is not None
    for barred in bars(load, one, outlook, why or Wish.RULES):
        if is_wanted or barred.bar in _ALWAYS_TOLD:
            yield _barred(barred, load, one, outlook)
    settle_left_s = state.settle_left_s(outlook.now_s, shadow=load.shadow)
    if is_wanted and settle_left_s:
        yield _barred(Barred(Bar.SETTLING, settle_left_s), load, one, outlook)


def _waited_for(load: Load, one: LoadState, state: State, outlook: Outlook) -> Iterator[str]:
    condition = load.off_when if one.auto_on else load.on_when
    if condition is None or (one.auto_on and outlook.is_due):
        return
    since_s, delay_s = (one.off_since_s, load.off_delay_s) if one.auto_on else (one.on_since_s, load.on_delay_s)
    text = condition_text(condition, "off at" if one.auto_on else "needs", state.values(load.name))
    held_s = 0.0 if since_s is None else min(outlook.now_s - since_s, delay_s)
    yield f"{text} for {number(delay_s)} s ({int(held_s)} s so far)" if delay_s else text


def _guarantee(load: Load, one: LoadState, outlook: Outlook) -> Iterator[str]:
    left_s = rest_s(load, one.counters, outlook.now_s)
    if not load.min_on_per_day_s or (left_s <= 0 and load.on_when is not None):
        return
    by = f"{load.by_min // 60:02d}:{load.by_min % 60:02d}"
    if left_s <= 0:
        yield f"its {number(load.min_on_per_day_s / 60)} guaranteed minutes until {by} are reached"
        return
    text = f"{ceil(left_s / 60):,} of {number(load.min_on_per_day_s / 60)} guaranteed minutes are left until {by}"
    yield text if outlook.is_due else f"{text}, later"


def _peak(load: Load, outlook: Outlook) -> str:
    forecast_kw = outlook.situation.forecast_with_kw(own_more_w(load, outlook)) or 0.0
    return f"{PEAK_FORECAST} {quantity(forecast_kw, 'kW')} is above {_limit(outlook.situation)}"


def _limit(situation: Situation) -> str:
    return f"{PEAK_LIMIT} {quantity(situation.limit_kw or 0.0, 'kW')}"


def _barred(barred: Barred, load: Load, one: LoadState, outlook: Outlook) -> str:
    match barred.bar:
        case Bar.OFF_WHEN:
            text = "off_when holds too"
        case Bar.MIN_TIME:
            text = f"{_min_time(one)} lasts {duration(ceil(barred.number), up=True)} more"
        case Bar.CLOSED:
            opens = load.hours.opens(outlook.situation.wall)
            text = f"outside its hours{f', which begin {opens:%a %H:%M}' if opens else ''}"
        case Bar.CLOSING:
            text = f"its hours end in {duration(barred.number)}, min_on is {duration(load.min_on_s)}"
        case Bar.STARTS:
            text = f"started {one.counters.starts} of {load.max_starts_per_day} times today"
        case Bar.MAX_ON:
            text = f"max_on_per_day leaves {duration(barred.number)} today"
        case Bar.SHED:
            text = f"the peak guard lets nothing on in this quarter-hour, {duration(ceil(barred.number), up=True)} more"
        case Bar.NO_ROOM:
            text = f"with it a quarter-hour would average {quantity(barred.number, 'kW')}, {_limit(outlook.situation)}"
        case Bar.SETTLING:
            text = f"the last switch settles for {ceil(barred.number)} s more"
    return text


def _min_time(one: LoadState) -> str:
    return "min_on" if one.auto_on else "min_off"


def _word(*, on: bool) -> str:
    return "on" if on else "off"
