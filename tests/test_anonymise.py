"""`reader.anonymise`: identifications go, everything else stays."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.crc import crc16_arc
from common.telegram import ChecksumError, TelegramError, decode
from reader.anonymise import anonymised
from tests.support.telegrams import DECODABLE, made_of, telegram

_IDS = re.compile(r"meter_serial|ean|logical_device_name|.*_serial|.*_ean")
_ID_CODES = re.compile(r"(?!0-0:96\.1\.4)[0-9]+-[0-9]+:(96\.1|0\.0)\.[0-9]+|0-0:42\.0\.0")


def _hex(text: str) -> str:
    return text.encode().hex().upper()


def _line(line: str) -> str:
    """Give what becomes of a line in a good telegram."""
    return anonymised(made_of("1-0:1.8.1(000001.000*kWh)", line)).decode("latin-1").split("\r\n")[3]


def _without_ids(fields: Mapping[str, object]) -> dict[str, object]:
    kept = {name: value for name, value in fields.items() if not _IDS.fullmatch(name)}
    other, meters = kept.get("other"), kept.get("mbus")
    if isinstance(other, dict):
        kept["other"] = {code: text for code, text in other.items() if not _ID_CODES.fullmatch(code)}
    if isinstance(meters, list):
        kept["mbus"] = [{name: value for name, value in meter.items() if name != "serial"} for meter in meters]
    return kept


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (f"0-0:96.1.1({_hex('1SAG1100012345')})", f"0-0:96.1.1({_hex('0AAA0000000001')})"),
        (f"0-0:96.1.1({_hex('kmp-12 x')})", f"0-0:96.1.1({_hex('aaa-00 b')})"),
        ("0-0:96.1.1(4b4d)", "0-0:96.1.1(4142)"),
        ("0-0:96.1.1(34b4d)", "0-0:96.1.1(00a0b)"),
        ("0-0:96.1.0(5166812518514562)", "0-0:96.1.0(0000000000000001)"),
        ("0-0:96.1.1(12345678         )", "0-0:96.1.1(00000001         )"),
        ("0-0:96.1.1(85229C5F169719)", "0-0:96.1.1(00000A0A000001)"),
        ("0-0:96.1.1(\xff12\xe9)", "0-0:96.1.1(\xff01\xe9)"),
        (f"0-0:96.1.2({_hex('541448800000012345')})", f"0-0:96.1.2({_hex('000000000000000001')})"),
        (f"0-0:42.0.0({_hex('SAG1465241131659')})", f"0-0:42.0.0({_hex('AAA0000000000001')})"),
        (f"0-3:96.1.1({_hex('7FLO2117012345')})", f"0-3:96.1.1({_hex('0AAA0000000001')})"),
        ("0-2:96.1.0(4730)", "0-2:96.1.0(4131)"),
        ("1-0:96.1.0*255(9EBZ7113692725)", "1-0:96.1.0*255(0AAA0000000001)"),
        ("1-0:0.0.0*255(1EBZ0100000123)", "1-0:0.0.0*255(0AAA0000000001)"),
        ("0-0:96.1.255(0000120130)", "0-0:96.1.255(0000000001)"),
        ("0-0:96.1.1((12AB))", "0-0:96.1.1((00AB))"),
        ("0%0:96.1.1(34373831303533333030)", "0%0:96.1.1(30303030303030303031)"),
    ],
)  # fmt: skip
def test_an_identification_keeps_its_length_and_shape(line: str, wanted: str) -> None:
    """Digits stay digits, letters letters, hex digits of text hex digits of such text; what is none of them stays."""
    assert _line(line) == wanted


@pytest.mark.parametrize(
    "line",
    [
        "0-0:96.1.1()",
        "0-0:96.1.1(        )",
        "0-0:96.1.1(20202020)",
        "0-0:96.1.2(2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D)",
        "0-1:96.1.0(0000000000000000000000000000000000)",
        "0-1:96.1.0(30303030)",
        "0-1:96.1.0(FFFFFFFF)",
        "0-0:96.1.4(50217)",
        "0-0:96.1.4(3231313130)",
        "1-3:0.2.8(50)",
        "1-0:1.8.1(000123.456*kWh)",
        "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(230101000000W)(221212121500W)(04.329*kW)",
        "1-0:99.97.0(1)(0-0:96.7.19)(000101000001W)(2147483647*s)",
        "0-0:96.13.0(303132333435363738393A3B3C3D3E3F)",
        "0-0:1.0.0(07EA080B0208151900007880)",
        "0-1:24.2.3(632525252525W)(00000.000)",
        "0-0:96.3.10(1)",
        "\xff\x00\x1b odd bytes \xb5",
    ],
)
def test_what_is_no_identification_stays(line: str) -> None:
    """Marks of an unset one too: they are a meaning of their own."""
    assert _line(line) == line


@pytest.mark.parametrize(
    ("identification", "wanted"),
    [
        (r"FLU5\253769484_A", r"FLU5\253769484_A"),
        (r"ISK5\2M550T-1011", r"ISK5\2M550T-1011"),
        ("EBZ5DD3BZ06ETA_107", "EBZ5DD3BZ06ETA_107"),
        ("LGF5E360", "LGF5E360"),
        ("KMP5 ZABF001587315111", "KMP5 ZABF000000000001"),
        ("XMX5LGBBFG1009325446", "XMX5LGBBFG0000000001"),
        ("MCS50050010103291", "MCS50000000000001"),
        ("AUX44444444444", "AUX40000000001"),
        ("1234567890123", "0000000000001"),
        (r"ABC5\2 1234567890", r"ABC5\2 0000000001"),
    ],
)
def test_the_first_line_loses_serial_numbers_and_keeps_types(identification: str, wanted: str) -> None:
    """Long numbers are serial numbers; behind a backslash a type may have nine digits."""
    frame = anonymised(made_of("1-0:1.8.1(000001.000*kWh)", identification=identification))
    assert frame.split(b"\r\n")[0].decode() == f"/{wanted}"


def test_different_identifications_stay_different_and_equal_ones_equal() -> None:
    """Within a telegram; the same telegram gives the same masks."""
    frame = made_of("0-0:96.1.1(A12)", "0-1:96.1.0(A13)", "0-2:96.1.0(A12)", "0-3:96.1.0(413132)", "0-4:96.1.0(A1)")
    wanted = made_of("0-0:96.1.1(A01)", "0-1:96.1.0(A02)", "0-2:96.1.0(A01)", "0-3:96.1.0(413031)", "0-4:96.1.0(A1)")
    assert anonymised(frame) == wanted


def test_as_many_identifications_as_there_are_stay_different() -> None:
    """Even where they use every value of their length, and each is still hex of a character, or not, as before."""
    lines = [f"0-{number}:96.1.0({number:02d})" for number in range(1, 100)]
    masked = re.findall(rb"\(([0-9A-F]{2})\)", anonymised(made_of(*lines)))
    assert len(set(masked)) == 99
    for line, mask in zip(lines, masked, strict=True):
        assert chr(int(line[-3:-1], 16)).isprintable() == chr(int(mask, 16)).isprintable()


def test_a_value_on_a_line_of_its_own_belongs_to_the_code_before() -> None:
    """As in telegrams of DSMR 2 and 3."""
    frame = made_of("0-0:96.1.1", "(123456789012345678)", "0-1:24.3.0(1)", "(00012.345)", checksum=False)
    assert anonymised(frame) == frame.replace(b"123456789012345678", b"000000000000000001")


def test_a_right_checksum_stays_right_and_none_stays_none() -> None:
    """The digits in the case that they had."""
    lines = ("0-0:1.0.0(230101000003W)", f"0-0:96.1.1({_hex('1SAG1100012345')})")
    wanted = ("0-0:1.0.0(230101000003W)", f"0-0:96.1.1({_hex('0AAA0000000001')})")
    frame, masked = made_of(*lines), made_of(*wanted)
    assert anonymised(frame) == masked
    assert anonymised(frame[:-6] + frame[-6:].lower()) == masked[:-6] + masked[-6:].lower()
    assert anonymised(made_of(*lines, checksum=False)) == made_of(*wanted, checksum=False)


def test_a_wrong_checksum_stays_wrong_by_the_same_bits() -> None:
    """A checksum made right would hide the fault that the telegram shows."""
    frame = telegram("be-wrong-checksum")
    masked = anonymised(frame)
    assert masked != frame
    for one in (frame, masked):
        with pytest.raises(ChecksumError):
            decode(one)
    wrong_bits = [int(one[-6:-2], 16) ^ crc16_arc(one[:-6]) for one in (frame, masked)]
    assert wrong_bits[0] == wrong_bits[1] != 0


def test_a_damaged_telegram_loses_everything_as_long_as_an_identification() -> None:
    """Bytes were lost: a serial number may stand behind another code. Messages and time stamps stay."""
    head = "/KMP5 ZABF{}\r\n\r\n0-0:1.0.0(230101000000W)\r\n1-0:1.8.1(000{})\r\n0-0:96.13.0(3132333435363738)"
    cut = head.format("001587315111", "13233343536373839").encode()
    assert anonymised(cut) == head.format("000000000001", "00000000000000001").encode()
    wrong = made_of("1-0:1.8.1(00013233343536373839)")[:-6] + b"0000\r\n"
    assert b"(00000000000000000001)" in anonymised(wrong)
    assert anonymised(made_of("1-0:1.8.1(00013233343536373839)")) == made_of("1-0:1.8.1(00013233343536373839)")


@pytest.mark.parametrize("name", DECODABLE)
def test_a_telegram_decodes_as_before_but_for_its_identifications(name: str) -> None:
    """Those of the folder."""
    frame = telegram(name)
    fields, masked = decode(frame), decode(anonymised(frame))
    assert list(masked) == list(fields)
    assert _without_ids(masked) == _without_ids(fields)
    assert masked.get("meter_serial") != fields.get("meter_serial") or "meter_serial" not in fields


_id_texts = st.one_of(
    st.text("0123456789", max_size=20),
    st.text("0123456789ABCDEFabcdef", max_size=12),
    st.text("09AZaz- \xff", max_size=8),
    st.text("0123ABCabc -_", max_size=20).map(_hex),
)
_codes = st.sampled_from(
    [
        "0-0:96.1.1", "0-0:96.1.0", "0-0:96.1.2", "0-0:42.0.0", "0-1:96.1.0", "0-1:96.1.1", "0-2:96.1.2", "1-0:0.0.0",
        "1-0:96.1.0*255", "0-0:96.1.4", "0-0:96.13.0", "1-3:0.2.8", "0-0:1.0.0", "0-1:24.1.0", "1-0:1.8.1", "nothing", "",
    ]
)  # fmt: skip
_lines = st.one_of(
    st.builds("{}({})".format, _codes, _id_texts),
    st.builds("{}({})({})".format, _codes, _id_texts, _id_texts),
    st.sampled_from(
        ["0-1:24.1.0(003)", "0-1:24.2.1(230101000000W)(00001.000*m3)", "1-0:1.8.1(1*kWh)", "0-0:96.14.0(0002)", "!", ""]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\n"), max_size=30),
)
_identifications = st.text("ABC5\\ 0123456789", min_size=4, max_size=30)
_frames = st.builds(
    lambda lines, identification, *, checksum: made_of(*lines, identification=identification, checksum=checksum),
    st.lists(_lines, max_size=8),
    _identifications,
    checksum=st.booleans(),
)
_spoiled = st.builds(lambda frame, cut, tail: frame[:cut] + tail, _frames, st.integers(0, 200), st.binary(max_size=9))
_anything = st.one_of(st.binary(max_size=400), _frames, _spoiled)


@given(_anything)
def test_any_bytes_keep_their_length_and_masking_twice_is_masking_once(data: bytes) -> None:
    """And nothing raises."""
    masked = anonymised(data)
    assert len(masked) == len(data)
    assert anonymised(masked) == masked


@given(_frames)
def test_any_telegram_decodes_as_before_but_for_its_identifications(frame: bytes) -> None:
    """Or is rejected as before."""
    try:
        fields = decode(frame)
    except TelegramError as error:
        with pytest.raises(type(error)):
            decode(anonymised(frame))
        return
    masked = decode(anonymised(frame))
    assert list(masked) == list(fields)
    assert _without_ids(masked) == _without_ids(fields)


@given(_frames)
def test_only_letters_and_digits_change(frame: bytes) -> None:
    """Brackets, dots, line ends and odd bytes stay where they are."""
    pairs = zip(frame, anonymised(frame), strict=True)
    assert all(old == new or (chr(old).isalnum() and chr(new).isalnum() and new < 128) for old, new in pairs)
