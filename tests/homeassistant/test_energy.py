"""A real Home Assistant's energy dashboard takes our meters as its sources."""

import pytest

from tests.support.home_assistant import RefusedError
from tests.support.home_assistant_house import HomeAssistantHouse
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.homeassistant]

DRAWN = ("sensor.smart_meter_energy_drawn_day", "sensor.smart_meter_energy_drawn_night")
INJECTED = ("sensor.smart_meter_energy_injected_day", "sensor.smart_meter_energy_injected_night")
GAS, WATER, POWER = "sensor.gas_meter_gas", "sensor.water_meter_water", "sensor.smart_meter_net_power"
NO_PRICE: dict[str, object] = {"entity_energy_price": None, "number_energy_price": None}
# Said until the first five minutes are full: there is no statistics yet.
NOT_YET = "statistics_not_defined"


def test_the_energy_dashboard_finds_nothing_wrong_with_our_sensors(house: HomeAssistantHouse) -> None:
    """Set up as docs/home-assistant.md says: two counters drawn, two injected, gas and water."""
    try:
        _save(house, _pairs())
    except RefusedError:
        _save(house, [_lists()])
    validated = house.assistant.ask("energy/validate")["energy_sources"]
    assert len(validated) > 2
    assert [issue for source in validated for issue in source if issue["type"] != NOT_YET] == []


def _save(house: HomeAssistantHouse, grid: list[dict[str, object]]) -> None:
    others = [{"type": kind, "stat_energy_from": one} for kind, one in (("gas", GAS), ("water", WATER))]
    house.assistant.ask("energy/save_prefs", energy_sources=[*grid, *others])


def _pairs() -> list[dict[str, object]]:
    """Give the grid as Home Assistant keeps it in the autumn of 2026: a source for each tariff, one of them with the power."""
    pairs = zip(DRAWN, INJECTED, strict=True)
    day, night = ({"type": "grid", "stat_energy_from": a, "stat_energy_to": b, "cost_adjustment_day": 0.0} for a, b in pairs)
    return [day | {"stat_rate": POWER}, night]


def _lists() -> dict[str, object]:
    """Give it as older ones keep it."""
    flow_from = [{"stat_energy_from": one} | NO_PRICE | {"stat_cost": None} for one in DRAWN]
    flow_to = [{"stat_energy_to": one} | NO_PRICE | {"stat_compensation": None} for one in INJECTED]
    return {"type": "grid", "flow_from": flow_from, "flow_to": flow_to, "cost_adjustment_day": 0.0}


def test_the_recorder_finds_nothing_wrong_with_our_statistics(house: HomeAssistantHouse) -> None:
    """Units and classes fit together."""
    assert house.assistant.ask("recorder/validate_statistics") == {}
    eventually(lambda: house.assistant.ask("recorder/info")["recording"], what="the recorder")
