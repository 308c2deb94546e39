"""The decisions: a state of all loads and something that happened in, the next state and the switches out.

No clock and no relay here: `now_s` is the monotonic clock's time; the quarter-hour, days and hours follow the telegrams' own.
Safe states and a person's commands act at once and start no minimum time, no delay and no settling; the rules act on fresh
telegrams only (contract, promise 4). A telegram without a field that a load's rules need is no telegram for that load.
"""

from dataclasses import replace
from math import inf

from relay_controller.counters import Counters
from relay_controller.events import Command, Switch, Telegram
from relay_controller.guarantee import rest_s
from relay_controller.load import Load, OnStale, Plant
from relay_controller.load_state import LoadState, Mode
from relay_controller.observation import informed
from relay_controller.state import State, draws_of, power_of
from relay_controller.wishes import Bar, Outlook, Wish, bars, may_wish, wish


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
        after = _ruled(plant, informed(plant, after, state, event, now_s), now_s)
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
        has_yielded=False,
        on_since_s=None,
        off_since_s=None,
        blind_from_s=-inf,
        seen_s=state.last.arrived_s if one.blind_from_s is None and state.last is not None else one.seen_s,
    )


def _left_to_rules(state: State, load: Load, one: LoadState, now_s: float) -> LoadState:
    """Let the rules have a load again. It goes off at once; on it goes as always, by the next telegram, or to be safe."""
    after = replace(one, mode=Mode.AUTO, manual_until_s=inf)
    if one.on or not after.on or not load.has_rules:
        return after
    is_known = state.situation is not None and not one.is_blind(now_s)
    return replace(after, auto_on=load.safe_on and not is_known, ruled_s=None, for_guarantee=False)


def _obeyed(plant: Plant, state: State, command: Command, now_s: float) -> State:
    load = next(load for load in plant.loads if load.name == command.load)
    one = state.loads[load.name]
    if command.mode is Mode.AUTO:
        one = _left_to_rules(state, load, one, now_s)
    else:
        one = replace(one, mode=command.mode, manual_until_s=now_s + load.manual_timeout_s)
    return state.with_loads(plant, [(load.name, one)])


def _ruled(plant: Plant, state: State, now_s: float) -> State:
    """Let the rules choose: off before on, off from the last priority, on from the first, one per settling time."""
    waiting = inf  # priority of the most important load that finds no room below the peak limit
    for load in _in_turn(plant, state):
        one = state.loads[load.name]
        outlook = state.outlook(load, now_s)
        if outlook is None or one.is_blind(now_s) or (one.blind_from_s is not None and not one.auto_on):
            continue
        one = _with_guarantee(load, one, outlook)
        if one.has_yielded and waiting >= load.priority:
            one = replace(one, has_yielded=False)
        why = wish(load, one, outlook)
        kept = [] if why is None else [barred.bar for barred in bars(load, one, outlook, why)]
        finds_no_room = kept == [Bar.NO_ROOM] and one.takes_effect and not load.shadow
        if finds_no_room:
            waiting = min(waiting, load.priority)
        if one.takes_effect and state.settle_left_s(now_s, shadow=load.shadow):
            pass
        elif why is not None and not kept and not one.has_yielded:
            one, state = _chosen(plant, state, load, one, why, now_s)
        elif finds_no_room and (yielded := _made_room(plant, state, load, outlook)) is not state:
            return yielded  # those that come after it are less important: the room is not theirs
        state = state.with_loads(plant, [(load.name, one)])
    return state


def _made_room(plant: Plant, state: State, load: Load, outlook: Outlook) -> State:
    """Switch off the least important load, if a more important one may go on below the limit when those after it are off."""
    yielding = [other for other in reversed(plant.loads) if _may_yield(state, load, other, outlook.now_s)]
    freed_w = sum(power_of(other, outlook.situation.learned_w) for other in yielding)
    if not yielding or not outlook.situation.has_room_for(outlook.pending_w + outlook.power_w - freed_w):
        return state
    last = yielding[0]
    one, state = _chosen(plant, state, last, state.loads[last.name], Wish.YIELD, outlook.now_s)
    return state.with_loads(plant, [(last.name, replace(one, has_yielded=True))])


def _may_yield(state: State, load: Load, other: Load, now_s: float) -> bool:
    one = state.loads[other.name]
    is_ruled_on = other.has_rules and one.auto_on and one.takes_effect and not one.is_blind(now_s)
    is_less_important = other.priority > load.priority and not other.shadow
    frees_room = state.last is not None and power_of(other, state.last.learned_w) > 0
    return is_ruled_on and is_less_important and frees_room and not one.min_time_left_s(other, now_s)


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


def _chosen(plant: Plant, state: State, load: Load, one: LoadState, why: Wish, now_s: float) -> tuple[LoadState, State]:
    """Switch a load over by the rules."""
    one = replace(one, auto_on=not one.auto_on, ruled_s=now_s, for_guarantee=why is Wish.GUARANTEE)
    if why is Wish.GUARANTEE:
        one = replace(one, counters=replace(one.counters, has_begun=True))
    if one.takes_effect and one.auto_on:
        one = replace(one, counters=replace(one.counters, starts=one.counters.starts + 1))
    if one.takes_effect:
        state = replace(state, settled_s={**state.settled_s, load.shadow: now_s + plant.settle_s})
    if why is Wish.GUARD and state.last is not None and state.last.quarter is not None:
        state = replace(state, shed_in={**state.shed_in, load.shadow: state.last.quarter.number})
    return one, state


def _counted(plant: Plant, state: State, changed: list[Load], now_s: float) -> State:
    """Count the time of the loads that went on or off."""
    ones = [(load.name, state.loads[load.name]) for load in changed]
    counted = [(name, replace(one, counters=one.counters.switched(now_s, on=one.on))) for name, one in ones]
    return state.with_loads(plant, counted)
