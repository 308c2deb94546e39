"""`reader.messages`: what a telegram becomes on the broker."""

from datetime import UTC, datetime

from common.outgoing import Outgoing
from common.payload import Reading
from common.topics import Topics
from reader.field_updates import FieldUpdates
from reader.messages import backfill_message, field_messages, raw_message, telegram_message

TOPICS = Topics("smartmeter", "home")


def test_a_telegram_is_one_message_live_or_sent_again() -> None:
    """QoS 1, not retained, the same payload."""
    assert telegram_message(b"{}", TOPICS) == Outgoing("smartmeter/home/telegram", b"{}", qos=1, retain=False)
    assert backfill_message(b"{}", TOPICS) == Outgoing("smartmeter/home/backfill", b"{}", qos=1, retain=False)


def test_each_field_that_is_due_is_a_message() -> None:
    """QoS 0; counters are retained, powers are not, and what the table does not know has no topic."""
    fields = {"total_consumption_day": 1.5, "net_power": 5, "other": {"1-0:94.32.1": "230"}}
    reading = Reading("home", datetime(2026, 1, 31, tzinfo=UTC), 1, fields)
    assert list(field_messages(reading, TOPICS, FieldUpdates(1.0, 60.0), 0.0)) == [
        Outgoing("smartmeter/home/total_consumption_day", "1.5", qos=0, retain=True),
        Outgoing("smartmeter/home/net_power", "5", qos=0, retain=False),
    ]


def test_the_raw_message_is_the_telegram_with_its_line_end() -> None:
    """What another decoder can read from the topic."""
    assert raw_message(b"/x\r\n!ABCD", TOPICS) == Outgoing("smartmeter/home/raw", b"/x\r\n!ABCD\r\n", qos=0, retain=False)
