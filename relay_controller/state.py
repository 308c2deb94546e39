"""All loads now, and what is known of the house: the value that decisions turn into the next one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from relay_controller.conditions import Values
from relay_controller.guarantee import is_due
from relay_controller.load import Load
from relay_controller.load_state import LoadState, Mode
from relay_controller.quarter import Quarter
from relay_controller.situation import Situation, nothing_known
from relay_controller.wishes import Outlook


@dataclass(frozen=True, slots=True)
class State:
    """All loads now, by name in the plant's order. Times are the monotonic clock's.

    Loads in shadow mode are never on the meter, so they wait for each other only: what is kept per `shadow` has two values.
    """

    loads: Mapping[str, LoadState]
    last: Situation | None = None  # of the last telegram, fresh or not
    is_fresh: bool = False  # whether it still counts
    is_stopped: bool = False  # the service has left the loads to themselves
    settled_s: Mapping[bool, float] = field(default_factory=dict)  # shadow -> when its last automatic switch has settled
    shed_in: Mapping[bool, int] = field(default_factory=dict)  # shadow -> quarter in which the guard last switched off
    quarter: Quarter | None = None  # of the last telegram that told what is drawn
    own_draw_w: Mapping[str, float] = field(default_factory=dict)  # load -> what it could take over, as it is on now
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

    def outlook(self, load: Load, now_s: float, pending_w: float = 0.0) -> Outlook | None:
        """Give what the rules of a load look at; None without a fresh telegram."""
        situation = self.situation
        if situation is None:
            return None
        power_w = situation.learned_w.get(load.name, 0.0) if load.power_w is None else load.power_w
        has_shed = self.quarter is not None and self.shed_in.get(load.shadow) == self.quarter.number
        due = load.min_on_per_day_s > 0 and is_due(load, self.loads[load.name], situation, now_s)
        return Outlook(situation, now_s, power_w, pending_w, has_shed, due)

    def with_loads(self, ones: Iterable[tuple[str, LoadState]]) -> "State":
        """Put the states of some loads in the place of what they were; the same state comes back if they are the same."""
        changed = {name: one for name, one in ones if one is not self.loads[name]}
        if not changed:
            return self
        loads = {**self.loads, **changed}
        return replace(self, loads=loads, loads_due_s=min(_due_s(one) for one in loads.values()))


def next_due_s(state: State) -> float:
    """Give the time at which something changes without a telegram or a command: a choice ends, what is known is old."""
    situation = state.situation
    return state.loads_due_s if situation is None else min(state.loads_due_s, situation.fresh_until_s)


def _due_s(one: LoadState) -> float:
    manual_until_s = inf if one.mode is Mode.AUTO else one.manual_until_s
    return manual_until_s if one.blind_from_s in {None, -inf} else min(manual_until_s, one.blind_from_s or inf)
