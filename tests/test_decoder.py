"""A decoder that remembers the last telegram gives what the full reading gives of each one alone."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.crc import crc16_arc
from common.decoder import Decoder
from common.dialect import Dialect
from common.telegram import TelegramError, decode, read
from reader.household import Household
from reader.sunshine import BRUSSELS
from reader.telegram_writer import render
from tests.support.contents import elements
from tests.support.telegrams import DECODABLE, telegram

# Seconds around which something changes: a quarter-hour, a tariff, an hour that October repeats, a month, a year.
_FRAMES = [telegram(name).rstrip() for name in DECODABLE]
_MOMENTS = ("2026-06-21T12:14:55", "2026-06-22T21:59:55", "2026-10-25T02:59:50", "2026-03-29T01:59:55", "2026-12-31T23:59:55")
_ODD = (b"", b"-", b"0", b"00", b"1", b".", b",", b"*", b"(", b")", b"()", b"W", b"S", b"kW", b"\xff", b" ", b"\r", b"\n")


def signed(body: bytes) -> bytes:
    """Give a telegram, up to and with its `!`, with its checksum."""
    return b"%b%04X" % (body, crc16_arc(body))


def body_of(frame: bytes) -> bytes:
    """Give a telegram up to and with its `!`."""
    return frame[: frame.rfind(b"!") + 1]


def told(give: Callable[[], tuple[object, object]]) -> str:
    """Give what a decoding gave, or its error, as text: order of keys and types count, too."""
    try:
        fields, skipped = give()
    except TelegramError as error:
        return f"{type(error).__name__}: {error}"
    return json.dumps(fields) + repr(skipped)


def assert_agrees(decoder: Decoder, frame: bytes, dialect: Dialect = Dialect.AUTO) -> None:
    """Decode both ways."""

    def quick() -> tuple[object, object]:
        decoded = decoder.decode(frame)
        return decoded.fields, decoded.skipped

    def full() -> tuple[object, object]:
        telegram = read(frame, dialect=dialect)
        return telegram.fields, telegram.skipped

    assert told(quick) == told(full), frame


def household_frames(start: str, count: int, seed: int = 7) -> Iterator[bytes]:
    """Give the telegrams of some seconds."""
    household = Household(seed, datetime.fromisoformat(start).replace(tzinfo=BRUSSELS))
    for _ in range(count):
        yield render(household.step()).rstrip()


@pytest.mark.parametrize("start", _MOMENTS)
def test_a_household_is_decoded_as_each_telegram_alone(start: str) -> None:
    """Also where the tariff, the quarter-hour, the hour, the month or the year changes."""
    decoder = Decoder()
    for frame in household_frames(start, 40):
        assert_agrees(decoder, frame)


def test_telegrams_of_all_kinds_in_turn_are_decoded_as_each_alone() -> None:
    """What is remembered of one meter never shows in another one's telegram; each comes twice, with and without a checksum."""
    for dialect in (Dialect.AUTO, Dialect.DUTCH, Dialect.BELGIAN):
        decoder = Decoder(dialect=dialect)
        for frame in _FRAMES:
            for one in (frame, frame, signed(body_of(frame)), body_of(frame), signed(body_of(frame))):
                assert_agrees(decoder, one, dialect)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 10**6), st.sampled_from(_FRAMES))
def test_changed_telegrams_are_decoded_as_each_alone(seed: int, frame: bytes) -> None:
    """Other digits, signs, units and brackets; lines that are dropped, doubled or change places; other lengths."""
    dice, decoder, body = Random(seed), Decoder(), body_of(frame)  # noqa: S311 -- repeatable
    for _ in range(6):
        assert_agrees(decoder, signed(body))
        assert_agrees(decoder, signed(body))
        changed = _changed(body, dice)
        assert_agrees(decoder, signed(changed))
        body = changed if dice.random() < 0.5 else body


def _changed(body: bytes, dice: Random) -> bytes:
    if dice.random() < 0.6:
        places = [match.start() for match in re.finditer(rb"[0-9]", body)] or [0]
        changed = bytearray(body)
        for place in dice.sample(places, min(len(places), dice.choice((1, 2, 30)))):
            changed[place] = ord(str(dice.randrange(10)))
        return bytes(changed)
    if dice.random() < 0.5:
        place = dice.randrange(1, len(body))
        return body[:place] + dice.choice(_ODD) + body[place + dice.randrange(3) :].removesuffix(b"!") + b"!"
    lines = body.split(b"\r\n")
    one, other = dice.randrange(len(lines) - 1), dice.randrange(len(lines) - 1)
    if dice.random() < 0.3:
        del lines[one]
    elif dice.random() < 0.5:
        lines.insert(other, lines[one])
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def test_a_damaged_telegram_leaves_what_is_remembered_as_it_was() -> None:
    """It is rejected in the same words, and the next good one is decoded."""
    decoder = Decoder()
    for before, after in pairwise(household_frames(_MOMENTS[0], 10)):
        assert_agrees(decoder, before)
        assert_agrees(decoder, after.replace(b"1-0:1.7.0(0", b"1-0:1.7.0(1"))
        assert_agrees(decoder, after[:-1] + b"x")
        assert_agrees(decoder, after[: len(after) // 2])


def test_who_gets_the_fields_may_change_them() -> None:
    """Also what is within lists and under `other`."""
    decoder = Decoder()
    for frame in _FRAMES:
        for _ in range(3):
            fields = decoder.decode(frame).fields
            assert json.dumps(fields) == json.dumps(read(frame).fields)
            for value in fields.values():
                if isinstance(value, list):
                    for row in value:
                        row.clear()
                    value.clear()
                elif isinstance(value, dict):
                    value.clear()
            assert isinstance(fields, dict)
            fields.clear()
            first = decode(frame)
            assert isinstance(first, dict)
            first.clear()
            assert decode(frame) == read(frame).fields


def test_what_is_remembered_is_bounded() -> None:
    """A meter that sends ever new codes, and one that sends a telegram as long as can be."""
    decoder, dice = Decoder(), Random(1)  # noqa: S311 -- repeatable
    sizes = []
    for number in range(300):
        lines = [
            f"{dice.randrange(1, 9)}-0:{dice.randrange(256)}.{number % 256}.{n}({dice.random():.4f}*kW)" for n in range(20)
        ]
        assert_agrees(decoder, signed(("/ABC5X\r\n\r\n" + "\r\n".join(lines) + "\r\n!").encode()))
        sizes.append(elements(decoder))
    assert max(sizes) < 2 * max(sizes[:20])
    many = "".join(f"1-0:99.{n % 256}.{n // 256}(1)\r\n" for n in range(1_000))
    assert_agrees(decoder, signed(f"/ABC5X\r\n\r\n{many}!".encode()))
    assert elements(decoder) < 100
