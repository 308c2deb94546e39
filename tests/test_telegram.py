"""`common.telegram`: one frame in, its fields out."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.obis import BY_NAME
from common.telegram import Dialect, LineResult, TelegramError, decode, read
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
        pytest.param("1-1:1.8.1(000001.500*kWh)", {"total_consumption_day": 1.5}, id="energy channel 1"),
        pytest.param("1-1:99.1.0(7)", {"other": {"1-1:99.1.0": "7"}}, id="unknown code of energy channel 1"),
        pytest.param("1-0:1.8.1*62(000001.500*kWh)", {"other": {"1-0:1.8.1*62": "000001.500*kWh"}}, id="a value of the past"),
        pytest.param("1-0:0.2.0((ER11))", {"other": {"1-0:0.2.0": "(ER11)"}}, id="nested brackets"),
        pytest.param("1-0:99.1.0(a)(b)", {"other": {"1-0:99.1.0": "a)(b"}}, id="unknown code with two values"),
        pytest.param("0-0:96.3.10(1)", {"breaker_state": "1"}, id="the breaker"),
        pytest.param("0-1:96.3.10(0)", {"relay_1_state": "0"}, id="a relay is not the breaker"),
        pytest.param("0-0:96.14.0(TARIFF 1)", {"actual_tariff": 1, "actual_tariff_name": "day"}, id="tariff as words"),
        pytest.param("0-0:96.14.0(0003)", {"actual_tariff": 3}, id="a third tariff has no name"),
        pytest.param("0-0:96.1.4(" + 48 * "20" + ")", {}, id="blank version"),
        pytest.param("0-0:96.1.1()", {}, id="empty serial number"),
        pytest.param("0-0:1.0.0(632525252525W)", {}, id="impossible time"),
        pytest.param("0-0:1.0.0(000101010000W)", {}, id="clock never set"),
        pytest.param("1-0:0.9.1(074212)", {}, id="time without a date"),
        pytest.param("1-0:1.6.0(632525252525W)(00.000*kW)", {"peak_demand_month": 0.0}, id="peak with an impossible stamp"),
        pytest.param("0-0:98.1.0(12)", {"other": {"0-0:98.1.0": "12"}}, id="a Swiss history is another object"),
        pytest.param("0-0:98.1.0(230801000000S)(1*kWh)(2*kW)",
                     {"other": {"0-0:98.1.0": "230801000000S)(1*kWh)(2*kW"}}, id="a Hungarian one too"),
        pytest.param("0-1:24.1.0(003)", {}, id="an M-Bus meter that says no more"),
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
        ("1-0:1.7.0(00.500*kW", "expected a value in brackets that close"),
        ("1-0:1.7.0()", "not a number: ''"),
        ("1-0:1.7.0(00.500*kVA)", "unit of VA where kW was expected"),
        ("1-0:1.8.1(" + 400 * "9" + "*kWh)", f"not a number: '{40 * '9'}'"),
        ("1-0:16.7.0(x)", "not a number: 'x'"),
        ("0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(250201000000W)(250110120000W)(x)", "not a number: 'x'"),
        ("0-1:24.1.0(gas)", "expected a device type, got 'gas'"),
        ("0-1:24.2.1(00012.345*m3)", "expected a time stamp and a reading"),
        ("0-1:24.2.1(251118173003W)(x)", "not a number: 'x'"),
    ],
)  # fmt: skip
def test_a_bad_line_costs_that_line_only(line: str, reason: str) -> None:
    """The lines before and after it are read; the bad one is told with its reason."""
    decoded = read(made_of("1-0:1.8.0(000001.000*kWh)", line, "1-0:2.8.0(000002.000*kWh)"))
    assert decoded.fields == {"total_consumption": 1.0, "total_injection": 2.0}
    assert [(skipped.text, skipped.fields, skipped.reason) for skipped in decoded.skipped] == [(line, {}, reason)]


def test_the_first_of_two_lines_for_one_field_counts() -> None:
    """The second one is skipped and costs nothing else."""
    decoded = read(made_of("1-0:1.7.0(00.500*kW)", "1-0:2.7.0(00.100*kW)", "1-0:2.7.0(00.300*kW)", "1-0:1.7.0(00.700*kW)"))
    assert decoded.fields == {"actual_total_consumption": 0.5, "actual_total_injection": 0.1, "net_power": 400}
    assert decoded.skipped == (
        LineResult("1-0:2.7.0", "1-0:2.7.0(00.300*kW)", {}, "a second line for the same field"),
        LineResult("1-0:1.7.0", "1-0:1.7.0(00.700*kW)", {}, "a second line for the same field"),
    )


def test_every_line_tells_what_it_gave() -> None:
    """In the order of the telegram, with its code; a skipped one tells why."""
    lines = ["1-1:1.8.1*255(1*kWh)", "x", "0-1:24.1.0(3)", "1-0:99.1.0(a)", "0-0:96.1.1()", "1-0:2.8.1(y)", "1-0:16.7.0(-7*W)"]
    assert read(made_of(*lines)).lines == (
        LineResult("1-1:1.8.1", lines[0], {"total_consumption_day": 1.0}),
        LineResult("", lines[1], {}, "no OBIS code"),
        LineResult("0-1:24.1.0", lines[2], {"mbus 1 type": 3}),
        LineResult("1-0:99.1.0", lines[3], {"other": "a"}),
        LineResult("0-0:96.1.1", lines[4], {}),
        LineResult("1-0:2.8.1", lines[5], {}, "not a number: 'y'"),
        LineResult("1-0:16.7.0", lines[6], {"actual_total_consumption": 0.0, "actual_total_injection": 0.007}),
    )


def test_a_line_that_opens_a_bracket_continues_the_one_before() -> None:
    """DSMR 2 and 3 print the gas reading so."""
    assert decode(made_of("1-0:1.7.0", "(00.500*kW)"))["net_power"] == 500


def test_a_value_that_opens_on_a_line_of_its_own_and_holds_lines_costs_those_lines() -> None:
    """Holley prints the values of the last month so; those of now stand before it."""
    lines = ["0-0:1.0.0(220215174025W)", "1-0:15.8.0(00007137.694*kWh )", "0-0:98.1.0", "(", "0-0:1.0.0(220201000000T)", ")"]
    decoded = read(made_of(*lines, "1-0:14.7.0(49.98*Hz)", identification="SMT5/D545-METER"))
    assert decoded.fields == {
        "timestamp": "2022-02-15T17:40:25+01:00", "total_absolute_energy": 7137.694, "frequency": 49.98,
    }  # fmt: skip
    assert [(line.text, line.reason) for line in decoded.skipped] == [
        ("0-0:98.1.0(", "expected a value in brackets that close"),
        ("0-0:1.0.0(220201000000T)", "a second line for the same field"),
        (")", "no OBIS code"),
    ]


def test_a_code_that_comes_again_and_again_is_kept_whole() -> None:
    """Ring buffers print one code per hour."""
    assert decode(made_of("1-0:99.1.0(1)(a)", "1-0:99.1.0(2)(b)")) == {"other": {"1-0:99.1.0": "1)(a)(2)(b"}}


@pytest.mark.parametrize(
    "lines",
    [
        ["0-0:96.1.1(4142)", "0-0:96.1.0(60000046)"],
        ["0-0:96.1.0(60000046)", "0-0:96.1.1(4142)"],
    ],
)
def test_the_usual_code_of_a_field_counts_in_any_order(lines: list[str]) -> None:
    """Iskra prints two serial numbers; the other one is kept apart."""
    decoded = read(made_of(*lines))
    assert decoded.fields == {"meter_serial": "AB", "other": {"0-0:96.1.0": "60000046"}}
    assert decoded.skipped == ()


def test_the_first_of_two_versions_counts() -> None:
    """Both codes are usual ones."""
    assert decode(made_of("0-0:96.1.4(50217)", "1-3:0.2.8(50)")) == {"version": "50217", "other": {"1-3:0.2.8": "50"}}


@pytest.mark.parametrize("lines", [("1-0:0.9.1(074212)", "1-0:0.9.2(260204)"), ("1-0:0.9.2(260204)", "1-0:0.9.1(074212)")])
def test_time_and_date_apart_are_a_timestamp(lines: tuple[str, str]) -> None:
    """In any order; a time in one piece goes before them."""
    assert decode(made_of(*lines)) == {"timestamp": "2026-02-04T07:42:12+01:00"}
    assert decode(made_of(*lines, "0-0:1.0.0(260204084212W)")) == {"timestamp": "2026-02-04T08:42:12+01:00"}
    assert decode(made_of("1-0:0.9.1(076212)", "1-0:0.9.2(260204)")) == {}


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
        pytest.param(["1-1:1.7.0(00.338*kW)", "1-1:2.7.0(x)"], 0.338, None, None, id="2.7.0 of energy channel 1 unreadable"),
        pytest.param(["1-0:2.7.0(01.000*kW)"], None, 1.0, None, id="1.7.0 missing"),
        pytest.param(["1-0:1.7.0(000236.6*W)"], 0.2366, None, 237, id="parts of a watt"),
        pytest.param(["1-0:1.7.0(999999999999999*GW)"], 9.99999999999999e20, None, None, id="more than there is"),
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


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        pytest.param(["1-0:16.7.0(-000250.4*W)"],
                     {"actual_total_consumption": 0.0, "actual_total_injection": 0.2504, "net_power": -250}, id="injects"),
        pytest.param(["1-0:16.7.0(000250*W)"],
                     {"actual_total_consumption": 0.25, "actual_total_injection": 0.0, "net_power": 250}, id="draws"),
        pytest.param(["1-0:16.7.0(-0*W)"],
                     {"actual_total_consumption": 0.0, "actual_total_injection": 0.0, "net_power": 0}, id="minus nothing"),
        pytest.param(["1-0:1.7.0(1*kW)", "1-0:16.7.0(2*kW)"],
                     {"actual_total_consumption": 1.0, "net_power": 1000, "other": {"1-0:16.7.0": "2*kW"}}, id="drawn first"),
        pytest.param(["1-0:16.7.0(2*kW)", "1-0:1.7.0(1*kW)"],
                     {"actual_total_consumption": 2.0, "actual_total_injection": 0.0, "net_power": 2000,
                      "other": {"1-0:1.7.0": "1*kW"}}, id="signed power first"),
        pytest.param(["1-0:36.7.0(-5*W)"], {"actual_l1_consumption": 0.0, "actual_l1_injection": 0.005}, id="a phase"),
        pytest.param(["1-0:1.7.255*255(-7*W)"],
                     {"actual_total_consumption": 0.0, "actual_total_injection": 0.007, "net_power": -7}, id="E of 255"),
        pytest.param(["1-0:21.7.0(-7*W)"], {"actual_l1_consumption": 0.0, "actual_l1_injection": 0.007}, id="a negative phase"),
        pytest.param(["1-0:21.7.0(-7*W)", "1-0:22.7.0(3*W)"], {"actual_l1_consumption": -0.007, "actual_l1_injection": 0.003},
                     id="a negative phase beside its injection stays"),
        pytest.param(["1-0:21.7.0(-7*W)", "1-0:22.7.0(x)"], {"actual_l1_consumption": -0.007}, id="or an unreadable one"),
    ],
)  # fmt: skip
def test_a_signed_power_gives_drawn_and_injected(lines: list[str], fields: dict[str, object]) -> None:
    """German meters send one number with a sign; zero has none."""
    assert repr(dict(sorted(decode(made_of(*lines)).items()))) == repr(dict(sorted(fields.items())))


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


def test_a_finnish_meter_is_read_with_its_zone() -> None:
    """Its telegram does not tell it from a Swedish one: the setting does."""
    wanted = expected("fi-h1")
    assert decode(telegram("fi-h1"), timezone="Europe/Helsinki") == wanted | {
        "timestamp": str(wanted["timestamp"]).replace("+02:00", "+03:00")
    }


@pytest.mark.parametrize("name", ["lt-eso-standard", "lt-eso-full"])
def test_the_dialect_that_is_set_goes_before_the_one_that_shows(name: str) -> None:
    """The Lithuanian offset and no other field depends on it."""
    as_set = decode(telegram(name), dialect=Dialect.BELGIAN)
    offset = {"+02:00": "+01:00", "+03:00": "+02:00"}
    timestamp = str(expected(name)["timestamp"])
    assert as_set == expected(name) | {"timestamp": timestamp[:-6] + offset[timestamp[-6:]]}


GOOD = made_of("0-0:1.0.0(251118173412W)", "1-0:1.8.0(000001.000*kWh)")
WITHOUT = GOOD[: GOOD.rindex(b"!") + 1]
OLD = telegram("nl-dsmr-2.2")


@pytest.mark.parametrize(
    ("frame", "require_checksum", "message"),
    [
        pytest.param(GOOD, None, "", id="there is one"),
        pytest.param(GOOD, True, "", id="demanded, and there is one"),
        pytest.param(GOOD, False, "", id="not demanded, and there is one"),
        pytest.param(WITHOUT, None, "no checksum, which a meter like this always adds", id="lost"),
        pytest.param(WITHOUT, True, "no checksum, which a meter like this always adds", id="demanded"),
        pytest.param(WITHOUT, False, "", id="not demanded"),
        pytest.param(OLD, None, "", id="a dialect that has none"),
        pytest.param(OLD, False, "", id="a dialect that has none, not demanded"),
        pytest.param(OLD, True, "no checksum, which a meter like this always adds", id="a dialect that has none, demanded"),
        pytest.param(made_of(), None, "no line with an OBIS code", id="no lines"),
        pytest.param(made_of("hello"), None, "no line with an OBIS code", id="only noise"),
    ],
)
def test_a_checksum_is_demanded_of_those_that_have_one(frame: bytes, *, require_checksum: bool | None, message: str) -> None:
    """Or of all, or of none, as set."""
    if message:
        with pytest.raises(TelegramError, match=f"^{re.escape(message)}$"):
            read(frame, require_checksum=require_checksum)
    else:
        assert read(frame, require_checksum=require_checksum).skipped == ()


@pytest.mark.parametrize("name", DECODABLE)
def test_no_number_is_a_minus_zero_and_all_have_the_type_of_the_table(name: str) -> None:
    """What goes into JSON, InfluxDB and CSV."""
    for field, value in decode(telegram(name)).items():
        if field != "other":
            assert type(value) is BY_NAME[field].type
            assert str(value) != "-0.0"


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
