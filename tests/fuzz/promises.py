"""What must hold whatever bytes come in. Each function raises AssertionError for a broken promise; other errors are bugs.

Used by the properties, by the fuzz targets and by the count of mutations.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite

from common.decoder import Decoder
from common.framing import MAX_TELEGRAM_BYTES, Frame, Framer
from common.ini import read_ini
from common.obis import BY_NAME
from common.payload import PayloadError, Reading, encode, parse
from common.telegram import Telegram, TelegramError, read

_MEASUREMENT = re.compile(rb"(?<=\()[0-9]+\.[0-9]+")
_NEXT_DIGIT = bytes.maketrans(b"0123456789", b"1234567890")
RECEIVED = datetime(2026, 1, 31, 11, 15, 49, tzinfo=UTC)


def _bit_by_bit(byte: int) -> int:
    """Give the remainder of one byte, as DSMR 5.0.2 section 6.2 describes it: x16+x15+x2+1, least significant bit first."""
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_REMAINDERS = [_bit_by_bit(byte) for byte in range(256)]


def crc16_arc(text: bytes) -> int:
    """Compute the checksum by ourselves, to check that of crcmod."""
    crc = 0
    for byte in text:
        crc = crc >> 8 ^ _REMAINDERS[(crc ^ byte) & 0xFF]
    return crc


def parts(frame: bytes) -> tuple[bytes, bytes]:
    """Give a frame's bytes from `/` to and with the `!`, and the text of its checksum."""
    end = frame.rfind(b"\n!") + 2
    return frame[:end], frame[end:].strip()


def mended(frame: bytes) -> bytes:
    """Give the frame with the right checksum."""
    body, _ = parts(frame)
    return body + b"%04X\r\n" % crc16_arc(body)


def check_stream(chunks: Iterable[bytes]) -> list[Telegram]:
    """Frame and read a stream: no error but TelegramError, bounded memory, no wrong checksum. Give the good telegrams."""
    framer = Framer()
    good: list[Telegram] = []
    for chunk in chunks:
        good += _judged(framer.feed(chunk))
        assert len(framer._buffer) < MAX_TELEGRAM_BYTES, "the framer keeps more than a telegram can have"
    good += _judged(framer.finish())
    assert not framer._buffer, "the framer keeps bytes after the end"
    return good


def check_frame(frame: bytes) -> Telegram | None:
    """Read a frame and check what it gives; None for a rejected one."""
    try:
        telegram = read(frame)
    except TelegramError:
        return None
    body, checksum = parts(frame)
    assert not checksum or int(checksum, 16) == crc16_arc(body), "accepted with a wrong checksum"
    if len(frame) <= MAX_TELEGRAM_BYTES:  # the framer lets no longer one through
        check_telegram(telegram)
    return telegram


def check_memory(frame: bytes) -> None:
    """Decode a frame, the same with other measurements, and again: what is remembered changes nothing."""
    decoder = Decoder()
    other = mended(_MEASUREMENT.sub(lambda digits: digits[0].translate(_NEXT_DIGIT), frame))
    for one in (frame, other, frame):
        try:
            telegram = read(one)
        except TelegramError:
            continue
        decoded = decoder.decode(one)
        assert repr(decoded.fields) == repr(telegram.fields), "remembered wrongly"
        assert decoded.skipped == telegram.skipped


def check_telegram(telegram: Telegram) -> None:
    """Each value has the type of the table, numbers are finite, and the message is understood as it was meant."""
    fields = dict(telegram.fields)
    other = fields.pop("other", {})
    assert isinstance(other, dict)
    assert all(type(code) is str and type(text) is str for code, text in other.items())
    for name, value in fields.items():
        assert type(value) is BY_NAME[name].type, f"{name} is {value!r}"
        assert not isinstance(value, float) or isfinite(value), f"{name} is {value!r}"
    reading = Reading("home", RECEIVED, 1, telegram.fields)
    assert parse(encode(reading)) == Reading("home", RECEIVED, 1, fields)
    for line in telegram.lines:
        assert not (line.reason and line.fields), f"skipped and taken: {line}"


def check_payload(payload: bytes) -> None:
    """Parse a message of the broker: nothing but PayloadError; what is taken can be sent again and means the same."""
    try:
        reading = parse(payload)
    except PayloadError:
        return
    again = parse(encode(reading))  # `received` is now cut to milliseconds
    assert (again.fields, again.lag_s, again.seq) == (reading.fields, reading.lag_s, reading.seq)
    assert parse(encode(again)) == again
    assert reading.timestamp


def check_ini(text: bytes) -> None:
    """Read a settings file: problems are lines of text that quote no value, and never an error."""
    values, problems = read_ini(text.decode("utf-8", "replace"))
    assert all(isinstance(problem, str) for problem in problems)
    assert all(value == value.strip() for section in values.values() for value in section.values())


def check_telegrams(data: bytes) -> None:
    """Take the bytes as a stream, and once more with the checksum mended: else no change would get past it."""
    check_stream([data])
    if b"\n!" in data:
        check_frame(mended(data))
        check_memory(mended(data))


# What the fuzzer tries to break.
CHECKS: Mapping[str, Callable[[bytes], None]] = {"telegram": check_telegrams, "payload": check_payload, "ini": check_ini}


def _judged(events: Iterable[object]) -> list[Telegram]:
    telegrams = (check_frame(event.data) for event in events if isinstance(event, Frame))
    return [telegram for telegram in telegrams if telegram is not None]
