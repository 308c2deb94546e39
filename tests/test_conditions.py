"""Conditions: what they mean, and what is wrong with those that mean nothing."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_controller.conditions import Comparison, Condition, parse_condition


def holds(text: str, values: Mapping[str, float]) -> bool:
    """Parse and ask."""
    return parse_condition(text).holds(values.get)


def test_and_binds_stronger_than_or() -> None:
    """The three comparisons of the manual's example become two alternatives, with numbers in the fields' units."""
    text = "surplus > 1500 W and actual_tariff = 1 or l1_voltage >= 250 V"
    assert parse_condition(text) == Condition(
        text,
        (
            (Comparison("surplus", ">", 1500.0), Comparison("actual_tariff", "=", 1.0)),
            (Comparison("l1_voltage", ">=", 250.0),),
        ),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("surplus > 1.5 kW", Comparison("surplus", ">", 1500.0)),
        ("surplus>1500W", Comparison("surplus", ">", 1500.0)),
        ("net_power < -200 W", Comparison("net_power", "<", -200.0)),
        ("actual_total_consumption <= 1234 W", Comparison("actual_total_consumption", "<=", 1.234)),
        ("total_consumption_day != 5 MWh", Comparison("total_consumption_day", "!=", 5000.0)),
        ("total_gas_consumption > 12.5 m3", Comparison("total_gas_consumption", ">", 12.5)),
        ("net_power > power_limit", Comparison("net_power", ">", "power_limit", 3)),
        ("average_demand > net_power", Comparison("average_demand", ">", "net_power", -3)),
        ("l1_voltage > l2_voltage", Comparison("l1_voltage", ">", "l2_voltage", 0)),
    ],
)
def test_numbers_and_fields_are_brought_to_the_unit_of_the_left_field(text: str, expected: Comparison) -> None:
    """Units are converted once, when the condition is read."""
    assert parse_condition(text) == Condition(text, ((expected,),))


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        # one comparison
        ("surplus > 1500 W", {"surplus": 1500.1}, True),
        ("surplus > 1500 W", {"surplus": 1500}, False),
        ("surplus >= 1500 W", {"surplus": 1500}, True),
        ("surplus < 0 W", {"surplus": -1}, True),
        ("surplus <= 0 W", {"surplus": 1}, False),
        ("actual_tariff = 2", {"actual_tariff": 2}, True),
        ("actual_tariff != 2", {"actual_tariff": 2}, False),
        ("actual_tariff != 2", {"actual_tariff": 1}, True),
        # two fields of different units
        ("net_power > power_limit", {"net_power": 9201, "power_limit": 9.2}, True),
        ("net_power = power_limit", {"net_power": 9200, "power_limit": 9.2}, True),
        ("power_limit = net_power", {"net_power": 9200, "power_limit": 9.2}, True),
        # and, or
        ("surplus > 1 W AND actual_tariff = 1", {"surplus": 2, "actual_tariff": 1}, True),
        ("surplus > 1 W and actual_tariff = 1", {"surplus": 2, "actual_tariff": 2}, False),
        ("surplus > 1 W or actual_tariff = 1", {"surplus": 0, "actual_tariff": 1}, True),
        ("actual_tariff = 1 or surplus > 1 W and l1_voltage > 1 V", {"surplus": 2, "l1_voltage": 0, "actual_tariff": 2}, False),
        # missing fields are neither true nor false
        ("surplus > 1500 W", {}, False),
        ("actual_tariff != 2", {}, False),
        ("net_power > power_limit", {"net_power": 9201}, False),
        ("net_power > power_limit", {"power_limit": 9.2}, False),
        ("surplus > 1 W and actual_tariff = 1", {"surplus": 2}, False),
        ("surplus > 1 W or actual_tariff = 1", {"surplus": 2}, True),
    ],
)
def test_a_condition_holds_when_it_is_known_to_be_true(text: str, values: Mapping[str, float], *, expected: bool) -> None:
    """The table of comparisons."""
    assert holds(text, values) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # fields
        ("surpluss > 1500 W", 'expected a known field at character 1, not "surpluss", did you mean surplus?'),
        ("xyzzy > 1500 W", 'expected a known field at character 1, not "xyzzy"'),
        ("surplus > 1 W or meter_serial = 1", 'expected a field that is a number at character 18, not "meter_serial"'),
        ("1500 W < surplus", 'expected a field at character 1, not "1500"'),
        ("surplus > 1 W and", "expected a field at character 18, where it ends"),
        ("", "expected a field at character 1, where it ends"),
        ("and", 'expected a field at character 1, not "and"'),
        # units
        ("surplus > 1500", "expected a unit such as W at character 15, where it ends"),
        ("surplus > 1500 and actual_tariff = 1", 'expected a unit such as W at character 16, not "and"'),
        ("surplus > 1500 V", 'expected a unit such as W at character 16, not "V"'),
        ("surplus > 1500 Wat", 'expected a unit such as W at character 16, not "Wat"'),
        ("actual_tariff = 1 W", 'expected a number without a unit at character 19, not "W"'),
        ("surplus > l1_voltage", 'expected a field in W at character 11, not "l1_voltage"'),
        ("actual_tariff > net_power", 'expected a field without a unit at character 17, not "net_power"'),
        ("net_power > power_limit_kva", 'expected a field in W at character 13, not "power_limit_kva"'),
        # syntax
        ("surplus", "expected <, <=, >, >=, =, != at character 8, where it ends"),
        ("surplus == 5 W", 'expected a number or a field at character 10, not "="'),
        ("surplus 1500 W", 'expected <, <=, >, >=, =, != at character 9, not "1500"'),
        ("surplus > and", 'expected a number or a field at character 11, not "and"'),
        ("surplus > (5 W)", 'expected a number or a field at character 11, not "("'),
        ("surplus > 1500 W actual_tariff = 1", 'expected and, or or the end at character 18, not "actual_tariff"'),
        ("surplus > 1,500 W", 'expected a unit such as W at character 12, not ","'),
        ("surplus > 5 W or or surplus < 1 W", 'expected a field at character 18, not "or"'),
    ],
)
def test_a_wrong_condition_is_refused_with_the_place(text: str, problem: str) -> None:
    """The problem says what was wanted where, and what came."""
    with pytest.raises(ValueError, match="expected") as caught:
        parse_condition(text)
    assert str(caught.value) == problem


def test_a_condition_tells_which_fields_it_asks_for() -> None:
    """Both sides count."""
    assert parse_condition("net_power > power_limit or surplus > 1 W").fields == {"net_power", "power_limit", "surplus"}


@pytest.mark.parametrize(
    ("text", "known", "missing"),
    [
        ("l2_voltage < 210 V", {"l2_voltage"}, ()),
        ("l2_voltage < 210 V", {"l1_voltage"}, ("l2_voltage",)),
        ("net_power > power_limit", {"net_power"}, ("power_limit",)),
        ("net_power > power_limit", set(), ("net_power", "power_limit")),
        # with `and` each one is needed
        ("surplus > 1 W and l2_voltage < 210 V", {"surplus"}, ("l2_voltage",)),
        # with `or` one alternative is enough
        ("surplus > 1 W or l2_voltage < 210 V", {"surplus"}, ()),
        ("surplus > 1 W and actual_tariff = 1 or l2_voltage < 210 V", {"surplus", "l2_voltage"}, ()),
        (
            "surplus > 1 W and actual_tariff = 1 or l2_voltage < 210 V and surplus < 9 W",
            {"surplus"},
            ("actual_tariff", "l2_voltage"),
        ),
    ],
)
def test_a_condition_that_could_never_hold_tells_what_is_missing(text: str, known: set[str], missing: tuple[str, ...]) -> None:
    """In the order of the text, each field once."""
    assert parse_condition(text).missing(dict.fromkeys(known, 0.0).get) == missing


@given(st.text(alphabet="surplu andor_><=!0123456789.WkV()³,\u0663", max_size=40))
def test_any_text_is_a_condition_or_a_problem(text: str) -> None:
    """Nothing else than ValueError comes out, and what parses can be asked."""
    try:
        condition = parse_condition(text)
    except ValueError:
        return
    assert not condition.holds(lambda _: None)
