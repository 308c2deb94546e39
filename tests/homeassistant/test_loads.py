"""Loads in a real Home Assistant: a press of a button reaches them, and what is gone from the settings is gone there."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.home_assistant_house import ALL_S, READER, RELAYS, HomeAssistantHouse
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.homeassistant]


@pytest.mark.parametrize("load", ["boiler", "heat_pump"])
def test_a_switch_and_a_choice_reach_the_load(house: HomeAssistantHouse, load: str) -> None:
    """What is shown follows from what the load says; the reason tells who did it."""
    assistant = house.assistant
    switch, mode, reason = f"switch.{load}", f"select.{load}_mode", f"sensor.{load}_reason"

    def shows(state: str, choice: str, why: str) -> None:
        assistant.wait_for_state(switch, state)
        assistant.wait_for_state(mode, choice)
        eventually(lambda: why in assistant.state(reason), what=f"{why!r} in {assistant.state(reason)!r}")

    shows("off", "auto", "surplus")
    assistant.act("switch.turn_on", switch)
    shows("on", "on", "on: by hand")
    assistant.act("select.select_option", mode, option="off")
    shows("off", "off", "off: by hand")
    assistant.act("select.select_option", mode, option="on")
    shows("on", "on", "on: by hand")
    assistant.act("switch.turn_off", switch)
    shows("off", "off", "off: by hand")
    assistant.act("select.select_option", mode, option="auto")
    shows("off", "auto", "surplus")


def test_a_load_in_shadow_mode_shows_what_the_rules_would_do(house: HomeAssistantHouse) -> None:
    """There is nothing to press."""
    assert house.shown()["load_car_shadow"].value == "off"
    assert {name for name in house.registered() if name.startswith("load_car")} == {"load_car_shadow", "load_car_reason"}


def test_a_load_that_is_taken_out_of_the_settings_is_gone(house: HomeAssistantHouse) -> None:
    """Its entities and its device; put in again it comes back."""
    with _restored(house):
        del house.loads["heat-pump"]
        house.start(RELAYS)
        eventually(lambda: "smartmeter_home.load_heat-pump" not in house.assistant.devices(), ALL_S, "no heat pump")
        assert not [name for name in house.registered() if name.startswith("load_heat-pump")]
    house.wait_until_all_is_there()


def test_without_discovery_everything_is_gone(house: HomeAssistantHouse) -> None:
    """`discovery = no` takes back what was announced, each service its own."""
    with _restored(house):
        house.start(READER, discovery="no")
        house.start(RELAYS, discovery="no")
        eventually(lambda: not house.registered(), ALL_S, "no entity")
        assert house.assistant.devices() == {}
    house.wait_until_all_is_there()


@contextmanager
def _restored(house: HomeAssistantHouse) -> Iterator[None]:
    """Start the services again with what they had before."""
    before = dict(house.loads)
    try:
        yield
    finally:
        house.loads = before
        for name in (READER, RELAYS):
            house.start(name)
