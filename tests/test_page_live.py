"""The live page in front of the real thing: simulated meter, reader, broker with rights, relay_controller."""

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from relay_controller.quarter import QUARTER_S
from tests.support.browser import tab
from tests.support.listener import Listener
from tests.support.page import PASSWORD, TESTER, PageBroker
from tests.support.processes import Service, running
from tests.support.waiting import eventually

pytest_plugins = ("tests.support.page_parts",)
pytestmark = pytest.mark.broker

STALE_AFTER_S = 3.0
TOPIC = "smartmeter/real"
_SETTINGS = """\
[meter]
name = real
stale_after = {stale_after}
[serial]
port = {meter}
[mqtt]
port = {port}
[load:boiler]
driver = none
[load:lamp]
driver = none
on_when = net_power > -100 kW
on_delay = 0
off_when = net_power < -200 kW
"""


@dataclass
class RealHouse:
    """Its meter and its reader, and what is said on the broker."""

    simulator: Service
    reader: Service
    listener: Listener

    def telegram(self) -> dict[str, Any]:
        """Give the newest one."""
        return dict(json.loads(self.listener.payloads(f"{TOPIC}/telegram")[-1]))


@contextmanager
def _real_house(broker: PageBroker, folder: Path) -> Iterator[RealHouse]:
    meter, config = folder / "meter", folder / "config.ini"
    config.write_text(_SETTINGS.format(stale_after=STALE_AFTER_S, meter=meter, port=broker.port), encoding="utf-8")

    def service(name: str) -> AbstractContextManager[Service]:
        login: dict[str, Any] = {"SMARTMETER_MQTT_USERNAME": name, "SMARTMETER_MQTT_PASSWORD": PASSWORD}
        return running([name, "-c", str(config)], folder / f"{name}.log", **login)

    with (
        Listener(broker, f"{TOPIC}/#", (TESTER, PASSWORD)) as listener,
        running(["reader", "simulate", "--port", str(meter)], folder / "simulator.log") as simulator,
        service("relay_controller"),
        service("reader") as reader,
    ):
        listener.wait_for(f"{TOPIC}/reader/status", b"online", deadline_s=60.0)
        yield RealHouse(simulator, reader, listener)


def test_a_real_house_is_shown_live_switched_and_never_old_as_if_it_were_now(
    browser: Browser, page_broker: PageBroker, tmp_path: Path
) -> None:
    """Live in no time, new each second, the quarter right; a load switched by hand; silence and an end are said in time."""
    with _real_house(page_broker, tmp_path) as house, tab(browser, page_broker.address("home"), locale="en-GB") as shown:
        opened = time.monotonic()
        eventually(lambda: shown.page.is_visible("#now-unit") and shown.page.is_hidden("#trouble"), what="a live page")
        print(f"live {time.monotonic() - opened:.1f} s after the page was there")

        def shows_newest() -> bool:
            telegram, number = house.telegram(), shown.text("#now-number")
            return bool(number == f"{abs(telegram['net_power']) / 1000:.3f}" and telegram == house.telegram())

        def shows_quarter() -> bool:
            telegram, told = house.telegram(), (shown.text("#quarter-so-far"), shown.text("#quarter-forecast"))
            left_s = QUARTER_S - datetime.fromisoformat(telegram["timestamp"]).timestamp() % QUARTER_S
            drawn_kw, demand_kw = telegram["actual_total_consumption"], telegram["average_demand"]
            return told == (f"{demand_kw:.2f} kW", f"{demand_kw + drawn_kw * left_s / QUARTER_S:.2f}")

        seen = set()
        for _ in range(4):
            eventually(shows_newest, what="the newest power")
            eventually(shows_quarter, what="the quarter-hour of the newest telegram")
            seen.add(shown.text("#quarter-left"))
            eventually(lambda: shown.text("#quarter-left") not in seen, what="the next second")
        assert shown.page.locator("#curve-plot canvas").count() == 1

        boiler, lamp = (shown.page.locator(f".load[data-key={name}]") for name in ("boiler", "lamp"))
        eventually(lambda: lamp.get_attribute("data-state") == "ON", what="the lamp that the rules switch on")
        boiler.locator("[data-choice=on]").click()
        eventually(lambda: boiler.get_attribute("data-state") == "ON", what="the boiler that is switched by hand")
        house.listener.wait_for(f"{TOPIC}/load/boiler/state", b"ON")  # which a page may hear of before this one
        eventually(lambda: boiler.locator(".answer").inner_text() == "", what="the end of the waiting")
        assert boiler.locator("[data-choice=on]").get_attribute("aria-pressed") == "true"
        assert "by hand" in boiler.inner_text()
        boiler.locator("[data-choice=auto]").click()
        eventually(lambda: boiler.locator("[data-choice=auto]").get_attribute("aria-pressed") == "true", what="auto again")
        shown.picture("real-house")

        house.simulator.process.kill()
        stopped = time.monotonic()
        shown.wait_for("#trouble", "The meter is silent.")
        assert time.monotonic() - stopped < STALE_AFTER_S + 3.0
        assert shown.text("#now-old").startswith("Old: ")
        house.reader.process.kill()
        shown.wait_for("#trouble", "The reader is not running.")
        assert shown.text("#status-reader .how") == "not running"
        assert shown.complaints == []
        assert set(shown.requests) == {page_broker.address().partition("#")[0], f"ws://127.0.0.1:{page_broker.websocket_port}/"}
