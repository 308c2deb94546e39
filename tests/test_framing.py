"""`common.framing`: the same telegrams however the bytes are cut, and out of a hostile stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.framing import MAX_TELEGRAM_BYTES, CutTelegram, Frame, Framer
from tests.support.telegrams import DECODABLE, made_of, telegram

ONE = made_of("1-0:1.7.0(00.001*kW)", "1-0:2.7.0(00.000*kW)")
TWO = made_of("1-0:1.7.0(00.002*kW)")
OLD = made_of("1-0:1.7.0(0000.03*kW)", checksum=False)
BY_THE_NEXT, BY_THE_END = "cut off by the next telegram", "cut off by the end"
TOO_LONG = f"no end within {MAX_TELEGRAM_BYTES} bytes"


def _events(pieces: Iterable[bytes]) -> tuple[list[Frame | CutTelegram], int]:
    """Give the events of a stream that comes in pieces and ends, and the bytes that were discarded."""
    framer = Framer()
    events = [event for piece in pieces for event in framer.feed(piece)]
    return events + framer.finish(), framer.discarded_bytes


@dataclass
class _Stream:
    """A stream, put together part by part, and what must be found in it."""

    data: bytes = b""
    events: tuple[Frame | CutTelegram, ...] = ()

    def noise(self, data: bytes) -> None:
        self.data += data

    def whole(self, data: bytes) -> None:
        self.events += (Frame(len(self.data), data.removesuffix(b"\r\n")),)
        self.data += data

    def cut(self, data: bytes, reason: str) -> None:
        self.events += (CutTelegram(len(self.data), reason),)
        self.data += data


def _hostile() -> _Stream:
    stream = _Stream()
    stream.noise(ONE[30:])  # begins in the middle of a telegram
    stream.whole(TWO)
    stream.noise(b"\x00\xff/!noise with / and ! in it!/12!ABCD\r\n/")
    stream.whole(ONE)
    stream.cut(ONE[:40], BY_THE_NEXT)  # the next one goes on in the same line
    stream.whole(TWO)
    stream.cut(ONE[:-8], BY_THE_NEXT)  # its end is lost: two melted into one
    stream.whole(TWO)
    stream.noise(3 * MAX_TELEGRAM_BYTES * b"\0")
    stream.whole(ONE)
    stream.noise(3 * MAX_TELEGRAM_BYTES * b"\xff")
    stream.whole(TWO)
    stream.noise(b"\r\n" + 2 * MAX_TELEGRAM_BYTES * b"a line without end ")
    stream.whole(ONE)
    stream.cut(b"/SMT5\r\n\r\n1-0:1.7.0(" + 2 * MAX_TELEGRAM_BYTES * b"9", TOO_LONG)
    stream.whole(TWO)
    stream.whole(TWO[:-6] + b"A1\r\n")  # too few digits
    stream.whole(TWO[:-6] + b"XYZW\r\n")  # bad digits
    stream.whole(OLD)  # a "!" alone
    stream.noise(b"!\r\n!\r\n!ABCD\r\n")
    stream.whole(TWO[:-2])  # no line end behind the checksum
    stream.whole(ONE)
    stream.whole(TWO.replace(b"\r\n", b"\n")[:-1] + b"\r\n")  # line ends of its own
    stream.whole(ONE[:-2])  # the end of the file, without a line end
    return stream


HOSTILE = _hostile()


@pytest.mark.parametrize("name", DECODABLE)
def test_a_telegram_is_one_frame_up_to_its_checksum(name: str) -> None:
    """Nothing of it is lost, the line end behind it is no noise."""
    data = telegram(name)
    assert _events([data]) == ([Frame(0, data.removesuffix(b"\r\n"))], 0)


def test_a_hostile_stream_gives_its_telegrams_with_their_places() -> None:
    """Start in the middle, noise, cut and melted telegrams, floods, endless lines, bad checksums, no line end."""
    assert tuple(_events([HOSTILE.data])[0]) == HOSTILE.events


def test_byte_by_byte_it_is_the_same() -> None:
    """Events and discarded bytes."""
    pieces = (HOSTILE.data[place : place + 1] for place in range(len(HOSTILE.data)))
    assert _events(pieces) == _events([HOSTILE.data])


@settings(max_examples=25)
@given(st.lists(st.integers(0, len(HOSTILE.data)), max_size=60))
def test_in_random_pieces_it_is_the_same(places: list[int]) -> None:
    """Wherever the stream is cut."""
    places = [0, *sorted(places), len(HOSTILE.data)]
    pieces = [HOSTILE.data[start:end] for start, end in pairwise(places)]
    assert _events(pieces) == _events([HOSTILE.data])


PARTS = st.sampled_from([
    ONE, TWO, OLD, ONE[:40], ONE[:-8], ONE[20:], TWO[:-2],
    b"/", b"!", b"\r\n", b"\n!", b"\n/", b"/SMT5\r\n\r\n1-0:", b"\n!12", b"F",
])  # fmt: skip


@given(st.lists(PARTS | st.binary(max_size=20), max_size=12), st.data())
def test_any_stream_gives_the_same_in_any_pieces(parts: list[bytes], data: st.DataObject) -> None:
    """Also where parts of telegrams meet in the worst places."""
    stream = b"".join(parts)
    size = data.draw(st.integers(1, 9))
    pieces = [stream[place : place + size] for place in range(0, len(stream), size)]
    assert _events(pieces) == _events([stream])


@given(st.lists(PARTS | st.binary(max_size=20), max_size=12))
def test_every_frame_stands_in_the_stream_where_it_says(parts: list[bytes]) -> None:
    """In order, one behind the other; each cut telegram begins with its slash."""
    stream = b"".join(parts)
    behind = 0
    for event in _events([stream])[0]:
        assert event.offset >= behind
        assert stream[event.offset : event.offset + 1] == b"/"
        if isinstance(event, Frame):
            behind = event.offset + len(event.data)
            assert (stream + b"\n")[event.offset : behind] == event.data


@given(st.lists(PARTS | st.binary(max_size=20), max_size=12))
def test_every_byte_is_in_a_frame_or_discarded_or_a_line_end(parts: list[bytes]) -> None:
    """The counter leaves nothing out."""
    stream = b"".join(parts)
    events, discarded = _events([stream])
    framed = sum(len(event.data) for event in events if isinstance(event, Frame))
    assert 0 <= len(stream) - framed - discarded <= stream.count(b"\r") + stream.count(b"\n")


@given(st.binary(max_size=200), st.sampled_from([b"", b"\r\n", b"\n", b")\r\n"]))
def test_after_any_noise_a_whole_telegram_is_found(noise: bytes, end: bytes) -> None:
    """Unless the noise itself ends as a telegram does: then the one after it is found."""
    events, _ = _events([noise + end + ONE + TWO])
    assert events[-1] == Frame(len(noise + end + ONE), TWO.removesuffix(b"\r\n"))


@pytest.mark.parametrize(
    "flood",
    [
        b"\0", b"\xff", b"/", b"!", b"\r\n", b"\n!", b"\n/", b"a", b"/SMT5\r\n\r\n1-0:", b"\n/SMT5\r\n1-0:", b"/SMT5\\2 ",
        b"1-0:1.7.0(00.001*kW)\r\n",
    ],
)  # fmt: skip
def test_memory_is_bounded_for_any_flood(flood: bytes) -> None:
    """What grows longer than a telegram is thrown away; the next telegram is found."""
    framer = Framer()
    data = flood * (200_000 // len(flood))
    for place in range(0, len(data), 1000):
        framer.feed(data[place : place + 1000])
        assert len(framer._buffer) < MAX_TELEGRAM_BYTES
    events = framer.feed(b"\r\n" + ONE + TWO)
    assert events[-1] == Frame(len(data) + 2 + len(ONE), TWO.removesuffix(b"\r\n"))


@pytest.mark.parametrize(
    ("stream", "discarded"),
    [
        pytest.param(ONE + TWO, 0, id="nothing"),
        pytest.param(ONE + b"\r\n\r\n" + TWO + b"\r\n", 0, id="empty lines between telegrams"),
        pytest.param(b"noise" + ONE, 5, id="noise before"),
        pytest.param(ONE + b"\xff\r\n" + TWO, 3, id="noise between, with its line end"),
        pytest.param(ONE[:40] + TWO, 40, id="a cut telegram"),
        pytest.param(ONE[:40], 40, id="a cut telegram at the end"),
        pytest.param(b"\0\0\0" + ONE, 3, id="zeros"),
    ],
)
def test_bytes_of_no_telegram_are_counted(stream: bytes, discarded: int) -> None:
    """Line ends between telegrams are no loss."""
    assert _events([stream])[1] == discarded


@pytest.mark.parametrize(
    "identification",
    [r"FLU5\253769484_A", "KAM5", "KMP5 ZABF001587315111", "ADN9 6534", "1234567890123", "LG_E660_Fluvius_3N400V",
     "HLY5/D545-METER", "NWA-WARMTELINK"],
)  # fmt: skip
def test_a_start_is_known_by_what_meters_really_send(identification: str) -> None:
    """Behind a cut telegram, in the middle of a line."""
    data = made_of("1-0:1.7.0(00.001*kW)", identification=identification)
    assert _events([ONE[:40] + data])[0] == [CutTelegram(0, BY_THE_NEXT), Frame(40, data.removesuffix(b"\r\n"))]


def test_an_old_meter_has_no_empty_line_behind_its_identification() -> None:
    """Such a start counts at the beginning of a line only."""
    old = OLD.replace(b"\r\n\r\n", b"\r\n")
    frame = old.removesuffix(b"\r\n")
    assert _events([old + old])[0] == [Frame(0, frame), Frame(len(old), frame)]
    cut = old[:30] + b"\r\n"
    assert _events([cut + old + cut])[0] == [
        CutTelegram(0, BY_THE_NEXT), Frame(len(cut), frame), CutTelegram(len(cut + old), BY_THE_END),
    ]  # fmt: skip


def test_an_exclamation_mark_inside_a_line_ends_nothing() -> None:
    """Text messages may have one."""
    data = made_of("0-0:96.13.0(Hello! World)", "1-0:1.7.0(00.001*kW)")
    assert _events([data])[0] == [Frame(0, data.removesuffix(b"\r\n"))]
