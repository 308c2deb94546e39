"""The page of the flow of docs/node-red, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.broker import Broker
from tests.support.browser import Tab, tab
from tests.support.node_red import NodeRed
from tests.support.node_red_house import FlowHouse, flow_house

pytest_plugins = ("tests.support.page_parts",)
SCRIPT = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


@contextmanager
def _shown(browser: Browser, house: FlowHouse, **options: Any) -> Iterator[Tab]:
    """Open the page; whatever happens on it, it may neither complain nor ask anything of another server."""
    with tab(browser, f"{house.flow.url}/smartmeter", **options) as page:
        yield page
        assert page.complaints == []
        assert all(address.startswith(house.flow.url) for address in page.requests)


def _gauge(page: Tab) -> list[str]:
    """Give the words in the gauge: the number and which way."""
    return [page.page.locator(part).text_content() or "" for part in ("#watts", "#way")]


@pytest.fixture
def house(node_red: NodeRed, broker: Broker) -> Iterator[FlowHouse]:
    """Import the flow, for a house whose services run."""
    with flow_house(node_red, broker) as house:
        yield house


def test_the_page_shows_the_house_and_switches_it(browser: Browser, house: FlowHouse) -> None:
    """Live power with its direction and phases, loads with state and reason, days; a button sends its command."""
    with _shown(browser, house, viewport={"width": 375, "height": 800}, color_scheme="dark") as page:
        page.wait_for("#trouble", "waiting for a telegram")
        assert _gauge(page) == ["no reading", ""]
        phases = {"actual_l1_consumption": 0.2, "actual_l2_consumption": 0.0, "actual_l2_injection": 1.434}
        house.measure(timestamp="2026-11-10T00:00:00+01:00", total_consumption_day=100.0)
        house.measure(
            timestamp="2026-11-10T09:00:00+01:00",
            net_power=-1234,
            actual_tariff_name="day",
            total_consumption_day=103.5,
            **phases,
        )
        page.wait_for("#watts", "1,234 W")
        assert _gauge(page) == ["1,234 W", "injected into the grid"]
        assert page.text("#phases") == "L1 200 W · L2 \N{MINUS SIGN}1,434 W"
        assert "tariff day" in page.text("#age")
        page.wait_for("#days", "3.5")
        assert page.text("#days tr:nth-child(2) th") == "Tue 10 Nov\nso far"
        assert page.text(".load .name") == "boiler: off"
        assert page.text(".load .reason") == "off: surplus 1,230 W, needs more than 1,500 W"
        assert page.page.locator("button[aria-pressed=true]").inner_text() == "Auto"
        page.page.get_by_role("button", name="On", exact=True).press("Enter")
        page.wait_for("#said", "boiler: ON sent")
        house.listener.wait_for(f"{house.flow.base}/load/boiler/set", b"ON")
        house.says("load/boiler/mode", "on")
        page.wait_for("button[aria-pressed=true]", "On")
        assert page.page.evaluate("document.activeElement.textContent") == "On"
        assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_texts_of_others_stay_texts(browser: Browser, house: FlowHouse) -> None:
    """A message of the grid operator, a reason, a load's name, a status: nothing of them is obeyed."""
    name = SCRIPT.replace("/", "|")
    house.says(f"load/{name}/reason", SCRIPT)
    house.says("relay_controller/status", "online")
    with _shown(browser, house) as page:
        house.measure(net_power=1, text_message=SCRIPT, actual_tariff_name=SCRIPT)
        page.wait_for("#message", SCRIPT)
        page.wait_for(".load .reason", SCRIPT)
        page.wait_for(".load .name", name)
        house.says("reader/status", SCRIPT[:40])
        page.wait_for("#trouble", SCRIPT[:40])
        house.says("relay_controller/status", SCRIPT)
        page.wait_for(".load .reason", f"relay_controller is {SCRIPT}")
        assert page.page.title() == "smartmeter"
        assert page.page.locator("img").count() == 0


def test_nothing_old_is_shown_as_now(browser: Browser, house: FlowHouse) -> None:
    """When the reader ends, when Node-RED does not answer; buttons that nobody obeys cannot be pressed."""
    with _shown(browser, house) as page:
        house.measure(net_power=77)
        page.wait_for("#watts", "77 W")
        house.says("reader/status", "offline")
        page.wait_for("#trouble", "the reader does not run")
        assert _gauge(page) == ["no reading", ""]
        assert page.text("#age") == ""
        house.says("relay_controller/status", "offline")
        page.wait_for(".load .name", "boiler: unknown")
        assert page.page.locator("button:enabled").count() == 0
        page.page.route("**/data", lambda route: route.fulfill(status=200, body="gone"))
        page.wait_for("#trouble", "Node-RED does not answer")
        page.page.unroute("**/data")
        house.says("reader/status", "online")
        house.measure(net_power=78)
        page.wait_for("#watts", "78 W")
