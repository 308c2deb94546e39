"""`reader.selection`: which telegrams a capture keeps, and in which form."""

from collections.abc import Iterator
from math import inf

import pytest

from common.telegram import read
from reader.anonymise import anonymised
from reader.inspection import Inspected
from reader.selection import Selection
from tests.support.telegrams import telegram

GOOD, WRONG = telegram("be-emucs-1.7.1").rstrip(b"\r\n"), telegram("be-wrong-checksum").rstrip(b"\r\n")
STREAM = [Inspected(0, GOOD, read(GOOD)), Inspected(9, WRONG, None, "why"), Inspected(20, GOOD, read(GOOD))]


@pytest.mark.parametrize(
    ("selection", "kept", "told"),
    [
        (Selection(inf), [GOOD, GOOD], "2 telegrams; 1 left out, which --all keeps; the last one: why"),
        (Selection(inf, keeps_rejected=True), [GOOD, WRONG, GOOD], "3 telegrams"),
        (
            Selection(inf, is_anonymous=True),
            2 * [anonymised(GOOD)],
            "2 telegrams; 1 left out, which --all keeps; the last one: why",
        ),
        (Selection(inf, True, True), [anonymised(one) for one in (GOOD, WRONG, GOOD)], "3 telegrams"),  # noqa: FBT003
        (Selection(1), [GOOD], "1 telegram"),
        (Selection(2, keeps_rejected=True), [GOOD, WRONG], "2 telegrams"),
    ],
)
def test_what_is_kept_is_whole_and_told(selection: Selection, kept: list[bytes], told: str) -> None:
    """With a line end behind each checksum."""
    assert list(selection.of(STREAM)) == [one + b"\r\n" for one in kept]
    assert str(selection) == told


def test_no_telegram_more_is_taken_than_wanted() -> None:
    """The next one may be seconds away."""

    def stream() -> Iterator[Inspected]:
        yield STREAM[0]
        pytest.fail("asked for another telegram")

    assert list(Selection(1).of(stream())) == [GOOD + b"\r\n"]


def test_none_is_told_too() -> None:
    """As a number."""
    assert str(Selection(inf)) == "0 telegrams"
