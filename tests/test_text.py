"""`common.text`: serial numbers and messages, as hex digits or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.text import text_of_hex


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        pytest.param("31534D5430303030303034373131", "1SMT0000004711", id="hex of ASCII"),
        pytest.param("31534d54", "1SMT", id="small hex digits"),
        pytest.param("20312020", "1", id="blanks around it"),
        pytest.param("", "", id="empty"),
        pytest.param("12345678         ", "12345678", id="plain digits, padded"),
        pytest.param("5166812518514562", "5166812518514562", id="plain digits, not ASCII as hex"),
        pytest.param("123", "123", id="an odd number of digits"),
        pytest.param("serienummer", "serienummer", id="not hex"),
        pytest.param("test-/-test", "test-/-test", id="plain text"),
        pytest.param("31 32", "31 32", id="bytes.fromhex would allow blanks"),
        pytest.param("00", "00", id="hex of what cannot be printed"),
        pytest.param("C3A9", "C3A9", id="hex of UTF-8"),
        pytest.param(18 * "2D", "", id="unset: hyphens"),
        pytest.param(24 * "20", "", id="unset: blanks"),
        pytest.param("---", "", id="unset: plain hyphens"),
        pytest.param("ÿÿÿÿ", "", id="memory never written"),
        pytest.param("FFFFffff", "", id="the same as hex"),
        pytest.param("FFF", "FFF", id="three hex digits"),
        pytest.param("Aÿÿ", "Aÿÿ", id="raw bytes behind text"),
        pytest.param("41FF", "41FF", id="the same as hex"),
        pytest.param("é", "é", id="raw Latin"),
        pytest.param("²²", "²²", id="digits that are none"),
        pytest.param(34 * "0", 34 * "0", id="zeros"),
    ],
)
def test_hex_becomes_the_text_it_stands_for_and_all_else_stays(digits: str, text: str) -> None:
    """Meters send both under one code."""
    assert text_of_hex(digits) == text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_printable_text_comes_back(text: str) -> None:
    """Without blanks around it; hyphens alone are no text."""
    wanted = text.strip() if text.strip().strip("-") else ""
    assert text_of_hex(text.encode().hex()) == wanted


@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    """It never raises."""
    assert text_of_hex(text) == text_of_hex(text).strip()
