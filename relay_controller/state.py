"""All loads now, and what is known of the house: the value that decisions turn into the next one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from relay_controller.conditions import Values
from relay_controller.load import Load
from relay_controller.load_state import LoadState, Mode
from relay_controller.quarter import Quarter
from relay_controller.situation import Situation, nothing_known
from relay_controller.wishes import Outlook


@dataclass(frozen=True, slots=True)
class State:
    """All loads now, by name in the plant's order. Times are the monotonic clock's, where nothing else is said.

    Loads in shadow mode are never on the meter, so they wait for each other only: what is kept per `shadow` has two values.
    """

    loads: Mapping[str, LoadState]
    situation: Situation | None = None  # of the last telegram while it is fresh
    fresh_until_s: float = -inf
    last_fresh_s: float | None = None
    is_stopped: bool = False  # the service has left the loads to themselves
    settled_s: Mapping[bool, float] = field(default_factory=dict)  # shadow -> when its last automatic switch has settled
    shed_in: Mapping[bool, int] = field(default_factory=dict)  # shadow -> quarter in which the guard last switched off
    quarter: Quarter | None = None  # the last one that was seen, fresh or not
    minute: int | None = None  # of the last telegram, since 1970 in meter time
    wall: datetime | None = None  # the household's clock in that minute
    learned_w: Mapping[str, float] = field(default_factory=dict)  # load -> power that was measured

    def settle_left_s(self, now_s: float, *, shadow: bool) -> float:
        """Give the seconds until the next automatic switch."""
        return max(0.0, self.settled_s.get(shadow, -inf) - now_s)

    def power_w(self, load: Load) -> float:
        """Give what a load draws: as it is set, else as it was measured, else 0."""
        return self.learned_w.get(load.name, 0.0) if load.power_w is None else load.power_w

    def values(self, load: str) -> Values:
        """Give what the conditions of a load ask for."""
        return nothing_known if self.situation is None else self.situation.values(load)

    def outlook(self, load: Load, now_s: float, pending_w: float = 0.0) -> Outlook | None:
        """Give what the rules of a load look at; None without a fresh telegram."""
        if self.situation is None or self.wall is None:
            return None
        shed_in = self.shed_in.get(load.shadow)
        has_shed = shed_in is not None and self.quarter is not None and shed_in == self.quarter.number
        return Outlook(self.situation, self.wall, now_s, self.power_w(load), pending_w, has_shed)


def next_due_s(state: State) -> float:
    """Give the time at which something changes without a telegram or a command: a choice ends, what is known is old."""
    choices = [one.manual_until_s for one in state.loads.values() if one.mode is not Mode.AUTO]
    blind = [one.blind_from_s for one in state.loads.values() if one.blind_from_s is not None and one.blind_from_s > -inf]
    return min([*choices, *blind, inf if state.situation is None else state.fresh_until_s])
