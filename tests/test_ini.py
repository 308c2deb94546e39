"""`common.ini`: the syntax of the settings file."""

import pytest

from common.ini import read_ini


def test_sections_keys_and_comments_are_read_line_by_line() -> None:
    """Blanks around them mean nothing, `=` in a value does not end it, a comment stands on its own line."""
    text = "; x = 1\n[a]\n  B = 1 \n#c = 2\nd=\n\n[load:x]\r\n\te = f = g # h\r\n[empty]"
    assert read_ini(text) == ({"a": {"b": "1", "d": ""}, "load:x": {"e": "f = g # h"}, "empty": {}}, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1", "line 1: expected a [section] first"),
        ("[a]\n\nb", "line 3: expected key = value"),
        ("[a]\nb: c", "line 2: expected key = value"),
        ("[a]\nb: c==", "line 2: expected key = value"),
        ("[a]\n= c", "line 2: expected key = value"),
        ("[a\nb = c", "line 1: expected a [section] first"),
        ("[a]\n[b", "line 2: expected key = value"),
        ("[a]\nb = 1\nB = 2", "line 3: [a] b is there twice"),
        ("[a]\n[b]\n[a]", "line 3: [a] is there twice"),
    ],
)
def test_a_wrong_line_is_told_by_its_number(text: str, problem: str) -> None:
    """Never by its text: there may be a password in it."""
    assert read_ini(text)[1][0] == problem


def test_wrong_lines_cost_themselves_only() -> None:
    """The others are read; of two equal keys the first counts, and a section goes on where it comes again."""
    values, problems = read_ini("x\n[a]\nb = 1\nb = 2\n?\n[c]\n[a]\nd = 3\n")
    assert values == {"a": {"b": "1", "d": "3"}, "c": {}}
    assert problems == [
        "line 1: expected a [section] first",
        "line 4: [a] b is there twice",
        "line 5: expected key = value",
        "line 7: [a] is there twice",
    ]
