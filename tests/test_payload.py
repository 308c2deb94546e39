"""`common.payload`: a reading to JSON and back, and everything that is not ours."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.obis import FIELDS, Field
from common.payload import MAX_PAYLOAD_BYTES, PayloadError, Reading, encode, fields_as_json, lag_s, parse
from common.telegram import decode
from tests.support.telegrams import DECODABLE, telegram

RECEIVED = datetime(2026, 1, 31, 11, 15, 49, 12_000, tzinfo=UTC)
READING = Reading("home", RECEIVED, 17, {"timestamp": "2026-01-31T12:15:48+01:00", "net_power": -5}, 1.012)


def _message(**changes: object) -> bytes:
    message = {"meter": "home", "received": "2026-01-31T11:15:49.012+00:00", "seq": 17} | changes
    return json.dumps({name: value for name, value in message.items() if value is not None}).encode()


def test_a_reading_becomes_one_flat_object() -> None:
    """The head first, times with their offset, no blanks."""
    assert encode(READING) == (
        b'{"meter":"home","received":"2026-01-31T11:15:49.012+00:00","seq":17,"lag_s":1.012,'
        b'"timestamp":"2026-01-31T12:15:48+01:00","net_power":-5}'
    )


def test_a_recorded_reading_without_time_says_so() -> None:
    """`recorded` is there only where it is true, `lag_s` only where the telegram has a time."""
    assert encode(Reading("home", RECEIVED, 1, {}, None, recorded=True)) == (
        b'{"meter":"home","received":"2026-01-31T11:15:49.012+00:00","seq":1,"recorded":true}'
    )


@pytest.mark.parametrize("name", DECODABLE)
def test_every_telegram_comes_back_from_its_payload(name: str) -> None:
    """All fields of the table; unknown codes (`other`) stay behind."""
    fields = dict(decode(telegram(name)))
    reading = Reading("home", RECEIVED, 3, fields, lag_s(fields, RECEIVED))
    fields.pop("other", None)
    assert parse(encode(reading)) == Reading("home", RECEIVED, 3, fields, reading.lag_s)


def _values(field: Field) -> st.SearchStrategy[object]:
    if field.name == "timestamp" or field.name.endswith("_timestamp"):
        years = datetime(2, 1, 1), datetime(9998, 12, 31)  # noqa: DTZ001 -- the zone follows
        return st.datetimes(*years, timezones=st.just(timezone(timedelta(hours=1)))).map(lambda moment: moment.isoformat())
    if field.type is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if field.type is int:
        return st.integers(-(2**63) + 1, 2**63 - 1)
    return st.text() if field.type is str else st.lists(st.fixed_dictionaries({"value": st.integers(0, 9)}))


READINGS = st.builds(
    Reading,
    meter=st.text(),
    received=st.integers(0, 10**13).map(lambda milliseconds: RECEIVED + timedelta(milliseconds=milliseconds)),
    seq=st.integers(1, 2**53),
    fields=st.fixed_dictionaries({}, optional={field.name: _values(field) for field in FIELDS}),
    lag_s=st.none() | st.floats(-1e9, 1e9),
    recorded=st.booleans(),
)  # fmt: skip


@given(READINGS)
def test_every_reading_comes_back_unchanged(reading: Reading) -> None:
    """Whatever the values are."""
    assert parse(encode(reading)) == reading


@given(st.binary() | READINGS.map(encode).flatmap(lambda whole: st.integers(0, len(whole)).map(lambda end: whole[:end])))
def test_any_bytes_give_a_reading_or_a_payload_error(payload: bytes) -> None:
    """Nothing else is ever raised."""
    try:
        parse(payload)
    except PayloadError:
        return


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        pytest.param(b"", "not JSON: Expecting value: line 1 column 1 (char 0)", id="nothing"),
        pytest.param(b"\xff\xfe\xfd", None, id="not UTF-8"),
        pytest.param(b'{"a":', None, id="cut"),
        pytest.param(b"[" * 50_000, None, id="nested without end"),
        pytest.param(b'{"a":' + b"1" * 5000 + b"}", None, id="a number of 5000 digits"),
        pytest.param(b'{"a":NaN}', "not JSON: NaN is not a number", id="NaN"),
        pytest.param(b'{"a":-Infinity}', "not JSON: -Infinity is not a number", id="infinity"),
        pytest.param(b"[]", "not a JSON object", id="a list"),
        pytest.param(b'"x"', "not a JSON object", id="a text"),
        pytest.param(b"null", "not a JSON object", id="null"),
        pytest.param(b"{}", 'expected "meter", "received" and "seq"', id="empty"),
        pytest.param(_message(meter=None), 'expected "meter", "received" and "seq"', id="no meter"),
        pytest.param(_message(meter=1), 'expected "meter", "received" and "seq"', id="meter a number"),
        pytest.param(_message(received=None), 'expected "meter", "received" and "seq"', id="no received"),
        pytest.param(_message(seq=None), 'expected "meter", "received" and "seq"', id="no seq"),
        pytest.param(_message(seq=True), 'expected "meter", "received" and "seq"', id="seq a truth value"),
        pytest.param(_message(seq=1.5), 'expected "meter", "received" and "seq"', id="seq not whole"),
        pytest.param(_message(received="soon"), "\"received\" is not a time with its offset: 'soon'", id="received no time"),
        pytest.param(_message(received="2026-01-31T11:15:49"),
                     "\"received\" is not a time with its offset: '2026-01-31T11:15:49'", id="received without offset"),
        pytest.param(_message(lag_s="1"), '"lag_s" is not a number', id="lag a text"),
        pytest.param(_message(lag_s=10**400), '"lag_s" is not a number', id="lag of 400 digits"),
        pytest.param(_message(net_power=1.0), '"net_power" has the wrong type', id="integer field with a dot"),
        pytest.param(_message(net_power=10**400), '"net_power" has the wrong type', id="integer of 400 digits"),
        pytest.param(_message(l1_voltage="230"), '"l1_voltage" has the wrong type', id="number as text"),
        pytest.param(_message(l1_voltage=True), '"l1_voltage" has the wrong type', id="number as truth value"),
        pytest.param(_message(l1_voltage=10**400), '"l1_voltage" has the wrong type', id="number of 400 digits"),
        pytest.param(_message(l1_voltage=[]), '"l1_voltage" has the wrong type', id="number as list"),
        pytest.param(_message(version=50), '"version" has the wrong type', id="text as number"),
        pytest.param(_message(mbus={}), '"mbus" has the wrong type', id="list as object"),
        pytest.param(_message().replace(b"17}", b'17,"l1_voltage":null}'), '"l1_voltage" has the wrong type', id="null"),
        pytest.param(_message().replace(b"17}", b'17,"l1_voltage":1e999}'), "not JSON: 1e999 is too large", id="1e999"),
        pytest.param(_message(timestamp="9999-12-31T23:59:59-01:00"),
                     "\"timestamp\" is not a time with its offset: '9999-12-31T23:59:59-01:00'", id="no such time in UTC"),
        pytest.param(_message(timestamp="x"), "\"timestamp\" is not a time with its offset: 'x'", id="timestamp no time"),
        pytest.param(_message(gas_timestamp="2026-01-31"),
                     "\"gas_timestamp\" is not a time with its offset: '2026-01-31'", id="stamp without offset"),
        pytest.param(_message(version="x" * MAX_PAYLOAD_BYTES),
                     f"{MAX_PAYLOAD_BYTES + 88} bytes are too many for a telegram", id="too long"),
    ],
)  # fmt: skip
def test_what_is_not_ours_is_refused(payload: bytes, message: str | None) -> None:
    """Each with the reason; the reasons of Python's own JSON reader are not repeated here."""
    with pytest.raises(PayloadError, match="^not JSON: " if message is None else f"^{re.escape(message)}$"):
        parse(payload)


def test_keys_that_the_table_does_not_know_are_left_out() -> None:
    """A newer reader may send more."""
    assert parse(_message(other={"1-0:94.32.1": "230"}, tomorrow=[1], l1_voltage=230)).fields == {"l1_voltage": 230}


def test_recorded_is_true_or_not() -> None:
    """Anything but true is live."""
    assert [parse(_message(recorded=value)).recorded for value in (True, False, 1, "yes")] == [True, False, False, False]


def test_the_time_of_the_values_is_the_telegrams_own_else_the_second_of_reception() -> None:
    """Points and rows of DSMR 2 and 3 take `received`, cut to the second."""
    without = Reading("home", RECEIVED, 1, {})
    assert (READING.timestamp, without.timestamp) == ("2026-01-31T12:15:48+01:00", "2026-01-31T11:15:49+00:00")


def test_a_number_is_given_where_there_is_one() -> None:
    """Not of a text, not of a field that is absent."""
    assert (READING.number("net_power"), READING.number("timestamp"), READING.number("l1_voltage")) == (-5, None, None)


def test_the_lag_is_reception_minus_the_telegrams_time() -> None:
    """In seconds; unknown without a time."""
    assert lag_s(READING.fields, RECEIVED) == 1.012
    assert lag_s({}, RECEIVED) is None


def test_fields_alone_are_one_line_of_json() -> None:
    """As `reader decode` prints them: m³ stays readable, no NaN ever."""
    assert fields_as_json({"mbus": [{"unit": "m³"}], "l1_current": 8.0}) == '{"mbus":[{"unit":"m³"}],"l1_current":8.0}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        fields_as_json({"l1_current": float("nan")})
