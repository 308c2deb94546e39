"""From the counters of a scenario to curves that a plot can show: averages between two samples, thinned for long recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, nan

from relay_controller.replay.meter import Quarters
from relay_controller.replay.scenario import Samples, Use

_MOST_BINS = 2881  # minutes of two days: about two for each pixel column
_FEWER_BINS = 1440  # of longer recordings
_MOST_QUARTERS = 700
_QUARTERS_PER_BAR = (1, 4, 16, 96)  # 15 min, 1 h, 4 h, 1 day
_LEAST_SHARE = 0.5  # of a bin that is recorded


@dataclass(frozen=True, slots=True)
class Curves:
    """Averages over bins; NaN where most of a bin is not recorded. `edge_s` (Unix times) has one value more than the others."""

    edge_s: Sequence[float]
    net_w: Sequence[float]
    injected_w: Sequence[float]
    on: Mapping[str, Sequence[float]]  # load -> share of the time that it is on
    own: Mapping[str, Sequence[float]]  # load -> share of its power that is own production


@dataclass(frozen=True, slots=True)
class Bars:
    """Quarter-hours, or the highest of several; the limit is the peak that the month had before."""

    end_s: Sequence[float]
    kw: Sequence[float]
    peak_before_kw: Sequence[float]
    quarters: int  # per bar


def curves_of(samples: Samples, uses: Mapping[str, Use]) -> Curves:
    """Give the averages between samples: of all of them for up to two days, else of as many as fit."""
    step = 1 if len(samples.at_s) <= _MOST_BINS else ceil((len(samples.at_s) - 1) / _FEWER_BINS)
    edge_s = samples.at_s[::step]
    counted_s = _differences(samples.counted_s[::step])
    widths_s = _differences(edge_s)
    recorded_s = [part if part > _LEAST_SHARE * width else 0.0 for part, width in zip(counted_s, widths_s, strict=True)]

    def averages(counter: Sequence[float], per: float = 1.0) -> list[float]:
        parts = zip(_differences(counter), recorded_s, strict=True)
        return [part / seconds / per if seconds else nan for part, seconds in parts]

    injected_w = averages(samples.injected_ws[::step])
    drawn_w = averages(samples.drawn_ws[::step])
    return Curves(
        edge_s=edge_s,
        net_w=[drawn - injected for drawn, injected in zip(drawn_w, injected_w, strict=True)],
        injected_w=injected_w,
        on={load: averages(samples.on_s[load][::step]) for load in uses},
        own={load: averages(samples.own_ws[load][::step], use.power_w or 1.0) for load, use in uses.items()},
    )


def bars_of(quarters: Quarters, span_s: float) -> Bars:
    """Give the quarters, or of a longer recording the highest of each hour, four hours or day."""
    fitting = (count for count in _QUARTERS_PER_BAR if span_s / 900 / count <= _MOST_QUARTERS)
    count = next(fitting, _QUARTERS_PER_BAR[-1])
    width_s = 900 * count
    highest: dict[float, tuple[float, float]] = {}
    for end_s, kw, before_kw in zip(quarters.end_s, quarters.kw, quarters.peak_before_kw, strict=True):
        bar_end_s = ceil(end_s / width_s) * width_s
        highest[bar_end_s] = max(highest.get(bar_end_s, (kw, before_kw)), (kw, before_kw))
    return Bars(list(highest), [kw for kw, _ in highest.values()], [before for _, before in highest.values()], count)


def _differences(values: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(values)]
