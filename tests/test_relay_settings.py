"""The relay behind a load, from its section."""

from typing import Any

import pytest

from common.sections import LoadSettings
from relay_controller.load import Pin, RemoteRelay
from relay_controller.relay_settings import relay_of, relay_problems, shared_relays


def mqtt(**keys: Any) -> LoadSettings:
    """Give the settings of a relay behind the broker."""
    return LoadSettings(**({"driver": "mqtt", "command_topic": "plug/set"} | keys))


def telling(**keys: Any) -> LoadSettings:
    """Give the settings of one that tells its state."""
    return mqtt(state_topic="plug/state", **keys)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(LoadSettings(), None, id="none"),
        pytest.param(LoadSettings(pin=17, command_topic="plug/set"), None, id="none, with the keys of others"),
        pytest.param(LoadSettings(driver="gpio", pin=0), Pin(0, active_low=False), id="the first pin"),
        pytest.param(LoadSettings(driver="gpio", pin=17, active_low=True), Pin(17, active_low=True), id="a pin"),
        pytest.param(mqtt(), RemoteRelay("plug/set", "ON", "OFF"), id="the fewest keys"),
        pytest.param(
            telling(on_payload="on,90", off_payload="off", lease=90.0, state_key="output", state_on="true", state_off="false"),
            RemoteRelay("plug/set", "on,90", "off", "plug/state", "output", "true", "false", 90.0),
            id="every key",
        ),
    ],
)
def test_a_section_describes_a_relay(settings: LoadSettings, expected: Pin | RemoteRelay | None) -> None:
    """Nothing that was set is lost on the way, and such settings have no problems."""
    assert relay_of(settings) == expected
    assert list(relay_problems(settings)) == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            LoadSettings(driver="gpio"), ['pin: expected a BCM pin number because driver is gpio, got ""'], id="no pin"
        ),
        pytest.param(
            mqtt(command_topic=""), ['command_topic: expected a topic because driver is mqtt, got ""'], id="no command_topic"
        ),
        pytest.param(
            mqtt(state_topic="plug/set"),
            ['state_topic: expected another topic than command_topic, got "plug/set"'],
            id="one topic for both",
        ),
        pytest.param(
            mqtt(on_payload="off"), ['off_payload: expected another text than on_payload, got "OFF"'], id="one command for both"
        ),
        pytest.param(
            LoadSettings(lease=90.0), ['lease: expected 0 because driver is none, got "90"'], id="lease without a relay"
        ),
        pytest.param(
            LoadSettings(driver="gpio", pin=17, lease=90.0),
            ['lease: expected 0 because driver is gpio, got "90"'],
            id="lease of a pin",
        ),
        pytest.param(
            mqtt(lease=90.0, on_stale="on"),
            ['lease: expected 0 because on_stale is on: a relay with a lease ends in off, got "90"'],
            id="lease of a load that must be on",
        ),
        pytest.param(mqtt(lease=9.5), ['lease: expected 0, or at least 10 s, got "9.5"'], id="short lease"),
        pytest.param(
            mqtt(state_key="output", state_on="true", state_off="false"),
            [
                'state_key: expected nothing because state_topic is empty, got "output"',
                'state_on: expected nothing because state_topic is empty, got "true"',
                'state_off: expected nothing because state_topic is empty, got "false"',
            ],
            id="states without a topic",
        ),
        pytest.param(
            telling(state_key="relay..state"),
            ['state_key: expected a key, or keys joined by dots, got "relay..state"'],
            id="a key that leads nowhere",
        ),
        pytest.param(
            telling(state_on="open", state_off="OPEN"),
            ['state_off: expected another text than state_on, got "OPEN"'],
            id="one state for both",
        ),
        pytest.param(
            telling(state_on="off"), ['state_on: expected another text than off_payload, got "off"'], id="on is off's command"
        ),
        pytest.param(
            telling(state_off="On"), ['state_off: expected another text than on_payload, got "On"'], id="off is on's command"
        ),
        pytest.param(
            mqtt(command_topic="", on_payload="x", off_payload="X", lease=1.0, state_key="a"),
            [
                'lease: expected 0, or at least 10 s, got "1"',
                'command_topic: expected a topic because driver is mqtt, got ""',
                'off_payload: expected another text than on_payload, got "X"',
                'state_key: expected nothing because state_topic is empty, got "a"',
            ],
            id="all together",
        ),
    ],
)
def test_what_cannot_work_is_a_problem(settings: LoadSettings, expected: list[str]) -> None:
    """Each with its key first."""
    assert list(relay_problems(settings)) == expected


@pytest.mark.parametrize("lease", [0.0, 10.0, 1e6])
@pytest.mark.parametrize("on_stale", ["off", "hold"])
def test_a_lease_suits_a_load_that_ends_in_off(lease: float, on_stale: str) -> None:
    """Hold is off at stop and after a crash."""
    assert list(relay_problems(mqtt(lease=lease, on_stale=on_stale))) == []


def test_two_loads_may_not_have_one_relay() -> None:
    """Each one after the first is told; a pin's number is no topic, and an unused key does not count."""
    loads = {
        "a": LoadSettings(driver="gpio", pin=4),
        "b": mqtt(command_topic="4"),
        "c": LoadSettings(driver="gpio", pin=4),
        "d": mqtt(command_topic="4", pin=4),
        "e": LoadSettings(pin=4, command_topic="4"),
        "f": LoadSettings(driver="gpio", pin=4),
    }
    assert list(shared_relays(loads, "my.ini")) == [
        'my.ini: [load:c] pin: expected one that load a does not use, got "4"',
        'my.ini: [load:f] pin: expected one that load a does not use, got "4"',
        'my.ini: [load:d] command_topic: expected one that load b does not use, got "4"',
    ]


@pytest.mark.parametrize(("first", "second", "key"), [("x", "c", "state_topic"), ("c", "x", "command_topic")])
def test_the_commands_of_one_load_are_not_the_state_of_another(first: str, second: str, key: str) -> None:
    """Whichever of the two comes first, the second is told."""
    states = {"x": mqtt(command_topic="a", state_topic="a2"), "c": mqtt(command_topic="b", state_topic="a")}
    assert list(shared_relays({name: states[name] for name in (first, second)}, "my.ini")) == [
        f'my.ini: [load:{second}] {key}: expected one that load {first} does not use, got "a"'
    ]


def test_two_loads_may_have_two_channels_behind_one_topic() -> None:
    """A device that takes the commands of all its channels on one topic tells them apart by what they say."""
    first, second = (
        mqtt(command_topic="shelly/command", on_payload=f"{channel},on", off_payload=f"{channel},off") for channel in (0, 1)
    )
    assert list(shared_relays({"a": first, "b": second}, "my.ini")) == []
    assert list(shared_relays({"a": first, "b": second, "c": second}, "my.ini")) == [
        'my.ini: [load:c] command_topic: expected one that load b does not use, got "shelly/command"'
    ]
