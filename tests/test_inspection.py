"""`reader.inspection`: telegrams with their places, their bytes and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.framing import MAX_TELEGRAM_BYTES
from common.sections import MeterSettings
from common.telegram import read
from reader.inspection import Inspected, Inspection
from tests.support.telegrams import made_of, telegram

GOOD, WRONG, CUT = telegram("be-emucs-1.7.1"), telegram("be-wrong-checksum"), telegram("be-cut")
_BARE_GOOD, _BARE_WRONG, _BARE_CUT = (one.rstrip(b"\r\n") for one in (GOOD, WRONG, CUT))
_MISMATCH = "checksum mismatch: telegram says 8272, computed 8273"


def _inspected(data: bytes, piece_bytes: int = 1_000_000, meter: MeterSettings | None = None) -> list[Inspected]:
    """Inspect a stream that comes in pieces."""
    inspection = Inspection(meter or MeterSettings())
    found = []
    for start in range(0, len(data), piece_bytes):
        found += inspection.feed(data[start : start + piece_bytes])
        assert len(inspection._newest) <= MAX_TELEGRAM_BYTES
    return found + inspection.finish()


@pytest.mark.parametrize("piece_bytes", [1, 7, 4096, 1_000_000])
def test_each_telegram_has_its_place_its_bytes_and_its_fate(piece_bytes: int) -> None:
    """Whole, byte by byte and in pieces; a cut one ends where the next begins."""
    noise = b"000.1*kW)\r\n!ABCD\r\n"
    places = [len(noise + before) for before in (b"", GOOD, GOOD + WRONG, GOOD + WRONG + CUT, GOOD + WRONG + CUT + GOOD)]
    assert _inspected(noise + GOOD + WRONG + CUT + GOOD + CUT, piece_bytes) == [
        Inspected(places[0], _BARE_GOOD, read(GOOD)),
        Inspected(places[1], _BARE_WRONG, None, _MISMATCH),
        Inspected(places[2], _BARE_CUT, None, "cut off by the next telegram"),
        Inspected(places[3], _BARE_GOOD, read(GOOD)),
        Inspected(places[4], _BARE_CUT, None, "cut off by the end"),
    ]


def test_a_telegram_without_end_is_cut_at_the_greatest_length() -> None:
    """What follows is not kept."""
    endless = b"/ABC5\\2TEST\r\n\r\n1-0:1.8.0(" + b"9" * 50_000
    (cut,) = _inspected(endless, 1000)
    assert (cut.offset, cut.data, cut.telegram) == (0, endless[:MAX_TELEGRAM_BYTES], None)


def test_the_settings_of_the_meter_hold() -> None:
    """Dialect, zone and whether a checksum is required."""
    frame = made_of("1-0:1.8.1(1*kWh)", checksum=False)
    (accepted,) = _inspected(frame, meter=MeterSettings(dialect="dutch"))
    assert accepted.telegram is not None
    assert accepted.telegram.fields == {"total_consumption_night": 1.0}
    (rejected,) = _inspected(frame, meter=MeterSettings(require_checksum=True))
    assert rejected.telegram is None
    assert rejected.reason.startswith("no checksum")


class _Reversed:
    """Stands for a decryptor: the bytes of each chunk come backwards."""

    errors = 0
    discarded_bytes = 0

    def feed(self, chunk: bytes) -> bytes:
        return chunk[::-1]

    def restart(self) -> None:
        """Forget nothing."""


def test_encrypted_bytes_are_decrypted_first() -> None:
    """Places are those in the text."""
    inspection = Inspection(MeterSettings(), _Reversed())
    assert inspection.feed((b"noise" + GOOD)[::-1]) == [Inspected(5, _BARE_GOOD, read(GOOD))]


def test_it_says_what_comes_instead_of_telegrams() -> None:
    """In one sentence."""
    inspection = Inspection(MeterSettings())
    assert inspection.why_none().startswith("nothing comes")
    inspection.feed(bytes(1000))
    assert inspection.why_none().startswith("only zeros come")


@given(
    st.lists(st.one_of(st.sampled_from([GOOD, WRONG, CUT, GOOD[:99]]), st.binary(max_size=50)), max_size=6),
    st.integers(1, 3000),
)
def test_every_telegram_is_a_part_of_the_stream_at_its_place(parts: list[bytes], piece_bytes: int) -> None:
    """However the bytes are cut into pieces."""
    stream = b"".join(parts)
    found = _inspected(stream, piece_bytes)
    assert found == _inspected(stream)
    for inspected in found:
        assert stream[inspected.offset :].startswith(inspected.data)
        assert inspected.data.startswith(b"/")
        assert (inspected.telegram is None) == bool(inspected.reason)
