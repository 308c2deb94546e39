"""When a real Home Assistant shows a value, and when it says that there is none."""

from signal import SIGSTOP

import pytest

from tests.support.home_assistant_house import ALL_S, NODE, READER, RELAYS, STALE_AFTER_S, HomeAssistantHouse
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.homeassistant]

LATE_S = 4.0  # a busy machine's own
EXPIRE_AFTER_S = 66.0  # three times field_refresh, and a minute
GONE = "unavailable"


def there(house: HomeAssistantHouse, *, of_loads: bool = False) -> set[str]:
    """Give the entities of the meter that are available, or those of loads; without the one that speaks of the connection."""
    shown = {name: state for name, state in house.shown().items() if name.startswith("load_") == of_loads}
    return {name for name, state in shown.items() if state.value != GONE} - {"connection"}


def wait_until_gone(house: HomeAssistantHouse, deadline_s: float, *, of_loads: bool = False) -> None:
    """Wait until all of them are unavailable."""
    eventually(lambda: not there(house, of_loads=of_loads), deadline_s, "all unavailable")


def wait_until_back(house: HomeAssistantHouse, before: set[str], *, of_loads: bool = False) -> None:
    """Wait until those that were available before are so again."""
    eventually(lambda: there(house, of_loads=of_loads) == before, ALL_S, "all available")


def test_a_silent_meter_is_unavailable_within_stale_after(house: HomeAssistantHouse) -> None:
    """Also counters, of which the broker keeps the last value; all is back with the next telegram."""
    before = there(house)
    house.meter.is_silent = True
    try:
        wait_until_gone(house, STALE_AFTER_S + LATE_S)
        assert house.shown()["connection"].value == "off"
    finally:
        house.meter.is_silent = False
    wait_until_back(house, before)
    assert house.shown()["connection"].value == "on"


@pytest.mark.parametrize("service", [READER, RELAYS])
def test_what_a_killed_service_told_is_unavailable_at_once(house: HomeAssistantHouse, service: str) -> None:
    """The broker tells it; all is back with the service."""
    of_loads = service == RELAYS
    before = there(house, of_loads=of_loads)
    house.kill(service)
    try:
        wait_until_gone(house, LATE_S, of_loads=of_loads)
    finally:
        house.start(service)
    wait_until_back(house, before, of_loads=of_loads)


def test_a_broker_that_lost_everything_gets_it_again(house: HomeAssistantHouse) -> None:
    """The services announce and tell everything anew; nothing old stays, nothing is doubled."""
    before = house.registered()
    house.listener.heard.clear()
    house.broker.restart()
    eventually(lambda: len(_configs(house, retained=True)) == len(before), ALL_S, "every announcement again")
    house.wait_until_all_is_there()
    assert house.registered() == before


def test_home_assistant_knows_all_again_after_its_restart(house: HomeAssistantHouse) -> None:
    """Under the same ids; and when it says that it is there, everything is announced once more."""
    before = house.registered()
    house.assistant.stop()
    house.listener.heard.clear()
    house.assistant.start()
    house.wait_until_all_is_there()
    assert {name: one["entity_id"] for name, one in house.registered().items()} == {
        name: one["entity_id"] for name, one in before.items()
    }
    house.listener.wait_for("homeassistant/status", b"online", ALL_S)
    eventually(lambda: len(_configs(house, retained=False)) == len(before), ALL_S, "every announcement again")


def test_values_end_by_themselves_where_nobody_says_so(house: HomeAssistantHouse) -> None:
    """A broker that comes back empty, and no reader: `expire_after` is what protects from an old value."""
    house.services[READER].process.send_signal(SIGSTOP)  # a killed one would have its will told
    try:
        house.broker.restart()
        eventually(lambda: there(house, of_loads=True), ALL_S, "Home Assistant is there again")
        assert there(house)
        wait_until_gone(house, EXPIRE_AFTER_S + LATE_S)
    finally:
        house.kill(READER)
        house.start(READER)


def _configs(house: HomeAssistantHouse, *, retained: bool) -> set[str]:
    """Give where something was announced since the listener forgot; `retained` tells whether what the broker kept counts."""
    heard = [(topic, kept) for topic, payload, kept in list(house.listener.heard) if payload and retained >= kept]
    return {topic for topic, _ in heard if topic.startswith("homeassistant/") and f"/{NODE}/" in topic}
