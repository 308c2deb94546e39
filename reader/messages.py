"""What a good telegram becomes on the broker: the message on `telegram`, those of the fields, the raw bytes."""

from collections.abc import Iterator

from common.outgoing import Outgoing
from common.payload import Reading, encode
from common.topics import Topics
from reader.field_updates import FieldUpdates


def messages_of(reading: Reading, topics: Topics, updates: FieldUpdates, now_s: float) -> Iterator[Outgoing]:
    """Give the messages of one telegram, the one that relays wait for first; `now_s` is the monotonic clock."""
    yield Outgoing(topics.telegram, encode(reading), qos=1, retain=False)
    for update in updates.due(reading.fields, now_s):
        retain = update.retained and not reading.recorded  # else an old value would stay for the meter's own
        yield Outgoing(topics.of(update.name), update.text, qos=0, retain=retain)


def raw_message(frame: bytes, topics: Topics) -> Outgoing:
    """Give the message with the telegram's own bytes, its line end included."""
    return Outgoing(topics.raw, frame + b"\r\n", qos=0, retain=False)
