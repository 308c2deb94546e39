"""`common.frame`: checksum, identification, lines and brackets, whatever they mean."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.frame import ChecksumError, Line, TelegramError, groups_of, opened, reduced
from tests.support.telegrams import made_of

GOOD = made_of("0-0:1.0.0(251118173412W)", "1-0:1.8.0(000001.000*kWh)")
CUT_BEFORE_CHECKSUM = GOOD[: GOOD.rindex(b"!") + 1]
CHECKSUM = GOOD[-6:-2].decode()
OF_OTHERS = f"{int(CHECKSUM, 16) ^ 1:04X}"
NOT_A_TELEGRAM = 'not a telegram: expected "/" at its start and a line with "!" at its end'


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        pytest.param(b"", NOT_A_TELEGRAM, id="nothing"),
        pytest.param(GOOD[1:], NOT_A_TELEGRAM, id="no slash"),
        pytest.param(b"/x\r\n", NOT_A_TELEGRAM, id="no end"),
        pytest.param(b"/x!\r\n", NOT_A_TELEGRAM, id="! in a line"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"1", "expected a checksum of four hex digits, got '1'", id="one digit"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"12\r\n", "expected a checksum of four hex digits, got '12'", id="two digits"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"123\r\n", "expected a checksum of four hex digits, got '123'", id="three digits"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"12345", "expected a checksum of four hex digits, got '12345'", id="five digits"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"XXXX", "expected a checksum of four hex digits, got 'XXXX'", id="masked"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"12 4", "expected a checksum of four hex digits, got '12 4'", id="a blank in it"),
        pytest.param(CUT_BEFORE_CHECKSUM + 4 * b"\xb2", "expected a checksum of four hex digits, got '²²²²'", id="raised"),
    ],
)
def test_what_is_not_a_whole_telegram_is_rejected(frame: bytes, message: str) -> None:
    """The message says what was wanted and what came."""
    with pytest.raises(TelegramError, match=f"^{re.escape(message)}$"):
        opened(frame)


def test_a_wrong_checksum_is_rejected_with_both_numbers() -> None:
    """It is an error of its own kind: bytes changed on the way."""
    message = f"checksum mismatch: telegram says {OF_OTHERS}, computed {CHECKSUM}"
    with pytest.raises(ChecksumError, match=f"^{message}$"):
        opened(CUT_BEFORE_CHECKSUM + OF_OTHERS.lower().encode())


@pytest.mark.parametrize("end", ["", "\r\n", "\n", "\r\n\r\n"])
def test_the_checksum_may_be_in_lower_case_and_end_as_it_likes(end: str) -> None:
    """Capitals and line ends behind it mean nothing."""
    assert opened(CUT_BEFORE_CHECKSUM + (CHECKSUM.lower() + end).encode()) == opened(GOOD)


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n", b"  \r\n"])
def test_a_telegram_without_a_checksum_is_no_error(end: bytes) -> None:
    """DSMR 2 and 3 and D0 text have none; whether it should have one is asked elsewhere."""
    frame = opened(CUT_BEFORE_CHECKSUM + end)
    assert (frame.has_checksum, frame.lines) == (False, opened(GOOD).lines)


def test_one_changed_byte_anywhere_is_noticed() -> None:
    """The checksum covers every byte, the empty line and the line ends included."""
    for place in range(len(GOOD) - 6):
        changed = bytearray(GOOD)
        changed[place] ^= 0x01
        with pytest.raises(TelegramError):
            opened(bytes(changed))


@pytest.mark.parametrize(
    "identification",
    [
        r"FLU5\2SMARTMETER_A", "KAM5", "SMT5 ZABF000000000000", r"Smt5\T210-D ESMR5.0", "ADN9 6534", "1234567890123",
        "SMT59900000000", "SMT-WARMTELINK", "LG_E660_SMARTMETER_3N400V", "SMT5/D545-METER", "x", "",
    ],
)  # fmt: skip
def test_any_first_line_is_an_identification(identification: str) -> None:
    """Meters print all of these shapes; nothing depends on them."""
    frame = opened(made_of("1-0:1.8.0(1*kWh)", identification=identification))
    assert (frame.identification, [line.code for line in frame.lines]) == (identification, ["1-0:1.8.0"])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"/x\r\n\r\n1-0:1.8.0(1)\r\n", id="as the standard says"),
        pytest.param(b"/x\r\n1-0:1.8.0(1)\r\n", id="no empty line"),
        pytest.param(b"/x\r\n \r\n1-0:1.8.0(1)\r\n", id="a blank in it"),
        pytest.param(b"/x\r\n\r\n1-0:1.8.0(1)\r\n\r\n", id="an empty line before the end"),
        pytest.param(b"/x\r\n\r\n1-0:1.8.0(1)\t \r\n", id="blanks behind a line"),
        pytest.param(b"/x\n\n1-0:1.8.0(1)\n", id="LF alone"),
        pytest.param(b"/x\r\n\r\n1-0:1.8.0\r\n(1)\r\n", id="the value on the next line"),
    ],
)
def test_empty_lines_and_blanks_mean_nothing(body: bytes) -> None:
    """Real meters print all of these shapes."""
    assert [(line.code, line.groups) for line in opened(body + b"!\r\n").lines] == [("1-0:1.8.0", ["1"])]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("noise", Line("", [], "noise", "no OBIS code")),
        ("\x18@P`00908.264*kWh)", Line("", [], "\x18@P`00908.264*kWh)", "no OBIS code")),
        ("1,0:1.7.0(1)", Line("", [], "1,0:1.7.0(1)", "no OBIS code")),
        ("1-0:!.7.0(1)", Line("", [], "1-0:!.7.0(1)", "no OBIS code")),
        ("1-0:1.7.0", Line("1-0:1.7.0", [], "1-0:1.7.0", "expected a value in brackets that close")),
        ("1-0:1.7.0(1", Line("1-0:1.7.0", [], "1-0:1.7.0(1", "expected a value in brackets that close")),
        ("1-0:1.7.0(1)(", Line("1-0:1.7.0", [], "1-0:1.7.0(1)(", "expected a value in brackets that close")),
        ("1-0:1.7.0(!)", Line("1-0:1.7.0", ["!"], "1-0:1.7.0(!)")),
        (" 1-0:1.7.0 (1 )", Line("1-0:1.7.0", ["1 "], " 1-0:1.7.0 (1 )")),
        ("0-0:96.13.0(/x)", Line("0-0:96.13.0", ["/x"], "0-0:96.13.0(/x)")),
        ("0-0:96.13.0(ÿ)", Line("0-0:96.13.0", ["ÿ"], "0-0:96.13.0(ÿ)")),
    ],
)
def test_a_line_is_a_code_and_texts_or_says_what_is_wrong(text: str, line: Line) -> None:
    """Nothing of it is lost."""
    assert opened(made_of("1-0:1.8.0(1)", text)).lines[1:] == [line]


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("1-0:1.8.1", "1-0:1.8.1"),
        ("1-0:1.8.1*255", "1-0:1.8.1"),
        ("1-0:1.8.1.255", "1-0:1.8.1"),
        ("1-0:72:32.0", "1-0:72.32.0"),
        ("1-0:99:97.0", "1-0:99.97.0"),
        ("1-0:1.7.255*255", "1-0:1.7.0"),
        ("0-0:96.1.255*255", "0-0:96.1.0"),
        ("1-0:1.8.1*62", "1-0:1.8.1*62"),
        ("1-0:1.8.1.0", "1-0:1.8.1*0"),
        ("1-0:31.4.0", "1-0:31.4.0"),
        ("255-255:255.255.255", "255-255:255.255.0"),
        ("0:96.7.19", None),
        ("1-0:1.8", None),
        ("1-0:1.8.1*", None),
        ("1-0:1.8.1.255.255", None),
        ("1-0:1000.8.1", None),
        ("1-0:1.8.x", None),
        ("1-0:1.8.²", None),
        ("", None),
    ],
)
def test_a_code_is_reduced_to_what_it_says(printed: str, code: str | None) -> None:
    """The groups of 255 say nothing; another group F is another value, of the past."""
    assert reduced(printed) == code


@pytest.mark.parametrize(
    ("rest", "groups"),
    [
        ("1)", ["1"]),
        (")", [""]),
        ("1)(2)", ["1", "2"]),
        (")()(", None),
        ("()())", ["()()"]),
        ("(ER11))", ["(ER11)"]),
        ("(a)(b))(c)", ["(a)(b)", "c"]),
        ("1)x(2)", ["1"]),
        ("1) ", ["1"]),
        ("1))", ["1"]),
        ("((1)", None),
        ("1", None),
        ("", None),
    ],
)
def test_brackets_that_close_hold_the_texts(rest: str, groups: list[str] | None) -> None:
    """What follows the first bracket of a line; brackets may nest."""
    if groups is None:
        with pytest.raises(ValueError, match=r"^expected a value in brackets that close$"):
            groups_of(rest)
    else:
        assert groups_of(rest) == groups


@given(st.lists(st.text(st.characters(exclude_characters="()\r\n", max_codepoint=255)), min_size=1))
def test_texts_without_brackets_come_back(texts: list[str]) -> None:
    """Printed side by side and split."""
    assert groups_of(")(".join(texts) + ")") == texts


@given(st.binary(max_size=300))
def test_any_bytes_give_lines_or_a_telegram_error(noise: bytes) -> None:
    """Nothing else is ever raised, and every line with a text is there."""
    for frame in (noise, b"/" + noise + b"\n!", b"/x\r\n\r\n1-0:1.7.0(" + noise + b")\r\n!"):
        try:
            lines = opened(frame).lines
        except TelegramError:
            continue
        assert all(line.text.strip("\r \t") and bool(line.problem) != bool(line.groups) for line in lines)
