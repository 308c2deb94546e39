"""What a recording costs."""

from datetime import datetime

import pytest

from common.sections import TariffSettings
from reader.sunshine import BRUSSELS
from relay_controller.replay.bill import Bill, bill_of, keys_without_price
from relay_controller.replay.meter import Meter

PRICES = TariffSettings(consumption_day=0.3, consumption_night=0.2, injection=0.05, capacity=48.0)


def _meter() -> Meter:
    """Give a meter of 10 kWh by day, 5 kWh by night, 20 kWh injected, 1 kW in June, 4 kW in July, and August just begun."""
    begin = datetime(2026, 6, 30, 23, 45, tzinfo=BRUSSELS)
    meter = Meter(begin)
    meter.add(900, 1000, is_night=True)
    meter.advance(begin.timestamp() + 900)
    meter.add(900, 4000, is_night=False)
    meter.advance(begin.timestamp() + 1800)
    meter.advance(datetime(2026, 8, 1, tzinfo=BRUSSELS).timestamp())
    meter.drawn_day_ws, meter.drawn_night_ws, meter.injected_ws = 36e6, 18e6, 72e6
    return meter


@pytest.mark.parametrize(
    ("prices", "expected", "without"),
    [
        pytest.param(PRICES, Bill(3.0, {"2026-06": 10.0, "2026-07": 16.0}), (), id="all"),
        pytest.param(
            TariffSettings(consumption_day=0.3, injection=0.05),
            Bill(2.0, None),
            ("consumption_night", "capacity"),
            id="some parts",
        ),
        pytest.param(
            TariffSettings(injection=-0.01, capacity=0.0),
            Bill(0.2, {"2026-06": 0.0, "2026-07": 0.0}),
            ("consumption_day", "consumption_night"),
            id="injection that costs, capacity for nothing",
        ),
        pytest.param(
            TariffSettings(), Bill(None, None), ("consumption_day", "consumption_night", "injection", "capacity"), id="none"
        ),
    ],
)
def test_parts_with_a_price_are_added_up(prices: TariffSettings, expected: Bill, without: tuple[str, ...]) -> None:
    """Energy by tariff less what injection brings; capacity of each month, of 2.5 kW at least."""
    assert bill_of(_meter(), prices) == expected
    assert keys_without_price(prices) == without


def test_the_capacity_of_all_months_is_their_sum() -> None:
    """Or nothing."""
    assert bill_of(_meter(), PRICES).all_capacity_eur == 26.0
    assert bill_of(_meter(), TariffSettings()).all_capacity_eur is None
