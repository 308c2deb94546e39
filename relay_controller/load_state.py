"""One load now: what the rules chose, what a person chose, and since when its conditions hold."""

from dataclasses import dataclass, field
from enum import Enum
from math import inf

from relay_controller.counters import Counters
from relay_controller.load import Load


class Mode(Enum):
    """Who decides about a load: the rules, or a person for a while."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class LoadState:
    """One load now; times are the monotonic clock's. In shadow mode this is what would be; the relay is not touched.

    While a person has chosen, the rules go on choosing `auto_on`, which takes effect when the choice ends.
    """

    auto_on: bool  # what the rules chose, or the safe state
    mode: Mode = Mode.AUTO
    manual_until_s: float = inf
    on_since_s: float | None = None  # since when on_when holds without a break
    off_since_s: float | None = None
    for_guarantee: bool = False  # it was switched on for its guaranteed time, and its own condition has not had it on since
    has_yielded: bool = False  # it made room for a more important load, which may still wait for it
    ruled_s: float | None = None  # when the rules chose `auto_on`; None if it is a safe state
    blind_from_s: float | None = -inf  # from when what its rules need is too old; None while each telegram has it all
    seen_s: float | None = None  # when the last telegram with all of it came, of a load that is going blind or is
    open_s: float = inf  # how long its hours go on from this minute on; 0 while they are closed
    low_ends_s: float = inf  # until when its guarantee may use the low tariff; meter time, as Unix time
    closed_s: float = 0.0  # how much of the time until its guarantee is due lies outside of them
    counters: Counters = field(default_factory=Counters)

    @property
    def on(self) -> bool:
        """Whether the load is on."""
        return self.auto_on if self.mode is Mode.AUTO else self.mode is Mode.ON

    @property
    def takes_effect(self) -> bool:
        """Whether what the rules choose is done."""
        return self.mode is Mode.AUTO

    def is_blind(self, now_s: float) -> bool:
        """Tell whether the last telegram with all that its rules need is too old, so that it is in its safe state."""
        return self.blind_from_s is not None and now_s >= self.blind_from_s

    def min_time_left_s(self, load: Load, now_s: float) -> float:
        """Give the seconds for which the rules may not choose anew."""
        least_s = load.min_on_s if self.auto_on else load.min_off_s
        return 0.0 if self.ruled_s is None else max(0.0, self.ruled_s + least_s - now_s)
