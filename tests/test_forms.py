"""`common.forms`: what stands between the brackets, form by form."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.forms import is_peak_history, read_groups
from common.obis import BY_CODE, BY_NAME
from common.timestamps import clock_of

BRUSSELS = clock_of("Europe/Brussels")
PEAK = "1-0:1.6.0"
JANUARY, JANUARYS_PEAK = "250201000000W", "250110120000W"
DECEMBER, DECEMBERS_PEAK = "250101000000W", "241231120000W"


@pytest.mark.parametrize(
    ("code", "groups", "values"),
    [
        pytest.param("0-0:1.0.0", ["251118173412W"], {"timestamp": "2025-11-18T17:34:12+01:00"}, id="a time"),
        pytest.param("0-0:1.0.0", ["07EA090E01091E0A00007880"], {"timestamp": "2026-09-14T09:30:10+02:00"}, id="its octets"),
        pytest.param("0-0:1.0.0", ["632525252525W"], {"timestamp": None}, id="an impossible time"),
        pytest.param("1-0:1.8.1", ["000001.500*kWh"], {"total_consumption_day": 1.5}, id="a number"),
        pytest.param("1-0:1.8.1", ["1500*Wh"], {"total_consumption_day": 1.5}, id="another prefix"),
        pytest.param("1-0:1.8.1", ["1.5"], {"total_consumption_day": 1.5}, id="no unit"),
        pytest.param("1-0:1.8.1", ["00007137.694*kWh "], {"total_consumption_day": 7137.694}, id="a blank behind the unit"),
        pytest.param("1-0:3.8.0", ["1.5*kVArh"], {"total_reactive_consumption": 1.5}, id="kVArh"),
        pytest.param("1-0:3.7.0", ["0417*var"], {"actual_reactive_consumption": 0.417}, id="var"),
        pytest.param("1-0:32.7.0", ["0.2301*kV"], {"l1_voltage": 230.1}, id="kilovolts"),
        pytest.param("1-0:32.7.0", ["41160*V"], {"l1_voltage": 41160.0}, id="high voltage"),
        pytest.param("1-0:31.7.0", ["791*mA"], {"l1_current": 0.791}, id="milliamperes"),
        pytest.param("1-0:14.7.0", ["0.049*kHz"], {"frequency": 49.0}, id="kilohertz"),
        pytest.param("1-0:32.33.0", ["00012*s"], {"l1_last_sag_duration": 12.0}, id="seconds"),
        pytest.param("1-0:94.32.1", ["230"], {"nominal_voltage": 230.0}, id="the nominal voltage"),
        pytest.param("0-0:17.0.0", ["69.0*kVA"], {"power_limit_kva": 69.0}, id="a limit in kVA has its own field"),
        pytest.param("0-0:17.0.0", ["85*A"], {"power_limit_a": 85.0}, id="a limit in A has its own field"),
        pytest.param("0-0:17.0.0", ["24000*W"], {"power_limit": 24.0}, id="a limit in W"),
        pytest.param("0-0:17.0.0", ["77.376"], {"power_limit": 77.376}, id="a limit without unit"),
        pytest.param("0-0:96.7.21", ["00013"], {"power_failures": 13}, id="a count"),
        pytest.param("0-0:96.7.21", [" 3 "], {"power_failures": 3}, id="a count with blanks"),
        pytest.param("1-0:13.7.0", ["0.336"], {"power_factor": 0.336}, id="a power factor"),
        pytest.param("1-0:13.7.0", ["4.556"], {"power_factor": 4.556}, id="one that cannot be, as sent"),
        pytest.param("1-0:13.7.0", ["-1.000"], {"power_factor": -1.0}, id="a negative one"),
        pytest.param("1-0:13.7.0", ["0919"], {"power_factor": 0.919}, id="in thousandths"),
        pytest.param("1-0:13.7.0", ["1000"], {"power_factor": 1.0}, id="a thousand of them"),
        pytest.param("1-0:13.7.0", ["-0919"], {"power_factor": -0.919}, id="negative, in thousandths"),
        pytest.param("1-0:13.7.0", ["1"], {"power_factor": 1.0}, id="one"),
        pytest.param("1-0:13.7.0", ["0"], {"power_factor": 0.0}, id="zero"),
        pytest.param("1-0:31.4.0", ["999*A"], {"current_limit": 999.0}, id="one limit"),
        pytest.param("1-0:31.4.0", ["100*A", "-063*A"], {"current_limit": 100.0, "current_limit_injection": -63.0}, id="two"),
        pytest.param("1-0:31.4.0", ["65.0*A,-65.0*A"], {"current_limit": 65.0, "current_limit_injection": -65.0}, id="Sibelga"),
        pytest.param("1-0:31.4.0", ["65.0A,-65.0A"], {"current_limit": 65.0, "current_limit_injection": -65.0}, id="no star"),
        pytest.param("1-0:31.4.0", ["65,5*A"], {"current_limit": 65.5}, id="a decimal comma is no list"),
        pytest.param("1-0:31.4.0", ["65,5"], {"current_limit": 65.5}, id="a decimal comma without unit"),
        pytest.param("1-0:51.4.0", ["1*A", "2*A"], {"l2_current_limit": 1.0, "l2_current_limit_injection": 2.0}, id="of L2"),
        pytest.param("0-0:96.14.0", ["0001"], {"actual_tariff": 1}, id="a tariff"),
        pytest.param("0-0:96.14.0", ["01"], {"actual_tariff": 1}, id="two digits"),
        pytest.param("0-0:96.14.0", ["TARIFF 1"], {"actual_tariff": 1}, id="in words"),
        pytest.param("0-0:96.14.0", ["5431"], {"actual_tariff": 5431}, id="any number"),
        pytest.param("0-0:96.1.4", ["50217"], {"version": "50217"}, id="a version"),
        pytest.param("0-0:96.1.4", ["3231313130"], {"version": "21110"}, id="as hex text"),
        pytest.param("0-0:96.1.4", [48 * "20"], {"version": None}, id="a blank one"),
        pytest.param("1-3:0.2.8", ["50"], {"version": "50"}, id="one that is also the hex code of P"),
        pytest.param("1-3:0.2.8", ["31"], {"version": "31"}, id="one that is also the hex code of 1"),
        pytest.param("1-3:0.2.8", ["P"], {"version": "P"}, id="a letter"),
        pytest.param("0-0:96.1.1", ["31534D54"], {"meter_serial": "1SMT"}, id="a serial number"),
        pytest.param("0-0:96.1.1", [""], {"meter_serial": None}, id="an empty one"),
        pytest.param("0-0:96.1.0", ["40532142"], {"meter_serial": "40532142"}, id="plain digits that could be hex"),
        pytest.param("1-0:96.1.0", ["30313233"], {"meter_serial": "30313233"}, id="the same, German"),
        pytest.param("0-0:96.1.2", [18 * "2D"], {"ean": None}, id="an unset EAN"),
        pytest.param("0-0:96.3.10", ["1"], {"breaker_state": "1"}, id="a state"),
        pytest.param("0-0:96.3.10", ["ON"], {"breaker_state": "ON"}, id="a state in words"),
        pytest.param("0-0:96.50.68", ["OFF"], {"breaker_state": "OFF"}, id="under the Hungarian code"),
        pytest.param("0-4:96.3.10", ["2"], {"relay_4_state": "2"}, id="a relay"),
        pytest.param("0-0:96.13.0", [""], {"text_message": ""}, id="no message now"),
        pytest.param("0-0:96.13.0", ["48616C6C6F"], {"text_message": "Hallo"}, id="a message"),
        pytest.param("0-0:96.13.0", ["test-/-test"], {"text_message": "test-/-test"}, id="a plain message"),
        pytest.param("0-0:96.13.0", [1024 * "ÿ"], {"text_message": ""}, id="memory never written"),
        pytest.param("0-0:96.13.0", [1024 * "FF"], {"text_message": ""}, id="the same as hex"),
        pytest.param("0-0:96.13.1", ["3031203631203831"], {"message_code": "01 61 81"}, id="a message code"),
    ],
)  # fmt: skip
def test_a_form_gives_its_values(code: str, groups: list[str], values: dict[str, object]) -> None:
    """What meters print for one thing or another, and what it means; None where it says nothing."""
    assert read_groups(BY_CODE[code], groups, BRUSSELS) == values


@pytest.mark.parametrize(
    ("groups", "value", "timestamp"),
    [
        (["260112223000W", "08.832*kW"], 8.832, "2026-01-12T22:30:00+01:00"),
        (["08.832*kW", "260112223000W"], 8.832, "2026-01-12T22:30:00+01:00"),
        (["08.832*kW", "260712223000"], 8.832, "2026-07-12T22:30:00+02:00"),
        (["632525252525W", "00.000*kW"], 0.0, None),
        (["35255255255255255S", "00.000"], 0.0, None),
        (["02.500*kW"], 2.5, None),
    ],
)
def test_a_peak_has_its_stamp_in_any_place(groups: list[str], value: float, timestamp: str | None) -> None:
    """Before the value, behind it, impossible or not at all."""
    assert read_groups(BY_CODE[PEAK], groups, BRUSSELS) == {
        "peak_demand_month": value, "peak_demand_month_timestamp": timestamp,
    }  # fmt: skip


BOTH_MONTHS = [
    {"month": "2024-12", "timestamp": "2024-12-31T12:00:00+01:00", "value": 1.0},
    {"month": "2025-01", "timestamp": "2025-01-10T12:00:00+01:00", "value": 2.0},
]


@pytest.mark.parametrize(
    ("groups", "history"),
    [
        pytest.param(["0", PEAK, PEAK], [], id="none yet"),
        pytest.param(["2", PEAK, PEAK, JANUARY, JANUARYS_PEAK, "2*kW", DECEMBER, DECEMBERS_PEAK, "1*kW"],
                     BOTH_MONTHS, id="the newest first"),
        pytest.param(["2", PEAK, PEAK, DECEMBER, DECEMBERS_PEAK, "1*kW", JANUARY, JANUARYS_PEAK, "2*kW"],
                     BOTH_MONTHS, id="the oldest first"),
        pytest.param(["2", PEAK, PEAK, DECEMBER, "1*kW", DECEMBERS_PEAK, JANUARY, "2*kW", JANUARYS_PEAK],
                     BOTH_MONTHS, id="the value before its stamp"),
        pytest.param(["2", f"{PEAK}.255", f"{PEAK}*255", DECEMBER, DECEMBERS_PEAK, "1*kW", JANUARY, JANUARYS_PEAK, "2*kW"],
                     BOTH_MONTHS, id="group F in the headers"),
        pytest.param(["13", PEAK, PEAK, DECEMBER, DECEMBERS_PEAK, "1*kW", JANUARY, JANUARYS_PEAK, "2*kW"],
                     BOTH_MONTHS, id="a wrong count"),
        pytest.param(["1", PEAK, PEAK, JANUARY, "632525252525W", "0*kW"], [{"month": "2025-01", "value": 0.0}],
                     id="a peak without a time"),
        pytest.param(["1", PEAK, PEAK, "632525252525W", "632525252525W", "0*kW"], [], id="a row without a month"),
        pytest.param(["1", PEAK, JANUARY, "2*kW"], [{"month": "2025-01", "value": 2.0}], id="no stamps of peaks"),
        pytest.param(["1", "1-0:1.8.0", PEAK, PEAK, "1-0:2.8.0", JANUARY, "7*kWh", JANUARYS_PEAK, "2*kW", "8*kWh"],
                     [BOTH_MONTHS[1]], id="more than the peaks"),
    ],
)  # fmt: skip
def test_the_peaks_of_past_months_are_a_list_with_the_oldest_first(groups: list[str], history: list[object]) -> None:
    """The month is the one before the row's stamp; the headers tell what a row holds."""
    assert is_peak_history(groups)
    assert read_groups(BY_CODE["0-0:98.1.0"], groups, BRUSSELS) == {"peak_demand_history": history}


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param(["12"], id="Switzerland"),
        pytest.param(["230801000000S", "000663.924*kWh", "12.212*kW"], id="Hungary"),
        pytest.param(["1", "1-0:5.8.0", JANUARY, "7*kvarh"], id="a list of something else"),
        pytest.param(["1", PEAK, PEAK, JANUARY, JANUARYS_PEAK], id="a row that is not whole"),
        pytest.param([""], id="empty"),
    ],
)
def test_another_list_under_the_same_code_is_none_of_peaks(groups: list[str]) -> None:
    """The shape tells, not the code."""
    assert not is_peak_history(groups)


@pytest.mark.parametrize(
    ("groups", "log"),
    [
        pytest.param([""], [], id="empty brackets"),
        pytest.param(["0", "0-0:96.7.19"], [], id="none yet"),
        pytest.param(["2", "0-0:96.7.19", "250702060000S", "0000004000*s", "240115101500W", "0000000301*s"],
                     [("2024-01-15T10:15:00+01:00", 301), ("2025-07-02T06:00:00+02:00", 4000)], id="the newest first"),
        pytest.param(["2", "0-0:96.7.19", "240115101500W", "0000000301*s", "250702060000S", "0000004000*s"],
                     [("2024-01-15T10:15:00+01:00", 301), ("2025-07-02T06:00:00+02:00", 4000)], id="the oldest first"),
        pytest.param(["1", "0:96.7.19", "240115101500W", "38"],
                     [("2024-01-15T10:15:00+01:00", 38)], id="a misprinted header, no unit"),
        pytest.param(["1", "0-0:96.7.19", "000101000001W", "2147483647*s"],
                     [("2000-01-01T00:00:01+01:00", 2147483647)], id="Kaifa's"),
        pytest.param(["2", "0-0:96.7.19", "000000000000S", "23", "632525252525W", "0000000000*s"], [], id="never written"),
        pytest.param(["2", "0-0:96.7.19", "240115101500W", "1129", "240115101500W", "1129"],
                     2 * [("2024-01-15T10:15:00+01:00", 1129)], id="twice the same"),
        pytest.param(["1", "0-0:96.7.19", "07EA090E01091E0A00007880", "7*s"], [("2026-09-14T09:30:10+02:00", 7)], id="octets"),
    ],
)  # fmt: skip
def test_failures_are_a_list_with_the_oldest_first(groups: list[str], log: list[tuple[str, int]]) -> None:
    """Each has the time of its end and its duration."""
    assert read_groups(BY_CODE["1-0:99.97.0"], groups, BRUSSELS) == {
        "power_failure_log": [{"timestamp": timestamp, "duration_s": duration_s} for timestamp, duration_s in log]
    }


@pytest.mark.parametrize(
    ("code", "groups", "reason"),
    [
        ("1-0:1.7.0", [""], "not a number: ''"),
        ("1-0:1.7.0", ["*kW"], "not a number: '*kW'"),
        ("1-0:1.7.0", ["NaN"], "not a number: 'NaN'"),
        ("1-0:1.7.0", ["1e999*kW"], "not a number: '1e999*kW'"),
        ("1-0:1.7.0", ["00.5x0*kW"], "not a number: '00.5x0*kW'"),
        ("1-0:1.7.0", ["65.0*A,-65.0*A"], "not a number: '65.0*A,-65.0*A'"),
        ("1-0:1.7.0", ["00.500*kVA"], "unit of VA where kW was expected"),
        ("1-0:1.7.0", ["00.500*parsec"], "unknown unit 'parsec'"),
        ("1-0:1.7.0", ["1", "2"], "more values than expected"),
        ("1-0:1.8.1", [400 * "9" + "*kWh"], f"not a number: '{40 * '9'}'"),
        ("1-0:13.7.0", ["0.9*V"], "unknown unit ''"),
        ("0-0:17.0.0", ["1*V"], "unit of V where kW was expected"),
        ("1-0:31.4.0", ["1*A", "2*A", "3*A"], "more values than expected"),
        ("1-0:31.4.0", ["1*A,2*A,3*A"], "more values than expected"),
        ("1-0:31.4.0", ["1*V"], "unit of V where A was expected"),
        ("0-0:96.7.21", ["-1"], "expected a count, got '-1'"),
        ("0-0:96.7.21", [16 * "1"], f"expected a count, got '{16 * '1'}'"),
        ("0-0:96.7.21", ["²"], "expected a count, got '²'"),
        ("0-0:96.14.0", ["high"], "expected a tariff number, got 'high'"),
        ("0-0:96.14.0", [400 * "1"], f"expected a tariff number, got '{40 * '1'}'"),
        (PEAK, ["260112223000W"], "expected one time stamp and one value"),
        (PEAK, ["1*kW", "2*kW"], "expected one time stamp and one value"),
        ("0-0:98.1.0", ["1", PEAK, PEAK, JANUARY, JANUARYS_PEAK, "x"], "not a number: 'x'"),
        ("0-0:98.1.0", ["1", PEAK, PEAK, JANUARY, "1*kW", "2*kW"], "expected one time stamp and one value"),
        ("1-0:99.97.0", ["1", "0-0:96.7.19", "240115101500W"], "expected a time stamp and a duration for each failure"),
        ("1-0:99.97.0", ["1", "0-0:96.7.19", "240115101500W", "x"], "not a number: 'x'"),
    ],
)
def test_what_a_form_cannot_be_is_refused(code: str, groups: list[str], reason: str) -> None:
    """With what was wanted and what came."""
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        read_groups(BY_CODE[code], groups, BRUSSELS)


TEXTS = st.text(max_size=30) | st.sampled_from(
    ["", "1", "0001", "00.500*kW", "-1*A", "1*A,2*A", "0919", JANUARY, DECEMBER, "632525252525W", PEAK, "0-0:96.7.19", "9*s"]
)


@given(st.sampled_from(sorted(BY_CODE)), st.lists(TEXTS, min_size=1, max_size=8))
def test_any_texts_give_values_of_the_tables_types_or_a_value_error(code: str, groups: list[str]) -> None:
    """Nothing else is ever raised, and no value is of another type."""
    try:
        values = read_groups(BY_CODE[code], groups, BRUSSELS)
    except ValueError:
        return
    assert values
    assert all(value is None or isinstance(value, BY_NAME[name].type) for name, value in values.items())
