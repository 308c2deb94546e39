"""The house and some loads, one way that a day could have gone: what the meter would show, and what each load would use."""

from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from relay_controller.replay.meter import Meter

_SAMPLE_S = 60


@dataclass(slots=True)
class Use:
    """What a load used."""

    power_w: float
    on_s: float = 0.0
    own_ws: float = 0.0  # of what would have been injected otherwise

    @property
    def drawn_ws(self) -> float:
        """All that it used."""
        return self.power_w * self.on_s


class Samples:
    """The counters of a scenario, about once a minute, for curves: each list has one value per sample."""

    def __init__(self, loads: Collection[str]) -> None:
        self.at_s = array("d")  # Unix time
        self.counted_s = array("d")
        self.drawn_ws = array("d")
        self.injected_ws = array("d")
        self.on_s = {load: array("d") for load in loads}
        self.own_ws = {load: array("d") for load in loads}

    def take(self, at_s: float, meter: Meter, uses: Mapping[str, Use]) -> None:
        """Take a sample."""
        self.at_s.append(at_s)
        self.counted_s.append(meter.counted_s)
        self.drawn_ws.append(meter.drawn_ws)
        self.injected_ws.append(meter.injected_ws)
        for load, use in uses.items():
            self.on_s[load].append(use.on_s)
            self.own_ws[load].append(use.own_ws)


class Scenario:
    """Takes in what the house drew, and adds the loads that are on. `powers_w` has the loads by priority.

    Own production goes to the first load first.
    """

    def __init__(self, meter: Meter, powers_w: Mapping[str, float], *, is_sampled: bool = False) -> None:
        self.meter = meter
        self.uses = {name: Use(power_w) for name, power_w in powers_w.items()}
        self.samples = Samples(powers_w) if is_sampled else None
        self.loads_w = 0.0  # what the loads draw that are on
        self._on: list[Use] = []
        self._sample_due_s = 0.0

    def put(self, on: Collection[str]) -> None:
        """Have these loads on from now, and no other."""
        self._on = [use for name, use in self.uses.items() if name in on]
        self.loads_w = sum(use.power_w for use in self._on)

    def add(self, start_s: float, end_s: float, house_w: float, *, is_night: bool) -> None:
        """Let time pass in which the house draws `house_w`, or injects it; within a quarter (Unix time)."""
        if self.samples is not None and start_s >= self._sample_due_s:
            self._sample(start_s, self.samples)
        seconds = end_s - start_s
        self.meter.add(seconds, house_w + self.loads_w, is_night=is_night)
        own_w = -house_w
        for use in self._on:
            use.on_s += seconds
            if own_w > 0:
                use.own_ws += min(own_w, use.power_w) * seconds
                own_w -= use.power_w
        if self.samples is not None and end_s >= self._sample_due_s:
            self._sample(end_s, self.samples)

    def _sample(self, now_s: float, samples: Samples) -> None:
        samples.take(now_s, self.meter, self.uses)
        self._sample_due_s = (now_s // _SAMPLE_S + 1) * _SAMPLE_S
