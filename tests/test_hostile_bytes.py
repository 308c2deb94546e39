"""Whatever bytes come in: no harm, no wrong telegram, no other line's fields changed."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.frame import reduced
from common.obis import BY_CODE, BY_NAME, BY_SIGNED_CODE, DATE_CODE, MBUS_BY_CODE, TIME_CODE
from common.telegram import Dialect, Telegram, read
from reader.household import Household
from reader.reception import Reception
from reader.telegram_writer import render
from tests.fuzz import corpus
from tests.fuzz.mutations import KINDS, tally
from tests.fuzz.promises import CHECKS, check_frame, check_stream, crc16_arc, mended, parts
from tests.support.telegrams import DECODABLE, made_of, telegram
from tests.test_telegram_writer import MOMENTS, fields_of

GOOD = {name: telegram(name) for name in DECODABLE}
IDENTIFICATION = r"FLU5\253769484_A"

# What stands between brackets, or anywhere in a line, where meters or lines are broken. Latin-1, as the core reads it.
HOSTILE = (
    "", "9" * 400, "-" + "9" * 400, "0." + "9" * 400, "NaN", "nan", "inf", "-Infinity", "1e999", "1e5*kW", "-1.5*kW",
    "-0.000*kW", "+1*kW", "1,5*kW", "1.234,5*kWh", "1_000*kW", "0x10", ".5*kW", "5.*kW", "1.5*kWh*kW", "*kW", "-", "*", "1*",
    "\xb2\xb3*kW",     "999999999999999*GW", "999999999999999*GWh", "999999999999999.9*kW", "1*K", "1*\xb5W", "1*mm3",
    "260231120000W", "260229120000S", "261325250000S", "000000000000W", "000101000000W", "632525252525W", "35255255255255255S",
    "991231235959W", "010101000000S", "690101000000W", "2601011200", "260101120000X", "260101120000SS", "26-02-31 12:00:00",
    "07EA021F0208150000007880", "FFFFFFFFFFFFFFFFFFFFFFFF", "0000000000000000000000FF", "00" * 12,
    "(", ")", "((((", "))))", ")(", ")(1*kW)(", "(" * 300 + ")" * 300, "/", "!", "!ABCD", "/FLU5", "1-0:1.7.0", "\\", '"', "{}",
    "\0", "\0" * 300, "\x0c", "\x0b", "\x1c", "\x85", "\xa0", "\xad", "\xff", "\xff" * 300, "\x7f", "\x1b[2J", "\t", " ",
    "41" * 300, "4", "C3A9", "0A0D", "00", "1B5B324A", "2D" * 18, "20" * 48, "GG", "TARIFF", "TARIFF 99999", "-1", "255",
    "256", "003",
)  # fmt: skip
HOSTILE_LINES = (
    "", "(", ")", "()", "(1*kW)", "1-0:1.7.0", "1-0:1.7.0(", "1-0:1.7.0)", "1-0:1.7.0()", "1-0:1.7.0(1*kW", "1-0:1.7.0((1*kW)",
    "1-0:1.7.0(01.500*kW)(", "1-0:99.97.0(10)(0-0:96.7.19)", "1-0:99.97.0(99999999)(0-0:96.7.19)(260101120000W)",
    "0-0:98.1.0(13)(1-0:1.6.0)(1-0:1.6.0)", "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(260101120000W)(260101120000W)(NaN)",
    "0-0:98.1.0(1)(1-0:1.6.0)", "0-1:24.3.0(260101120000)(08)(60)(1)(0-1:24.2.1)(m3)", "0-9:24.1.0(999)",
    "0-1:24.2.1(260101120000W)()",
    "0-1:24.2.1(260101120000W)(1*V)", "999-999:999.999.999(1)", "1-0:1.7.0*255(1*kW)", "1-0:1:7:0(1*kW)", "1-0:16.7.0(-1*kW)",
    "1-0:1.4.0(999999999999999*GW)", "1-0:1.7.0(999999999999999*GW)", "1-0:0.9.1(999999)", "1-0:0.9.2(260231)", "!", "!0000",
    "/XYZ5",
    "\0" * 2000, "\xff" * 2000, "1-0:77.77.7(" + "\0" * 12_000 + ")", "0-0:96.13.0(" + "\xff" * 2048 + ")", "0-0:96.13.0(\0\0)",
)  # fmt: skip

Lines = list[str]


def _lines(data: bytes) -> Lines:
    """Give the lines of a telegram between its identification and its end."""
    return parts(data)[0].decode("latin-1").split("\r\n")[2:-1]


LINES = [_lines(data) for data in GOOD.values()]
ALL_LINES = sorted({line for lines in LINES for line in lines})


def _replace_value(draw: st.DrawFn, lines: Lines, at: int) -> Lines:
    code, bracket, _ = lines[at].partition("(")
    return [*lines[:at], f"{code}{bracket}{draw(st.sampled_from(HOSTILE))})", *lines[at + 1 :]]


def _insert(draw: st.DrawFn, lines: Lines, at: int) -> Lines:
    text = draw(st.sampled_from(HOSTILE) | st.binary(max_size=12).map(lambda raw: raw.decode("latin-1")))
    place = draw(st.integers(0, len(lines[at])))
    return [*lines[:at], lines[at][:place] + text + lines[at][place:], *lines[at + 1 :]]


def _cut(draw: st.DrawFn, lines: Lines, at: int) -> Lines:
    start, end = sorted(draw(st.tuples(st.integers(0, len(lines[at])), st.integers(0, len(lines[at])))))
    return [*lines[:at], lines[at][:start] + lines[at][end:], *lines[at + 1 :]]


def _drop(_: st.DrawFn, lines: Lines, at: int) -> Lines:
    return lines[:at] + lines[at + 1 :]


def _double(draw: st.DrawFn, lines: Lines, at: int) -> Lines:
    to = draw(st.integers(0, len(lines)))
    return [*lines[:to], lines[at], *lines[to:]]


def _add(draw: st.DrawFn, lines: Lines, at: int) -> Lines:
    return [*lines[:at], draw(st.sampled_from(HOSTILE_LINES) | st.sampled_from(ALL_LINES)), *lines[at:]]


def _shuffle(draw: st.DrawFn, lines: Lines, _: int) -> Lines:
    return draw(st.permutations(lines))


def _melt(draw: st.DrawFn, lines: Lines, at: int) -> Lines:
    other = draw(st.sampled_from(LINES))
    rest = other[draw(st.integers(0, len(other) - 1)) :]
    place = draw(st.integers(0, len(lines[at])))
    return [*lines[:at], lines[at][:place] + rest[0], *rest[1:]]


EDITS: list[Callable[[st.DrawFn, Lines, int], Lines]] = [
    _replace_value, _replace_value, _insert, _cut, _drop, _double, _add, _shuffle, _melt,
]  # fmt: skip


@st.composite
def edited(draw: st.DrawFn) -> bytes:
    """Give a telegram of the folder after some edits, with the right checksum."""
    lines = draw(st.sampled_from(LINES))
    for edit in draw(st.lists(st.sampled_from(EDITS), min_size=1, max_size=6)):
        if lines:
            lines = edit(draw, lines, draw(st.integers(0, len(lines) - 1)))
    return made_of(*lines, identification=IDENTIFICATION)


STREAMS = st.lists(
    st.binary(max_size=60)
    | st.sampled_from([*GOOD.values(), *map(mended, GOOD.values())])
    | st.sampled_from(
        [b"/", b"!", b"\r\n", b"\n!", b"\n/", b"\n!12", b"AB", b"/FLU5\r\n\r\n1-0:", b"\0" * 999, b"\xff" * 20_000]
    )
    | edited()
    | st.builds(lambda data, start, end: data[start:end], edited(), st.integers(0, 300), st.integers(300, 900)),
    max_size=6,
).map(b"".join)


def _pieces(data: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_do_no_harm(data: bytes) -> None:
    """As a stream, and as the body of a telegram whose checksum is right."""
    check_stream([data])
    body = b"/FLU5\r\n\r\n" + data + b"\r\n!"
    check_frame(body + b"%04X" % crc16_arc(body))


@settings(max_examples=150, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 2**16), max_size=20))
def test_any_stream_in_any_pieces_gives_the_same_telegrams(data: bytes, places: list[int]) -> None:
    """Good and rejected ones, with their places; no accepted one has a wrong checksum, and no buffer grows."""
    whole, in_pieces = (Reception("home", Dialect.AUTO, "Europe/Brussels") for _ in range(2))
    events = [*whole.feed(data), *whole.finish()]
    assert [event for piece in _pieces(data, places) for event in in_pieces.feed(piece)] + [*in_pieces.finish()] == events
    check_stream(_pieces(data, places))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), MOMENTS, st.lists(st.integers(1, 2000), min_size=1, max_size=4), st.lists(st.integers(0, 2**16)))
def test_what_was_simulated_is_decoded(seed: int, start: datetime, steps_s: list[int], places: list[int]) -> None:
    """A household's life, telegram after telegram, through the framer in any pieces."""
    household = Household(seed, start.astimezone(UTC))
    states = [household.step(seconds) for seconds in steps_s]
    good = check_stream(_pieces(b"".join(map(render, states)), places))
    assert [given.fields for given in good] == [fields_of(state) for state in states]


@settings(max_examples=600, deadline=None)
@given(edited())
def test_an_edited_telegram_does_no_harm(data: bytes) -> None:
    """With the right checksum: every value has its type, and is finite, and comes through the broker unchanged."""
    check_stream([data])
    check_frame(data)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_line_is_harmed_by_a_hostile_value(text: str) -> None:
    """In the place of each value of each telegram, one after the other."""
    for lines in LINES:
        codes = [line.partition("(")[0] for line in lines]
        check_frame(made_of(*(f"{code}({text})" for code in codes), identification=IDENTIFICATION))


@pytest.mark.parametrize("line", HOSTILE_LINES)
def test_no_telegram_is_harmed_by_a_hostile_line(line: str) -> None:
    """Before, behind and between its own lines."""
    for lines in LINES:
        for place in (0, len(lines) // 2, len(lines)):
            check_frame(made_of(*lines[:place], line, *lines[place:], identification=IDENTIFICATION))


# What follows from several lines: code -> the fields that a line of this code has a part in, besides its own.
PARTNERS: dict[str, set[str]] = {
    "0-0:96.14.0": {"actual_tariff_name"},
    TIME_CODE: {"timestamp"},
    DATE_CODE: {"timestamp"},
}
for _signed, _names in BY_SIGNED_CODE.items():  # a negative power is that of the other direction
    for _code in (_signed, *(code for name in _names for code in BY_NAME[name].code.split())):
        PARTNERS[_code] = {*_names, "net_power"}
MBUS_FIELDS = {"mbus", *(name for name, row in BY_NAME.items() if row.medium)}


def _fields_of_line(code: str) -> set[str]:
    if code in MBUS_BY_CODE:
        return MBUS_FIELDS
    code = code if code in BY_CODE else code.replace("1-1:", "1-0:")
    own = {row.name for row in BY_CODE.get(code, ())}
    own |= {name.replace("_day", "_night") for name in own} | {
        name.replace("_night", "_day") for name in own
    }  # swapped if Dutch
    return own | {f"{name}_{what}" for name in own for what in ("timestamp", "injection")} | PARTNERS.get(code, set())


def _is_of(code: str, names: set[str]) -> bool:
    """Tell whether a line of this code may stand in for another one: it is then not among the unknown."""
    return not names.isdisjoint(_fields_of_line(code))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_a_bad_line_changes_no_field_of_another_line(name: str, data: st.DataObject) -> None:
    """Whatever stands behind its code: the rest of the telegram is as it was."""
    lines = _lines(GOOD[name])
    at = data.draw(st.integers(0, len(lines) - 1))
    code, bracket, value = lines[at].partition("(")
    if not code:
        at, (code, bracket, value) = at - 1, lines[at - 1].partition("(")  # the second line of a gas reading
    damage = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)
    start = data.draw(st.integers(0, len(value)))
    bad = value[:start] + data.draw(damage | st.sampled_from(HOSTILE)) + value[start + data.draw(st.integers(0, 9)) :]
    before = read(made_of(*lines, identification=IDENTIFICATION, checksum=bool(parts(GOOD[name])[1])))
    after = read(made_of(*lines[:at], code + bracket + bad, *lines[at + 1 :], identification=IDENTIFICATION))
    code = reduced(code) or code
    assert _without(code, before) == _without(code, after)


def _without(code: str, given: Telegram) -> dict[str, object]:
    """Give what a telegram says in the lines of other codes."""
    names, other = _fields_of_line(code), given.fields.get("other", {})
    assert isinstance(other, dict)
    fields = {name: value for name, value in given.fields.items() if name not in {*names, "other"}}
    return fields | {f"other {key}": text for key, text in other.items() if key != code and not _is_of(key, names)}


@pytest.mark.parametrize(
    "member",
    [
        '"mbus":[1e999]', '"mbus":[{"value":-1e999}]', '"total_consumption":1e999', '"net_power":1e5',
        '"actual_tariff":' + "9" * 400, '"meter_serial":"\\ud800"',
        '"mbus":["\\udfff\\ud800"]', '"meter_serial":"\\ud83d\\ude00\\u0000"', '"mbus":' + "[" * 900 + "]" * 900,
        '"mbus":' + "[" * 50_000, '"timestamp":"0001-01-01T00:00:00+23:59"', '"lag_s":-1e999',
    ],
)  # fmt: skip
def test_a_forged_message_of_the_broker_does_no_harm(member: str) -> None:
    """It is refused, or can be written again: a consumer that fell over it would get it once more at each start."""
    CHECKS["payload"](f'{{"meter":"home","received":"2026-01-31T11:15:49+00:00","seq":1,{member}}}'.encode())


@pytest.mark.parametrize("target", CHECKS)
def test_what_the_fuzzer_found_does_no_harm(target: str) -> None:
    """The kept corpus and what it grew from."""
    for data in (*corpus.kept(target), *corpus.seeds(target)):
        CHECKS[target](data)


def test_the_checksum_catches_what_it_must() -> None:
    """Some thousand mutations; `make mutations` does a million."""
    result = tally("test", 6000)
    assert result.errors == []
    assert set(result.tried) == set(KINDS)
    assert result.wrong.total() <= 2, "1 in 65536 would be none or one"
