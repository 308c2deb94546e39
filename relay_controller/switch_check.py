"""What a switch did to net power: whether the load draws, how much and on which phase, or what is wrong with it.

Before = the middle of the last readings before the switch, after = that of the readings from 3 to 8 s after it (relay and
meter take their time). Nothing is said where it cannot be told: two switches overlap, telegrams are missing, something else
moved in between. What is on and drew is watched further: its thermostat may end that, and begin it again.
No clock: `now_s` is the monotonic clock's time.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType

from common.payload import Reading
from relay_controller.checked_load import CheckedLoad, Found, Learned
from relay_controller.power_step import Sample, change_between

__all__ = ["Learned", "SwitchCheck"]

_NOTHING_LEARNED: Mapping[str, Learned] = MappingProxyType({})
_READINGS = 5  # of each side of a switch
_BEFORE_S = 15.0
_LATENCY_S = 3.0
_AFTER_S = 8.0
_AFTER_AT_MOST_S = 30.0
_GAP_S = 15.0  # between two telegrams; what happened in a longer one was not seen


@dataclass(slots=True)
class _Pending:
    """A switch whose effect is still to be seen."""

    load: CheckedLoad
    was: Found
    at_s: float
    before: list[Sample]
    after: list[Sample] = field(default_factory=list)


class SwitchCheck:
    """Checks all loads that are really switched; the state is a handful of readings and one record for each load.

    `powers_w`: load -> configured power, None where there is none; `learned`: what an earlier run had learned.
    """

    def __init__(self, powers_w: Mapping[str, float | None], learned: Mapping[str, Learned] = _NOTHING_LEARNED) -> None:
        self._loads = {name: CheckedLoad(power_w, learned.get(name)) for name, power_w in powers_w.items()}
        self._samples: deque[Sample] = deque(maxlen=_READINGS)
        self._pending: _Pending | None = None
        self._quiet_from_s = -inf  # readings from then on show the last switch's whole effect

    def learned(self) -> Mapping[str, Learned]:
        """Give what was learned, load by load; a load that was never seen to draw is not in it."""
        return {name: load.learned for name, load in self._loads.items() if load.learned is not None}

    def remark(self, load: str) -> str:
        """Give a few words for the load's reason, or "" where nothing is known."""
        return self._loads[load].remark

    def switched(self, load: str, *, on: bool, now_s: float) -> None:
        """Note that our command to switch went out; the same command once more is no switch."""
        one = self._loads[load]
        if one.on == on:
            return
        was = one.found
        one.turned(on=on)
        before = [sample for sample in self._samples if sample.at_s >= max(now_s - _BEFORE_S, self._quiet_from_s)]
        can_tell = self._pending is None and before and one.is_large_enough
        self._pending = _Pending(one, was, now_s, before) if can_tell else None
        self._quiet_from_s = now_s + _LATENCY_S

    def confirmed(self, load: str, *, on: bool) -> None:
        """Note the state that the relay itself told: one that is surely on and draws nothing did switch."""
        self._loads[load].told(on=on)

    def saw(self, reading: Reading, now_s: float) -> None:
        """Take in a fresh telegram; one without net power tells nothing."""
        net_w = reading.number("net_power")
        if net_w is None:
            return
        sample = Sample(now_s, net_w, reading)
        if self._samples and now_s < self._samples[-1].at_s:  # not the same clock any more
            self._samples.clear()
            self._pending, self._quiet_from_s = None, -inf
        self._samples.append(sample)
        if self._pending is not None:
            self._follow(self._pending, sample)
        self._watch([load for load in self._loads.values() if load.is_watched])

    def _follow(self, pending: _Pending, sample: Sample) -> None:
        """Collect readings after the switch until they suffice."""
        after_s = sample.at_s - pending.at_s
        if after_s < _LATENCY_S:
            return
        if after_s <= _AFTER_S or (after_s <= _AFTER_AT_MOST_S and not pending.after):
            pending.after.append(sample)
        if after_s >= _AFTER_S or len(pending.after) == _READINGS:
            self._pending = None
            if pending.after:
                pending.load.judge(pending.was, pending.before, pending.after)

    def _watch(self, loads: list[CheckedLoad]) -> None:
        """Look for loads that begin or end to draw by themselves: net power changes by what they draw.

        A meter's reading is a mean, so that a change can be spread over two telegrams.
        """
        if not loads or len(self._samples) == 1:
            return
        *earlier, last, now = list(self._samples)[-3:]
        if last.at_s < self._quiet_from_s:
            return
        phases = {load.phase for load in loads}
        if now.at_s - last.at_s > _GAP_S:
            change_w = {phase: change_between(last, now, phase) for phase in phases}
            for load in loads:
                load.saw_after_gap(change_w[load.phase])
            return
        since = [last, *(one for one in earlier if one.at_s >= self._quiet_from_s and now.at_s - one.at_s <= _GAP_S)]
        changes_w = {phase: [change_between(one, now, phase) for one in since] for phase in phases}
        own = [(load, load.own_change_w(changes_w[load.phase])) for load in loads]
        _note([(load, change_w) for load, change_w in own if change_w < 0])
        _note([(load, change_w) for load, change_w in own if change_w > 0])


def _note(fitting: Sequence[tuple[CheckedLoad, float]]) -> None:
    """Note a change that fits one load; where it fits several, it can be any one's."""
    for load, change_w in fitting:
        if len(fitting) == 1:
            load.changed_by_itself(change_w)
        else:
            load.lose_sight()
