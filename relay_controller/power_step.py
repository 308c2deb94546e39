"""How far net power stepped between two short runs of telegrams, and on which phase."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.payload import Reading

LEAST_W = 100.0  # less cannot be told from what a household does anyway
_MOST_W = 50_000.0  # more than a connection of a household carries
_RESTLESS = 1 / 3  # of the step, or of what was expected: where readings of one run differ by more, nothing can be told
_TOLERANCE = 0.25

ALL_PHASES = "L1+L2+L3"
PHASES = ("L1", "L2", "L3")
_FIELDS = {f"L{n}": (f"actual_l{n}_consumption", f"actual_l{n}_injection") for n in (1, 2, 3)}
_ONE_PHASE = (0.8, 1.2)  # of the step
_EACH_OF_THREE = (0.2, 0.45)


@dataclass(frozen=True, slots=True)
class Sample:
    """What one telegram tells; `at_s` is the monotonic clock's time, `net_w` the net power, + is drawn from the grid."""

    at_s: float
    net_w: float
    reading: Reading

    def phase_w(self, phase: str) -> float | None:
        """Give the net power of `L1`, `L2` or `L3`; None if the meter does not tell, or for anything else than one phase.

        A meter that sends no injection injects nothing.
        """
        fields = _FIELDS.get(phase)
        consumption_kw = self.reading.number(fields[0]) if fields else None
        if fields is None or consumption_kw is None:
            return None
        return (consumption_kw - (self.reading.number(fields[1]) or 0.0)) * 1000


@dataclass(frozen=True, slots=True)
class Step:
    """From the median of one run of telegrams to that of another; `spread_w` is how far readings of one run differ."""

    power_w: float
    spread_w: float

    def is_clear(self, expected_w: float) -> bool:
        """Tell whether it can be judged: nothing else moved at the same time, and no reading is absurd."""
        return abs(self.power_w) <= _MOST_W and self.spread_w <= max(LEAST_W, max(expected_w, abs(self.power_w)) * _RESTLESS)


def step_between(before: Sequence[Sample], after: Sequence[Sample], phase: str) -> Step:
    """Give the step on one phase, or on all of them where `phase` is not one or is missing in a telegram.

    An even number of readings has no middle one: the one farthest from the switch is left out.
    """
    before, after = before[1 - len(before) % 2 :], after[: len(after) - 1 + len(after) % 2]
    old_w, new_w = _powers_w(before, after, phase) or ([one.net_w for one in before], [one.net_w for one in after])
    return Step(_middle(new_w) - _middle(old_w), max(max(old_w) - min(old_w), max(new_w) - min(new_w)))


def change_between(last: Sample, now: Sample, phase: str) -> float:
    """Give the change in W from one telegram to another, on one phase or on all of them."""
    old_w, new_w = last.phase_w(phase), now.phase_w(phase)
    return now.net_w - last.net_w if old_w is None or new_w is None else new_w - old_w


def phase_of(before: Sequence[Sample], after: Sequence[Sample], step_w: float) -> str:
    """Give the phase that a step of `step_w` was on: one, all three, or "" where that cannot be told."""
    shares = {
        phase: step_between(before, after, phase).power_w / step_w for phase in _FIELDS if _powers_w(before, after, phase)
    }
    carrying = [phase for phase, share in shares.items() if _ONE_PHASE[0] <= share <= _ONE_PHASE[1]]
    if len(carrying) == 1:
        return carrying[0]
    least, most = _EACH_OF_THREE
    return ALL_PHASES if len(shares) == len(_FIELDS) and all(least <= share <= most for share in shares.values()) else ""


def is_about(power_w: float, other_w: float) -> bool:
    """Tell whether a power is that of a load that draws `other_w`: mains voltage and meters vary."""
    return abs(power_w - other_w) <= _TOLERANCE * other_w


def _powers_w(before: Sequence[Sample], after: Sequence[Sample], phase: str) -> tuple[list[float], list[float]] | None:
    """Give the net powers of one phase, or None if not every telegram has it."""
    old_w, new_w = ([w for one in run if (w := one.phase_w(phase)) is not None] for run in (before, after))
    return (old_w, new_w) if len(old_w) == len(before) and len(new_w) == len(after) else None


def _middle(odd_number_of: Sequence[float]) -> float:
    """Give the median; the module `statistics` would bring half a megabyte for it."""
    return sorted(odd_number_of)[len(odd_number_of) // 2]
