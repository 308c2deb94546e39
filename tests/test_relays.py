"""All relays together: what fails for one is done for the others."""

import sys
from dataclasses import replace
from math import inf
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_controller.driver import DriverError
from relay_controller.load import Load, OnStale, Pin, Plant, RemoteRelay
from relay_controller.mqtt_relay import NotAStateError, state_of
from relay_controller.relays import Relays
from tests.test_delivery import Line
from tests.test_gpio import PinRegisters

PLANT = Plant(
    (
        Load("a", Pin(4, active_low=False)),
        Load("b", Pin(5, active_low=True), on_stale=OnStale.ON),
        Load("c", RemoteRelay("c/set", "on", "off")),
        Load("d", Pin(6, active_low=False)),
        Load("e", Pin(7, active_low=False), shadow=True),
    )
)
ALL_ON = dict.fromkeys("abcde", True)
ALL_OFF = dict.fromkeys("abcde", False)


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> PinRegisters:
    """Put a model in the place of RPi.GPIO."""
    model = PinRegisters()
    monkeypatch.setitem(sys.modules, "RPi", ModuleType("RPi"))
    monkeypatch.setitem(sys.modules, "RPi.GPIO", model)
    return model


def opened(line: Line) -> Relays:
    """Give the plant's relays, opened."""
    relays = Relays(PLANT, line.publish)
    relays.open()
    return relays


def test_relays_start_safe_follow_and_end_safe(pins: PinRegisters) -> None:
    """Without failures; the load in shadow mode is not touched."""
    line = Line()
    relays = opened(line)
    assert pins.levels == {4: 0, 5: 0, 6: 0}
    relays.switch(ALL_ON, 0.0)
    assert pins.levels == {4: 1, 5: 0, 6: 1}
    relays.close()
    assert pins.levels == {4: 0, 5: 0, 6: 0}
    assert line.sent == [("c/set", "on")]
    assert set(relays.remarks().values()) == {""}


@pytest.mark.parametrize(("broken", "name"), [(4, "a"), (6, "d")])
def test_a_pin_that_fails_does_not_keep_the_others_from_their_state(pins: PinRegisters, broken: int, name: str) -> None:
    """Whether it is the first or the last; it is named."""
    line = Line()
    relays = opened(line)
    relays.switch(ALL_ON, 0.0)
    pins.broken[broken] = OSError(5, "Input/output error")
    expected = rf"^load {name}: cannot switch GPIO pin {broken}: \[Errno 5\] Input/output error$"
    with pytest.raises(DriverError, match=expected):
        relays.switch(ALL_OFF, 1.0)
    assert pins.levels == {4: 0, 5: 1, 6: 0} | {broken: 1}
    assert line.sent == [("c/set", "on"), ("c/set", "off")]
    assert relays.finish(1.0)
    with pytest.raises(DriverError, match=expected):
        relays.close()
    assert pins.levels == {4: 0, 5: 0, 6: 0} | {broken: 1}
    assert relays.remarks()[name] == f"cannot switch GPIO pin {broken}: [Errno 5] Input/output error"


def test_all_that_fail_are_named(pins: PinRegisters) -> None:
    """In one line."""
    relays = opened(Line())
    pins.broken = {4: RuntimeError("x"), 6: RuntimeError("y")}
    with pytest.raises(DriverError, match=r"^load a: cannot switch GPIO pin 4: x; load d: cannot switch GPIO pin 6: y$"):
        relays.switch(ALL_ON, 0.0)


def test_a_bug_in_a_driver_does_not_keep_the_others_from_their_state_either(pins: PinRegisters) -> None:
    """It comes out as it is."""
    relays = opened(Line())
    relays.switch(ALL_ON, 0.0)
    pins.broken[4] = pins.broken[5] = KeyError("a bug")
    with pytest.raises(KeyError, match="a bug"):
        relays.close()
    assert pins.levels == {4: 1, 5: 0, 6: 0}


def test_a_pin_that_cannot_be_opened_does_not_keep_the_others_from_their_safe_state(
    pins: PinRegisters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a crash they may be on."""
    usual = pins.setup

    def setup(pin: int, direction: int, initial: int | None = None) -> None:
        if pin == 4:
            raise RuntimeError("busy")
        usual(pin, direction, initial)

    monkeypatch.setattr(pins, "setup", setup)
    line = Line()
    relays = Relays(PLANT, line.publish)
    assert relays.open() == "load a: cannot use GPIO pin 4: busy"
    assert pins.levels == {5: 0, 6: 0}
    assert relays.remarks()["a"] == "cannot use GPIO pin 4: busy"
    line.works = False
    assert not relays.finish(0.0)
    line.works = True
    assert relays.finish(0.01)
    assert line.sent == [("c/set", "off")]
    monkeypatch.setattr(pins, "setup", usual)
    assert not relays.open()
    assert pins.levels == {4: 0, 5: 0, 6: 0}
    assert not relays.remarks()["a"]


PLAIN = RemoteRelay("plug/set", "on", "off", "plug/state")
SHELLY = RemoteRelay(
    "boiler/command/switch:0", "on,90", "off", "boiler/status/switch:0", state_key="output", state_on="true", state_off="false"
)
DEEP = replace(SHELLY, state_key="relay.main.state", state_on="1", state_off="0.0")


@pytest.mark.parametrize(
    ("relay", "payload", "expected"),
    [
        pytest.param(PLAIN, b"on", True, id="the word for on"),
        pytest.param(PLAIN, b" OFF\r\n", False, id="the word for off, in capitals, with blanks around it"),
        pytest.param(replace(PLAIN, state_on="closed", state_off="open"), b"Closed", True, id="words of their own"),
        pytest.param(replace(PLAIN, state_on="closed"), b"off", False, id="one word of its own"),
        pytest.param(SHELLY, b'{"id":0,"source":"MQTT","output":true,"apower":1990.5}', True, id="true in JSON"),
        pytest.param(SHELLY, b'{"output": false}', False, id="false in JSON"),
        pytest.param(SHELLY, b'{"output": "TRUE "}', True, id="a text in JSON"),
        pytest.param(SHELLY, b'{"id":0,"temperature":{"tC":51.2}}', None, id="a part of the status"),
        pytest.param(SHELLY, b'{"output": null}', None, id="a state that the relay does not know"),
        pytest.param(SHELLY, b"{}", None, id="nothing"),
        pytest.param(DEEP, b'{"relay":{"main":{"state":1}}}', True, id="a number in an object in an object"),
        pytest.param(DEEP, b'{"relay":{"main":{"state":0.0}}}', False, id="a number as it is written"),
        pytest.param(DEEP, b'{"relay":{"main":{}}}', None, id="the last key is missing"),
        pytest.param(DEEP, b'{"relay":7}', None, id="no object where one was expected"),
        pytest.param(replace(SHELLY, state_key="POWER1", state_on="ON"), b'{"POWER1":"ON","Wifi":{}}', True, id="tele/x/STATE"),
    ],
)
def test_what_a_relay_tells_of_itself(relay: RemoteRelay, payload: bytes, expected: bool | None) -> None:  # noqa: FBT001
    """On, off, or nothing."""
    assert state_of(relay, payload) is expected


@pytest.mark.parametrize(
    ("relay", "payload", "message"),
    [
        pytest.param(
            PLAIN, b'{"state": "on"}', r"neither on nor off: '{\"state\": \"on\"}'", id="JSON where a word was expected"
        ),
        pytest.param(PLAIN, b"\xff", "neither on nor off: '\ufffd'", id="bytes"),
        pytest.param(PLAIN, b"", "neither on nor off: ''", id="empty"),
        pytest.param(PLAIN, b"x" * 16_385, "16385 bytes are too many for a state", id="huge"),
        pytest.param(SHELLY, b"on", "not JSON: Expecting value", id="a word where JSON was expected"),
        pytest.param(SHELLY, b'{"output": tr', "not JSON: Expecting value", id="broken"),
        pytest.param(SHELLY, b"\xff\xff", "not JSON: 'utf-8' codec", id="not UTF-8"),
        pytest.param(SHELLY, b"[" * 16_000, "not JSON", id="nested without end"),
        pytest.param(SHELLY, b'["output", true]', "not a JSON object", id="a list"),
        pytest.param(SHELLY, b'{"output": 1}', "neither on nor off: '1'", id="a number that is neither"),
        pytest.param(SHELLY, b'{"output": NaN}', "neither on nor off: 'NaN'", id="not a number"),
        pytest.param(SHELLY, b'{"output": {"on": true}}', "output is not a single value", id="an object"),
        pytest.param(SHELLY, b'{"output":true,"x":"' + b"y" * 16_384 + b'"}', "16406 bytes are too many", id="huge JSON"),
    ],
)
def test_what_is_not_a_state_is_told_from_one(relay: RemoteRelay, payload: bytes, message: str) -> None:
    """So that it can be counted."""
    with pytest.raises(NotAStateError, match=f"^{message}"):
        state_of(relay, payload)


@given(st.binary() | st.text().map(str.encode), st.sampled_from([PLAIN, SHELLY, DEEP]))
def test_whatever_a_relay_says_is_a_state_or_not(payload: bytes, relay: RemoteRelay) -> None:
    """No message ends the service."""
    try:
        assert state_of(relay, payload) in (True, False, None)
    except NotAStateError as error:
        assert "\n" not in str(error)  # noqa: PT017 -- it need not be raised


def test_relays_hear_what_is_meant_for_them() -> None:
    """Two on one topic, each with its key; a message with a part of the status moves nothing, and is no garbage."""
    two = RemoteRelay("two/1", "ON", "OFF", "tele/two", state_key="POWER1")
    plant = Plant((Load("a", two), Load("b", replace(two, command_topic="two/2", state_key="POWER2")), Load("c", PLAIN)))
    line = Line()
    relays = Relays(plant, line.publish)
    relays.open()
    relays.switch(dict.fromkeys("abc", True), 0.0)
    assert relays.state_topics == {"tele/two", "plug/state"}
    heard = [
        relays.heard("tele/two", b'{"POWER1":"ON","POWER2":"OFF"}'),
        relays.heard("tele/two", b'{"Uptime":"1T"}'),
        relays.heard("tele/two", b'{"POWER1":[],"POWER2":"ON"}'),
        relays.heard("plug/state", b"{}"),
        relays.heard("plug/state", b"off"),
    ]
    assert heard == [True, True, False, False, True]
    relays.deliver(5.0)
    assert sorted(line.sent) == [("plug/set", "on"), ("plug/set", "on"), ("two/1", "ON"), ("two/2", "ON")]
    assert relays.remarks() == {"a": "", "b": "", "c": "the relay says OFF"}


def test_the_next_renewal_of_any_lease_is_due() -> None:
    """And at once, when the broker is back; a load in shadow mode has none."""
    leased = replace(SHELLY, state_topic="", lease_s=90.0)
    plant = Plant((Load("a", leased), Load("b", PLAIN), Load("c", replace(leased, command_topic="c/set"), shadow=True)))
    line = Line()
    relays = Relays(plant, line.publish)
    relays.open()
    assert relays.seconds_left(0.0) == 0
    relays.switch({"a": True, "c": True}, 0.0)
    relays.switch({"b": True}, 0.0)
    relays.heard("plug/state", b"on")
    assert relays.seconds_left(7.0) == 20
    relays.hurry()
    assert relays.seconds_left(7.0) == 0
    relays.deliver(7.0)
    relays.switch({"a": False}, 8.0)
    assert relays.seconds_left(8.0) == inf
    on = (leased.command_topic, "on,90")
    assert line.sent == [on, ("plug/set", "on"), on, (leased.command_topic, "off")]
