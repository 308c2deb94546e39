"""What a replay gives: counts of the recording, the three ways to reckon it, and what each load did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from relay_controller.replay.scenario import Scenario


@dataclass(slots=True)
class Runs:
    """How often and how long the rules had a load on."""

    switches: int = 0
    starts: int = 0
    longest_s: float = 0.0
    shortest_s: float | None = None  # of the runs that ended
    on_from_s: float | None = None

    def switch(self, now_s: float, *, on: bool) -> None:
        """Count a switch."""
        self.switches += 1
        if on:
            self.starts += 1
            self.on_from_s = now_s
        elif self.on_from_s is not None:
            run_s = now_s - self.on_from_s
            self.shortest_s = run_s if self.shortest_s is None else min(self.shortest_s, run_s)
            self.end(now_s)

    def end(self, now_s: float) -> None:
        """Count the run that is on, if one is, as it is by now."""
        if self.on_from_s is not None:
            self.longest_s = max(self.longest_s, now_s - self.on_from_s)
            self.on_from_s = None


@dataclass(slots=True)
class Counts:
    """What is to be known of the recording."""

    rows: int = 0
    out_of_order: int = 0  # rows that go back in time or repeat a moment: left out
    without_tariff: int = 0  # rows that tell neither day nor night: day
    gaps: int = 0
    gap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out. The loads of `controlled` and `timed` are the same ones, by priority."""

    first: datetime  # local times
    last: datetime
    timers_from_min: int  # when timers start, in minutes after midnight
    counts: Counts
    house: Scenario  # without loads
    timed: Scenario
    controlled: Scenario
    runs: Mapping[str, Runs]  # of the loads of `controlled`
