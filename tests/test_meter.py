"""A reckoned meter: energies, quarter-hours, and the peaks of months, by the clock on the wall."""

from datetime import datetime, timedelta

import pytest

from reader.sunshine import BRUSSELS
from relay_controller.replay.meter import Meter, Month

NOON = datetime(2026, 6, 21, 12, tzinfo=BRUSSELS)


def _meter(begin: datetime, stretches: list[tuple[float, float]]) -> Meter:
    """Give a meter after stretches of (seconds, W), none over the end of a quarter."""
    meter, now_s = Meter(begin), begin.timestamp()
    for seconds, net_w in stretches:
        now_s += seconds
        meter.add(seconds, net_w, is_night=False)
        meter.advance(now_s)
    return meter


def test_energies_are_exact_and_go_to_their_registers() -> None:
    """Watts times seconds; what is injected has no tariff and takes nothing from what is drawn."""
    meter = Meter(NOON)
    meter.add(100, 300, is_night=False)
    meter.add(50, 2000, is_night=True)
    meter.add(10, -700, is_night=False)
    assert (meter.drawn_day_ws, meter.drawn_night_ws, meter.injected_ws) == (30_000, 100_000, 7000)
    assert (meter.drawn_ws, meter.counted_s) == (130_000, 160)
    assert meter.average_demand_kw == 130_000 / 900_000


def test_a_quarter_ends_with_the_clock() -> None:
    """Its average is of the whole quarter, however little of it is recorded; injection takes nothing off."""
    meter = _meter(NOON + timedelta(minutes=10), [(60, 3000), (240, -9000), (900, 1800)])
    assert list(meter.quarters.kw) == [0.2, 1.8]
    assert list(meter.quarters.end_s) == [NOON.timestamp() + 900, NOON.timestamp() + 1800]
    assert list(meter.quarters.peak_before_kw) == [0.0, 0.2]
    assert meter.average_demand_kw == 0.0


def test_a_quarter_without_a_record_is_none() -> None:
    """Time alone makes no peak."""
    meter = _meter(NOON, [(900, 500)])
    meter.advance(NOON.timestamp() + 4000)
    meter.add(10, 900, is_night=False)
    meter.end_quarter()
    assert list(meter.quarters.end_s) == [NOON.timestamp() + 900, NOON.timestamp() + 4500]


def test_the_first_of_equal_quarters_is_the_peak() -> None:
    """Its end is what meters tell."""
    meter = _meter(NOON, [(900, 500), (900, 2500), (900, 2500)])
    end = datetime(2026, 6, 21, 12, 30, tzinfo=BRUSSELS)
    assert meter.months == [Month("2026-06", 2.5, end, stamp=end.isoformat())]


@pytest.mark.parametrize(("quarter_kw", "stamp"), [(3.5, "told"), (4.5, "2026-06-21T12:15:00+02:00")])
def test_the_peak_before_the_recording_counts(quarter_kw: float, stamp: str) -> None:
    """Until a quarter is higher."""
    meter = Meter(NOON, 4.0, "told")
    meter.add(900, quarter_kw * 1000, is_night=False)
    meter.advance(NOON.timestamp() + 900)
    assert (meter.month.peak_kw, meter.month.stamp, meter.month.quarter_kw) == (max(4.0, quarter_kw), stamp, quarter_kw)


def test_a_month_begins_anew_at_local_midnight() -> None:
    """The quarter that ends then is of the month before."""
    begin = datetime(2026, 6, 30, 23, 45, tzinfo=BRUSSELS)
    midnight = begin + timedelta(minutes=15)
    meter = _meter(begin, [(900, 3000)])
    assert meter.month == Month("2026-07", stamp=midnight.isoformat())
    assert meter.recorded_months == [Month("2026-06", 3.0, midnight, stamp=midnight.isoformat())]


@pytest.mark.parametrize(
    "begin",
    [datetime(2026, 3, 29, 1, 30, tzinfo=BRUSSELS), datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS)],
    ids=["spring", "autumn"],
)
def test_quarters_go_on_when_the_clocks_change(begin: datetime) -> None:
    """Twelve quarters are three hours, whatever the wall says."""
    meter = _meter(begin, [(900, 100 * number) for number in range(12)])
    assert list(meter.quarters.kw) == [number / 10 for number in range(12)]
    end = datetime.fromtimestamp(begin.timestamp() + 3 * 3600, BRUSSELS)
    assert meter.months == [Month(f"{begin:%Y-%m}", 1.1, end, stamp=end.isoformat())]
