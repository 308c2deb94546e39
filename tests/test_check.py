"""What `--check` answers, as text and as JSON."""

import json

import pytest

from common.check import Check, document, has_problem, lines_of, of_problem, of_warning, ok, problem, warning

TEXTS = [
    (ok("clock", "set"), ["ok       clock: set"]),
    (warning("clock", "slow", "wind it"), ["warning  clock: slow", "         mend: wind it"]),
    (problem("broker", "no\nanswer"), ["problem  broker: no answer"]),
]


@pytest.mark.parametrize(("check", "lines"), TEXTS)
def test_an_answer_is_one_line_and_what_mends_it_another(check: Check, lines: list[str]) -> None:
    """Also if a library's message has more lines."""
    assert lines_of(check) == lines


def test_the_document_has_all_of_an_answer() -> None:
    """For `make doctor`, and for programs."""
    assert json.loads(document("reader", "1.0", [problem("port", "gone", "plug it in")])) == {
        "service": "reader",
        "version": "1.0",
        "checks": [{"what": "port", "level": "problem", "found": "gone", "mend": "plug it in"}],
    }


def test_only_a_problem_makes_a_check_fail() -> None:
    """With a warning everything works still."""
    assert not has_problem([ok("a", ""), warning("b", "")])
    assert has_problem([ok("a", ""), problem("b", "")])


@pytest.mark.parametrize(
    ("line", "found", "mend"),
    [
        ('c.ini: [mqtt] port: expected a port, got "x"', 'c.ini: [mqtt] port: expected a port, got "x"', "edit c.ini"),
        ("c.ini: No such file; begin with: cp a b", "c.ini: No such file", "cp a b"),
        (
            "c.ini: [serial] decryption_key: needs a package; mend it with: pip",
            "c.ini: [serial] decryption_key: needs a package",
            "pip",
        ),
        (
            "SMARTMETER_MQTT_PROT: unknown variable",
            "SMARTMETER_MQTT_PROT: unknown variable",
            "change the variable SMARTMETER_MQTT_PROT: in .env, or in the service's unit",
        ),
    ],
)
def test_a_problem_of_the_settings_says_where_to_mend_it(line: str, found: str, mend: str) -> None:
    """In the file or the variable with which its line begins, or by the command in it."""
    assert of_problem(line) == problem("settings", found, mend)


@pytest.mark.parametrize(
    ("instead", "mend"),
    [
        ("baudrate = 9600", "write instead: baudrate = 9600"),
        ("nothing", "take the line out"),
        ("nothing, and add the file", "take the line out, and add the file"),
    ],
)
def test_an_old_key_says_what_to_write(instead: str, mend: str) -> None:
    """It is a warning: the file starts all the same."""
    line = f"c.ini: [serial] speed: old; write instead: {instead}"
    assert of_warning(line) == warning("settings", "c.ini: [serial] speed: old", mend)
