"""A home on the broker of the page tests, played by the test: its meter, its services' words and its loads."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from playwright.sync_api import Browser

from tests.support.browser import Tab, tab
from tests.support.listener import Listener
from tests.support.page import PASSWORD, TESTER, PageBroker
from tests.support.waiting import eventually

NOON = "2026-06-21T12:10:00+02:00"
READING = {
    "timestamp": NOON,
    "actual_tariff_name": "day",
    "total_consumption_day": 1234.567,
    "total_injection_day": 89.01,
    "actual_total_consumption": 3.0,
    "actual_total_injection": 0.0,
    "average_demand": 2.0,
    "peak_demand_month": 2.75,
    "peak_demand_month_timestamp": "2026-06-04T18:45:00+02:00",
    "net_power": 3000,
    "actual_l1_consumption": 3.0,
    "l1_voltage": 230.1,
    "l1_current": 13.04,
    "total_gas_consumption": 321.5,
    "gas_timestamp": "2026-06-21T12:05:00+02:00",
}
_names = count(1)


class PlayedHome:
    """One meter under a topic of its own."""

    def __init__(self, broker: PageBroker, listener: Listener) -> None:
        self.topic = f"smartmeter/played{next(_names)}"
        self.listener = listener
        self._broker = broker
        self._seqs = count(1)

    def address(self, user: str = "home") -> str:
        """Give the address of the page for this meter."""
        return self._broker.address(user, topic=self.topic)

    def say(self, topic: str, payload: str | bytes, *, retain: bool = True) -> None:
        """Publish under this meter's topic."""
        self.listener.publish(f"{self.topic}/{topic}", payload, retain=retain)

    def send(self, *, retain: bool = False, **fields: object) -> None:
        """Publish a telegram: the usual fields with these changes; a field that is None is left out."""
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        telegram = {"meter": "played", "received": received, "seq": next(self._seqs), **READING, **fields}
        payload = json.dumps({name: value for name, value in telegram.items() if value is not None})
        self.say("telegram", payload, retain=retain)

    def load(self, name: str, state: str = "OFF", mode: str = "auto", reason: str = "off: no sun") -> None:
        """Tell of a load."""
        for what, text in (("state", state), ("mode", mode), ("reason", reason)):
            self.say(f"load/{name}/{what}", text)

    def begin(self) -> None:
        """Let its services be at work."""
        for service in ("reader", "relay_controller"):
            self.say(f"{service}/status", "online")


def send_until_shown(home: PlayedHome, shown: Tab, number: str, **fields: Any) -> None:
    """Send a telegram again and again until the page shows its power: a page that just connected may not listen yet."""

    def is_shown() -> bool:
        home.send(**fields)
        return shown.page.locator("#now-number").filter(has_text=number, visible=True).count() > 0

    eventually(is_shown, what=f"{number} kW on the page")


@contextmanager
def played_home(broker: PageBroker) -> Iterator[PlayedHome]:
    """Play a home whose services are at work; what was retained is cleared afterwards."""
    with Listener(broker, "smartmeter/#", (TESTER, PASSWORD)) as listener:
        home = PlayedHome(broker, listener)
        home.begin()
        yield home
        for topic in {topic for topic, _payload, _retained in listener.heard if topic.startswith(f"{home.topic}/")}:
            listener.publish(topic, "", retain=True)


@contextmanager
def shown_home(
    browser: Browser, broker: PageBroker, user: str = "home", number: str = "3.000", **options: Any
) -> Iterator[tuple[PlayedHome, Tab]]:
    """Play a home, and open the page that shows it, with its first telegram, whose power is written as `number`."""
    with played_home(broker) as home, tab(browser, home.address(user), **options) as shown:
        send_until_shown(home, shown, number)
        yield home, shown
