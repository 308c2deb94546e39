"""From the sections of the loads to the plant."""

from pathlib import PurePath
from zoneinfo import ZoneInfo

import pytest

from common.sections import COMMON_SECTIONS, KNOWN
from common.settings import Config, parse
from relay_controller.conditions import parse_condition
from relay_controller.hours import Hours, Window
from relay_controller.load import Load, OnStale, PeakRule, Pin, Plant, RemoteRelay
from relay_controller.settings import SECTIONS, plant_of, problems_of


def parsed(text: str) -> Config:
    """Read the settings as the service does."""
    return parse(
        text,
        known=KNOWN,
        wanted=(*COMMON_SECTIONS, *SECTIONS),
        environment={},
        folder=PurePath(),
        read_secret=lambda name: name,
    )


def plant(text: str) -> Plant:
    """Give the plant of settings that are right."""
    config = parsed(text)
    assert not list(problems_of(config))
    return plant_of(config)


def problems(text: str) -> tuple[str, ...]:
    """Give what is wrong with the settings."""
    return tuple(problems_of(parsed(text)))


def test_a_load_with_every_key_becomes_a_load() -> None:
    """Nothing that was set is lost on the way."""
    assert plant("""
[load:boiler]
driver = gpio
pin = 17
active_low = yes
on_when = surplus > 1500 W
on_delay = 30
off_when = surplus < 0 W
off_delay = 90
min_on = 600
min_off = 120
between = 22:00-06:00
days = mon-fri
max_starts_per_day = 8
max_on_per_day = 14400
min_on_per_day = 7200
by = 05:30
power = 2000
priority = 3
on_stale = hold
manual_timeout = 1800
shadow = yes
[relay]
settle = 20
[peak]
limit = 4.5
margin = 200
[meter]
timezone = Europe/Helsinki
""") == Plant(
        (
            Load(
                name="boiler",
                relay=Pin(17, active_low=True),
                on_when=parse_condition("surplus > 1500 W"),
                off_when=parse_condition("surplus < 0 W"),
                on_delay_s=30.0,
                off_delay_s=90.0,
                min_on_s=600.0,
                min_off_s=120.0,
                hours=Hours((Window(22 * 60, 6 * 60),), frozenset({0, 1, 2, 3, 4})),
                max_starts_per_day=8,
                max_on_per_day_s=14400.0,
                min_on_per_day_s=7200.0,
                by_min=330,
                power_w=2000.0,
                priority=3,
                on_stale=OnStale.HOLD,
                manual_timeout_s=1800.0,
                shadow=True,
            ),
        ),
        settle_s=20.0,
        peak=PeakRule(4.5, 0.2),
        zone=ZoneInfo("Europe/Helsinki"),
    )


def test_a_relay_behind_the_broker_keeps_its_topics_and_words() -> None:
    """The keys of driver mqtt."""
    text = """
[load:pump]
driver = mqtt
command_topic = shellies/pump/relay/0/command
on_payload = on
off_payload = off
state_topic = shellies/pump/relay/0
"""
    relay = RemoteRelay("shellies/pump/relay/0/command", "on", "off", "shellies/pump/relay/0")
    assert plant(text).loads == (Load("pump", relay),)


def test_a_load_without_rules_is_switched_by_hand_only() -> None:
    """Neither on_when nor off_when is a problem."""
    assert plant("[load:lamp]") == Plant((Load("lamp"),), zone=ZoneInfo("Europe/Brussels"))


def test_loads_are_ordered_by_priority_and_then_as_in_the_file() -> None:
    """The first one is the first to go on."""
    text = "[load:c]\npriority = 2\n[load:b]\n[load:a]\n"
    assert [load.name for load in plant(text).loads] == ["b", "a", "c"]


def test_a_load_that_is_not_enabled_is_left_alone() -> None:
    """Not even what is wrong with it matters, and its pin is free."""
    text = """
[load:old]
enabled = no
driver = gpio
pin = 17
on_when = rubbish
[load:new]
driver = gpio
pin = 17
"""
    assert plant(text).loads == (Load("new", Pin(17, active_low=False)),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[load:a]\non_when = surpluss > 1 W\noff_when = surplus < 0 W",
            'on_when: expected a known field at character 1, not "surpluss", did you mean surplus?, got "surpluss > 1 W"',
        ),
        (
            "[load:a]\non_when = surplus > 1 W\noff_when = surplus < 0",
            'off_when: expected a unit such as W at character 12, where it ends, got "surplus < 0"',
        ),
        ("[load:a]\non_when = surplus > 1 W", 'off_when: expected a condition because on_when has one, got ""'),
        ("[load:a]\noff_when = surplus > 1 W", 'on_when: expected a condition because off_when has one, got ""'),
        ("[load:a]\ndriver = gpio", 'pin: expected a BCM pin number because driver is gpio, got ""'),
        ("[load:a]\ndriver = mqtt", 'command_topic: expected a topic because driver is mqtt, got ""'),
        (
            "[load:a]\ndriver = mqtt\ncommand_topic = x\nstate_topic = x",
            'state_topic: expected another topic than command_topic, got "x"',
        ),
        (
            "[load:a]\ndriver = mqtt\ncommand_topic = x\non_payload = off",
            'off_payload: expected another text than on_payload, got "OFF"',
        ),
        (
            "[load:b]\ndriver = gpio\npin = 4\n[load:a]\ndriver = gpio\npin = 4",
            'pin: expected one that load b does not use, got "4"',
        ),
        (
            "[load:b]\ndriver = mqtt\ncommand_topic = x\n[load:a]\ndriver = mqtt\ncommand_topic = x",
            'command_topic: expected one that load b does not use, got "x"',
        ),
    ],
)
def test_what_cannot_work_is_a_problem(text: str, expected: str) -> None:
    """One line, with file, section and key."""
    assert problems(text) == (f"config.ini: [load:a] {expected}",)


def test_all_problems_of_all_loads_are_told_together() -> None:
    """Nobody mends settings one start at a time."""
    text = "[load:a]\ndriver = gpio\non_when = x\n[load:b]\ndriver = mqtt\noff_when = surplus > 1\n"
    assert [problem.split(": expected")[0] for problem in problems(text)] == [
        "config.ini: [load:a] pin",
        "config.ini: [load:a] on_when",
        "config.ini: [load:a] off_when",
        "config.ini: [load:b] command_topic",
        "config.ini: [load:b] on_when",
        "config.ini: [load:b] off_when",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("[peak]\nlimit =", None),
        ("[peak]\nlimit = Follow", PeakRule(None, 0.15)),
        ("[peak]\nlimit = 3\nmargin = 0", PeakRule(3.0, 0.0)),
    ],
)
def test_the_peak_limit_is_a_number_or_follows_the_month(text: str, expected: PeakRule | None) -> None:
    """Or there is none."""
    assert plant(text).peak == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[relay]\nsettle = 86400", '[relay] settle: expected at most 600 seconds, got "86400"'),
        (
            "[peak]\nlimit = 3\n[load:a]\nmin_on_per_day = 3600\nby = 06:00\npower = 4000",
            '[load:a] power: expected at most what [peak] limit leaves (2850 W) because of min_on_per_day, got "4000"',
        ),
        (
            "[load:a]\ndriver = mqtt\ncommand_topic = smartmeter/home/load/b/set",
            (
                "[load:a] command_topic: expected a topic of the relay, not one of our own under smartmeter,"
                ' got "smartmeter/home/load/b/set"'
            ),
        ),
        (
            "[load:a]\ndriver = mqtt\ncommand_topic = x\nstate_topic = smartmeter/home/telegram",
            (
                "[load:a] state_topic: expected a topic of the relay, not one of our own under smartmeter,"
                ' got "smartmeter/home/telegram"'
            ),
        ),
    ],
)
def test_what_would_disable_the_house_is_a_problem(text: str, expected: str) -> None:
    """A guard that never acts, a guarantee that never comes, topics that feed back."""
    assert problems(text) == (f"config.ini: {expected}",)


def test_a_peak_limit_that_its_margin_eats_up_is_a_problem() -> None:
    """Nothing could ever go on."""
    expected = 'config.ini: [peak] limit: expected more than margin (500 W), got "0.5"'
    assert problems("[peak]\nlimit = 0.5\nmargin = 500") == (expected,)
