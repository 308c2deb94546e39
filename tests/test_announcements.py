"""What is told of a load, and how often."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from common.outgoing import Outgoing
from common.topics import Topics
from relay_controller.announcements import Announcements
from relay_controller.decide import decide, initial
from relay_controller.load import Plant
from relay_controller.load_state import Mode
from tests.test_decide import LAMP, QUICK, Event, by_hand, net

NOW = datetime(2026, 6, 1, 12, 0, 0, 123_000, tzinfo=UTC)
BASE = "smartmeter/home/load/boiler"


class World:
    """A plant of one load, and what the world hears of it."""

    def __init__(self, plant: Plant) -> None:
        self.announcements = Announcements(Topics("smartmeter", "home"), plant)
        self._plant = plant
        self._state = initial(plant)

    def hears(self, now_s: float, event: Event = None, remark: str = "") -> list[Outgoing]:
        """Let something happen; give what is published."""
        self._state, _ = decide(self._plant, self._state, event, now_s)
        return list(self.announcements.due(self._state, {"boiler": remark}, NOW, now_s))


def retained(what: str, payload: str, qos: int = 1) -> Outgoing:
    """Give a retained message of the boiler."""
    return Outgoing(f"{BASE}/{what}", payload, qos, retain=True)


def switch(state: str, mode: str, reason: str) -> Outgoing:
    """Give the boiler's switch message."""
    message = {"time": "2026-06-01T12:00:00.123+00:00", "state": state, "mode": mode, "reason": reason}
    return Outgoing(f"{BASE}/switch", json.dumps(message), qos=1, retain=False)


def test_at_first_everything_is_told_and_then_what_changes() -> None:
    """State and mode before the reason, and the switch message at the end."""
    world = World(Plant((QUICK,)))
    yet, sun = "off: no fresh telegram yet", "on: surplus 1,600 W, off at less than 200 W"
    first = [retained("state", "OFF"), retained("mode", "auto"), retained("reason", yet, 0), switch("OFF", "auto", yet)]
    assert world.hears(0) == first
    assert world.hears(1) == []
    assert world.hears(2, net(-1600)) == [retained("state", "ON"), retained("reason", sun, 0), switch("ON", "auto", sun)]
    hand = "on: by hand, for 3,600 s more"
    assert world.hears(3, by_hand(Mode.ON)) == [retained("mode", "on"), retained("reason", hand, 0)]


def test_after_a_reconnection_everything_is_told_again() -> None:
    """The broker may have lost its memory."""
    world = World(Plant((QUICK,)))
    first = world.hears(0)
    world.announcements.forget()
    assert world.hears(1) == first


def test_the_switch_message_comes_once_a_minute() -> None:
    """The points of a load must not end between two switches."""
    world = World(Plant((LAMP,)))
    world.hears(0)
    assert world.announcements.seconds_left(59) == 1
    assert world.hears(59) == []
    assert [message.topic for message in world.hears(60)] == ["smartmeter/home/load/lamp/switch"]
    assert world.announcements.seconds_left(61) == 59


def test_changing_numbers_cost_a_message_every_five_seconds_at_most() -> None:
    """Other words are told at once."""
    world = World(Plant((QUICK,)))
    world.hears(0)
    told = [(now_s, message.payload) for now_s in range(1, 12) for message in world.hears(now_s, net(-1000 - now_s))]
    assert told == [
        (1, "off: surplus 1,001 W, needs more than 1,500 W"),
        (6, "off: surplus 1,006 W, needs more than 1,500 W"),
        (11, "off: surplus 1,011 W, needs more than 1,500 W"),
    ]


def test_an_hour_by_hand_costs_few_messages() -> None:
    """The countdown is told in minutes until its last two."""
    world = World(Plant((QUICK,)))
    world.hears(0, by_hand(Mode.ON))
    reasons = [message for now_s in range(1, 3600) for message in world.hears(now_s) if message.topic.endswith("reason")]
    assert len(reasons) < 100


def test_a_remark_about_the_relay_ends_the_reason() -> None:
    """It is told at once."""
    world = World(Plant((QUICK,)))
    world.hears(0)
    expected = [retained("reason", "off: no fresh telegram yet; the relay says ON", 0)]
    assert world.hears(1, remark="the relay says ON") == expected


def test_a_load_in_shadow_mode_is_off_and_tells_what_it_would_be() -> None:
    """On a topic of its own."""
    world = World(Plant((replace(QUICK, shadow=True),)))
    assert world.hears(0)[:3] == [retained("state", "OFF"), retained("mode", "auto"), retained("shadow", "OFF")]
    reason = "off: in shadow mode, would be on: surplus 1,600 W, off at less than 200 W"
    assert world.hears(1, net(-1600)) == [retained("shadow", "ON"), retained("reason", reason, 0)]
