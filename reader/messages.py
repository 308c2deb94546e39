"""What a good telegram becomes on the broker: the message on `telegram` or `backfill`, those of the fields, the raw bytes."""

from collections.abc import Iterator

from common.outgoing import Outgoing
from common.payload import Reading
from common.topics import Topics
from reader.field_updates import FieldUpdates


def telegram_message(payload: bytes, topics: Topics) -> Outgoing:
    """Give the message of a telegram that was received now; relays wait for it."""
    return Outgoing(topics.telegram, payload, qos=1, retain=False)


def backfill_message(payload: bytes, topics: Topics) -> Outgoing:
    """Give the message of a telegram that the broker may not have, with the payload that it had first."""
    return Outgoing(topics.backfill, payload, qos=1, retain=False)


def field_messages(reading: Reading, topics: Topics, updates: FieldUpdates, now_s: float) -> Iterator[Outgoing]:
    """Give the messages of a telegram's fields that are due; `now_s` is the monotonic clock."""
    for update in updates.due(reading.fields, now_s):
        retain = update.retained and not reading.recorded  # else an old value would stay for the meter's own
        yield Outgoing(topics.of(update.name), update.text, qos=0, retain=retain)


def raw_message(frame: bytes, topics: Topics) -> Outgoing:
    """Give the message with the telegram's own bytes, its line end included."""
    return Outgoing(topics.raw, frame + b"\r\n", qos=0, retain=False)
