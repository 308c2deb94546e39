"""Numbers, times and conditions in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_controller.conditions import parse_condition
from relay_controller.wording import condition_text, duration, number, quantity

VALUES = {"surplus": 1230.0, "net_power": -1230.0, "peak_forecast": 2.3456, "peak_limit": 2.35, "actual_tariff": 2.0}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (-0.0, "0"),
        (7, "7"),
        (10.0, "10"),
        (1500, "1,500"),
        (-3000, "-3,000"),
        (100_000, "100,000"),
        (1_234_567.891, "1,234,567.891"),
        (0.1, "0.1"),
        (2.350, "2.35"),
        (2.3456, "2.346"),
        (-2.3456, "-2.346"),
        (0.1 + 0.2, "0.3"),
        (2.9999, "3"),
        (0.0004, "0"),
        (-0.0004, "0"),
        (-0.0006, "-0.001"),
        (1e15, "1,000,000,000,000,000"),
    ],
)
def test_a_number_has_at_most_three_decimals(value: float, expected: str) -> None:
    """None that says nothing, and no zero with a minus."""
    assert number(value) == expected


@given(st.floats(-1e9, 1e9))
def test_a_number_in_words_is_the_number(value: float) -> None:
    """To half a thousandth."""
    text = number(value)
    assert abs(float(text.replace(",", "")) - value) <= 0.000501
    assert text != "-0"
    assert "." not in text or text[-1] not in "0."


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(1230.0, "W", "1,230 W"), (2.35, "kW", "2.35 kW"), (2.0, "", "2"), (0.0, "", "0"), (-1.5, "°C", "-1.5 °C")],
)
def test_a_quantity_has_its_unit_if_it_has_one(value: float, unit: str, expected: str) -> None:
    """And no space at its end."""
    assert quantity(value, unit) == expected


@pytest.mark.parametrize(
    ("seconds", "down", "up"),
    [
        (0, "0 s", "0 s"),
        (0.4, "0 s", "1 s"),
        (59.9, "59 s", "60 s"),
        (119.9, "119 s", "120 s"),
        (120, "120 s", "120 s"),
        (120.1, "120 s", "180 s"),
        (121, "120 s", "180 s"),
        (179, "120 s", "180 s"),
        (180, "180 s", "180 s"),
        (3540, "3,540 s", "3,540 s"),
        (3599, "3,540 s", "3,600 s"),
        (7199, "7,140 s", "7,200 s"),
        (7200, "7,200 s", "7,200 s"),
        (7201, "2 h", "2 h 1 min"),
        (7259, "2 h", "2 h 1 min"),
        (7260, "2 h 1 min", "2 h 1 min"),
        (10_799, "2 h 59 min", "3 h"),
        (10_800, "3 h", "3 h"),
        (86_399, "23 h 59 min", "24 h"),
        (86_400.0, "24 h", "24 h"),
        (86_401, "24 h", "25 h"),
        (3_600_000, "1000 h", "1000 h"),
    ],
)
def test_a_time_has_steps_that_grow_with_it(seconds: float, down: str, up: str) -> None:
    """Seconds, then minutes, which are told in seconds first, then hours: the sentence does not change all the time."""
    assert (duration(seconds), duration(seconds, up=True)) == (down, up)


def seconds_in(text: str) -> float:
    """Read a time in words."""
    words = text.replace(",", "").split(" ")
    pairs = zip(words[::2], words[1::2], strict=True)
    return sum(float(value) * {"s": 1, "min": 60, "h": 3600}[unit] for value, unit in pairs)


TENTHS_S = st.integers(0, 2 * 10**6).map(lambda tenths: tenths / 10)


@given(TENTHS_S, TENTHS_S)
def test_a_time_is_rounded_down_or_up_and_never_goes_back(seconds: float, more_s: float) -> None:
    """By less than its step; a longer time is never told as a shorter one."""
    down_s, up_s = seconds_in(duration(seconds)), seconds_in(duration(seconds, up=True))
    step_s = 1 if seconds <= 120 else 60 if seconds <= 86_400 else 3600
    assert seconds - step_s < down_s <= seconds <= up_s < seconds + step_s
    for rounded_up in (False, True):
        sooner_s, later_s = (seconds_in(duration(one, up=rounded_up)) for one in (seconds, seconds + more_s))
        assert sooner_s <= later_s


@pytest.mark.parametrize(
    ("condition", "wording", "expected"),
    [
        ("surplus > 1500 W", "needs", "surplus 1,230 W, needs more than 1,500 W"),
        ("surplus > 1.5 kW", "needs", "surplus 1,230 W, needs more than 1,500 W"),
        ("surplus >= 1500 W", "needs", "surplus 1,230 W, needs 1,500 W or more"),
        ("surplus < 200 W", "off at", "surplus 1,230 W, off at less than 200 W"),
        ("surplus <= -200 W", "off at", "surplus 1,230 W, off at -200 W or less"),
        ("actual_tariff = 1", "needs", "actual_tariff 2, needs 1"),
        ("actual_tariff != 2", "needs", "actual_tariff 2, needs not 2"),
        ("peak_forecast > peak_limit", "off at", "peak_forecast 2.346 kW, off at more than peak_limit (2.35 kW)"),
        ("surplus > peak_limit", "needs", "surplus 1,230 W, needs more than peak_limit (2,350 W)"),
        ("peak_forecast > surplus", "needs", "peak_forecast 2.346 kW, needs more than surplus (1.23 kW)"),
        # missing fields
        ("l1_voltage > 250 V", "needs", "l1_voltage missing, needs more than 250 V"),
        ("surplus > power_limit", "needs", "surplus 1,230 W, needs more than power_limit (missing)"),
        ("l1_voltage > l2_voltage", "off at", "l1_voltage missing, off at more than l2_voltage (missing)"),
        # several
        (
            "surplus > 1500 W and actual_tariff = 1",
            "needs",
            "surplus 1,230 W, needs more than 1,500 W; and actual_tariff 2, needs 1",
        ),
        (
            "surplus < 200 W or net_power > 0 W and actual_tariff = 1",
            "off at",
            (
                "surplus 1,230 W, off at less than 200 W;"
                " or net_power -1,230 W, off at more than 0 W; and actual_tariff 2, off at 1"
            ),
        ),
    ],
)
def test_a_condition_is_told_with_the_numbers_of_now(condition: str, wording: str, expected: str) -> None:
    """In the field's own unit, whatever unit the settings have."""
    assert condition_text(parse_condition(condition), wording, VALUES.get) == expected
