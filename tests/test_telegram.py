"""`common.telegram`: one frame in, its fields out."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.telegram import ChecksumError, Dialect, SkippedLine, TelegramError, decode, read
from tests.support.telegrams import DECODABLE, expected, made_of, telegram


@pytest.mark.parametrize("name", DECODABLE)
def test_every_telegram_of_the_folder_decodes_as_a_person_reads_it(name: str) -> None:
    """All fields, nothing more, and no line was skipped."""
    decoded = read(telegram(name))
    assert decoded.fields == expected(name)
    assert decoded.skipped == ()


def test_the_identification_is_the_first_line_without_its_slash() -> None:
    """As the meter prints it, backslash included."""
    assert read(telegram("be-emucs-1.7.1")).identification == r"FLU5\2SMARTMETER_A"


def test_the_types_of_values_are_those_of_the_table() -> None:
    """Measurements are floats even where the meter prints none of the digits behind the dot."""
    fields = decode(made_of("1-0:1.8.1(000012*kWh)", "0-0:96.14.0(0002)", "1-0:1.7.0(1*kW)", "0-0:96.3.10(1)"))
    assert {name: type(value) for name, value in fields.items()} == {
        "total_consumption_night": float,
        "actual_tariff": int,
        "actual_tariff_name": str,
        "actual_total_consumption": float,
        "breaker_state": str,
        "net_power": int,
    }


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        pytest.param("1-0:1.8.1*255(000001.500*kWh)", {"total_consumption_day": 1.5}, id="group F behind an asterisk"),
        pytest.param("1-0:1.8.1.255(000001.500*kWh)", {"total_consumption_day": 1.5}, id="group F behind a dot"),
        pytest.param("1-0:1.8.1(000001.500*kWh)  \t", {"total_consumption_day": 1.5}, id="blanks behind the line"),
        pytest.param(" 1-0:1.8.1 (000001.500*kWh )", {"total_consumption_day": 1.5}, id="blanks in the line"),
        pytest.param("1-0:1.8.1(000001.500*kWh)x(2)", {"total_consumption_day": 1.5}, id="text behind the bracket"),
        pytest.param("1-0:1.8.1(1500*Wh)", {"total_consumption_day": 1.5}, id="another prefix"),
        pytest.param("1-0:1.8.1(1.5)", {"total_consumption_day": 1.5}, id="no unit"),
        pytest.param("1-0:32.7.0(0.2301*kV)", {"l1_voltage": 230.1}, id="kilovolts"),
        pytest.param("1-0:31.7.0(791*mA)", {"l1_current": 0.791}, id="milliamperes"),
        pytest.param("0-0:17.0.0(69.0*kVA)", {"power_limit_kva": 69.0}, id="a limit in kVA has its own field"),
        pytest.param("0-0:17.0.0(85*A)", {"power_limit_a": 85.0}, id="a limit in A has its own field"),
        pytest.param("0-0:17.0.0(24000*W)", {"power_limit": 24.0}, id="a limit in W"),
        pytest.param("0-0:17.0.0(77.376)", {"power_limit": 77.376}, id="a limit without unit"),
        pytest.param("1-0:0.2.0((ER11))", {"other": {"1-0:0.2.0": "(ER11)"}}, id="nested brackets"),
        pytest.param("1-0:99.1.0(a)(b)", {"other": {"1-0:99.1.0": "a)(b"}}, id="unknown code with two values"),
        pytest.param("0-1:96.3.10(0)", {"other": {"0-1:96.3.10": "0"}}, id="a relay is not the breaker"),
        pytest.param("0-0:96.14.0(TARIFF 1)", {"actual_tariff": 1, "actual_tariff_name": "day"}, id="tariff as words"),
        pytest.param("0-0:96.14.0(0003)", {"actual_tariff": 3}, id="a third tariff has no name"),
        pytest.param("0-0:96.1.4(3231313130)", {"version": "21110"}, id="version as hex text"),
        pytest.param("0-0:96.1.4(" + 48 * "20" + ")", {}, id="blank version as hex text"),
        pytest.param("1-3:0.2.8(50)", {"version": "50"}, id="a version that is also the hex code of P"),
        pytest.param("0-0:96.1.1()", {}, id="empty serial number"),
        pytest.param("0-0:96.1.2(" + 18 * "2D" + ")", {}, id="unset EAN"),
        pytest.param("0-0:96.13.0()", {"text_message": ""}, id="no message now"),
        pytest.param("0-0:96.13.0(48616C6C6F)", {"text_message": "Hallo"}, id="message as hex text"),
        pytest.param("0-0:1.0.0(632525252525W)", {}, id="impossible time"),
        pytest.param("0-0:1.0.0(000101010000W)", {}, id="clock never set"),
        pytest.param("1-0:1.6.0(08.832*kW)(260112223000W)",
                     {"peak_demand_month": 8.832, "peak_demand_month_timestamp": "2026-01-12T22:30:00+01:00"},
                     id="value before its stamp"),
        pytest.param("1-0:1.6.0(632525252525W)(00.000*kW)", {"peak_demand_month": 0.0}, id="peak with an impossible stamp"),
        pytest.param("1-0:1.6.0(02.500*kW)", {"peak_demand_month": 2.5}, id="peak without a stamp"),
        pytest.param("0-0:98.1.0(0)(1-0:1.6.0)(1-0:1.6.0)", {"peak_demand_history": []}, id="empty history"),
        pytest.param("0-0:98.1.0(12)", {"other": {"0-0:98.1.0": "12"}}, id="a Swiss history is another object"),
        pytest.param("0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(250201000000W)(250110120000W)(2*kW)(250101000000W)(241231120000W)(1*kW)",
                     {"peak_demand_history": [
                         {"month": "2024-12", "timestamp": "2024-12-31T12:00:00+01:00", "value": 1.0},
                         {"month": "2025-01", "timestamp": "2025-01-10T12:00:00+01:00", "value": 2.0},
                     ]}, id="history with the newest month first"),
        pytest.param("0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(632525252525W)(632525252525W)(00.000*kW)",
                     {"peak_demand_history": []}, id="history row without a month"),
    ],
)  # fmt: skip
def test_a_line_gives_its_fields(line: str, fields: dict[str, object]) -> None:
    """What meters print for one thing or another, and what it means."""
    decoded = read(made_of("1-3:0.0.1(x)", line), dialect=Dialect.BELGIAN)
    assert decoded.skipped == ()
    other = {"1-3:0.0.1": "x"}
    more = fields.get("other", {})
    assert isinstance(more, dict)
    assert decoded.fields == {**fields, "other": other | more}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("noise", "no OBIS code"),
        ("\x18@P`00908.264*kWh)", "no OBIS code"),
        ("1,0:1.7.0(00.500*kW)", "no OBIS code"),
        ("1-0:1.7.0", "expected a value in brackets that close"),
        ("1-0:1.7.0(00.500*kW", "expected a value in brackets that close"),
        ("1-0:1.7.0(00.500*kW)(", "expected a value in brackets that close"),
        ("1-0:1.7.0()", "not a number: ''"),
        ("1-0:1.7.0(*kW)", "not a number: '*kW'"),
        ("1-0:1.7.0(00.5x0*kW)", "not a number: '00.5x0*kW'"),
        ("1-0:1.7.0(65.0*A,-65.0*A)", "not a number: '65.0*A,-65.0*A'"),
        ("1-0:1.7.0(00.500*kVA)", "unit of VA where kW was expected"),
        ("1-0:1.7.0(00.500*parsec)", "unknown unit 'parsec'"),
        ("1-0:1.7.0(1)(2)", "more values than expected"),
        ("1-0:1.8.1(" + 400 * "9" + "*kWh)", f"not a number: '{40 * '9'}'"),
        ("0-0:96.14.0(high)", "expected a tariff number, got 'high'"),
        ("0-0:96.14.0(" + 400 * "1" + ")", f"expected a tariff number, got '{40 * '1'}'"),
        ("1-0:1.6.0(260112223000W)", "expected one time stamp and one value"),
        ("1-0:1.6.0(1*kW)(2*kW)", "expected one time stamp and one value"),
        ("0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(250201000000W)(250110120000W)(x)", "not a number: 'x'"),
        ("0-1:24.1.0(gas)", "expected a device type, got 'gas'"),
        ("0-1:24.1.0(" + 400 * "3" + ")", f"expected a device type, got '{40 * '3'}'"),
        ("0-1:24.2.1(00012.345*m3)", "expected a time stamp and a reading"),
        ("0-1:24.2.1(251118173003W)(x)", "not a number: 'x'"),
    ],
)  # fmt: skip
def test_a_bad_line_costs_that_line_only(line: str, reason: str) -> None:
    """The lines before and after it are read; the bad one is told with its reason."""
    decoded = read(made_of("1-0:1.8.0(000001.000*kWh)", line, "1-0:2.8.0(000002.000*kWh)"))
    assert decoded.fields == {"total_consumption": 1.0, "total_injection": 2.0}
    assert decoded.skipped == (SkippedLine(line, reason),)


def test_the_first_of_two_lines_for_one_field_counts() -> None:
    """The second one is skipped and costs nothing else."""
    decoded = read(made_of("1-0:1.7.0(00.500*kW)", "1-0:2.7.0(00.100*kW)", "1-0:2.7.0(00.300*kW)", "1-0:1.7.0(00.700*kW)"))
    assert decoded.fields == {"actual_total_consumption": 0.5, "actual_total_injection": 0.1, "net_power": 400}
    assert decoded.skipped == (
        SkippedLine("1-0:2.7.0(00.300*kW)", "a second line for the same field"),
        SkippedLine("1-0:1.7.0(00.700*kW)", "a second line for the same field"),
    )


def test_a_line_that_opens_a_bracket_continues_the_one_before() -> None:
    """DSMR 2 and 3 print the gas reading so."""
    assert decode(made_of("1-0:1.7.0", "(00.500*kW)"))["net_power"] == 500


def test_a_code_that_comes_again_and_again_is_kept_whole() -> None:
    """Ring buffers print one code per hour."""
    assert decode(made_of("7-0:23.1.0(1*m3)(a)", "7-0:23.1.0(2*m3)(b)")) == {"other": {"7-0:23.1.0": "1*m3)(a)(2*m3)(b"}}


@pytest.mark.parametrize(
    ("lines", "consumption", "injection", "net_power"),
    [
        pytest.param(["1-0:1.7.0(00.338*kW)", "1-0:2.7.0(00.000*kW)"], 0.338, 0.0, 338, id="draws"),
        pytest.param(["1-0:1.7.0(00.000*kW)", "1-0:2.7.0(03.139*kW)"], 0.0, 3.139, -3139, id="injects"),
        pytest.param(["1-0:1.7.0(00.338*kW)"], 0.338, None, 338, id="2.7.0 missing counts as 0"),
        pytest.param(["1-0:1.7.0(-01.250*kW)"], 0.0, 1.25, -1250, id="negative 1.7.0 is injection"),
        pytest.param(["1-0:1.7.0(-00.000*kW)"], 0.0, None, 0, id="minus nothing"),
        pytest.param(["1-0:1.7.0(00.338*kW)", "1-0:2.7.0(0x.000*kW)"], 0.338, None, None, id="2.7.0 unreadable"),
        pytest.param(["1-0:1.7.0(-00.338*kW)", "1-0:2.7.0"], -0.338, None, None, id="2.7.0 without value"),
        pytest.param(["1-0:2.7.0(01.000*kW)"], None, 1.0, None, id="1.7.0 missing"),
        pytest.param(["1-0:1.7.0(000236.6*W)"], 0.2366, None, 237, id="parts of a watt"),
    ],
)
def test_net_power_is_consumption_minus_injection_in_watts(
    lines: list[str], consumption: float | None, injection: float | None, net_power: int | None
) -> None:
    """Positive is drawn from the grid; what is not known is absent."""
    wanted = {"actual_total_consumption": consumption, "actual_total_injection": injection, "net_power": net_power}
    assert decode(made_of("1-0:1.8.0(1*kWh)", *lines)) == {
        "total_consumption": 1.0,
        **{name: value for name, value in wanted.items() if value is not None},
    }


TARIFF_LINES = ("0-0:96.14.0(0001)", "1-0:1.8.1(1*kWh)", "1-0:1.8.2(2*kWh)", "1-0:2.8.1(3*kWh)", "1-0:2.8.2(4*kWh)")
AS_BELGIAN, AS_DUTCH = (1.0, 2.0, 3.0, 4.0, "day"), (2.0, 1.0, 4.0, 3.0, "night")


@pytest.mark.parametrize(
    ("lines", "dialect", "wanted"),
    [
        pytest.param(["0-0:96.1.4(50217)", "0-0:1.0.0(251118173412W)"], Dialect.AUTO, AS_BELGIAN, id="e-MUCS"),
        pytest.param(["1-3:0.2.8(50)", "0-0:1.0.0(251118173412W)"], Dialect.AUTO, AS_DUTCH, id="DSMR 4 and 5"),
        pytest.param([], Dialect.AUTO, AS_DUTCH, id="DSMR 2 and 3 send no time"),
        pytest.param(["0-0:1.0.0(251118173412W)"], Dialect.AUTO, AS_BELGIAN, id="a time and no version"),
        pytest.param(["1-3:0.2.8(42)", "0-0:42.0.0(53)"], Dialect.AUTO, AS_BELGIAN, id="Luxembourg"),
        pytest.param(["0-0:96.1.4(50217)"], Dialect.DUTCH, AS_DUTCH, id="set to dutch"),
        pytest.param(["1-3:0.2.8(50)"], Dialect.BELGIAN, AS_BELGIAN, id="set to belgian"),
    ],
)
def test_register_one_is_night_on_dutch_meters_only(lines: list[str], dialect: Dialect, wanted: tuple[object, ...]) -> None:
    """The dialect is recognised from the telegram, and the setting overrides it."""
    fields = decode(made_of(*lines, *TARIFF_LINES), dialect=dialect)
    names = ("total_consumption_day", "total_consumption_night", "total_injection_day", "total_injection_night")
    assert tuple(fields[name] for name in (*names, "actual_tariff_name")) == wanted
    assert fields["actual_tariff"] == 1


def test_a_dutch_register_alone_is_night() -> None:
    """Also when the other one is missing."""
    lines = ("1-3:0.2.8(50)", "0-0:96.14.0(0002)", "1-0:1.8.1(1*kWh)")
    assert decode(made_of(*lines)) == {
        "version": "50", "actual_tariff": 2, "actual_tariff_name": "day", "total_consumption_night": 1.0,
    }  # fmt: skip


def test_the_letter_gives_the_offset_of_the_zone() -> None:
    """A Finnish meter's summer time is +03:00; without a letter the zone's rules hold."""
    lines = ("0-0:1.0.0(260701120000S)", "1-0:1.6.0(1*kW)(260112223000)")
    assert decode(made_of(*lines), timezone="Europe/Helsinki") == {
        "timestamp": "2026-07-01T12:00:00+03:00",
        "peak_demand_month": 1.0,
        "peak_demand_month_timestamp": "2026-01-12T22:30:00+02:00",
    }


GOOD = made_of("0-0:1.0.0(251118173412W)", "1-0:1.8.0(000001.000*kWh)")
CUT_BEFORE_CHECKSUM = GOOD[: GOOD.rindex(b"!") + 1]
CHECKSUM = GOOD[-6:-2].decode()
OF_OTHERS = f"{int(CHECKSUM, 16) ^ 1:04X}"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        pytest.param(b"", 'not a telegram: expected "/" at its start and a line with "!" at its end', id="nothing"),
        pytest.param(GOOD[1:], 'not a telegram: expected "/" at its start and a line with "!" at its end', id="no slash"),
        pytest.param(b"/x\r\n", 'not a telegram: expected "/" at its start and a line with "!" at its end', id="no end"),
        pytest.param(b"/x!\r\n", 'not a telegram: expected "/" at its start and a line with "!" at its end', id="! in a line"),
        pytest.param(CUT_BEFORE_CHECKSUM, "no checksum, which a meter that sends the time always adds", id="no checksum"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"12\r\n", "expected a checksum of four hex digits, got '12'", id="two digits"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"XXXX", "expected a checksum of four hex digits, got 'XXXX'", id="masked"),
        pytest.param(CUT_BEFORE_CHECKSUM + b"12345", "expected a checksum of four hex digits, got '12345'", id="five digits"),
        pytest.param(made_of(), "no line with an OBIS code", id="no lines"),
        pytest.param(made_of("hello"), "no line with an OBIS code", id="only noise"),
    ],
)
def test_what_is_not_a_whole_telegram_is_rejected(frame: bytes, message: str) -> None:
    """The message says what was wanted and what came."""
    with pytest.raises(TelegramError, match=f"^{re.escape(message)}$"):
        decode(frame)


def test_a_wrong_checksum_is_rejected_with_both_numbers() -> None:
    """It is an error of its own kind: bytes changed on the way."""
    message = f"checksum mismatch: telegram says {OF_OTHERS}, computed {CHECKSUM}"
    with pytest.raises(ChecksumError, match=f"^{message}$"):
        decode(CUT_BEFORE_CHECKSUM + OF_OTHERS.lower().encode())


@pytest.mark.parametrize("end", ["", "\r\n", "\n", "\r\n\r\n"])
def test_the_checksum_may_be_in_lower_case_and_end_as_it_likes(end: str) -> None:
    """Capitals and line ends behind it mean nothing."""
    assert decode(CUT_BEFORE_CHECKSUM + (CHECKSUM.lower() + end).encode()) == decode(GOOD)


def test_one_changed_byte_anywhere_is_noticed() -> None:
    """The checksum covers every byte, the empty line and the line ends included."""
    for place in range(len(GOOD) - 6):
        changed = bytearray(GOOD)
        changed[place] ^= 0x01
        with pytest.raises(TelegramError):
            decode(bytes(changed))


@given(st.binary(max_size=300))
def test_any_bytes_give_fields_or_a_telegram_error(noise: bytes) -> None:
    """Nothing else is ever raised."""
    for frame in (noise, b"/" + noise + b"\n!", b"/x\r\n\r\n1-0:1.7.0(" + noise + b")\r\n!"):
        try:
            decode(frame)
        except TelegramError:
            continue


@given(st.lists(st.sampled_from(telegram("be-emucs-1.7.1").split(b"\r\n")[2:-2]), unique=True), st.randoms())
def test_the_order_of_lines_and_missing_ones_do_not_matter(lines: list[bytes], random: Random) -> None:
    """The standard fixes neither (DSMR 5.0.2 section 6.13): each line gives what it gives in the whole telegram."""
    whole = expected("be-emucs-1.7.1")
    text = [line.decode() for line in lines]
    random.shuffle(text)
    if text:
        fields = decode(made_of(*text), dialect=Dialect.BELGIAN)
        derived = ("mbus", "net_power", "gas", "water", "total_gas", "total_water")
        assert all(whole[name] == value for name, value in fields.items() if not name.startswith(derived))
