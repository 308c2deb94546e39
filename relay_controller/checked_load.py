"""What is known about one load from net power, and the words for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from relay_controller.power_step import ALL_PHASES, LEAST_W, Sample, is_about, phase_of, step_between

_COUNTS_FROM = 0.5  # of what is expected
_ODD_FROM = 0.25  # of what was learned, where no power is configured: a first observation may have been far too large
_WEIGHT = 0.25  # of an observation after the first one, so that a disturbed one fades


@dataclass(frozen=True, slots=True)
class Learned:
    """What a load was seen to draw, and where: `L1`, `L2`, `L3`, `L1+L2+L3`, or "" where that cannot be told."""

    power_w: float
    phase: str


class Found(Enum):
    """What is known about what a load draws."""

    UNKNOWN = auto()
    DRAWS = auto()  # its power came with our switch
    DRAWS_AGAIN = auto()  # its power came back without a switch: likely its own, but a kettle may look the same
    SATISFIED = auto()  # switched on, draws nothing
    NOT_SWITCHED = auto()
    WELDED = auto()  # stays until a switch has its effect


_DRAWING = {Found.DRAWS, Found.DRAWS_AGAIN}
_IDLE = {Found.SATISFIED, Found.NOT_SWITCHED}


@dataclass(slots=True)
class CheckedLoad:
    """One load: its configured power, what was learned, the last command (None before the first) and what it came to."""

    power_w: float | None
    learned: Learned | None
    on: bool | None = None
    found: Found = Found.UNKNOWN
    remark: str = ""
    _is_surely_on: bool = False  # its relay said so
    _missed_fall: bool = False  # it seemed to draw again, but no power fell when it was last switched off
    _odd: Learned | None = None  # what the last switch had in place of the expected step

    @property
    def phase(self) -> str:
        """The one phase by which it can be judged; "" for net power."""
        return "" if self.learned is None or self.learned.phase == ALL_PHASES else self.learned.phase

    @property
    def is_large_enough(self) -> bool:
        """Whether its switches can be seen at all, as far as its settings tell."""
        return self.power_w is None or self.power_w >= LEAST_W

    @property
    def is_watched(self) -> bool:
        """Whether it may begin or end to draw by itself, and would be recognised."""
        return (
            self.on is True and self.learned is not None and self.learned.power_w >= LEAST_W and self.found is not Found.WELDED
        )

    def turned(self, *, on: bool) -> None:
        """Note a command; what was said about the state before it is over."""
        self.on, self._is_surely_on = on, False
        if self.found is not Found.WELDED:
            self._say(Found.UNKNOWN)

    def told(self, *, on: bool) -> None:
        """Note the state that the relay tells."""
        self._is_surely_on = on and self.on is True
        if self._is_surely_on and self.found is Found.NOT_SWITCHED:
            self._say_satisfied()

    def judge(self, was: Found, before: Sequence[Sample], after: Sequence[Sample]) -> None:
        """Judge the last command by the readings around it; `was` is what had been known before."""
        expected_w = self._expected_w
        step = step_between(before, after, self.phase)
        if not step.is_clear(expected_w or 0.0):
            return
        effect_w = step.power_w if self.on else -step.power_w
        if effect_w >= (LEAST_W if expected_w is None else expected_w * _COUNTS_FROM):
            self._saw_step(was, self._seen(before, after, step.power_w, self.phase))
        elif (odd := self._recurring_odd_step(before, after)) is not None:
            self.learned = odd
            self._saw_step(was, odd)
        else:
            self._saw_no_step(was, effect_w)

    def own_change_w(self, changes_w: Sequence[float]) -> float:
        """Give the first of some changes of net power that can be its own, 0 if none is."""
        if self.learned is None:
            return 0.0
        for change_w in changes_w:
            if is_about(abs(change_w), self.learned.power_w) and self.found not in (_DRAWING if change_w > 0 else _IDLE):
                return change_w
        return 0.0

    def changed_by_itself(self, change_w: float) -> None:
        """Note that it began or ended to draw without a switch."""
        if change_w < 0:
            self._say_satisfied()
        else:
            self._say_draws(Found.DRAWS_AGAIN, change_w)

    def saw_after_gap(self, change_w: float) -> None:
        """Note how far net power is from what it was after a time that was not seen."""
        if self.learned is not None and abs(change_w) >= self.learned.power_w * _COUNTS_FROM:
            self.lose_sight()

    def lose_sight(self) -> None:
        """Take back what is said about the present."""
        if self.found in _DRAWING or self.found is Found.SATISFIED:
            self._say(Found.UNKNOWN)

    @property
    def _expected_w(self) -> float | None:
        """The smaller one of two powers: the configured one is a rated one, and what was learned may have been disturbed."""
        known = [self.power_w, None if self.learned is None else self.learned.power_w]
        least_w = min((power_w for power_w in known if power_w is not None), default=None)
        return None if least_w is None else max(LEAST_W, least_w)

    def _saw_step(self, was: Found, seen: Learned) -> None:
        self._missed_fall, self._odd = False, None
        if self.on or was not in _IDLE:  # what drew nothing before it went off has no part in the step
            self._learn(seen)
        if self.on:
            self._say_draws(Found.DRAWS, seen.power_w)
        else:
            self._say(Found.UNKNOWN)

    def _saw_no_step(self, was: Found, effect_w: float) -> None:
        if self.found is Found.WELDED:
            return
        if self.on:
            if self.learned is not None or self._is_surely_on:
                self._say_satisfied()
            else:
                expected = f"{_watts(LEAST_W)} or more" if self.power_w is None else _watts(self.power_w)
                self._say(Found.NOT_SWITCHED, f"did not switch: net power changed by {_watts(effect_w)}, expected {expected}")
        elif was is Found.DRAWS or (was is Found.DRAWS_AGAIN and self._missed_fall):
            self._say(
                Found.WELDED, f"welded: net power did not fall ({_watts(effect_w)} of {_watts(self._expected_w or LEAST_W)})"
            )
        elif was is Found.DRAWS_AGAIN:
            self._missed_fall = True

    def _recurring_odd_step(self, before: Sequence[Sample], after: Sequence[Sample]) -> Learned | None:
        """Give a step of another size or on another phase than was learned, if the switch before had the same one.

        So a plug that moved to another phase is learned anew, and a wrong first observation does not stay for ever.
        """
        last, self._odd = self._odd, None
        if self.learned is None:
            return None
        step = step_between(before, after, "")
        effect_w = step.power_w if self.on else -step.power_w
        least_w = self.learned.power_w * _ODD_FROM if self.power_w is None else self.power_w * _COUNTS_FROM
        if not step.is_clear(0.0) or effect_w < max(LEAST_W, least_w):
            return None
        self._odd = self._seen(before, after, step.power_w, "")
        recurs = last is not None and last.phase == self._odd.phase and is_about(self._odd.power_w, last.power_w)
        return self._odd if recurs else None

    def _seen(self, before: Sequence[Sample], after: Sequence[Sample], step_w: float, phase: str) -> Learned:
        """Give the step's size and phase; its phase alone tells the size best, as others are elsewhere."""
        phase = phase or phase_of(before, after, step_w)
        return Learned(abs(step_between(before, after, phase).power_w), phase)

    def _learn(self, seen: Learned) -> None:
        if self.learned is None:
            self.learned = seen
        else:
            power_w = self.learned.power_w + _WEIGHT * (seen.power_w - self.learned.power_w)
            self.learned = replace(self.learned, power_w=power_w, phase=seen.phase or self.learned.phase)

    def _say_draws(self, found: Found, power_w: float) -> None:
        phase = "" if self.learned is None else self.learned.phase
        self._say(found, f"draws {_watts(power_w)} on {phase}" if phase else f"draws {_watts(power_w)}")

    def _say_satisfied(self) -> None:
        self._say(Found.SATISFIED, "thermostat satisfied: draws nothing")

    def _say(self, found: Found, remark: str = "") -> None:
        self.found, self.remark = found, remark


def _watts(power_w: float) -> str:
    return f"{round(power_w):,} W"
