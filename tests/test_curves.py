"""Curves of a replay: averages between samples, thinned where there are many."""

from array import array
from collections.abc import Sequence
from math import isnan, nan

import pytest

from relay_controller.replay.curves import Bars, bars_of, curves_of
from relay_controller.replay.meter import Quarters
from relay_controller.replay.scenario import Samples, Use


def _samples(at_s: Sequence[float], counted_s: Sequence[float], drawn_w: float) -> Samples:
    """Give samples of a house that draws the same all the time, with a load of 500 W that is on half of it."""
    samples = Samples(["boiler"])
    samples.at_s.extend(at_s)
    samples.counted_s.extend(counted_s)
    samples.drawn_ws.extend(drawn_w * one for one in counted_s)
    samples.injected_ws.extend(0.0 for _ in counted_s)
    samples.on_s["boiler"].extend(one / 2 for one in counted_s)
    samples.own_ws["boiler"].extend(one * 50 for one in counted_s)
    return samples


def test_curves_are_averages_of_what_is_recorded() -> None:
    """A bin that is mostly a gap has none."""
    samples = _samples([0, 60, 120, 1200, 1260], [0, 60, 100, 160, 220], drawn_w=300)
    curves = curves_of(samples, {"boiler": Use(500)})
    assert list(curves.edge_s) == [0, 60, 120, 1200, 1260]
    for curve, value in ((curves.net_w, 300), (curves.injected_w, 0), (curves.on["boiler"], 0.5), (curves.own["boiler"], 0.1)):
        assert [nan if isnan(one) else round(one, 9) for one in curve] == pytest.approx([value, value, nan, value], nan_ok=True)


@pytest.mark.parametrize(
    ("minutes", "bins"),
    [
        pytest.param(2 * 1440, 2 * 1440, id="two days, every minute"),
        pytest.param(3 * 1440, 1440, id="three days"),
        pytest.param(31 * 1440, 1440, id="a month"),
    ],
)
def test_long_recordings_are_thinned(minutes: int, bins: int) -> None:
    """A plot has no room for more."""
    at_s = [60 * minute for minute in range(minutes + 1)]
    curves = curves_of(_samples(at_s, at_s, drawn_w=300), {"boiler": Use(500)})
    assert list(curves.net_w) == [300.0] * bins


def test_quarters_are_bars() -> None:
    """Each with the month's peak before it."""
    quarters = Quarters(array("d", [900, 1800]), array("d", [1, 2]), array("d", [0, 1]))
    assert bars_of(quarters, span_s=1800) == Bars([900, 1800], [1, 2], [0, 1], quarters=1)


@pytest.mark.parametrize(("days", "each"), [(7, 1), (8, 4), (29, 4), (30, 16), (116, 16), (120, 96), (4000, 96)])
def test_many_quarters_are_the_highest_of_some(days: int, each: int) -> None:
    """Never more than fit, as long as days do."""
    ends_s = array("d", [900 * (number + 1) for number in range(days * 96)])
    quarters = Quarters(ends_s, array("d", [number % 96 for number in range(days * 96)]), array("d", bytes(8 * days * 96)))
    bars = bars_of(quarters, span_s=days * 86_400)
    assert (bars.quarters, len(bars.end_s)) == (each, days * 96 // each)
    assert max(bars.kw) == 95
    assert list(bars.end_s)[:2] == [900 * each, 1800 * each]
