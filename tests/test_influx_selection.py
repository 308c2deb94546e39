"""Whose telegrams a bridge takes."""

import pytest

from common.topics import Topics
from influx_bridge.selection import selection_of

HOME = Topics("smartmeter", "home")


@pytest.mark.parametrize(
    ("meters", "group", "telegrams"),
    [
        ("own", "", ["smartmeter/home/telegram"]),
        ("all", "", ["smartmeter/+/telegram"]),
        ("house-7", "", ["smartmeter/house-7/telegram"]),
        ("house-7 house-8", "", ["smartmeter/house-7/telegram", "smartmeter/house-8/telegram"]),
        ("house-* cabin", "", ["smartmeter/+/telegram"]),
        ("own", "writers", ["$share/writers/smartmeter/home/telegram"]),
        ("all", "writers", ["$share/writers/smartmeter/+/telegram"]),
    ],
)
def test_it_subscribes_to_no_more_than_it_must(meters: str, group: str, telegrams: list[str]) -> None:
    """A name is a topic; a part of one is not."""
    subscriptions = list(selection_of(meters, HOME, group).subscriptions())
    assert [topic for topic in subscriptions if topic.endswith("/telegram")] == telegrams
    assert len(subscriptions) == 3 * len(telegrams)


@pytest.mark.parametrize(
    ("meters", "meter", "takes"),
    [
        ("own", "home", True),
        ("own", "garage", False),  # what the broker kept under other settings
        ("cabin house-7", "house-7", True),
        ("cabin house-7", "house", False),
        ("all", "anything", True),
        ("house-1*", "house-1", True),
        ("house-1*", "house-17", True),
        ("house-1*", "house-2", False),
        ("house-1*", "my-house-1", False),
        ("house-?", "house-1", True),
        ("house-?", "house-17", False),
        ("house-1* cabin", "cabin", True),
        ("house-1* cabin", "cabins", False),
    ],
)
def test_names_may_have_wildcards(meters: str, meter: str, takes: bool) -> None:  # noqa: FBT001 -- a column of the table
    """A star stands for any characters, a question mark for one; the whole name counts."""
    assert selection_of(meters, HOME).takes(meter) is takes


@pytest.mark.parametrize(("meters", "is_many"), [("own", False), ("cabin", False), ("a b", True), ("a*", True), ("all", True)])
def test_it_knows_whether_there_may_be_many(meters: str, is_many: bool) -> None:  # noqa: FBT001 -- a column of the table
    """Then more is remembered."""
    assert selection_of(meters, HOME).is_many is is_many
