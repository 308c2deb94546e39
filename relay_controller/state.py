"""All loads now, and what is known of the house: the value that decisions turn into the next one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from relay_controller.conditions import Values
from relay_controller.guarantee import is_due
from relay_controller.load import Load, Plant
from relay_controller.load_state import LoadState, Mode
from relay_controller.quarter import Quarter
from relay_controller.situation import Draws, Situation, nothing_known
from relay_controller.wishes import Outlook


@dataclass(frozen=True, slots=True)
class State:
    """All loads now, by name in the plant's order. Times are the monotonic clock's.

    Loads in shadow mode are never on the meter, so they wait for each other only: what is kept per `shadow` has two values.
    """

    loads: Mapping[str, LoadState]
    draws: Draws  # of the loads as they are on now
    last: Situation | None = None  # of the last telegram, fresh or not
    is_fresh: bool = False  # whether it still counts
    is_stopped: bool = False  # the service has left the loads to themselves
    settled_s: Mapping[bool, float] = field(default_factory=dict)  # shadow -> when its last automatic switch has settled
    shed_in: Mapping[bool, int] = field(default_factory=dict)  # shadow -> quarter in which the guard last switched off
    quarter: Quarter | None = None  # of the last telegram that told what is drawn
    tariff: str | None = None  # of the last telegram
    low_began_s: float | None = None  # when the low tariff was last seen to begin; meter time, as Unix time
    low_ended_s: float | None = None  # when the low tariff was last seen to end
    loads_due_s: float = inf  # when the next load changes by time alone, while telegrams arrive

    @property
    def situation(self) -> Situation | None:
        """The last telegram and what follows from it, while it is fresh."""
        return self.last if self.is_fresh else None

    def settle_left_s(self, now_s: float, *, shadow: bool) -> float:
        """Give the seconds until the next automatic switch."""
        return max(0.0, self.settled_s.get(shadow, -inf) - now_s)

    def values(self, load: str) -> Values:
        """Give what the conditions of a load ask for."""
        return self.last.values(load) if self.last is not None and self.is_fresh else nothing_known

    def outlook(self, load: Load, now_s: float) -> Outlook | None:
        """Give what the rules of a load look at; None without a fresh telegram."""
        situation = self.situation
        if situation is None:
            return None
        has_shed = self.quarter is not None and self.shed_in.get(load.shadow) == self.quarter.number
        due = load.min_on_per_day_s > 0 and is_due(load, self.loads[load.name], situation, now_s)
        pending_w = self.draws.sum_w - situation.draws.sum_w  # what was switched since the telegram is not in it yet
        return Outlook(situation, now_s, power_of(load, situation.learned_w), pending_w, has_shed, due)

    def with_loads(self, plant: Plant, ones: Iterable[tuple[str, LoadState]]) -> "State":
        """Put the states of some loads in the place of what they were; the same state comes back if they are the same."""
        changed = {name: one for name, one in ones if one is not self.loads[name]}
        if not changed:
            return self
        loads, draws = {**self.loads, **changed}, self.draws
        if any(one.on != self.loads[name].on for name, one in changed.items()):
            draws = draws_of(plant, loads, {} if self.last is None else self.last.learned_w)
        return replace(self, loads=loads, draws=draws, loads_due_s=min(_due_s(one) for one in loads.values()))


def power_of(load: Load, learned_w: Mapping[str, float]) -> float:
    """Give what a load draws when it is on: as it is set, else as it was measured, else 0."""
    return learned_w.get(load.name, 0.0) if load.power_w is None else load.power_w


def draws_of(plant: Plant, loads: Mapping[str, LoadState], learned_w: Mapping[str, float]) -> Draws:
    """Give what loads draw that are really on."""
    powers_w = {
        load.name: power_of(load, learned_w) if loads[load.name].on and not load.shadow else 0.0 for load in plant.loads
    }
    own_w = {
        load.name: sum(powers_w[other.name] for other in plant.loads if other is load or other.priority > load.priority)
        for load in plant.loads
    }
    return Draws(own_w, sum(powers_w.values()))


def next_due_s(state: State) -> float:
    """Give the time at which something changes without a telegram or a command: a choice ends, what is known is old."""
    situation = state.situation
    return state.loads_due_s if situation is None else min(state.loads_due_s, situation.fresh_until_s)


def _due_s(one: LoadState) -> float:
    manual_until_s = inf if one.mode is Mode.AUTO else one.manual_until_s
    return manual_until_s if one.blind_from_s in {None, -inf} else min(manual_until_s, one.blind_from_s or inf)
