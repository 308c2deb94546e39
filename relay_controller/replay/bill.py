"""What energy and capacity cost, at the prices of `[tariff]`. A part without a price is left out.

Capacity: the price of a kW for a year, times the month's peak, of which at least 2.5 kW count (Fluvius), a twelfth per month.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from common.sections import TariffSettings
from relay_controller.quarter import LEAST_PEAK_KW
from relay_controller.replay.meter import WS_PER_KWH, Meter

_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Bill:
    """In EUR; None where nothing of it has a price. Less than 0: one is paid."""

    energy_eur: float | None
    capacity_eur: Mapping[str, float] | None  # month, as 2026-06 -> its cost

    @property
    def all_capacity_eur(self) -> float | None:
        """The capacity of all months."""
        return None if self.capacity_eur is None else sum(self.capacity_eur.values())


def bill_of(meter: Meter, prices: TariffSettings) -> Bill:
    """Give what the energies and the month peaks of a meter cost."""
    parts = (
        (meter.drawn_day_ws, prices.consumption_day),
        (meter.drawn_night_ws, prices.consumption_night),
        (-meter.injected_ws, prices.injection),
    )
    priced = [energy_ws * price for energy_ws, price in parts if price is not None]
    return Bill(
        energy_eur=sum(priced) / WS_PER_KWH if priced else None,
        capacity_eur=None if prices.capacity is None else _capacity_eur(meter, prices.capacity),
    )


def keys_without_price(prices: TariffSettings) -> tuple[str, ...]:
    """Name the keys of `[tariff]` that are left empty."""
    keys = ("consumption_day", "consumption_night", "injection", "capacity")
    return tuple(key for key in keys if getattr(prices, key) is None)


def _capacity_eur(meter: Meter, price: float) -> dict[str, float]:
    return {month.name: price * max(LEAST_PEAK_KW, month.peak_kw) / _MONTHS for month in meter.recorded_months}
