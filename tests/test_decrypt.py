"""`reader.decrypt`: the same telegrams however the bytes are cut, and out of a hostile stream."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader.decrypt import Decryptor
from tests.support.encryption import AUTHENTICATION_KEY, KEY, TITLE, encrypted
from tests.support.telegrams import DECODABLE, made_of, telegram

ONE = made_of("1-0:1.7.0(00.001*kW)", "1-0:2.7.0(00.000*kW)")
TWO = made_of("1-0:1.7.0(00.002*kW)")
FIRST, SECOND = encrypted(ONE, 1), encrypted(TWO, 2)
LONGEST = b"\xdb\x08" + TITLE + b"\x82\x4e\xff\x30"
OTHER_TITLE = b"OTHER\0\0\1"


def _taken(pieces: Iterable[bytes], key: bytes = KEY, authentication_key: bytes = AUTHENTICATION_KEY) -> tuple[bytes, int, int]:
    """Give the plain text of a stream that comes in pieces, the errors and the discarded bytes."""
    decryptor = Decryptor(key, authentication_key)
    plain = b"".join(decryptor.feed(piece) for piece in pieces)
    return plain, decryptor.errors, decryptor.discarded_bytes


def _damaged(frame: bytes, place: int) -> bytes:
    return frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]


def test_the_example_of_the_green_book_is_decrypted() -> None:
    """The get-request of DLMS UA's Green Book, under general-glo-ciphering."""
    frame = bytes.fromhex("DB084D4D4D0000BC614E 811E 30 01234567 411312FF935A47566827C467BC 7D825C3BE4A77C3FCC056B6B")
    keys = bytes.fromhex("000102030405060708090A0B0C0D0E0F"), bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
    assert _taken([frame], *keys) == (bytes.fromhex("C0010000080000010000FF0200"), 0, 0)


@pytest.mark.parametrize("name", DECODABLE)
def test_a_telegram_comes_out_as_the_meter_made_it(name: str) -> None:
    """Every byte of it, its checksum too."""
    assert _taken([encrypted(telegram(name))]) == (telegram(name), 0, 0)


def test_a_short_frame_may_write_its_length_in_one_byte() -> None:
    """As DLMS allows up to 255 bytes."""
    assert _taken([encrypted(TWO, short=True)]) == (TWO, 0, 0)


CUT, DAMAGED = encrypted(ONE, 3)[:50], _damaged(encrypted(ONE, 4), 60)
FOREIGN = encrypted(ONE, 5, key=bytes(16), title=OTHER_TITLE)
TOO_LONG = FIRST[:11] + b"\x10" + FIRST[12:]  # its length is damaged: it would go on for 4 kB


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(FIRST + SECOND, (ONE + TWO, 0, 0), id="two frames"),
        pytest.param(b"\0noise\xff" + FIRST + b"\r\n\xdb\x08" + SECOND, (ONE + TWO, 0, 11), id="noise around them"),
        pytest.param(FIRST[40:] + SECOND, (TWO, 0, len(FIRST) - 40), id="starts in the middle"),
        pytest.param(CUT + FIRST, (ONE, 1, 50), id="a cut frame"),
        pytest.param(CUT + CUT + CUT + FIRST, (ONE, 3, 150), id="cut ones, one behind the other"),
        pytest.param(CUT + 9 * FIRST[:10] + FIRST, (ONE, 1, 140), id="a cut frame, and starts of starts"),
        pytest.param(DAMAGED + FIRST, (ONE, 1, len(DAMAGED)), id="a damaged frame"),
        pytest.param(FIRST + FOREIGN + SECOND, (ONE + TWO, 1, len(FOREIGN)), id="a frame with another key"),
        pytest.param(TOO_LONG + SECOND, (TWO, 1, len(TOO_LONG)), id="a frame with a damaged length"),
        pytest.param(_damaged(FIRST, 13) + SECOND, (TWO, 0, len(FIRST)), id="a damaged security control byte"),
        pytest.param(_damaged(FIRST, 5) + SECOND, (TWO, 1, len(FIRST)), id="a damaged system title"),
        pytest.param(_damaged(FIRST, 16) + SECOND, (TWO, 1, len(FIRST)), id="a damaged counter"),
        pytest.param(_damaged(FIRST, -1 % len(FIRST)) + SECOND, (TWO, 1, len(FIRST)), id="a damaged tag"),
        pytest.param(LONGEST + bytes(20_300) + FIRST, (ONE, 1, len(LONGEST) + 20_300), id="a start and zeros"),
        pytest.param(ONE + FIRST, (ONE, 0, len(ONE)), id="a telegram that is not encrypted does not come out"),
        pytest.param(b"", (b"", 0, 0), id="nothing"),
    ],
)
def test_what_is_no_good_frame_costs_itself_only(stream: bytes, expected: tuple[bytes, int, int]) -> None:
    """However the stream is cut into pieces; errors and discarded bytes are counted."""
    assert _taken([stream]) == expected
    assert _taken(stream[place : place + 1] for place in range(len(stream))) == expected
    assert _taken(stream[place : place + 7] for place in range(0, len(stream), 7)) == expected


@pytest.mark.parametrize(("key", "authentication_key"), [(bytes(16), AUTHENTICATION_KEY), (KEY, bytes(16))])
def test_with_a_wrong_key_nothing_comes_out(key: bytes, authentication_key: bytes) -> None:
    """Each frame is an error."""
    assert _taken([FIRST, SECOND], key, authentication_key) == (b"", 2, len(FIRST + SECOND) - 13)


PARTS = st.sampled_from([
    FIRST, SECOND, CUT, DAMAGED, FOREIGN, TOO_LONG, FIRST[20:], FIRST[:12], FIRST[:13], FIRST[:14],
    b"\xdb", b"\xdb\x08", b"\xdb\x08" + TITLE, TITLE + b"\x81\x20\x30", b"\x82\x00\x20\x30", b"\x30",
])  # fmt: skip
STREAMS = st.lists(PARTS | st.binary(max_size=20), max_size=12).map(b"".join)


@settings(max_examples=200)
@given(STREAMS, st.lists(st.integers(0, 2000), max_size=60), st.integers(1, 9))
def test_any_stream_gives_the_same_in_any_pieces(stream: bytes, places: list[int], size: int) -> None:
    """Also where parts of frames meet in the worst places."""
    whole = _taken([stream])
    assert _taken(stream[place : place + size] for place in range(0, len(stream), size)) == whole
    ends = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    assert _taken(stream[start:end] for start, end in pairwise(ends)) == whole


@given(st.binary(max_size=300))
def test_after_any_noise_a_frame_is_found(noise: bytes) -> None:
    """At once, or with the end of a frame that the noise began."""
    decryptor = Decryptor(KEY, AUTHENTICATION_KEY)
    assert decryptor.feed(noise + FIRST + bytes(20_300)).endswith(ONE)


@pytest.mark.parametrize("flood", [b"\0", b"\xff", b"\xdb\x08", LONGEST, b"\xdb\x08" + OTHER_TITLE + LONGEST[10:], FIRST[:60]])
def test_memory_is_bounded_for_any_flood(flood: bytes) -> None:
    """At most one frame is kept; the next one is found."""
    decryptor = Decryptor(KEY, AUTHENTICATION_KEY)
    data = flood * (50_000 // len(flood))
    for place in range(0, len(data), 1000):
        decryptor.feed(data[place : place + 1000])
        assert len(decryptor._buffer) < 20_300
    assert decryptor.feed(FIRST + bytes(20_300)).endswith(ONE)


def test_after_a_lost_port_the_half_frame_is_not_continued() -> None:
    """It is an error; half a start is none."""
    decryptor = Decryptor(KEY, AUTHENTICATION_KEY)
    decryptor.feed(FIRST[:50])
    decryptor.restart()
    assert decryptor.feed(FIRST[50:] + SECOND[:5]) == b""
    decryptor.restart()
    assert (decryptor.feed(SECOND), decryptor.errors, decryptor.discarded_bytes) == (TWO, 1, len(FIRST) + 5)


def test_the_keys_are_never_shown() -> None:
    """Not even where a Decryptor is printed."""
    assert repr(Decryptor(KEY, AUTHENTICATION_KEY)) == "Decryptor(errors=0, discarded_bytes=0)"
