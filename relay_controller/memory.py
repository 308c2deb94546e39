"""What outlives a restart: each load's counters, the rules' last choice, what was measured of it, and the quarter-hour.

Meter times are kept as Unix times, the host's as ISO 8601. Times of the monotonic clock mean nothing after a restart, so a
choice of the rules is kept with the host's time; a host clock that went back counts as if no time had passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from relay_controller.checked_load import Learned
from relay_controller.counters import Counters
from relay_controller.decide import initial
from relay_controller.load import Load, Plant
from relay_controller.load_state import LoadState
from relay_controller.quarter import Quarter
from relay_controller.state import State


@dataclass(frozen=True, slots=True)
class Remembered:
    """One load. `chosen_on` and `chosen_at`: what the rules chose last, if that still holds."""

    day: date | None = None
    starts: int = 0
    on_s: float = 0.0  # today
    due_at_s: float | None = None
    guaranteed_s: float = 0.0
    has_begun: bool = False
    chosen_on: bool | None = None
    chosen_at: datetime | None = None
    learned: Learned | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """All loads by name, and the running quarter-hour with the month's peak."""

    loads: Mapping[str, Remembered] = field(default_factory=dict)
    quarter: Quarter | None = None
    shed_in: int | None = None  # quarter in which the guard last switched something off
    low_began_s: float | None = None  # when the low tariff was last seen to begin; meter time, as Unix time
    low_ended_s: float | None = None  # when the low tariff was last seen to end

    @property
    def essence(self) -> object:
        """What is worth to be kept at once; the rest only runs on."""
        peak = None if self.quarter is None else (self.quarter.month, self.quarter.month_peak_kw)
        loads = {
            name: (one.day, one.starts, one.due_at_s, one.has_begun, one.chosen_on, one.learned and one.learned.phase)
            for name, one in self.loads.items()
        }
        return peak, self.shed_in, loads


def memory_of(state: State, learned: Mapping[str, Learned], now_s: float, now: datetime) -> Memory:
    """Give what to keep of a state; `now` is the host's time."""
    loads = {name: _remembered(one, learned.get(name), now_s, now) for name, one in state.loads.items()}
    return Memory(loads, state.quarter, state.shed_in.get(False), state.low_began_s, state.low_ended_s)


def recalled(plant: Plant, memory: Memory, now_s: float, now: datetime) -> State:
    """Give the state at a start: everything safe, with the counters of before; `now` is the host's time."""
    shed_in = {} if memory.shed_in is None else {False: memory.shed_in}
    state = replace(
        initial(plant, now_s),
        quarter=memory.quarter,
        shed_in=shed_in,
        low_began_s=memory.low_began_s,
        low_ended_s=memory.low_ended_s,
    )
    known = [(load, memory.loads[load.name]) for load in plant.loads if load.name in memory.loads]
    return state.with_loads(plant, [(load.name, _recalled(load, one, now_s, now)) for load, one in known])


def _remembered(one: LoadState, learned: Learned | None, now_s: float, now: datetime) -> Remembered:
    counters, ruled_s = one.counters, one.ruled_s
    return Remembered(
        day=counters.day,
        starts=counters.starts,
        on_s=counters.today_s(now_s),
        due_at_s=counters.due_at_s,
        guaranteed_s=counters.toward_guarantee_s(now_s),
        has_begun=counters.has_begun,
        chosen_on=None if ruled_s is None else one.auto_on,
        chosen_at=None if ruled_s is None else now - timedelta(seconds=now_s - ruled_s),
        learned=learned,
    )


def _recalled(load: Load, before: Remembered, now_s: float, now: datetime) -> LoadState:
    """Give the safe state, with a minimum time that still runs if the rules had chosen just that."""
    one = LoadState(load.safe_on)
    counters = Counters(
        day=before.day,
        starts=before.starts,
        on_s=before.on_s,
        due_at_s=before.due_at_s,
        guaranteed_s=before.guaranteed_s,
        has_begun=before.has_begun,
        on_from_s=now_s if one.on else None,
    )
    ruled_s = None
    if before.chosen_on == one.auto_on and before.chosen_at is not None:
        passed_s = max(0.0, (now - before.chosen_at).total_seconds())
        ruled_s = now_s - passed_s if passed_s < (load.min_on_s if one.on else load.min_off_s) else None
    return replace(one, counters=counters, ruled_s=ruled_s)
