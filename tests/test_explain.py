"""`reader.explain`: a telegram as a table for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.telegram import read
from reader.explain import WIDTH, heading, table
from tests.support.telegrams import DECODABLE, made_of, telegram


def _table(*lines: str) -> list[str]:
    """Explain a telegram of a few lines; without the title."""
    return list(table(read(made_of(*lines))))[1:]


def test_a_table_says_what_each_line_gave_or_why_it_gave_nothing() -> None:
    """In the order of the telegram; and then what follows from several lines."""
    frame = made_of(
        "0-0:96.1.4(50217)",
        "0-0:96.1.2(2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D)",
        "0-0:1.0.0(260131121548W)",
        "1-0:1.8.1(000301.548*kWh)",
        "0-0:96.14.0(0001)",
        "1-0:1.6.0(260115181500W)(03.064*kW)",
        "0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(251201000000W)(251103184500W)(04.329*kW)(260101000000W)(251204121500W)(03.815*kW)",
        "1-0:1.7.0(00.3x1*kW)",
        "1-0:2.7.0(00.120*kW)",
        "1-0:99.99.0(what is this)",
        "hello",
        "0-1:24.1.0(003)",
        "0-1:96.1.1(37464C4F32313137303132333435)",
        "0-1:24.4.0(1)",
        "0-1:24.2.3(260131121007W)(00112.384*m3)",
        "0-2:24.1.0(007)",
        "0-2:24.2.1(632525252525W)(00000.000)",
    )
    assert list(table(read(frame))) == [
        "code        field                       value                       unit meaning",
        "0-0:96.1.4  version                     50217                            P1 version",
        "0-0:96.1.2                              (2D2D2D2D2D2D2D2D2D2D2D2...      Connection EAN: not set",
        "0-0:1.0.0   timestamp                   2026-01-31T12:15:48+01:00        Meter time",
        "1-0:1.8.1   total_consumption_day       301.548                     kWh  Energy drawn, day",
        "0-0:96.14.0 actual_tariff               1                                Tariff",
        "1-0:1.6.0   peak_demand_month           3.064                       kW   Peak demand of this month",
        "1-0:1.6.0   peak_demand_month_timestamp 2026-01-15T18:15:00+01:00        Time of this month's peak",
        "0-0:98.1.0  peak_demand_history         4.329, 2025-11              kW   Peak demand of past months",
        "0-0:98.1.0  peak_demand_history         3.815, 2025-12              kW   Peak demand of past months",
        "1-0:1.7.0   (skipped)                   (00.3x1*kW)                      not a number: '00.3x1*kW'",
        "1-0:2.7.0   actual_total_injection      0.12                        kW   Power injected",
        "1-0:99.99.0 other                       (what is this)                   unknown code, kept as it is",
        "?           (skipped)                   hello                            no OBIS code",
        "0-1:24.1.0  mbus 1 type                 3                                channel 1: device type",
        "0-1:96.1.1  mbus 1 serial               7FLO2117012345                   channel 1: serial number",
        "0-1:24.4.0  mbus 1 valve_state          1                                channel 1: valve",
        "0-1:24.2.3  mbus 1 timestamp            2026-01-31T12:10:07+01:00        channel 1: read at",
        "0-1:24.2.3  mbus 1 value                112.384                     m³   channel 1: reading",
        "0-2:24.1.0  mbus 2 type                 7                                channel 2: device type",
        "0-2:24.2.1  mbus 2 value                0.0                              channel 2: no valid time",
        "(derived)   actual_tariff_name          day                              Tariff name",
        "(derived)   gas_serial                  7FLO2117012345                   Gas meter serial number",
        "(derived)   gas_valve_state             1                                Gas valve",
        "(derived)   gas_timestamp               2026-01-31T12:10:07+01:00        Gas meter read at",
        "(derived)   total_gas_consumption       112.384                     m³   Gas",
        "(derived)   mbus                        1: 112.384 m³                    Meters on the M-Bus",
    ]


def test_the_shape_of_a_line_that_is_skipped_is_shown() -> None:
    """A bracket that never closes, and no bracket."""
    assert _table("1-0:1.8.1(1", "1-0:1.8.2", "1-0:2.8.1(1*kWh)") == [
        "1-0:1.8.1 (skipped)           (1         expected a value in brackets that close",
        "1-0:1.8.2 (skipped)                      expected a value in brackets that close",
        "1-0:2.8.1 total_injection_day 1.0   kWh  Energy injected, day",
    ]


def test_a_known_code_with_another_object_is_kept_apart() -> None:
    """It is not unknown."""
    assert _table("0-0:98.1.0(12)", "1-0:2.8.1(1*kWh)")[0] == "0-0:98.1.0  other                (12)         kept as it is"


def test_a_failure_log_is_a_row_for_each_failure() -> None:
    """Its duration, and when it ended."""
    log = "(2)(0-0:96.7.19)(260101000000W)(0000000240*s)(260102000000W)(0000000600*s)"
    assert _table(f"1-0:99.97.0{log}") == [
        "1-0:99.97.0  power_failure_log  240, 2026-01-01T00:00:00+01:00  s     Log of long power failures",
        "1-0:99.97.0  power_failure_log  600, 2026-01-02T00:00:00+01:00  s     Log of long power failures",
    ]


def test_control_characters_do_not_reach_the_terminal() -> None:
    """They could clear it, or say what was never sent."""
    (row, _) = _table("0-0:96.13.0(\x1b[2Jyes)", "1-0:2.8.1(1*kWh)")
    assert "\x1b" not in row
    assert "\N{REPLACEMENT CHARACTER}[2Jyes" in row
    assert heading("x: byte 0", b"/ABC5\x1b[2J\r\n!", "") == "x: byte 0: /ABC5\N{REPLACEMENT CHARACTER}[2J: no checksum"


@pytest.mark.parametrize(
    ("data", "reason", "verdict"),
    [
        (b"/ABC5\\2X\r\n\r\n1-0:1.8.1(1)\r\n!12aB", "", "checksum 12aB, right"),
        (b"/ABC5\\2X\r\n\r\n1-0:1.8.1(1)\r\n!", "", "no checksum"),
        (b"/ABC5\\2X\r\n\r\n1-0:1.8.1(1)\r\n!1234", "it is wrong", "rejected: it is wrong"),
        (b"/ABC5\\2X\r\n\r\n1-0:1.8", "cut off by the end", "rejected: cut off by the end"),
    ],
)
def test_the_heading_says_who_sent_it_and_how_its_checksum_is(data: bytes, reason: str, verdict: str) -> None:
    """And where it stands."""
    assert heading("file: byte 17", data, reason) == f"file: byte 17: /ABC5\\2X: {verdict}"


@pytest.mark.parametrize("name", DECODABLE)
def test_tables_of_meters_are_aligned_and_fit(name: str) -> None:
    """Each column begins where its title does; names and labels are never cut, so that some meters need more than 100."""
    decoded = read(telegram(name))
    title, *rows = table(decoded)
    starts = [title.index(word) for word in ("field", "value", "unit", "meaning")]
    assert max(map(len, rows)) <= WIDTH or starts[2] - starts[1] == len("2026-01-31T12:15:48+01:00 ")
    for row in rows:
        assert all(row[start - 1] == " " for start in starts if start <= len(row))
    assert decoded.fields.keys() - {"other"} <= {row[starts[0] : starts[1]].strip() for row in rows}


@given(st.lists(st.text(st.characters(max_codepoint=255, exclude_characters="\n!"), max_size=40), max_size=8))
def test_any_telegram_is_explained(lines: list[str]) -> None:
    """Each line of it in a row at least, whatever is in it."""
    decoded = read(made_of("1-0:2.8.1(1*kWh)", *lines))
    rows = list(table(decoded))
    assert len(rows) > len(decoded.lines)
    assert all(row.isprintable() for row in rows)
