"""`reader.diagnosis`: one plain sentence for each way in which a port gives no telegram."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.diagnosis import (
    ENCRYPTED,
    EVEN_PARITY,
    GARBAGE,
    HDLC,
    KEPT_BYTES,
    MBUS,
    NOT_ENCRYPTED,
    ODD_PARITY,
    OTHER_TEXT,
    PARTLY_ENCRYPTED,
    PARTS,
    REJECTED,
    SILENT,
    TOO_FAST,
    WRONG_CHECKSUM,
    WRONG_KEY,
    Diagnosis,
)
from tests.support.encryption import encrypted
from tests.support.telegrams import made_of, telegram
from tests.support.uart import received

GOOD, WRONG, OLD = telegram("be-emucs-1.7.1"), telegram("be-wrong-checksum"), telegram("nl-dsmr-2.2")
NOISE = random.Random(1).randbytes(600)  # noqa: S311 -- the same bytes each time
CIPHER = random.Random(2).randbytes(130)  # noqa: S311 -- the same bytes each time


def _hdlc(information: bytes) -> bytes:
    """Give an HDLC frame: flag, format with length, addresses, control, checks (not those of a real frame), flag."""
    inside = b"\x41\x08\x83\x13\x12\x34" + information + b"\x56\x78"
    return b"\x7e" + (0xA000 + len(inside) + 2).to_bytes(2, "big") + inside + b"\x7e"


def _mbus(user_data: bytes) -> bytes:
    """Give an M-Bus frame: 68 LL LL 68, user data, sum, 16."""
    length = bytes([len(user_data)])
    return b"\x68" + length + length + b"\x68" + user_data + bytes([sum(user_data) % 256]) + b"\x16"


DLMS_PUSH = b"\xe6\xe7\x00\x0f\x00\x00\x00\x00\x0c" + CIPHER
ENCRYPTED_PUSH = b"\x53\xff\x00\x01\x67" + encrypted(CIPHER, short=True)[:200]
POLISH = b"/EGM5G15\r\n\r\n\x00\x82\x02\x30\x30" + CIPHER
TOO_LONG_LINE = b"/SMT5\r\n\r\n" + 2000 * b"1-0:1.7.0(9"
TABLE = [
    # bytes of the port, sentence without a key, sentence with a key
    pytest.param(b"", SILENT, SILENT, id="nothing"),
    pytest.param(b"\0\xff\x07", SILENT, SILENT, id="a few bytes of noise"),
    pytest.param(encrypted(GOOD), ENCRYPTED, WRONG_KEY, id="encrypted"),
    pytest.param(encrypted(GOOD)[500:] + encrypted(GOOD)[:80], ENCRYPTED, WRONG_KEY, id="encrypted, from the middle on"),
    pytest.param(encrypted(OLD[:80], short=True), ENCRYPTED, WRONG_KEY, id="encrypted, with a short length"),
    pytest.param(POLISH + POLISH, PARTLY_ENCRYPTED, PARTLY_ENCRYPTED, id="encrypted behind a plain first line, Poland"),
    pytest.param(NOISE[:50] + _hdlc(DLMS_PUSH), HDLC, HDLC, id="HDLC"),
    pytest.param(_hdlc(b"\xe6\xe7\x00" + encrypted(CIPHER)), HDLC, HDLC, id="HDLC, encrypted"),
    pytest.param(_mbus(ENCRYPTED_PUSH) + _mbus(CIPHER), MBUS, MBUS, id="M-Bus, encrypted"),
    pytest.param(received(OLD, bits=7, parity="E"), EVEN_PARITY, EVEN_PARITY, id="7E1 read as 8N1"),
    pytest.param(received(OLD, bits=7, parity="O"), ODD_PARITY, ODD_PARITY, id="7O1 read as 8N1"),
    pytest.param(received(OLD, bits=7, parity="E") + NOISE[:9], EVEN_PARITY, EVEN_PARITY, id="7E1 with a bit of noise"),
    pytest.param(received(OLD, bits=7, parity="E", speed=12), TOO_FAST, TOO_FAST, id="9600 baud read at 115200"),
    pytest.param(received(GOOD, speed=1 / 12), GARBAGE, GARBAGE, id="115200 baud read at 9600"),
    pytest.param(received(GOOD, speed=2), GARBAGE, GARBAGE, id="57600 baud read at 115200"),
    pytest.param(received(GOOD, speed=0.5), GARBAGE, GARBAGE, id="115200 baud read at 57600"),
    pytest.param(received(GOOD, speed=0.9), GARBAGE, GARBAGE, id="a tenth too slow"),
    pytest.param(received(GOOD, speed=1.1), GARBAGE, GARBAGE, id="a tenth too fast"),
    pytest.param(received(GOOD, inverted=True), GARBAGE, GARBAGE, id="inverted"),
    pytest.param(received(OLD, bits=7, parity="E", inverted=True), GARBAGE, GARBAGE, id="7E1, inverted"),
    pytest.param(NOISE, GARBAGE, GARBAGE, id="noise"),
    pytest.param(100 * b"raspberrypi login: ", OTHER_TEXT, OTHER_TEXT, id="text of something else"),
    pytest.param(WRONG + WRONG, WRONG_CHECKSUM, NOT_ENCRYPTED, id="wrong checksums"),
    pytest.param(WRONG + b"\xff\xfe" + WRONG, WRONG_CHECKSUM, NOT_ENCRYPTED, id="wrong checksums and noise"),
    pytest.param(WRONG + 1024 * b"\xff", WRONG_CHECKSUM, NOT_ENCRYPTED, id="wrong checksums and a flood"),
    pytest.param(GOOD[:400], PARTS, NOT_ENCRYPTED, id="a telegram without its end"),
    pytest.param(GOOD[100:], PARTS, NOT_ENCRYPTED, id="a telegram without its start"),
    pytest.param(TOO_LONG_LINE, PARTS, NOT_ENCRYPTED, id="a telegram that never ends"),
    pytest.param(made_of("0-0:96.1.4(50217)", "1-0:1.7.0(1*kW)", checksum=False), REJECTED, NOT_ENCRYPTED, id="no checksum"),
    pytest.param(GOOD, REJECTED, NOT_ENCRYPTED, id="a good telegram"),
]  # fmt: skip


@pytest.mark.parametrize(("heard", "sentence", "_with_key"), TABLE)
def test_each_way_has_its_sentence(heard: bytes, sentence: str, _with_key: str) -> None:
    """However the bytes are cut into pieces."""
    whole, piecewise = Diagnosis(), Diagnosis()
    whole.feed(heard)
    for place in range(len(heard)):
        piecewise.feed(heard[place : place + 1])
    assert (whole.sentence(), piecewise.sentence()) == (sentence, sentence)


@pytest.mark.parametrize(("heard", "_without_key", "sentence"), TABLE)
def test_with_a_key_in_the_settings_it_may_be_another(heard: bytes, _without_key: str, sentence: str) -> None:
    """The key is wrong, or there should be none."""
    diagnosis = Diagnosis(has_key=True)
    diagnosis.feed(heard)
    assert diagnosis.sentence() == sentence


@pytest.mark.parametrize(("decrypted", "sentence"), [(WRONG, WRONG_CHECKSUM), (GOOD[:300], PARTS), (GOOD, REJECTED)])
def test_what_was_decrypted_is_judged_as_telegrams(decrypted: bytes, sentence: str) -> None:
    """The key is right then."""
    diagnosis = Diagnosis(has_key=True)
    diagnosis.feed(encrypted(decrypted), decrypted)
    assert diagnosis.sentence() == sentence


def test_a_good_telegram_makes_it_forget() -> None:
    """What comes then counts alone."""
    diagnosis = Diagnosis(has_key=True)
    diagnosis.feed(encrypted(WRONG), WRONG)
    diagnosis.reset()
    assert diagnosis.sentence() == SILENT
    diagnosis.feed(NOISE)
    assert diagnosis.sentence() == GARBAGE


def test_the_newest_bytes_count() -> None:
    """What was mended meanwhile is forgotten."""
    diagnosis = Diagnosis()
    diagnosis.feed(2 * KEPT_BYTES * b"\0")
    diagnosis.feed(20 * WRONG)
    assert diagnosis.sentence() == WRONG_CHECKSUM


def test_every_sentence_is_one_line_and_tells_what_to_do() -> None:
    """Without a full stop, as log lines are."""
    sentences = {parameters.values[1] for parameters in TABLE} | {parameters.values[2] for parameters in TABLE}
    assert len(sentences) == 15
    for sentence in sentences:
        assert isinstance(sentence, str)
        assert any(verb in sentence for verb in ("check", "ask", "set [", "use", "leave", "the log says")), sentence
        assert "\n" not in sentence
        assert not sentence.endswith(".")


@given(st.lists(st.binary(max_size=200) | st.sampled_from([
    GOOD[:200], WRONG, encrypted(OLD)[:60], b"\x7e\xa0", b"\x68\x05\x05\x68", b"\xe6\xe7\x00", b"\x68\xff\xff\x68", POLISH[:30],
]), max_size=10))  # fmt: skip
def test_any_bytes_give_a_sentence(chunks: list[bytes]) -> None:
    """Nothing is ever raised."""
    diagnosis = Diagnosis()
    for chunk in chunks:
        diagnosis.feed(chunk, chunk[:1])
        assert diagnosis.sentence()


@pytest.mark.parametrize("flood", [b"\0", b"\xff", b"\x7e\xa0", b"\x68\x01\x01\x68", b"/", b"\xdb\x08", WRONG])
def test_memory_is_bounded_for_any_flood(flood: bytes) -> None:
    """The newest bytes are kept."""
    diagnosis = Diagnosis()
    for _ in range(100_000 // len(flood) // 10):
        diagnosis.feed(10 * flood, 10 * flood)
        assert max(len(diagnosis._newest), len(diagnosis._decrypted)) <= KEPT_BYTES
    assert diagnosis.sentence()
