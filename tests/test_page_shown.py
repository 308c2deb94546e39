"""What the live page shows, in a real browser with a real broker: good readings, nonsense and hostile texts alike."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import tab
from tests.support.page import PageBroker
from tests.support.page_home import played_home, send_until_shown, shown_home
from tests.support.waiting import eventually

pytest_plugins = ("tests.support.page_parts",)
pytestmark = pytest.mark.broker

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)> \" ' & {user} 😀 \u202e"
_YEAR_MS = 31_536_000_000
_NONE = "\N{EN DASH}"
_NO_TELEGRAMS = (b"nonsense", b"{", b'{"net_power": NaN}', b"[1]", b"null", b"\xff\xfe\x00", b'{"meter":"x"}', b"7" * 20_000)


def test_a_reading_is_shown_with_its_words_and_units(browser: Browser, page_broker: PageBroker) -> None:
    """Power and direction, phases, quarter-hour against the limit, counters with the times of their own."""
    with shown_home(browser, page_broker, locale="en-GB") as (home, shown):
        assert shown.text("#now-word") == "drawn from the grid"
        assert shown.text("#phases-rows").split() == ["L1", "230.1", "V", "13.04", "A", "3.000", "kW"]
        # 5 of 15 minutes are left: 2 kW + 3 kW x 5/15.
        assert shown.text("#quarter-forecast") == "3.00"
        assert [shown.text(f"#quarter-{name}").split("\n")[0] for name in ("so-far", "left")] == ["2.00 kW", "5:00"]
        assert shown.text("#quarter-limit") == "2.75 kW"
        assert shown.text("#quarter-verdict") == "0.25 kW above the limit"
        told = shown.page.get_attribute("#gauge", "aria-valuetext") or ""
        assert told.replace("\u00a0", " ") == "3.00 kW expected, 2.00 kW so far, limit 2.75 kW"
        counters = shown.text("#counters-rows").split("\n")
        assert counters[:4] == ["Drawn, day", "1,234.567 kWh", "Injected, day", "89.010 kWh"]
        assert counters[-3:] == ["Gas", "321.500 m³", "12:05"]
        home.send(
            net_power=-1250, actual_total_consumption=0, actual_total_injection=1.25, timestamp="2026-06-21T12:10:01+02:00"
        )
        shown.wait_for("#now-word", "injected into the grid")
        assert shown.text("#now-number") == "1.250"
        home.say("relay_controller/health", json.dumps({"limit_kw": 4.5}))
        shown.wait_for("#quarter-limit", "4.50")
        assert shown.complaints == []


def test_texts_from_outside_are_only_ever_text(browser: Browser, page_broker: PageBroker) -> None:
    """A message, a reason and a load's name with HTML, quotes, emoji and 10 kB are shown as they are, cut at a length."""
    with shown_home(browser, page_broker) as (home, shown):
        name = "<img src=x onerror=alert(1)> \"'😀"
        home.load(name, reason=HOSTILE + "x" * 10_000)
        home.send(text_message=HOSTILE + "y" * 10_000, timestamp="2026-06-21T12:10:01+02:00")
        shown.wait_for("#message-text", "<script>document.title")
        assert shown.text(".load h3") == name
        assert len(shown.text("#message-text")) <= 1001
        assert len(shown.text(".reason")) <= 401
        assert shown.page.locator("#house script, #house img").count() == 0
        assert shown.page.title() == "3.000 kW · Smart meter"
        assert shown.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert shown.complaints == []


def test_a_payload_that_is_no_telegram_changes_nothing(browser: Browser, page_broker: PageBroker) -> None:
    """Not JSON, not an object, keys missing, not UTF-8, too long: the last good one stays, and the next one comes."""
    with shown_home(browser, page_broker) as (home, shown):
        for count, payload in enumerate(_NO_TELEGRAMS, 1):
            home.say("telegram", payload, retain=False)
            home.send(net_power=1500 + count, timestamp=f"2026-06-21T12:10:{count:02}+02:00")
            shown.wait_for("#now-number", f"1.50{count}")
        assert shown.complaints == []


def test_fields_that_are_missing_or_impossible_are_not_shown(browser: Browser, page_broker: PageBroker) -> None:
    """Texts for numbers, 1e300, 0 V phases, no power at all: what is left is shown, zero volts too."""
    with shown_home(browser, page_broker, locale="en-GB") as (home, shown):
        wrong: dict[str, Any] = {
            "total_consumption_day": "1",
            "average_demand": 1e300,
            "l1_current": None,
            "actual_l1_consumption": [],
            "actual_tariff_name": "constructor",
        }
        home.send(net_power=None, actual_total_consumption=None, l1_voltage=0, l2_voltage=0.0, gas_timestamp="soon", **wrong)
        shown.wait_for("#now-word", "the meter does not tell its power")
        assert shown.text("#now-number") == _NONE
        assert shown.text("#phases-rows").split() == ["L1", "0.0", "V", "L2", "0.0", "V"]
        assert shown.page.is_hidden("#quarter")
        counters = shown.text("#counters-rows").split("\n")
        assert counters == ["Injected, day", "89.010 kWh", "Month peak", "2.750 kW", "4 Jun 18:45", "Gas", "321.500 m³"]
        assert shown.complaints == []


def test_what_the_broker_kept_is_never_the_power_of_now(browser: Browser, page_broker: PageBroker) -> None:
    """A retained telegram counts for nothing; retained counters are shown, and said to be old."""
    with played_home(page_broker) as home:
        home.send(retain=True)
        home.say("total_consumption_day", "77.5")
        home.say("total_gas_consumption", "NaN")
        home.say("net_power", "4000")
        with tab(browser, home.address(), locale="en-GB") as shown:
            shown.wait_for("#counters-rows", "77.500")
            assert shown.text("#counters-rows").split("\n") == ["Drawn, day", "77.500 kWh"]
            assert shown.text("#counters-note") == "Last known values; the time of the reading is not known."
            assert shown.text("#now-number") == _NONE
            assert shown.text("#now-word") == "no reading yet"
            assert shown.text("#status-reading .how") == "none yet"


def test_recorded_telegrams_are_not_shown(browser: Browser, page_broker: PageBroker) -> None:
    """What the reader plays from a file is not the house as it is."""
    with shown_home(browser, page_broker) as (home, shown):
        home.send(net_power=9000, recorded=True)
        home.send(net_power=100, timestamp="2026-06-21T12:10:01+02:00")
        shown.wait_for("#now-number", "0.100")
        assert shown.text("#curve-range") == "Lowest 0.100 kW, highest 3.000 kW"


def test_the_clock_of_the_phone_does_not_count(browser: Browser, page_broker: PageBroker) -> None:
    """A year wrong, in another zone: the reading is fresh, the quarter and all times are the meter's."""
    wrong = f"const real = Date.now; Date.now = () => real() + {_YEAR_MS};"
    with shown_home(browser, page_broker, script=wrong, timezone_id="Asia/Tokyo", locale="en-GB") as (home, shown):
        assert re.fullmatch(r"\d+ s ago", shown.text("#status-reading .how"))
        assert shown.page.is_hidden("#trouble")
        assert shown.text("#quarter-left") == "5:00"
        assert "12:05" in shown.text("#counters-rows")
        home.send(timestamp="2026-06-21T12:10:02+02:00")
        eventually(lambda: shown.text("#quarter-left") == "4:58", what="the next second of the meter")
        assert shown.complaints == []


def test_a_phone_that_slept_begins_anew(browser: Browser, page_broker: PageBroker) -> None:
    """Whatever waited in the connection is thrown away with it; nothing counts as now until the next telegram."""
    jump = "const real = Date.now; window.jumpMs = 0; Date.now = () => real() + window.jumpMs;"
    with shown_home(browser, page_broker, script=jump) as (home, shown):
        shown.page.evaluate("window.jumpMs = 3600000")
        shown.wait_for("#now-old", "Old")
        shown.wait_for("#trouble", "waiting for the next reading")
        send_until_shown(home, shown, "0.200", net_power=200, timestamp="2026-06-21T13:10:00+02:00")
        eventually(lambda: shown.page.is_hidden("#trouble"), what="a live page")
        assert len([address for address in shown.requests if address.startswith("ws:")]) == 2


def test_of_several_meters_one_is_chosen(browser: Browser, page_broker: PageBroker) -> None:
    """Without a topic in the address the meters on the broker are offered; the choice is kept."""
    with played_home(page_broker) as one, played_home(page_broker) as other, tab(browser, page_broker.address("home")) as shown:
        shown.page.locator("#meter option").nth(1).wait_for(state="attached")
        for home, net_power in ((one, 1000), (other, 2000)):
            shown.page.select_option("#meter", home.topic)
            shown.wait_for("#trouble", "waiting for the next reading")
            send_until_shown(home, shown, f"{net_power / 1000:.3f}", net_power=net_power)
        shown.page.reload()
        eventually(lambda: shown.page.input_value("#meter") == other.topic, what="the choice of before")


def test_a_tab_behind_others_tells_no_power(browser: Browser, page_broker: PageBroker) -> None:
    """It runs too seldom to take an old one out of its title; in front of them again it tells it at once."""
    with shown_home(browser, page_broker) as (home, shown):
        assert shown.page.title() == "3.000 kW \N{MIDDLE DOT} Smart meter"
        for hidden, title in (("true", "Smart meter"), ("false", "3.000 kW \N{MIDDLE DOT} Smart meter")):
            shown.page.evaluate(
                f"Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }});"
                "document.dispatchEvent(new Event('visibilitychange'))"
            )
            assert shown.page.title() == title
            home.send()


def test_a_meter_that_is_not_there_is_said_not_to_be(browser: Browser, page_broker: PageBroker) -> None:
    """Whoever names a topic that nobody tells of, or that this login may not read, does not wait for ever."""
    with tab(browser, page_broker.address("home", topic="other/<b>home")) as shown:
        shown.wait_for("#trouble", "nothing is heard of other/<b>home: it is not there, or this login may not read it.")
        assert shown.complaints == []


def test_an_old_value_is_said_to_be_old_when_the_reader_says_so(browser: Browser, page_broker: PageBroker) -> None:
    """`stale` and `offline` show at once, in words; the power is marked, and the tab does not tell it any more."""
    with shown_home(browser, page_broker) as (home, shown):
        for status, sentence in (("stale", "The meter is silent"), ("offline", "The reader is not running")):
            home.say("reader/status", status)
            shown.wait_for("#trouble", sentence, deadline_s=8.0)  # by itself the page would say so after 15 s
            assert shown.text("#now-old").startswith("Old: ")
            assert shown.page.title() == "Smart meter"
            assert shown.text("#quarter-left") == _NONE
        home.say("reader/status", "online")
        home.send()
        eventually(lambda: shown.page.is_hidden("#trouble"), what="a live page")
