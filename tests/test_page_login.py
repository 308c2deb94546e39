"""Logging in to the live page, switching loads with it, and losing the broker: a real browser, real rights, a real broker."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Tab, tab
from tests.support.page import PASSWORD, PageBroker
from tests.support.page_home import played_home, send_until_shown, shown_home
from tests.support.waiting import eventually

pytest_plugins = ("tests.support.page_parts",)
pytestmark = pytest.mark.broker


def _log_in(shown: Tab, user: str, password: str, *, keep: bool = False) -> None:
    shown.page.fill("#login-user", user)
    shown.page.fill("#login-password", password)
    shown.page.set_checked("#login-keep", keep)
    shown.page.click("#login-submit")


def test_without_a_login_the_page_asks_for_one_and_says_where_it_goes(browser: Browser, page_broker: PageBroker) -> None:
    """The form, the broker's address, and the command that makes a login; nothing is sent before."""
    with tab(browser, page_broker.address()) as shown:
        shown.wait_for("#login-form", "make user NAME=phone ROLE=home")
        assert shown.text("#login-broker") == f"Broker: ws://127.0.0.1:{page_broker.websocket_port}/"
        assert shown.page.is_hidden("#house")
        assert not [address for address in shown.requests if address.startswith("ws:")]


def test_the_address_shows_no_login_any_more(browser: Browser, page_broker: PageBroker) -> None:
    """Whoever opens a link with a login in it has none in the address bar; loading again works."""
    with shown_home(browser, page_broker) as (home, shown):
        assert "#" not in shown.page.url
        shown.page.reload()
        send_until_shown(home, shown, "3.000")


def test_a_refused_login_is_said_once_and_asked_again(browser: Browser, page_broker: PageBroker) -> None:
    """No second attempt with a wrong password; the right one then works, and `stay logged in` outlives the tab."""
    with tab(browser, page_broker.address()) as shown:
        _log_in(shown, "home", "wrong")
        shown.wait_for("#login-problem", "does not know this user with this password")
        assert shown.page.input_value("#login-password") == ""
        shown.page.wait_for_timeout(1500)  # longer than the pause before another attempt would be
        assert len([address for address in shown.requests if address.startswith("ws:")]) == 1
        _log_in(shown, "home", PASSWORD, keep=True)
        shown.wait_for("#status-broker", "connected")
        assert shown.page.is_hidden("#login")
        other = shown.page.context.new_page()
        other.goto(page_broker.address())
        other.locator("#status-broker").filter(has_text="connected").wait_for()
        other.click("#logout")
        other.reload()
        other.locator("#login-form").wait_for()
        assert other.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage)).join()") == "smartmeter-place"
        assert shown.complaints == []


def test_a_login_goes_to_its_own_broker_only(browser: Browser, page_broker: PageBroker) -> None:
    """A link to another broker does not get what was kept for the first one."""
    with tab(browser, page_broker.address("home")) as shown:
        shown.wait_for("#status-broker", "connected")
        shown.page.goto(page_broker.address().replace("127.0.0.1", "localhost"))
        shown.wait_for("#login-broker", "ws://localhost")
        assert shown.page.is_visible("#login-form")


def test_a_load_is_switched_and_says_so_when_it_answers(browser: Browser, page_broker: PageBroker) -> None:
    """The command waits until `mode` tells it; without an answer it failed, in words, after five seconds."""
    with shown_home(browser, page_broker) as (home, shown):
        home.load("boiler")
        shown.page.click(".load [data-choice=on]")
        shown.wait_for(".answer", "Sending")
        home.listener.wait_for(f"{home.topic}/load/boiler/set", b"ON")
        home.load("boiler", state="ON", mode="on", reason="on: by hand for 3,600 s more")
        shown.wait_for(".load .state", "on, by hand")
        assert shown.text(".answer") == ""
        assert shown.page.get_attribute(".load [data-choice=on]", "aria-pressed") == "true"
        assert shown.text("#announcement") == "boiler: on"
        shown.page.click(".load [data-choice=auto]")
        shown.wait_for(".answer", "No answer: it may not have been switched.")
        assert home.listener.payloads(f"{home.topic}/load/boiler/set") == [b"ON", b"AUTO"]
        assert shown.complaints == []


def test_who_may_only_look_is_told_so(browser: Browser, page_broker: PageBroker) -> None:
    """The broker refuses a viewer's command; from then on the buttons are off, with the reason."""
    with shown_home(browser, page_broker, user="viewer") as (home, shown):
        home.load("boiler")
        shown.page.click(".load [data-choice=on]")
        shown.wait_for(".answer", "Refused: this login may only look.")
        assert shown.text("#loads-note") == "This login may only look."
        assert shown.page.get_attribute(".load [data-choice=off]", "aria-disabled") == "true"
        shown.page.click(".load [data-choice=off]", force=True)
        assert home.listener.payloads(f"{home.topic}/load/boiler/set") == []
        assert shown.complaints == []


def test_loads_that_nobody_controls_are_said_to_be_so(browser: Browser, page_broker: PageBroker) -> None:
    """While relay_controller is away its last words are shown as such, and nothing can be switched."""
    with shown_home(browser, page_broker) as (home, shown):
        home.load("boiler", state="ON")
        home.say("relay_controller/status", "offline")
        shown.wait_for("#loads-note", "relay_controller is not running: this is the last it said.")
        shown.page.click(".load [data-choice=off]", force=True)
        assert shown.text(".answer") == ""


def test_a_broker_that_goes_and_comes_back_is_found_again(browser: Browser, mortal_page_broker: PageBroker) -> None:
    """Without it everything is said to be old, at once; when it is back the page is live again, by itself."""
    broker = mortal_page_broker
    with shown_home(browser, broker) as (home, shown):
        home.load("boiler")
        broker.stop()
        shown.wait_for("#trouble", "No connection to the broker; trying again.")
        assert shown.text("#status-broker .how") == "not connected"
        assert shown.text("#status-reader .how") == "not known"
        assert shown.text("#now-old").startswith("Old")
        shown.page.click(".load [data-choice=on]", force=True)
        broker.start()
        eventually(home.listener._client.is_connected, what="the test's own connection")
        home.begin()
        send_until_shown(home, shown, "0.700", net_power=700)
        eventually(lambda: shown.page.is_hidden("#trouble"), what="a live page")
        assert home.listener.payloads(f"{home.topic}/load/boiler/set") == []


def test_a_page_that_nobody_told_a_broker_says_what_to_do(browser: Browser, page_broker: PageBroker) -> None:
    """Opened as a file, without an address of a broker, or with a wrong one: a sentence, and no attempt."""
    for fragment in ("", "#broker=http://example.org&user=a&password=b", "#broker=nonsense://"):
        with tab(browser, page_broker.address().partition("#")[0] + fragment) as shown:
            shown.wait_for("#login-broker", "must end with #broker=ws://HOST:PORT.")
            assert shown.page.is_disabled("#login-submit")


def test_everything_can_be_done_with_the_keyboard(browser: Browser, page_broker: PageBroker) -> None:
    """Log in, and switch a load, with Tab, Enter and the space bar alone; where the focus is can be seen."""
    with played_home(page_broker) as home, tab(browser, page_broker.address(topic=home.topic)) as shown:
        keyboard = shown.page.keyboard
        shown.page.focus("#login-user")
        keyboard.type("home")
        keyboard.press("Tab")
        keyboard.type(PASSWORD)
        keyboard.press("Enter")
        send_until_shown(home, shown, "3.000")
        home.load("boiler")
        shown.page.locator(".load").wait_for()
        shown.page.focus("#heading")
        keyboard.press("Shift+Tab")
        keyboard.press("Enter")  # the link that skips the head
        assert shown.page.evaluate("document.activeElement.id") == "main"
        for _ in range(30):
            keyboard.press("Tab")
            if shown.page.evaluate("document.activeElement.dataset.choice") == "on":
                break
        assert shown.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        home.send(net_power=2000)  # what is shown anew must not take the focus
        shown.wait_for("#now-number", "2.000")
        keyboard.press("Space")
        home.listener.wait_for(f"{home.topic}/load/boiler/set", b"ON")
        assert shown.complaints == []
