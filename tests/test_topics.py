"""`common.topics`: the names of the contract, section 3."""

import pytest

from common.topics import Topics

TOPICS = Topics("smartmeter", "home")


def test_the_topics_are_those_of_the_contract() -> None:
    """Written out once."""
    assert [
        TOPICS.telegram,
        TOPICS.backfill,
        TOPICS.of("net_power"),
        TOPICS.raw,
        TOPICS.status("reader"),
        TOPICS.health("csv_logger"),
        TOPICS.load("boiler", "state"),
    ] == [
        "smartmeter/home/telegram",
        "smartmeter/home/backfill",
        "smartmeter/home/net_power",
        "smartmeter/home/raw",
        "smartmeter/home/reader/status",
        "smartmeter/home/csv_logger/health",
        "smartmeter/home/load/boiler/state",
    ]


def test_base_and_meter_are_settings() -> None:
    """A base of several levels too."""
    assert Topics("house/energy", "attic").telegram == "house/energy/attic/telegram"


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("smartmeter/home/load/boiler/set", "boiler"),
        ("smartmeter/home/load/set/set", "set"),
        ("smartmeter/home/load/boiler/state", None),
        ("smartmeter/home/load/a/b/set", None),
        ("smartmeter/home/load//set", None),
        ("smartmeter/home/load/set", None),
        ("smartmeter/other/load/boiler/set", None),
        ("x/smartmeter/home/load/boiler/set", None),
        ("", None),
    ],
)
def test_the_load_is_read_from_its_topic(topic: str, name: str | None) -> None:
    """Another topic names no load."""
    assert TOPICS.load_name(topic, "set") == name
