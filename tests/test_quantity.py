"""`common.quantity`: numbers with units as meters print them, and as they never should."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.quantity import base_of, parse_quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("000123.456*kWh", "kWh", 123.456),
        ("000123.456kWh", "kWh", 123.456),
        ("000123.456 kWh", "kWh", 123.456),
        ("00007137.694*kWh ", "kWh", 7137.694),
        ("000123,456*kWh", "kWh", 123.456),
        ("000123.456*KWH", "kWh", 123.456),
        ("000123.456*kwh", "kWh", 123.456),
        ("123456*Wh", "kWh", 123.456),
        ("0.123456*MWh", "kWh", 123.456),
        ("0.000123456*GWh", "kWh", 123.456),
        ("00.338*kW", "W", 338.0),
        ("24000*W", "kW", 24.0),
        ("0.005*MW", "kW", 5.0),
        ("0230.0*V", "V", 230.0),
        ("0.2301*kV", "V", 230.1),
        ("230100*mV", "V", 230.1),
        ("791*mA", "A", 0.791),
        ("0.00791*kA", "A", 7.91),
        ("999", "A", 999.0),
        ("69.0*kVA", "kVA", 69.0),
        ("1.5*kVArh", "kvarh", 1.5),
        ("00876.543*m3", "m³", 876.543),
        ("00876.543*m³", "m³", 876.543),
        ("876543*dm3", "m³", 876.543),
        ("57.725*GJ", "GJ", 57.725),
        ("57725*MJ", "GJ", 57.725),
        ("50.0*Hz", "Hz", 50.0),
        ("002391*W", "kW", 2.391),
        ("00016166.083*VArh", "kvarh", 16.166083),
        ("0.417*Kvar", "kvar", 0.417),
        ("0.3*MVA", "kVA", 300.0),
        ("0000000240*s", "s", 240.0),
        ("005087.48789958*kWh", "kWh", 5087.48789958),
        ("0.05*kHz", "Hz", 50.0),
        ("-01.250*kW", "kW", -1.25),
        ("-0.000*kW", "kW", 0.0),
        ("-0", "kW", 0.0),
        ("00066982.7369255*kWh", "kWh", 66982.7369255),
        ("999999999999999", "kWh", 999999999999999.0),
        ("000000000000001", "kWh", 1.0),
    ],
)
def test_a_number_is_scaled_to_the_unit_of_its_field(text: str, unit: str, value: float) -> None:
    """Exact to the printed digits, whatever the spelling of the unit."""
    number = parse_quantity(text).to(unit)
    assert (number, str(number)) == (value, str(value))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "*kWh", "kWh", ".", ".5", "5.", "-", "--1", "+1", "NaN", "nan", "inf", "-inf", "1_000",
        "1 000", "1.2.3", "1,2.3", "1.234,5", "1*", "1*kWh*kWh", "1(2)", "65.0*A,-65.0*A", "1\n2", "1\0", "٣", "²", "1*µA",
        400 * "9", "0." + 400 * "9", 16 * "0", "1*" + 9 * "k",
    ],
)  # fmt: skip
def test_what_is_not_a_number_is_refused(text: str) -> None:
    """With the beginning of what came."""
    with pytest.raises(ValueError, match=f"^not a number: {re.escape(repr(text[:40]))}$"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["1234567890.123456", "-999999999999999.9", "12345678.123456789"])
def test_more_digits_than_a_number_keeps_are_refused(text: str) -> None:
    """A value that changes on the way is worse than none."""
    with pytest.raises(ValueError, match=f"^too many digits: '{text}'$"):
        parse_quantity(text)


@pytest.mark.parametrize("unit", ["parsec", "kkWh", "mm3", "h", "kg", "e3", "e999", "x10"])
def test_an_unknown_unit_is_refused(unit: str) -> None:
    """It is named."""
    with pytest.raises(ValueError, match=f"^unknown unit '{unit}'$"):
        parse_quantity(f"1*{unit}")


@pytest.mark.parametrize(("text", "unit", "got"), [("1*kVA", "kW", "VA"), ("1*kvar", "kW", "var"), ("1*kWh", "kW", "Wh")])
def test_another_dimension_is_refused(text: str, unit: str, got: str) -> None:
    """Reactive, apparent and active power are three things, and energy a fourth."""
    with pytest.raises(ValueError, match=f"^unit of {got} where {unit} was expected$"):
        parse_quantity(text).to(unit)


def test_a_unit_has_a_base_and_a_power_of_ten() -> None:
    """In any case."""
    assert [base_of(unit) for unit in ("kWh", "KWH", "W", "m³", "M3", "GJ")] == [
        ("Wh", 3), ("Wh", 3), ("W", 0), ("m³", 0), ("m³", 0), ("J", 9),
    ]  # fmt: skip


@given(
    st.decimals(-(10**11), 10**11, places=3),
    st.sampled_from([("kWh", 3), ("Wh", 0), ("MWh", 6)]),
    st.sampled_from([("kWh", 3), ("Wh", 0), ("MWh", 6)]),
)
def test_no_digit_is_lost_between_units(number: Decimal, printed: tuple[str, int], wanted: tuple[str, int]) -> None:
    """The result is the float nearest to the exact decimal number."""
    exact = number.scaleb(printed[1] - wanted[1])
    assert parse_quantity(f"{number:f}*{printed[0]}").to(wanted[0]) == float(exact)
