"""What one telegram means for a load: surplus, forecasts, room below the limit."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.payload import Reading
from relay_controller.quarter import Quarter, quarter_at
from relay_controller.situation import Draws, Situation, nothing_known

NOW = datetime(2026, 6, 1, 12, 5, tzinfo=UTC)  # a third of a quarter is over, 600 s are left
MIDDLE_S = NOW.timestamp()


def quarter(import_kw: float, demand_kw: float, at_s: float = MIDDLE_S) -> Quarter:
    """Give the running quarter."""
    return quarter_at(at_s, import_kw, demand_kw, "2026-06", 0.0)


def situation(
    net_power_w: float | None, now: Quarter | None = None, limit_kw: float | None = None, /, **fields: object
) -> Situation:
    """Give what a telegram tells while a boiler of 2 kW is on, and a pump of 500 W that comes after it."""
    told = fields if net_power_w is None else {"net_power": net_power_w, **fields}
    return Situation(
        reading=Reading("home", NOW, 1, told),
        arrived_s=100.0,
        fresh_until_s=115.0,
        at_s=MIDDLE_S,
        minute=int(MIDDLE_S // 60),
        wall=NOW,
        month="2026-06",
        net_power_w=net_power_w,
        draws=Draws({"boiler": 2500.0, "pump": 500.0, "lamp": 0.0}, 2500.0),
        quarter=now,
        limit_kw=limit_kw,
        learned_w={},
    )


def drawing(net_power_w: float, demand_kw: float, limit_kw: float | None = None) -> Situation:
    """Give what is known in the middle of a quarter of such an average so far."""
    return situation(net_power_w, quarter(max(0.0, net_power_w / 1000), demand_kw), limit_kw)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"actual_tariff_name": "day", "actual_tariff": 1}, "day"),
        ({"actual_tariff_name": "night", "actual_tariff": 2}, "night"),
        ({"actual_tariff": 2}, None),
        ({}, None),
        ({"actual_tariff_name": 2}, None),
    ],
)
def test_the_tariff_is_told_by_its_name(fields: dict[str, object], expected: str | None) -> None:
    """The meter's own number means another tariff in another country."""
    assert situation(0, **fields).tariff == expected


@pytest.mark.parametrize(
    ("net_power_w", "expected_w"),
    [
        pytest.param(-1000, [3500, 1500, 1000], id="injected"),
        pytest.param(700, [1800, -200, -700], id="drawn"),
        pytest.param(None, [None, None, None], id="unknown"),
    ],
)
def test_a_loads_surplus_has_what_it_could_take_over(net_power_w: float | None, expected_w: list[float | None]) -> None:
    """Its own draw and that of loads after it are added to what is injected."""
    assert [situation(net_power_w).surplus_w(load) for load in ("boiler", "pump", "lamp")] == expected_w


def test_conditions_ask_for_what_is_computed_and_for_what_the_meter_tells() -> None:
    """The telegram's own fields never stand in for what is computed."""
    now = situation(-1000, quarter(0.0, 1.5), 2.35, l1_voltage=231.5, meter_serial="1SAG", surplus=7.0, peak_limit=9.0)
    values = now.values("pump")
    names = ("surplus", "peak_forecast", "peak_limit", "net_power", "l1_voltage", "l2_voltage", "meter_serial")
    assert [values(name) for name in names] == [1500, 1.5, 2.35, -1000, 231.5, None, None]


def test_what_is_not_known_has_no_value() -> None:
    """Without net power, without power at all, without a limit."""
    values = situation(None).values("boiler")
    assert [values(name) for name in ("surplus", "peak_forecast", "peak_limit", "net_power")] == [None] * 4
    assert [nothing_known(name) for name in ("surplus", "net_power", "l1_voltage")] == [None] * 3


@pytest.mark.parametrize(
    ("now", "more_w", "forecast_kw", "reached_kw"),
    [
        pytest.param(drawing(1500, 0.5), 0, 1.5, 1.5, id="constant"),
        pytest.param(drawing(1500, 0.5), 1500, 2.5, 3.0, id="more: the next quarter averages all of it"),
        pytest.param(drawing(1500, 2.0), 0, 3.0, 3.0, id="the quarter began high"),
        pytest.param(drawing(1500, 2.0), 3000, 5.0, 5.0, id="the quarter began high, and more"),
        pytest.param(drawing(1500, 0.5), -600, 1.1, 1.1, id="less"),
        pytest.param(drawing(1500, 0.5), -9000, 0.5, 0.5, id="less than nothing is nothing"),
        pytest.param(drawing(-2000, 0.5), 0, 0.5, 0.5, id="injected"),
        pytest.param(drawing(-2000, 0.5), 2000, 0.5, 0.5, id="own production pays for it"),
        pytest.param(drawing(-2000, 0.0), 3500, 1.0, 1.5, id="own production pays for some of it"),
        pytest.param(situation(1500, quarter(1.5, 3.0, MIDDLE_S + 599)), 9000, 3.0 + 10.5 / 900, 10.5, id="a second is left"),
        pytest.param(situation(1500), 0, None, None, id="no quarter is known"),
        pytest.param(situation(None, quarter(1.5, 0.5)), 0, None, None, id="no net power is known"),
    ],
)
def test_what_quarters_would_average_with_more(
    now: Situation, more_w: float, forecast_kw: float | None, reached_kw: float | None
) -> None:
    """Of the running one alone, and of the higher one of it and the next."""
    assert now.forecast_with_kw(more_w) == (None if forecast_kw is None else pytest.approx(forecast_kw))
    assert now.reached_with_kw(more_w) == (None if reached_kw is None else pytest.approx(reached_kw))


@pytest.mark.parametrize(
    ("now", "more_w", "breaks", "has_room"),
    [
        pytest.param(drawing(1500, 0.5, 2.5), 0, False, True, id="below the limit"),
        pytest.param(drawing(1500, 0.5, 1.5), 0, False, True, id="at the limit"),
        pytest.param(drawing(1500, 0.5, 1.49), 0, True, False, id="above the limit"),
        pytest.param(drawing(1500, 0.5, 2.5), 1000, False, True, id="with more at the limit"),
        pytest.param(drawing(1500, 0.5, 2.5), 1200, False, False, id="this quarter has room, the next one has not"),
        pytest.param(drawing(1500, 0.5, 2.5), 1600, True, False, id="with more above the limit"),
        pytest.param(drawing(9000, 0.5, 2.5), -6500, False, True, id="with less it does"),
        pytest.param(drawing(0, 2.6, 2.5), -9000, True, False, id="it is broken already"),
        pytest.param(drawing(99_000, 99.0), 0, False, True, id="without a limit"),
        pytest.param(situation(99_000), 0, False, True, id="without a limit, nothing known"),
        pytest.param(situation(1500, None, 2.5), 0, False, False, id="no quarter is known"),
        pytest.param(situation(None, quarter(1.5, 0.5), 2.5), 0, False, False, id="no net power is known"),
    ],
)
def test_a_limit_is_broken_or_has_room(now: Situation, more_w: float, breaks: bool, has_room: bool) -> None:  # noqa: FBT001 -- columns
    """What is not known sheds nothing, and lets nothing on."""
    assert (now.breaks_limit(more_w), now.has_room_for(more_w)) == (breaks, has_room)


POWERS_W = st.integers(-30_000, 30_000)
DRAWINGS = st.builds(
    drawing, POWERS_W, st.integers(0, 20_000).map(lambda watts: watts / 1000), st.none() | st.floats(-0.15, 20)
)


@given(DRAWINGS, POWERS_W, st.integers(0, 20_000))
def test_more_is_never_better(now: Situation, more_w: float, still_more_w: float) -> None:
    """And what breaks the limit has no room."""
    less_kw, more_kw = now.forecast_with_kw(more_w), now.forecast_with_kw(more_w + still_more_w)
    assert less_kw is not None
    assert more_kw is not None
    assert less_kw <= more_kw
    assert now.breaks_limit(more_w + still_more_w) or not now.breaks_limit(more_w)
    assert now.has_room_for(more_w) or not now.has_room_for(more_w + still_more_w)
    assert now.limit_kw is None or not (now.breaks_limit(more_w) and now.has_room_for(more_w))


@given(DRAWINGS)
def test_with_nothing_more_the_forecast_is_that_of_the_conditions(now: Situation) -> None:
    """`peak_forecast > peak_limit` and the guard mean the same."""
    assert now.quarter is not None
    assert now.forecast_with_kw(0.0) == pytest.approx(now.quarter.forecast_kw)


def test_the_guard_counts_what_is_drawn_where_a_meter_does_not_net_its_phases() -> None:
    """2 kW are drawn on one phase while 3 kW are injected on another: the quarter is billed for the import, not for the net."""
    now = drawing(-1000, 0.5, 1.5)._replace(quarter=quarter(2.0, 0.5))
    assert now.quarter is not None
    assert now.quarter.forecast_kw > 1.5
    assert now.breaks_limit()
