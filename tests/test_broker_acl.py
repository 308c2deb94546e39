"""The text of the ACL file, and what comes into it. What a real broker makes of it: test_broker_rights."""

from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.sections import KNOWN, HomeAssistantSettings, LoadSettings, MqttSettings
from common.settings import SettingsError, parse
from mosquitto.acl import Names, acl_text, role_rights, topic_problem
from mosquitto.logins import (
    SERVICES,
    name_problem,
    new_name_problem,
    passwords_text,
    read_passwords,
    read_roles,
    role_problem,
    roles_text,
)
from mosquitto.topic_names import names_of

OURS = Names("smartmeter", "homeassistant")


def rights_in(text: str) -> dict[str, list[str]]:
    """Read an ACL file as Mosquitto does: {user: lines}."""
    users: dict[str, list[str]] = {}
    for line in text.split("\n"):
        if line.startswith("user "):
            users[line.removeprefix("user ")] = lines = []
        elif line.startswith("topic "):
            lines.append(line.removeprefix("topic "))
        else:
            assert not line or line.startswith("#")
    return users


def test_everybody_who_has_a_login_has_a_block() -> None:
    """The services first; a line before the first user would hold for everybody."""
    users = rights_in(acl_text(OURS, {"vera": "viewer", "hugo": "home", "boiler": "relay"}))
    assert list(users) == [*SERVICES, "boiler", "hugo", "vera"]
    assert users["vera"] == ["read #", "read $SYS/#"]
    assert users["hugo"] == [*users["vera"], "write smartmeter/+/load/+/set", "write homeassistant/status"]
    assert users["boiler"] == []
    assert users["csv_logger"] == [
        "read smartmeter/+/telegram",
        "read smartmeter/+/reader/status",
        "read smartmeter/+/backfill",
        "write smartmeter/+/csv_logger/+",
        "read $SYS/broker/version",
    ]


def test_a_role_that_does_not_exist_has_no_rights() -> None:
    """It is an error, not an empty block."""
    with pytest.raises(ValueError, match="no such role: boss"):
        role_rights("boss", OURS)


@given(st.text(max_size=30))
def test_a_relays_topic_is_one_line_or_a_problem(topic: str) -> None:
    """Whatever stands in the settings, it never becomes another line, another user or another right."""
    if topic_problem(topic) is None:
        users = rights_in(acl_text(Names("a", "b", (topic,), ()), {"relay": "relay"}))
        assert users["relay"] == [f"read {topic}"]
        assert users["relay_controller"].count(f"write {topic}") == 1
        assert len(users) == 5


@pytest.mark.parametrize(
    ("topic", "problem"),
    [
        ("cmnd/boiler/POWER", None),
        ("cmnd/garden  pump/POWER", None),
        ("/öl/%u/%c", None),
        ("a/" * 199 + "b", None),
        ("a/" * 200 + "b", "expected a topic of at most 200 levels"),
        ("a" * 65_536, "expected a topic of at most 65535 bytes"),
        ("a\nuser vera\ntopic write b", "expected a topic without control characters"),
        ("a\rb", "expected a topic without control characters"),
        ("a\0b", "expected a topic without control characters"),
        ("a\tb", "expected a topic without control characters"),
        ("a\x85b", "expected a topic without control characters"),
        ("a\u2028b", "expected a topic without control characters"),
        ("a\udcffb", "expected a topic without control characters"),
        (" a", "expected a topic without blanks at its ends"),
        ("a ", "expected a topic without blanks at its ends"),
    ],
)
def test_topics_that_cannot_stand_in_the_file_are_found(topic: str, problem: str | None) -> None:
    """Mosquitto would read another topic, or not start."""
    assert topic_problem(topic) == problem


def _names(text: str, **environment: str) -> tuple[Names, list[str]]:
    config = parse(
        text,
        known=KNOWN,
        wanted=[MqttSettings, HomeAssistantSettings, LoadSettings],
        environment=environment,
        folder=PurePath(),
        read_secret=str,
    )
    return names_of(config, config.loads)


def test_the_topics_come_from_the_settings() -> None:
    """Base and prefix, and those of the relays behind the broker; of another driver they mean nothing."""
    text = """
[mqtt]
base_topic = house/meter
[homeassistant]
prefix = ha
[load:a]
driver = mqtt
command_topic = cmnd/a
[load:b]
driver = mqtt
command_topic = cmnd/b
state_topic = stat/b
enabled = no
[load:c]
command_topic = cmnd/c
"""
    assert _names(text) == (Names("house/meter", "ha", ("cmnd/a", "cmnd/b"), ("stat/b",)), [])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("smartmeter/home/load/a/set", "expected a topic of the relay, not one of our own under smartmeter"),
        ("homeassistant/status", "expected a topic of the relay, not one of Home Assistant's under homeassistant"),
        ("homeassistant/sensor/x/y/config", "expected a topic of the relay, not one of Home Assistant's under homeassistant"),
        ("x\nuser vera", "expected a topic without control characters"),
    ],
)
def test_a_relays_topic_that_would_open_more_is_left_out_and_told(value: str, problem: str) -> None:
    """Nobody gets a right to it, and the others get theirs."""
    text = "[load:a]\ndriver = mqtt\ncommand_topic = cmnd/a\n[load:b]\ndriver = mqtt\nstate_topic = stat/b\n"
    names, notes = _names(text, SMARTMETER_LOAD_A_COMMAND_TOPIC=value)
    assert names == Names("smartmeter", "homeassistant", (), ("stat/b",))
    assert notes == [f"config.ini: [load:a] command_topic: {problem}; nobody may use it"]


@pytest.mark.parametrize("topic", ["homeassistant", "homeassistant2/status", "ha/homeassistant/status", "smartmeter"])
def test_a_relays_topic_may_look_like_ours(topic: str) -> None:
    """What is not under them is not theirs."""
    text = f"[load:a]\ndriver = mqtt\ncommand_topic = {topic}\n"
    assert _names(text) == (Names("smartmeter", "homeassistant", (topic,), ()), [])


def test_home_assistants_topics_follow_its_prefix() -> None:
    """Which is a setting."""
    text = "[homeassistant]\nprefix = ha\n[load:a]\ndriver = mqtt\ncommand_topic = ha/status\nstate_topic = homeassistant/x\n"
    words = "expected a topic of the relay, not one of Home Assistant's under ha; nobody may use it"
    assert _names(text) == (
        Names("smartmeter", "ha", (), ("homeassistant/x",)),
        [f"config.ini: [load:a] command_topic: {words}"],
    )


def test_a_state_is_not_told_where_commands_are_taken() -> None:
    """The relay of the one could switch the other; the commands stay."""
    text = "".join(
        f"[load:{name}]\ndriver = mqtt\ncommand_topic = cmnd/{name}\nstate_topic = cmnd/{state}\n"
        for name, state in (("a", "b"), ("b", "b"), ("c", "x"))
    )
    names, notes = _names(text)
    assert names == Names("smartmeter", "homeassistant", ("cmnd/a", "cmnd/b", "cmnd/c"), ("cmnd/x",))
    assert notes == [
        "config.ini: [load:a] state_topic: expected one that load b does not use; nobody may use it",
        "config.ini: [load:b] state_topic: expected another topic than command_topic; nobody may use it",
    ]


def test_our_own_topics_must_be_able_to_stand_in_the_file() -> None:
    """Without them there are no rights at all."""
    with pytest.raises(SettingsError) as raised:
        _names("", SMARTMETER_MQTT_BASE_TOPIC="a\0b")
    assert raised.value.problems == ("config.ini: [mqtt] base_topic: expected a topic without control characters",)


# --- Names and roles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("home-assistant_2", None),
        ("", 'NAME: expected a-z, 0-9, _ and - only, got ""'),
        ("Vera", 'NAME: expected a-z, 0-9, _ and - only, got "Vera"'),
        ("a:b", 'NAME: expected a-z, 0-9, _ and - only, got "a:b"'),
        ("a\nb", 'NAME: expected a-z, 0-9, _ and - only, got "a?b"'),
        ("a" * 64, None),
        ("a" * 65, "NAME: expected at most 64 characters, got 65"),
        ("A" * 65, f'NAME: expected a-z, 0-9, _ and - only, got "{"A" * 40}"'),
        ("2nd", None),
        ("-x", 'NAME: expected a letter or a digit at its beginning, got "-x"'),
        ("--help", 'NAME: expected a letter or a digit at its beginning, got "--help"'),
        ("_x", 'NAME: expected a letter or a digit at its beginning, got "_x"'),
        ("reader", "NAME: reader is a service and has its login already; choose another name"),
    ],
)
def test_names_are_judged(name: str, problem: str | None) -> None:
    """One line, without what a terminal would take for a command."""
    assert new_name_problem(name) == problem


@pytest.mark.parametrize("name", ["-x", "_x"])
def test_a_login_of_before_may_have_any_beginning(name: str) -> None:
    """Else nothing could be changed any more, nor the login be removed."""
    assert name_problem(name) is None
    assert read_roles(f"{name} viewer\n") == {name: "viewer"}


def test_roles_are_judged() -> None:
    """The message names those there are."""
    assert role_problem("relay") is None
    assert role_problem("boss") == 'ROLE: expected viewer, home or relay, got "boss"'


def test_roles_are_read_as_they_were_written() -> None:
    """In the order of names; comments and empty lines may stand between."""
    roles = {"vera": "viewer", "hugo": "home"}
    assert roles_text(roles) == "hugo home\nvera viewer\n"
    assert read_roles(roles_text(roles)) == roles
    assert read_roles("# ours\n\n vera  viewer \n") == {"vera": "viewer"}
    with pytest.raises(ValueError, match='line 2: ROLE: expected viewer, home or relay, got "boss"'):
        read_roles("vera viewer\nhugo boss\n")


def test_a_password_file_is_read_and_written() -> None:
    """What is no line of one is left out."""
    hashes = {"reader": "$7$101$a$b", "vera": "$6$c$d"}
    assert read_passwords(passwords_text(hashes)) == hashes
    assert read_passwords("vera\n:x\nhugo:\n\n") == {}
