"""A house with loads: what each uses, and the counters that curves are drawn from."""

from datetime import UTC, datetime

from relay_controller.replay.meter import Meter
from relay_controller.replay.scenario import Scenario, Use

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
NOON_S = NOON.timestamp()


def _scenario(*, is_sampled: bool = False) -> Scenario:
    return Scenario(Meter(NOON), {"boiler": 2000.0, "car": 1500.0}, is_sampled=is_sampled)


def test_loads_that_are_on_draw_their_power() -> None:
    """From own production first, the first load before the second."""
    scenario = _scenario()
    scenario.add(NOON_S, NOON_S + 10, -2500, is_night=False)
    scenario.put(["car"])
    scenario.add(NOON_S + 10, NOON_S + 20, -1000, is_night=True)
    scenario.put(["car", "boiler"])
    scenario.add(NOON_S + 20, NOON_S + 30, -2500, is_night=True)
    assert scenario.loads_w == 3500
    assert scenario.uses == {"boiler": Use(2000, 10, 20_000), "car": Use(1500, 20, 10_000 + 5000)}
    assert [use.drawn_ws for use in scenario.uses.values()] == [20_000, 30_000]
    assert (scenario.meter.injected_ws, scenario.meter.drawn_night_ws) == (25_000, 5000 + 10_000)
    assert scenario.samples is None


def test_samples_are_taken_once_a_minute_and_around_gaps() -> None:
    """By the clock, with the counters as they are then."""
    scenario = _scenario(is_sampled=True)
    scenario.put(["boiler"])
    for start_s in (*range(30, 200, 10), *range(1000, 1100, 10)):
        scenario.add(NOON_S + start_s, NOON_S + start_s + 10, -500, is_night=False)
    samples = scenario.samples
    assert samples is not None
    assert [at_s - NOON_S for at_s in samples.at_s] == [30, 60, 120, 180, 1000, 1020, 1080]
    counted_s = [0, 30, 90, 150, 170, 190, 250]
    assert list(samples.counted_s) == list(samples.on_s["boiler"]) == counted_s
    assert list(samples.drawn_ws) == [1500 * seconds for seconds in counted_s]
    assert list(samples.injected_ws) == [0] * 7
    assert list(samples.own_ws["boiler"]) == [500 * seconds for seconds in counted_s]
    assert list(samples.on_s["car"]) == [0] * 7
