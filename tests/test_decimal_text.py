"""`common.decimal_text`: numbers as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.decimal_text import decimal_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(230.1, "230.1"), (0.0, "0.0"), (-0.5, "-0.5"), (1e-05, "0.00001"), (-1.5e-7, "-0.00000015"), (1e16, "10000000000000000")],
)
def test_a_number_is_told_in_its_shortest_decimal_form(value: float, text: str) -> None:
    """Never with an exponent."""
    assert decimal_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_reads_back_as_the_same_number(value: float) -> None:
    """To the last digit."""
    text = decimal_text(value)
    assert (float(text), "e" in text) == (value, False)
