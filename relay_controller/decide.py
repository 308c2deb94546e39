"""The decisions: a state of all loads and something that happened in, the next state and the switches out.

No clock and no relay here: `now_s` is the monotonic clock's time. Safe states and a person's commands act at once and
start no minimum time, no delay and no settling; the rules act on fresh telegrams only (contract, promise 4). A telegram
without a field that a load's rules need is no telegram for that load. A peak limit, schedules, counters that survive a
restart and a check of a switch's effect are not part of it yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from math import inf

from common.payload import Reading
from relay_controller.conditions import SURPLUS, Condition, Values
from relay_controller.load import Load, OnStale, Plant


class Mode(Enum):
    """Who decides about a load: the rules, or a person for a while."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class LoadState:
    """One load now. In shadow mode this is what would be; the relay is not touched.

    While a person has chosen, the rules go on choosing `auto_on`, which takes effect when the choice ends.
    """

    auto_on: bool  # what the rules chose, or the safe state
    mode: Mode = Mode.AUTO
    manual_until_s: float = inf
    on_since_s: float | None = None  # since when on_when holds without a break
    off_since_s: float | None = None
    ruled_s: float | None = None  # when the rules chose `auto_on`; None if it is a safe state
    surplus_w: float | None = None  # by the last telegram
    fresh_until_s: float = -inf  # until when the last fresh telegram with all that its rules need counts
    last_fresh_s: float | None = None  # when that one came

    @property
    def on(self) -> bool:
        """Whether the load is on."""
        return self.auto_on if self.mode is Mode.AUTO else self.mode is Mode.ON

    def min_time_left_s(self, load: Load, now_s: float) -> float:
        """Give the seconds for which the rules may not choose anew."""
        least_s = load.min_on_s if self.auto_on else load.min_off_s
        return 0.0 if self.ruled_s is None else max(0.0, self.ruled_s + least_s - now_s)


@dataclass(frozen=True, slots=True)
class State:
    """All loads now, by name in the plant's order. `reading` is the last telegram while it is fresh, else None."""

    loads: Mapping[str, LoadState]
    reading: Reading | None = None
    fresh_until_s: float = -inf
    last_fresh_s: float | None = None
    is_stopped: bool = False  # the service has left the loads to themselves
    settled_s: Mapping[bool, float] = field(default_factory=dict)  # shadow -> when its last automatic switch has settled

    def settle_left_s(self, now_s: float, *, shadow: bool) -> float:
        """Give the seconds until the next automatic switch; shadow loads wait for each other only."""
        return max(0.0, self.settled_s.get(shadow, -inf) - now_s)

    def values(self, load: str) -> Values:
        """Give what the conditions of a load ask for."""
        surplus_w = self.loads[load].surplus_w
        number = self.reading.number if self.reading else _unknown
        return lambda name: surplus_w if name == SURPLUS else number(name)


@dataclass(frozen=True, slots=True)
class Telegram:
    """A fresh telegram arrived; without another one it is old after `fresh_for_s` seconds."""

    reading: Reading
    fresh_for_s: float


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


def initial(plant: Plant) -> State:
    """Give the state at start: everything is in its safe state until a fresh telegram."""
    return State({load.name: LoadState(load.safe_on) for load in plant.loads})


def decide(plant: Plant, state: State, event: Telegram | Command | None, now_s: float) -> tuple[State, tuple[Switch, ...]]:
    """Give the state after an event, or after time passed (None), and the switches that lead there."""
    loads = {load.name: _safe_if_stale(load, _choice_ended(state.loads[load.name], now_s), now_s) for load in plant.loads}
    after = replace(state, loads=loads, reading=None if now_s >= state.fresh_until_s else state.reading)
    if isinstance(event, Command):
        after = _obeyed(plant, after, event, now_s)
    elif event is not None:
        after = replace(after, reading=event.reading, fresh_until_s=now_s + event.fresh_for_s, last_fresh_s=now_s)
        after = _ruled(plant, _observed(plant, after, event, now_s), now_s)
    return after, _switches(plant, state, after)


def stopped(plant: Plant) -> State:
    """Give the state in which the service leaves the loads, whatever was before."""
    return replace(initial(plant), is_stopped=True)


def next_due_s(state: State) -> float:
    """Give the time at which something changes without a telegram or a command: a choice ends, what is known is old."""
    choices = [one.manual_until_s for one in state.loads.values() if one.mode is not Mode.AUTO]
    fresh = [one.fresh_until_s for one in state.loads.values() if one.fresh_until_s > -inf]
    return min([*choices, *fresh, inf if state.reading is None else state.fresh_until_s])


def _unknown(_: str) -> None:
    return None


def _choice_ended(one: LoadState, now_s: float) -> LoadState:
    return replace(one, mode=Mode.AUTO) if one.mode is not Mode.AUTO and now_s >= one.manual_until_s else one


def _safe_if_stale(load: Load, one: LoadState, now_s: float) -> LoadState:
    """Without fresh telegrams nothing that was measured counts any more, and every delay starts anew."""
    if now_s < one.fresh_until_s:
        return one
    auto_on = one.auto_on if load.on_stale is OnStale.HOLD else load.safe_on
    ruled_s = one.ruled_s if auto_on == one.auto_on else None
    return replace(one, auto_on=auto_on, ruled_s=ruled_s, on_since_s=None, off_since_s=None, surplus_w=None, fresh_until_s=-inf)


def _obeyed(plant: Plant, state: State, command: Command, now_s: float) -> State:
    timeout_s = next(load.manual_timeout_s for load in plant.loads if load.name == command.load)
    chosen = replace(state.loads[command.load], mode=command.mode, manual_until_s=now_s + timeout_s)
    return replace(state, loads={**state.loads, command.load: chosen})


def _observed(plant: Plant, state: State, telegram: Telegram, now_s: float) -> State:
    """Note since when each condition holds."""
    net_power_w = telegram.reading.number("net_power")
    loads = {
        load.name: replace(
            state.loads[load.name],
            surplus_w=None if net_power_w is None else _own_draw_w(plant, state, load) - net_power_w,
        )
        for load in plant.loads
    }
    state = replace(state, loads=loads)
    for load in plant.loads:
        loads[load.name] = _observed_one(load, loads[load.name], state.values(load.name), telegram, now_s)
    return state


def _observed_one(load: Load, one: LoadState, values: Values, telegram: Telegram, now_s: float) -> LoadState:
    """Note it for one load: it may go on only when all is known, and off until what is missing makes it stale."""
    knows_all = not load.missing(values)
    if knows_all:
        one = replace(one, fresh_until_s=now_s + telegram.fresh_for_s, last_fresh_s=now_s)
    elif one.fresh_until_s == -inf:
        return one
    on_since_s = _since(load.on_when, values, one.on_since_s, now_s) if knows_all else None
    return replace(one, on_since_s=on_since_s, off_since_s=_since(load.off_when, values, one.off_since_s, now_s))


def _own_draw_w(plant: Plant, state: State, load: Load) -> float:
    """Give the power that the load could take over: its own, and that of lower-priority loads, where they are really on."""
    return sum(
        other.power_w
        for other in plant.loads
        if (other is load or other.priority > load.priority) and state.loads[other.name].on and not other.shadow
    )


def _since(condition: Condition | None, values: Values, since_s: float | None, now_s: float) -> float | None:
    if condition is None or not condition.holds(values):
        return None
    return now_s if since_s is None else since_s


def _ruled(plant: Plant, state: State, now_s: float) -> State:
    """Let the rules choose: off before on, off from the last priority, on from the first, one per settling time."""
    for load in _in_turn(plant, state):
        one = state.loads[load.name]
        takes_effect = one.mode is Mode.AUTO
        if not _wants_switch(load, one, now_s) or (takes_effect and state.settle_left_s(now_s, shadow=load.shadow)):
            continue
        chosen = replace(one, auto_on=not one.auto_on, ruled_s=now_s)
        state = replace(state, loads={**state.loads, load.name: chosen})
        if takes_effect:
            state = replace(state, settled_s={**state.settled_s, load.shadow: now_s + plant.settle_s})
    return state


def _in_turn(plant: Plant, state: State) -> list[Load]:
    loads_on = [load for load in plant.loads if state.loads[load.name].auto_on]
    loads_off = [load for load in plant.loads if not state.loads[load.name].auto_on]
    return [*reversed(loads_on), *loads_off]


def _wants_switch(load: Load, one: LoadState, now_s: float) -> bool:
    """Tell whether the condition held for its delay and the minimum time is over; when both conditions hold, off wins."""
    since_s, delay_s = (one.off_since_s, load.off_delay_s) if one.auto_on else (one.on_since_s, load.on_delay_s)
    if since_s is None or (not one.auto_on and one.off_since_s is not None):
        return False
    return now_s - since_s >= delay_s and one.min_time_left_s(load, now_s) == 0


def _switches(plant: Plant, before: State, after: State) -> tuple[Switch, ...]:
    return tuple(
        Switch(load.name, after.loads[load.name].on)
        for load in plant.loads
        if not load.shadow and before.loads[load.name].on != after.loads[load.name].on
    )
