"""How the live page looks, and to whom: dark and light, on a phone and a desk, in three languages, to a screen reader."""

from collections.abc import Iterator
from functools import partial
from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Tab, tab
from tests.support.page import PASSWORD, PageBroker
from tests.support.page_home import PlayedHome, played_home, send_until_shown
from tests.support.waiting import eventually

pytest_plugins = ("tests.support.page_parts",)
pytestmark = pytest.mark.broker

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LONG_NAME = "the_boiler_of_the_old_house_behind_the_barn"


@pytest.fixture(scope="module")
def home(page_broker: PageBroker) -> Iterator[PlayedHome]:
    """Play a home with everything that the page can show."""
    with played_home(page_broker) as played:
        played.load(
            "boiler", "ON", "auto", "on: surplus 2,345 W, off at less than 1,900 W for 60 s (0 s so far); draws 1,980 W on L2"
        )
        played.load(LONG_NAME, "OFF", "off", "off: by hand for 3,412 s more")
        played.load("washing-machine")
        played.say("load/washing-machine/shadow", "ON")
        yield played


def _send(home: PlayedHome, shown: Tab, number: str = "1.250") -> None:
    phases = {f"actual_l{n}_injection": 0.4 + n / 100 for n in (2, 3)} | {f"l{n}_voltage": 230.0 + n for n in (2, 3)}
    power = {"net_power": -1250, "actual_total_consumption": 0, "actual_total_injection": 1.25}
    message = {"text_message": "Works in your street on Monday, 9 h to 12 h."}
    send_until_shown(home, shown, number, **phases, **power, **message)


def test_nobody_is_shut_out(home: PlayedHome, axe_script: str, browser: Browser, page_broker: PageBroker) -> None:
    """Form, live page and old page, on a phone and a desk, light and dark: axe finds nothing (contrast, names, landmarks)."""
    with tab(browser, page_broker.address(topic=home.topic), locale="en-GB", bypass_csp=True) as shown:
        shown.page.evaluate(axe_script)
        _look(shown, "login")
        shown.page.fill("#login-user", "home")
        shown.page.fill("#login-password", PASSWORD)
        shown.page.click("#login-submit")
        _send(home, shown)
        _look(shown, "live")
        home.say("reader/status", "stale")
        shown.wait_for("#trouble", "The meter is silent.")
        _look(shown, "old")
        home.say("reader/status", "online")


def _look(shown: Tab, name: str) -> None:
    """Let axe judge what is shown, on each screen; keep pictures."""
    for scheme in SCHEMES:
        shown.page.emulate_media(color_scheme=scheme)
        for device, width in (("phone", 360), ("desk", 1280)):
            shown.page.set_viewport_size({"width": width, "height": 800})
            shown.picture(f"{name}-{device}-{scheme}")
            shown.page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")
            found = shown.page.evaluate("axe.run(document)")
            wrong = [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]
            assert wrong == [], (name, scheme, device)


def test_nothing_is_wider_than_the_screen(home: PlayedHome, browser: Browser) -> None:
    """From an old phone to a large screen, with long names, a message and three phases: never a horizontal scroll bar."""
    with tab(browser, home.address(), locale="fr-BE") as shown:
        _send(home, shown, "1,250")
        for width in (1920, 1100, 768, 360, 320):
            shown.page.set_viewport_size({"width": width, "height": 700})
            # The curve follows a moment later.
            shown.page.wait_for_function("width => document.documentElement.scrollWidth === width", arg=width)
            eventually(partial(_plot_fits, shown), what=f"a curve as wide as its place at {width}")


def _plot_fits(shown: Tab) -> bool:
    sizes = (
        "[document.querySelector('#curve-plot canvas'), document.querySelector('#curve-plot')].map((one) => one.clientWidth)"
    )
    canvas, place = shown.page.evaluate(sizes)
    return bool(canvas == place)


def test_each_language_speaks_in_its_own_words_and_numbers(home: PlayedHome, browser: Browser) -> None:
    """The browser's language first, then the chosen one, which is kept; the document says which it is."""
    with tab(browser, home.address(), locale="nl-BE") as shown:
        _send(home, shown, "1,250")
        for language, words in (
            ("nl", "geïnjecteerd in het net"),
            ("fr", "injecté dans le réseau"),
            ("en", "injected into the grid"),
        ):
            shown.page.select_option("#language", language)
            shown.wait_for("#now-word", words)
            assert shown.page.get_attribute("html", "lang") == language
            shown.picture(f"language-{language}")
        shown.page.select_option("#language", "fr")
        shown.page.reload()
        shown.wait_for("#login-title, #now-title", "Maintenant")
        assert shown.complaints == []


def test_a_screen_reader_is_told_changes_and_not_each_second(home: PlayedHome, browser: Browser) -> None:
    """What is announced changes with the state alone; the readings are in no live region."""
    with tab(browser, home.address(), locale="en-GB") as shown:
        _send(home, shown)
        before = shown.text("#announcement")
        home.send(net_power=700)
        shown.wait_for("#now-number", "0.700")
        assert shown.text("#announcement") == before
        home.load("boiler", "OFF")
        shown.wait_for("#announcement", "boiler: off")
        home.load("boiler", "ON")
        live = "[aria-live], [role=status], [role=alert]"
        assert shown.page.evaluate(f"[...document.querySelectorAll('{live}')].map((one) => one.id).sort()") == [
            "announcement",
            "login-problem",
            "message-text",
        ]
