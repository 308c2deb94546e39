"""`reader.messages`: what a telegram becomes on the broker."""

from datetime import UTC, datetime

from common.outgoing import Outgoing
from common.payload import Reading, encode
from common.topics import Topics
from reader.field_updates import FieldUpdates
from reader.messages import messages_of, raw_message

TOPICS = Topics("smartmeter", "home")


def test_the_telegram_goes_first_then_its_fields() -> None:
    """QoS 1 and not retained for the telegram, QoS 0 for the fields."""
    fields = {"total_consumption_day": 1.5, "net_power": 5, "other": {"1-0:94.32.1": "230"}}
    reading = Reading("home", datetime(2026, 1, 31, tzinfo=UTC), 1, fields)
    assert list(messages_of(reading, TOPICS, FieldUpdates(1.0, 60.0), 0.0)) == [
        Outgoing("smartmeter/home/telegram", encode(reading), qos=1, retain=False),
        Outgoing("smartmeter/home/total_consumption_day", "1.5", qos=0, retain=True),
        Outgoing("smartmeter/home/net_power", "5", qos=0, retain=False),
    ]


def test_the_raw_message_is_the_telegram_with_its_line_end() -> None:
    """What another decoder can read from the topic."""
    assert raw_message(b"/x\r\n!ABCD", TOPICS) == Outgoing("smartmeter/home/raw", b"/x\r\n!ABCD\r\n", qos=0, retain=False)
