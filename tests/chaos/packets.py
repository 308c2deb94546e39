"""MQTT packets in a stream of bytes, as far as the proof needs them: what is published with QoS 1, and its acknowledgement.

MQTT 5.0 (OASIS): 2.1 fixed header, 3.3 PUBLISH, 3.4 PUBACK.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_PUBLISH, _PUBACK = 3, 4
_FAILURE = 0x80  # a reason code from there on
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Published:
    """A message under its packet identifier."""

    packet_id: int
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The other side has taken the message of that identifier; `well` is False if it refused it."""

    packet_id: int
    well: bool


@dataclass(slots=True)
class Packets:
    """Reads one direction of one connection."""

    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[Published | Acknowledged]:
        """Take bytes in any pieces; give the packets that are complete by them."""
        self._buffer += data
        while (bounds := _bounds(self._buffer)) is not None:
            start, end = bounds
            first, body = self._buffer[0], bytes(self._buffer[start:end])
            del self._buffer[:end]
            if first >> 4 == _PUBLISH and first >> 1 & 3 == 1:
                yield _published(body)
            elif first >> 4 == _PUBACK:
                yield Acknowledged(int.from_bytes(body[:2]), body[2:3] < bytes([_FAILURE]))


def _bounds(buffer: bytes | bytearray) -> tuple[int, int] | None:
    """Give where the body of the first packet starts and ends, or None while it is not whole."""
    sized = _size(buffer, 1)
    if sized is None:
        return None
    length, start = sized
    return (start, start + length) if len(buffer) >= start + length else None


def _published(body: bytes) -> Published:
    topic_end = 2 + int.from_bytes(body[:2])
    packet_id = int.from_bytes(body[topic_end : topic_end + 2])
    properties = _size(body, topic_end + 2)
    assert properties is not None, "a PUBLISH without properties is not MQTT 5"
    length, start = properties
    return Published(packet_id, body[2:topic_end].decode(), body[start + length :])


def _size(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Read a variable byte integer; give it and where it ends, or None while it is not whole."""
    size = 0
    for place, byte in enumerate(data[at : at + _LENGTH_BYTES]):
        size |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return size, at + place + 1
    return None
