"""The comparison with other decoders (`make peers`) finds differences, and knows which are meant."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from common.telegram import read
from tests.peers import by_hand
from tests.peers.compare import is_in_decode, is_same, lines_of, ours
from tests.peers.known import KNOWN, explanation
from tests.peers.told import Told
from tests.support.telegrams import made_of

NOON = datetime(2026, 1, 31, 11, 0, tzinfo=UTC)
PEAK = (datetime(2026, 1, 1, tzinfo=UTC), NOON, Decimal("2.5"))

LINES = (
    "0-0:1.0.0(260131120000W)",
    "1-0:1.8.1(000123.456*kWh)",
    "1-0:1.7.0(01.500*kW)",
    "1-0:31.7.0(791*mA)",
    "0-0:96.14.0(0002)",
    "0-0:96.1.1(53314D)",
    "0-0:96.13.0()",
    "0-0:17.0.0(69.0*kVA)",
    "1-1:31.4.0(100*A)(-063*A)",
    "1-0:1.6.0(260131120000W)(02.500*kW)",
    "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(260101000000W)(260131120000W)(02.500*kW)",
    "1-0:99.97.0(1)(0-0:96.7.19)(260131120000W)(0000000240*s)",
    "0-1:24.1.0(003)",
    "0-1:96.1.1(474153)",
    "0-1:24.2.3(260131120000W)(00012.345*m3)",
    "1-0:77.77.7(12)",
)
TELEGRAM = read(made_of(*LINES, "0-0:96.1.4(50217)"))


@pytest.mark.parametrize(
    ("same", "different"),
    [
        (Told("0-0:1.0.0", NOON), Told("0-0:1.0.0", NOON.replace(second=1))),
        (Told("1-0:1.8.1", Decimal("123.456"), "kWh"), Told("1-0:1.8.1", Decimal("123.457"), "kWh")),
        (Told("1-0:1.8.1", Decimal(123456), "Wh"), Told("1-0:1.8.1", Decimal("123.456"), "Wh")),
        (Told("1-0:31.7.0", Decimal(791), "mA"), Told("1-0:31.7.0", Decimal(791), "A")),
        (Told("1-0:1.7.0", Decimal("1.5"), "KW"), Told("1-0:1.7.0", Decimal("1.5"), "kvar")),
        (Told("0-0:96.14.0", "0002"), Told("0-0:96.14.0", "0001")),
        (Told("0-0:96.1.1", "53314D"), Told("0-0:96.1.1", "53314E")),
        (Told("0-0:96.13.0", None), Told("0-0:96.13.0", "41")),
        (Told("0-0:17.0.0", Decimal(69), "kVA"), Told("0-0:17.0.0", Decimal(69), "kW")),
        (Told("1-1:31.4.0", Decimal(-63), "A"), Told("1-1:31.4.0", Decimal(63), "A")),
        (Told("1-0:1.6.0", Decimal("2.5"), "kW", NOON), Told("1-0:1.6.0", Decimal("2.5"), "kW", NOON.replace(hour=12))),
        (Told("0-0:98.1.0", (PEAK,)), Told("0-0:98.1.0", (PEAK, PEAK))),
        (Told("1-0:99.97.0", ((NOON, None, Decimal(240)),)), Told("1-0:99.97.0", ((NOON, None, Decimal(241)),))),
        (Told("0-1:24.1.0", Decimal(3)), Told("0-1:24.1.0", Decimal(7))),
        (Told("0-1:96.1.1", "474153"), Told("0-1:96.1.1", "474154")),
        (Told("0-1:24.2.3", Decimal("12.345"), "m3", NOON), Told("0-1:24.2.3", Decimal("12.345"), "m3", NOON.replace(hour=10))),
        (Told("0-1:24.2.3", Decimal("12.345"), "m3", NOON), Told("0-1:24.2.3", Decimal("12.35"), "m3", NOON)),
        (Told("1-0:77.77.7", Decimal(12)), Told("1-0:77.77.7", Decimal(13))),
        (Told("1-0:1.8.1", Decimal("123.456"), line=LINES[1]), Told("1-0:1.8.1", Decimal("123.456"), line=LINES[2])),
    ],
)
def test_equal_values_are_the_same_and_others_are_not(same: Told, different: Told) -> None:
    """Scaled to our unit, decoded from hex digits, as moments, in lists; a difference has no explanation."""
    assert is_same(same, lines_of(same, TELEGRAM))
    lines = lines_of(different, TELEGRAM)
    assert not is_same(different, lines)
    assert not explanation(different, lines)


def test_what_a_line_gave_is_in_the_decode() -> None:
    """Also where a Dutch meter numbers the tariffs the other way round."""
    dutch = read(made_of("1-3:0.2.8(50)", "0-0:96.14.0(0001)", "1-0:1.8.1(000123.456*kWh)"))
    assert dutch.fields["total_consumption_night"] == 123.456
    assert all(is_in_decode(line, telegram) for telegram in (dutch, TELEGRAM) for line in telegram.lines)
    assert not is_in_decode(TELEGRAM.lines[2], dutch)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0-0:1.0.0(260731120000W)", Told("0-0:1.0.0", datetime(2026, 7, 31, 10, tzinfo=UTC))),
        ("0-0:1.0.0(000101000000W)", Told("0-0:1.0.0", datetime(1999, 12, 31, 23, tzinfo=UTC))),
        ("0-0:1.0.0(07EA090E01091E0A00007880)", Told("0-0:1.0.0", None)),
        ("0-0:96.13.1(3031)", Told("0-0:96.13.1", Decimal(3031))),
        ("1-0:1.6.0(08.832*kW)(260112223000W)", Told("1-0:1.6.0", "260112223000W")),
        ("0-0:98.1.0(1)(1-0:1.6.0)(1-0:2.6.0)(260101000000W)(1*kW)(2*kW)", Told("0-0:98.1.0", (PEAK,))),
        ("1-0:13.7.0(0919)", Told("1-0:13.7.0", Decimal(919))),
        ("1-0:1.7.0(-01.500*kW)", Told("1-0:1.7.0", Decimal("-1.5"), "kW")),
    ],
)
def test_a_difference_that_is_meant_has_its_reason(line: str, told: Told) -> None:
    """One of each kind."""
    telegram = read(made_of("0-0:96.1.4(50217)", line))
    lines = lines_of(told, telegram)
    assert not is_same(told, lines) or not all(is_in_decode(each, telegram) for each in lines)
    assert explanation(told, lines)


def test_of_two_lines_the_first_counts() -> None:
    """The peer reads both."""
    lines = ("1-0:1.7.0(01.500*kW)", "1-0:1.7.0(02.500*kW)")
    told = Told("1-0:1.7.0", Decimal("2.5"), "kW", line=lines[1])
    assert explanation(told, lines_of(told, read(made_of(*lines)))) == "of two lines for one field the first counts"
    assert len({known.reason for known in KNOWN}) == len(KNOWN)


def test_a_difference_is_told_with_both_values() -> None:
    """For a person who looks for the reason."""
    told = Told("0-1:24.2.3", Decimal("12.5"), "m3", NOON)
    assert str(told) == "12.5 m3 at 2026-01-31T11:00:00+00:00"
    assert ours(lines_of(told, TELEGRAM)) == "mbus 1 timestamp=2026-01-31T12:00:00+01:00, mbus 1 value=12.345"
    assert ours([]) == "no such line"
    assert str(Told("0-0:98.1.0", (PEAK,))) == "2026-01-01T00:00:00+00:00 2026-01-31T11:00:00+00:00 2.5"


def test_a_decode_by_hand_is_read(tmp_path: Path) -> None:
    """Its time, readings, lists, pairs, repeated codes and empty brackets."""
    path = tmp_path / "telegram.json"
    values = """
        "1-0:1.8.1": [123.456, "kWh"], "0-0:96.13.0": ["", null], "1-1:31.4.0": [[100, -63], "A"],
        "0-1:24.2.3": [12.345, "m3", "2026-01-31T12:00:00+01:00"],
        "1-0:99.97.0": [[["2026-01-31T12:00:00+01:00", 240]], "s"],
        "7-0:23.1.0": [[["2026-01-31T12:00:00", 1.5]], "m3"]"""
    path.write_text(f'{{"timestamp": "2026-01-31T12:00:00+01:00", "values": {{{values}}}}}', encoding="utf-8")
    assert list(by_hand.told(path)) == [
        Told("0-0:1.0.0", NOON),
        Told("1-0:1.8.1", Decimal("123.456"), "kWh"),
        Told("0-0:96.13.0", ""),
        Told("1-1:31.4.0", Decimal(100), "A"),
        Told("1-1:31.4.0", Decimal(-63), "A"),
        Told("0-1:24.2.3", Decimal("12.345"), "m3", NOON),
        Told("1-0:99.97.0", ((NOON, None, Decimal(240)),), "s"),
        Told("7-0:23.1.0", Decimal("1.5"), "m3", NOON),
    ]
