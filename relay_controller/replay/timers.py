"""A day without control: dumb timers have each load on once, for as long as the rules had it on that day.

A timer starts at the same time every day. Where the day is too short from then on, the load has run the rest at the day's
begin, as a timer does that is set over midnight. So a load draws the same on each day with and without control.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from relay_controller.replay.scenario import Scenario

Span = tuple[float, float]


def _doubles() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class Day:
    """What the house drew in one day: stretches in order, none of which goes over the end of a quarter. Unix times."""

    start_s: "array[float]" = field(default_factory=_doubles)
    end_s: "array[float]" = field(default_factory=_doubles)
    house_w: "array[float]" = field(default_factory=_doubles)
    is_night: bytearray = field(default_factory=bytearray)

    def add(self, start_s: float, end_s: float, house_w: float, *, is_night: bool) -> None:
        """Append a stretch."""
        self.start_s.append(start_s)
        self.end_s.append(end_s)
        self.house_w.append(house_w)
        self.is_night.append(is_night)

    def stretches(self) -> Iterator[tuple[float, float, float, int]]:
        """Give (start, end, power of the house, whether it is night)."""
        return zip(self.start_s, self.end_s, self.house_w, self.is_night, strict=True)


def run_timers(day: Day, scenario: Scenario, on_s: Mapping[str, float], from_s: float) -> None:
    """Let a day pass in which each load is on for its seconds, all beginning at `from_s`."""
    spans = {load: spans_of(day, seconds, from_s) for load, seconds in on_s.items() if seconds > 0}
    cuts = sorted({time_s for times in spans.values() for span in times for time_s in span if time_s < inf})
    cuts.append(inf)
    scenario.put([load for load, times in spans.items() if _are_on(times, -inf)])
    place, cut_s = 0, cuts[0]
    for start_s, end_s, house_w, is_night in day.stretches():
        scenario.meter.advance(start_s)
        begin_s = start_s
        while cut_s < end_s:
            if cut_s > begin_s:
                scenario.add(begin_s, cut_s, house_w, is_night=bool(is_night))
                begin_s = cut_s
            scenario.put([load for load, times in spans.items() if _are_on(times, cut_s)])
            place += 1
            cut_s = cuts[place]
        scenario.add(begin_s, end_s, house_w, is_night=bool(is_night))


def spans_of(day: Day, need_s: float, from_s: float) -> list[Span]:
    """Give from when to when a load is on that needs so many recorded seconds of the day, first from `from_s` on."""
    late_s = sum(end_s - max(start_s, from_s) for start_s, end_s in zip(day.start_s, day.end_s, strict=True) if end_s > from_s)
    if need_s <= late_s:
        return [(from_s, _reached_s(day, need_s, from_s))]
    return [(-inf, _reached_s(day, need_s - late_s, -inf)), (from_s, inf)]


def _reached_s(day: Day, need_s: float, from_s: float) -> float:
    """Give when that many seconds are recorded since `from_s`."""
    for start_s, end_s in zip(day.start_s, day.end_s, strict=True):
        begin_s = max(start_s, from_s)
        if end_s - begin_s >= need_s:
            return begin_s + need_s
        need_s -= max(0.0, end_s - begin_s)
    return inf


def _are_on(spans: list[Span], now_s: float) -> bool:
    return any(start_s <= now_s < end_s for start_s, end_s in spans)
