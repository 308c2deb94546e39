"""The decisions: a state of all loads and something that happened in, the next state and the switches out.

No clock and no relay here: `now_s` is the monotonic clock's time; the quarter-hour, days and hours follow the telegrams' own.
Safe states and a person's commands act at once and start no minimum time, no delay and no settling; the rules act on fresh
telegrams only (contract, promise 4). A telegram without a field that a load's rules need is no telegram for that load.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from common.payload import Reading
from relay_controller.conditions import Condition, Values
from relay_controller.counters import Counters, next_due
from relay_controller.guarantee import rest_s
from relay_controller.load import Load, OnStale, Plant
from relay_controller.load_state import LoadState, Mode
from relay_controller.quarter import quarter_after
from relay_controller.situation import Situation
from relay_controller.state import State, draws_of, next_due_s
from relay_controller.wishes import Outlook, Wish, bars, may_wish, wish

_MINUTE_S = 60

__all__ = ["Command", "Mode", "State", "Switch", "Telegram", "decide", "initial", "next_due_s", "stopped"]


@dataclass(frozen=True, slots=True)
class Telegram:
    """A fresh telegram arrived; without another one it is old after `fresh_for_s` seconds."""

    reading: Reading
    fresh_for_s: float
    learned_w: Mapping[str, float] = field(default_factory=dict)  # load -> power that was measured


@dataclass(frozen=True, slots=True)
class Command:
    """A person chose for a load of the plant, or left it to the rules again."""

    load: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Switch:
    """A relay is to be switched."""

    load: str
    on: bool


def initial(plant: Plant, now_s: float | None = None) -> State:
    """Give the state at start: everything is in its safe state until a fresh telegram. Time on counts from `now_s` on."""
    loads = {load.name: LoadState(load.safe_on) for load in plant.loads}
    if now_s is not None:
        begun = Counters(on_from_s=now_s)
        loads = {name: replace(one, counters=begun) if one.on else one for name, one in loads.items()}
    return State(loads, draws_of(plant, loads, {}))


def stopped(plant: Plant) -> State:
    """Give the state in which the service leaves the loads, whatever was before."""
    return replace(initial(plant), is_stopped=True)


def decide(plant: Plant, state: State, event: Telegram | Command | None, now_s: float) -> tuple[State, tuple[Switch, ...]]:
    """Give the state after an event, or after time passed (None), and the switches that lead there."""
    after = _aged(plant, state, now_s)
    if isinstance(event, Command):
        after = _obeyed(plant, after, event, now_s)
    elif event is not None:
        after = _ruled(plant, _informed(plant, after, state, event, now_s), now_s)
    if after.loads is state.loads:
        return after, ()
    changed = [load for load in plant.loads if state.loads[load.name].on != after.loads[load.name].on]
    if changed:
        after = _counted(plant, after, changed, now_s)
    return after, tuple(Switch(load.name, after.loads[load.name].on) for load in changed if not load.shadow)


def _aged(plant: Plant, state: State, now_s: float) -> State:
    """Let choices end whose time is over, and loads be safe that know nothing fresh."""
    is_stale = state.last is None or now_s >= state.last.fresh_until_s
    if not is_stale and now_s < state.loads_due_s:
        return state
    if is_stale and state.is_fresh:
        state = replace(state, is_fresh=False)
    for load in plant.loads:  # one after the other: what one adds counts for the next
        state = state.with_loads(plant, [(load.name, _aged_load(state, load, now_s, is_stale=is_stale))])
    return state


def _aged_load(state: State, load: Load, now_s: float, *, is_stale: bool) -> LoadState:
    one = state.loads[load.name]
    if one.blind_from_s != -inf and (is_stale or one.is_blind(now_s)):
        one = _safe(load, one, state)
    if one.mode is not Mode.AUTO and now_s >= one.manual_until_s:
        one = _left_to_rules(state, load, one, now_s)
    return one


def _safe(load: Load, one: LoadState, state: State) -> LoadState:
    """Without fresh telegrams nothing that was measured counts any more, and every delay starts anew."""
    auto_on = one.auto_on if load.on_stale is OnStale.HOLD else load.safe_on
    return replace(
        one,
        auto_on=auto_on,
        ruled_s=one.ruled_s if auto_on == one.auto_on else None,
        for_guarantee=one.for_guarantee and auto_on == one.auto_on,
        on_since_s=None,
        off_since_s=None,
        blind_from_s=-inf,
        seen_s=state.last.arrived_s if one.blind_from_s is None and state.last is not None else one.seen_s,
    )


def _left_to_rules(state: State, load: Load, one: LoadState, now_s: float) -> LoadState:
    """Let the rules have a load again: what they chose meanwhile holds, unless they may not switch it on now."""
    after = replace(one, mode=Mode.AUTO, manual_until_s=inf)
    if one.on or not after.on or not load.has_rules or one.is_blind(now_s):
        return after
    outlook = state.outlook(load, now_s)
    if outlook is None:
        return after
    off = replace(after, auto_on=False, ruled_s=None)
    return after if next(bars(load, off, outlook, Wish.GUARANTEE), None) is None else off


def _obeyed(plant: Plant, state: State, command: Command, now_s: float) -> State:
    load = next(load for load in plant.loads if load.name == command.load)
    one = state.loads[load.name]
    if command.mode is Mode.AUTO:
        one = _left_to_rules(state, load, one, now_s)
    else:
        one = replace(one, mode=command.mode, manual_until_s=now_s + load.manual_timeout_s)
    return state.with_loads(plant, [(load.name, one)])


def _informed(plant: Plant, before: State, measured: State, telegram: Telegram, now_s: float) -> State:
    """Take in a telegram: what is known now, which day it is, and since when each condition holds."""
    reading, last = telegram.reading, before.last
    at_s = datetime.fromisoformat(reading.timestamp).timestamp()
    minute = int(at_s // _MINUTE_S)
    if last is None or minute != last.minute:
        wall = datetime.fromtimestamp(minute * _MINUTE_S, plant.zone)
        month = f"{wall:%Y-%m}"
        ones = [(load.name, _at_minute(wall, load, before.loads[load.name], now_s)) for load in plant.loads]
        before = before.with_loads(plant, ones)
    else:
        wall, month = last.wall, last.month
    quarter = quarter_after(before.quarter, reading, at_s, month) if plant.needs_quarter else None
    draws = measured.draws
    if last is None or telegram.learned_w != last.learned_w:
        draws = draws_of(plant, measured.loads, telegram.learned_w)
    situation = Situation(
        reading=reading,
        arrived_s=now_s,
        fresh_until_s=now_s + telegram.fresh_for_s,
        at_s=at_s,
        minute=minute,
        wall=wall,
        month=month,
        net_power_w=reading.number("net_power"),
        draws=draws,
        quarter=quarter,
        limit_kw=None if plant.peak is None or quarter is None else quarter.limit_kw(plant.peak),
        learned_w=telegram.learned_w,
    )
    after = State(
        loads=before.loads,
        last=situation,
        is_fresh=True,
        settled_s=before.settled_s,
        shed_in=before.shed_in,
        quarter=quarter or before.quarter,
        draws=draws if before.loads is measured.loads else draws_of(plant, before.loads, telegram.learned_w),
        loads_due_s=before.loads_due_s,
    )
    return after.with_loads(plant, [(load.name, _observed(plant, load, before, situation)) for load in plant.loads])


def _at_minute(wall: datetime, load: Load, one: LoadState, now_s: float) -> LoadState:
    """Bring a load to the minute: its hours, and the counters of the day and of the guarantee that are running."""
    due = next_due(wall, load.by_min) if load.min_on_per_day_s else None
    after = replace(
        one,
        open_s=load.hours.closes_in_s(wall),
        closed_s=load.hours.closed_s(wall, due) if due else 0.0,
        counters=one.counters.at(wall.date(), due.timestamp() if due else None, now_s),
    )
    return one if after == one else after


def _observed(plant: Plant, load: Load, before: State, situation: Situation) -> LoadState:
    """Note since when the conditions of a load hold, and whether the telegram has all that they need.

    Without all of it the load may not go on; it may go off until what was known last is too old.
    """
    one, now_s = before.loads[load.name], situation.arrived_s
    if not load.has_rules:
        return one
    values = situation.values(load.name)
    knows_all = not load.missing(values, is_guarded=plant.peak is not None)
    if not knows_all and one.blind_from_s == -inf:
        return one
    on_since_s = _since(load.on_when, values, one.on_since_s, now_s) if knows_all else None
    off_since_s = _since(load.off_when, values, one.off_since_s, now_s)
    blind_from_s, seen_s = one.blind_from_s, one.seen_s
    if knows_all:
        blind_from_s = None
    elif blind_from_s is None and before.last is not None:
        blind_from_s, seen_s = before.last.fresh_until_s, before.last.arrived_s
    if on_since_s == one.on_since_s and off_since_s == one.off_since_s and blind_from_s == one.blind_from_s:
        return one
    return replace(one, on_since_s=on_since_s, off_since_s=off_since_s, blind_from_s=blind_from_s, seen_s=seen_s)


def _since(condition: Condition | None, values: Values, since_s: float | None, now_s: float) -> float | None:
    if condition is None or not condition.holds(values):
        return None
    return now_s if since_s is None else since_s


def _ruled(plant: Plant, state: State, now_s: float) -> State:
    """Let the rules choose: off before on, off from the last priority, on from the first, one per settling time."""
    for load in _in_turn(plant, state):
        one = state.loads[load.name]
        outlook = state.outlook(load, now_s)
        if outlook is None or one.is_blind(now_s) or (one.blind_from_s is not None and not one.auto_on):
            continue
        one = _with_guarantee(load, one, outlook)
        why = wish(load, one, outlook)
        if why is not None and _is_free(state, load, one, outlook, why):
            one, state = _chosen(plant, state, load, one, why, now_s)
        state = state.with_loads(plant, [(load.name, one)])
    return state


def _in_turn(plant: Plant, state: State) -> list[Load]:
    """Give the loads whose rules may want something, in the order in which they are asked."""
    situation = state.situation
    if situation is None:
        return []
    asked = [load for load in plant.loads if may_wish(load, state.loads[load.name], situation)]
    if not asked:
        return asked
    loads_on = [load for load in asked if state.loads[load.name].auto_on]
    return [*reversed(loads_on), *(load for load in asked if load not in loads_on)]


def _with_guarantee(load: Load, one: LoadState, outlook: Outlook) -> LoadState:
    """Note that the rest of the guaranteed time is being run, or that it is over."""
    counters, now_s = one.counters, outlook.now_s
    if one.for_guarantee and (one.on_since_s is not None and now_s - one.on_since_s >= load.on_delay_s):
        one = replace(one, for_guarantee=False)
    if counters.has_begun:
        return replace(one, counters=replace(counters, has_begun=False)) if rest_s(load, counters, now_s) <= 0 else one
    return replace(one, counters=replace(counters, has_begun=True)) if outlook.is_due and one.auto_on else one


def _is_free(state: State, load: Load, one: LoadState, outlook: Outlook, why: Wish) -> bool:
    """Tell whether nothing keeps the rules from a switch that they want."""
    if one.takes_effect and state.settle_left_s(outlook.now_s, shadow=load.shadow):
        return False
    return next(bars(load, one, outlook, why), None) is None


def _chosen(plant: Plant, state: State, load: Load, one: LoadState, why: Wish, now_s: float) -> tuple[LoadState, State]:
    """Switch a load over by the rules."""
    one = replace(one, auto_on=not one.auto_on, ruled_s=now_s, for_guarantee=why is Wish.GUARANTEE)
    if why is Wish.GUARANTEE:
        one = replace(one, counters=replace(one.counters, has_begun=True))
    if one.takes_effect:
        state = replace(state, settled_s={**state.settled_s, load.shadow: now_s + plant.settle_s})
    if why is Wish.GUARD and state.last is not None and state.last.quarter is not None:
        state = replace(state, shed_in={**state.shed_in, load.shadow: state.last.quarter.number})
    return one, state


def _counted(plant: Plant, state: State, changed: list[Load], now_s: float) -> State:
    """Count starts and time of the loads that went on or off."""
    ones = [(load.name, state.loads[load.name]) for load in changed]
    counted = [(name, replace(one, counters=one.counters.switched(now_s, on=one.on))) for name, one in ones]
    return state.with_loads(plant, counted)
