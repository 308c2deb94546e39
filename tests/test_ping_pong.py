"""Rules that work against each other: tables by situation, and a household in which they are let loose."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.sections import LoadSettings
from relay_controller.conditions import Condition, Values, parse_condition
from relay_controller.ping_pong import contradiction, ping_pong
from relay_controller.rule_problems import rule_problems

IMPORT, EXPORT = "actual_total_consumption", "actual_total_injection"
L1_IMPORT, L1_EXPORT = "actual_l1_consumption", "actual_l1_injection"
PEAK, L1 = "peak_forecast", "net power of l1"
STEP_W = 50


def too_near(power: str, quantity: str, field: str) -> str:
    """Give what is expected of an off_when that ends what on_when began."""
    return (
        f"a threshold more than {power} W above that of on_when in {quantity}, "
        f"because {field} does not add back what the load draws (surplus does)"
    )


@pytest.mark.parametrize(
    ("on_when", "off_when", "power_w", "quantity", "field"),
    [
        # one field on both sides
        pytest.param("net_power < 0 W", "net_power > 0 W", 2000, "net power", "net_power", id="equal thresholds"),
        pytest.param("net_power < 0 W", "net_power > 1999 W", 2000, "net power", "net_power", id="a watt too near"),
        pytest.param("net_power < 0 W", "net_power >= 1999 W", 2000, "net power", "net_power", id="a watt too near, >="),
        pytest.param("net_power <= 0 W", "net_power >= 2 kW", 2000, "net power", "net_power", id="both may be met exactly"),
        pytest.param("net_power < 0 W", "net_power > -500 W", 2000, "net power", "net_power", id="the regions overlap"),
        pytest.param("net_power = 0 W", "net_power != 0 W", 1, "net power", "net_power", id="off everywhere else"),
        pytest.param("net_power = 0 W", "net_power > 1 kW", 2000, "net power", "net_power", id="on at one value"),
        pytest.param(f"{IMPORT} < 0.1 kW", f"{IMPORT} > 0.5 kW", 500, "net power", IMPORT, id="what is drawn"),
        pytest.param(f"{IMPORT} = 0 kW", f"{IMPORT} > 0 kW", 500, "net power", IMPORT, id="nothing drawn, anything drawn"),
        pytest.param(f"{EXPORT} > 1500 W", f"{EXPORT} < 200 W", 2000, "net power", EXPORT, id="what is injected"),
        pytest.param(f"{EXPORT} > 1500 W", f"{EXPORT} = 0 W", 1600, "net power", EXPORT, id="nothing injected any more"),
        pytest.param(f"{EXPORT} > 1500 W", f"{EXPORT} <= 0 W", 1600, "net power", EXPORT, id="injection is 0 while drawing"),
        pytest.param(f"{IMPORT} <= 1 W", f"{IMPORT} >= 1.0004 W", 0.0004, "net power", IMPORT, id="fractions of a watt"),
        # two fields of one axis
        pytest.param(f"{EXPORT} > 1500 W", f"{IMPORT} > 200 W", 2000, "net power", IMPORT, id="injected, drawn"),
        pytest.param(f"{EXPORT} > 1500 W", "net_power > 200 W", 2000, "net power", "net_power", id="injected, net"),
        pytest.param("net_power < -1500 W", f"{IMPORT} > 0.2 kW", 2000, "net power", IMPORT, id="net, drawn"),
        pytest.param("surplus > 1500 W", "net_power > 200 W", 2000, "net power", "net_power", id="surplus is net when off"),
        pytest.param(f"{EXPORT} > {IMPORT}", f"{IMPORT} > {EXPORT}", 1, "net power", IMPORT, id="each other's side"),
        # axes of their own
        pytest.param(f"{L1_EXPORT} > 500 W", f"{L1_IMPORT} > 500 W", 2000, L1, L1_IMPORT, id="one phase"),
        pytest.param("peak_forecast < 1 kW", "peak_forecast > 2.5 kW", 2000, PEAK, PEAK, id="the forecast"),
        pytest.param("peak_forecast < peak_limit", "peak_forecast > peak_limit", 1, PEAK, PEAK, id="and its limit"),
        pytest.param("peak_limit > peak_forecast", "peak_limit <= peak_forecast", 1, PEAK, PEAK, id="the other way round"),
        # or: one of each is enough
        pytest.param(
            "surplus > 3 kW or net_power < 0 W", "net_power > 1 kW", 2000, "net power", "net_power", id="one that goes on"
        ),
        pytest.param(
            "net_power < 0 W", f"surplus < -3 kW or {IMPORT} > 1 kW", 2000, "net power", IMPORT, id="one that goes off"
        ),
        pytest.param(
            f"{EXPORT} > 1500 W", "peak_forecast > 2 kW or net_power > 0 W", 2000, "net power", "net_power", id="beside a guard"
        ),
        # and: what else on_when asks for may be so
        pytest.param(
            "net_power < 0 W and actual_tariff = 1", "net_power > 1 kW", 2000, "net power", "net_power", id="and a tariff"
        ),
        pytest.param(
            "net_power < 0 W and l1_voltage > l2_voltage", "net_power > 1 kW", 2000, "net power", "net_power", id="and voltages"
        ),
        pytest.param(
            "net_power < 0 W and net_power > -900 W", "net_power > 1 kW", 2000, "net power", "net_power", id="and a lower end"
        ),
        pytest.param(
            "net_power < 0 W",
            f"net_power > 1 kW and {IMPORT} > 1.5 kW",
            2000,
            "net power",
            "net_power",
            id="off, all on one axis",
        ),
        pytest.param(
            "net_power < 0 W", "surplus < 3 kW and net_power > 1 kW", 2000, "net power", "net_power", id="off, little surplus"
        ),
        pytest.param(
            "net_power < 0 W and peak_forecast < 1 kW",
            "net_power > 1 kW and peak_forecast > 1.5 kW",
            2000,
            "net power",
            "net_power",
            id="two quantities on both sides",
        ),
        pytest.param(
            "net_power < 0 W and surplus > 500 W", "net_power > 1 kW", 2000, "net power", "net_power", id="not enough surplus"
        ),
    ],
)
def test_a_load_that_ends_what_began_it_is_found(
    on_when: str, off_when: str, power_w: float, quantity: str, field: str
) -> None:
    """On raises the power at the meter, and off_when takes that for the household's."""
    expected = too_near(f"{power_w}", quantity, field)
    assert ping_pong(parse_condition(on_when), parse_condition(off_when), power_w) == expected


@pytest.mark.parametrize(
    ("on_when", "off_when", "power_w"),
    [
        # far enough
        pytest.param("net_power < 0 W", "net_power > 2 kW", 2000, id="just the load's power apart"),
        pytest.param("net_power <= 0 W", "net_power > 2 kW", 2000, id="just apart, on may be met"),
        pytest.param("net_power < 0 W", "net_power >= 2 kW", 2000, id="just apart, off may be met"),
        pytest.param("net_power <= 0.1 W", "net_power > 0.3 W", 0.2, id="just apart, in fractions of a watt"),
        pytest.param(f"{EXPORT} > 1500 W", f"{IMPORT} > 500 W", 2000, id="just apart, over 0"),
        pytest.param(f"{EXPORT} > 2.2 kW", f"{EXPORT} < 0.2 kW", 2000, id="just apart, below 0"),
        pytest.param(f"{EXPORT} > 2 kW", f"{EXPORT} = 0 W", 1999, id="just not to 0"),
        pytest.param(f"{L1_EXPORT} > 2 kW", f"{L1_IMPORT} > 0 W", 2000, id="just apart, on a phase"),
        pytest.param("peak_forecast < 0.5 kW", "peak_forecast > 2.5 kW", 2000, id="just apart, the forecast"),
        # surplus adds back
        pytest.param("surplus > 1500 W", "surplus < 1499 W", 2000, id="surplus"),
        pytest.param("surplus > 1500 W", "surplus < 0 W or net_power > 500 W", 2000, id="surplus, and net far enough"),
        # a power of 0 moves nothing
        pytest.param("net_power < 0 W", "net_power > 0 W", 0, id="draws nothing"),
        # it goes on by drawing
        pytest.param("net_power > 0 W", "net_power <= 0 W", 60, id="a lamp"),
        pytest.param("net_power > 100 W", "net_power < 80 W", 60, id="a lamp with hysteresis"),
        pytest.param(f"{IMPORT} >= 0 W", "net_power > 5 kW", 2000, id="always on, shed"),
        pytest.param("net_power != 0 W", "net_power > 5 kW", 2000, id="nearly always on, shed"),
        pytest.param("actual_tariff = 2", "net_power > 5 kW", 2000, id="by tariff, shed"),
        pytest.param("actual_tariff = 2 or net_power < 0 W", "net_power > 2 kW", 2000, id="by tariff or far enough"),
        # never both
        pytest.param("net_power < 0 W", "net_power < -1 kW", 2000, id="off in the other direction"),
        pytest.param("net_power < 0 W", "net_power < 500 W", 2000, id="never on"),
        pytest.param("net_power < 0 W", "net_power != 0 W", 2000, id="off wherever it is on"),
        pytest.param(f"{IMPORT} < 0 W", f"{IMPORT} > 0 W", 2000, id="never below 0"),
        pytest.param("net_power < -3 kW and surplus > 0 W", f"{IMPORT} > 0 W", 2000, id="surplus is not what holds it back"),
        # on_when asks for more, and that keeps it far enough
        pytest.param("surplus > 2 kW and net_power < 0 W", "net_power > 0 W", 2000, id="enough surplus"),
        pytest.param(
            "surplus > 1500 W and peak_forecast < 2 kW",
            "surplus < 0 W or peak_forecast > 2.5 kW",
            2000,
            id="a surplus that keeps the forecast low",
        ),
        pytest.param(
            "surplus > 1500 W and peak_forecast < peak_limit",
            "surplus < 0 W or peak_forecast > peak_limit",
            2000,
            id="a surplus that keeps it below the limit",
        ),
        pytest.param("net_power < 0 W", "net_power > 200 W or surplus < 1800 W", 2000, id="off_when holds it back"),
        # what cannot be judged
        pytest.param("net_power < 0 W", "net_power > 1 kW and net_power > 3 kW", 2000, id="off, far enough by one of two"),
        pytest.param("net_power < 0 W", "net_power > 1 kW and actual_tariff = 1", 2000, id="off, and a tariff"),
        pytest.param("net_power < 0 W", "net_power > 1 kW and l1_current > 9 A", 2000, id="off, and a current"),
        pytest.param("net_power < 0 W", "net_power > 1 kW and peak_forecast > 1 kW", 2000, id="off, on two axes"),
        pytest.param("net_power < 0 W and l1_current < 9 A", "net_power > 1 kW", 2000, id="on, and a current"),
        pytest.param(f"net_power < 0 W and {L1_EXPORT} > 2 kW", "net_power > 1 kW", 2000, id="on, and a phase"),
        pytest.param("net_power < 0 W", f"{L1_IMPORT} > 1 kW", 2000, id="net, a phase"),
        pytest.param(f"{L1_EXPORT} > 1 kW", "actual_l2_consumption > 0 W", 2000, id="two phases"),
        pytest.param("net_power < 0 W", "peak_forecast > 1 kW", 2000, id="net, the forecast"),
        pytest.param("net_power < power_limit", "net_power > power_limit", 2000, id="a field on the right"),
        pytest.param("peak_forecast < 2 kW", "peak_forecast > peak_limit", 2000, id="a number, the limit"),
        pytest.param("peak_forecast < peak_limit", "peak_forecast > 2 kW", 2000, id="the limit, a number"),
        pytest.param("average_demand < 1 kW", "average_demand > 2 kW", 2000, id="an average, which follows slowly"),
        pytest.param("l1_voltage > 250 V", "l1_voltage < 249 V", 2000, id="a voltage"),
    ],
)
def test_near_misses_are_left_alone(on_when: str, off_when: str, power_w: float) -> None:
    """Only what must happen is a problem."""
    assert ping_pong(parse_condition(on_when), parse_condition(off_when), power_w) is None


@pytest.mark.parametrize(
    ("on_when", "off_when", "surplus"),
    [
        pytest.param("surplus > 1500 W", "surplus < 2 kW", "1750", id="regions overlap"),
        pytest.param("surplus > 1500 W", "surplus > 1000 W", "1501", id="one within the other"),
        pytest.param("surplus >= 1500 W", "surplus <= 1500 W", "1500", id="both may be met"),
        pytest.param("surplus >= 0 W", "surplus <= 0 W", "0", id="both may be met at 0"),
        pytest.param("surplus > 1500 W", "surplus != 1600 W", "1550", id="nearly everywhere"),
        pytest.param("surplus > 1500 W and actual_tariff = 1", "surplus < 2 kW", "1750", id="in one tariff"),
        pytest.param(
            "surplus > 3 kW or surplus > 1 kW and actual_tariff = 2", "surplus < 2 kW", "1500", id="in one alternative"
        ),
        pytest.param("surplus > 1500 W", "surplus < 0 W or surplus < 2 kW", "1750", id="by one alternative"),
        # surplus and net power are one
        pytest.param("surplus > 1500 W and net_power < -1800 W", "surplus < 2 kW", "1900", id="and net power"),
    ],
)
def test_an_off_when_that_holds_where_on_when_does_is_found(on_when: str, off_when: str, surplus: str) -> None:
    """With an example: the load would stay off there."""
    expected = f"a condition that does not hold where on_when does, as at a surplus of {surplus} W"
    assert contradiction(parse_condition(on_when), parse_condition(off_when)) == expected


@pytest.mark.parametrize(
    ("on_when", "off_when"),
    [
        pytest.param("surplus > 1500 W", "surplus < 0 W", id="apart"),
        pytest.param("surplus > 1500 W", "surplus < 1500 W", id="they only meet"),
        pytest.param("surplus > 1500 W", "surplus <= 1500 W", id="one may be met"),
        pytest.param("surplus > 1500 W", "surplus < 2 kW and actual_tariff = 2", id="off, and a tariff"),
        pytest.param("surplus > 1500 W", "surplus < peak_limit", id="off, a field on the right"),
        pytest.param("surplus > 1500 W or actual_tariff = 2", "surplus < 0 W", id="by tariff whatever the surplus"),
        pytest.param("surplus > 1500 W and net_power < -2500 W", "surplus < 2 kW", id="net power keeps them apart"),
        pytest.param("surplus > 1500 W and l1_current < 9 A", "surplus < 2 kW", id="and a current"),
        pytest.param("net_power < 0 W", "net_power < 500 W", id="without surplus"),
    ],
)
def test_conditions_that_never_hold_together_are_left_alone(on_when: str, off_when: str) -> None:
    """As far as one can tell."""
    assert contradiction(parse_condition(on_when), parse_condition(off_when)) is None


def household(base_w: float, load_w: float) -> Values:
    """Give what a meter tells of a household that draws `base_w` and a load of `load_w`, early in a quarter-hour."""
    net_w = base_w + load_w
    return {
        "net_power": net_w,
        "surplus": load_w - net_w,
        IMPORT: net_w / 1000 if net_w > 0 else 0.0,
        EXPORT: -net_w / 1000 if net_w < 0 else 0.0,
        PEAK: net_w / 1000 if net_w > 0 else 0.0,
    }.get


def alternates(on_when: Condition, off_when: Condition, base_w: float, power_w: float) -> bool:
    """Tell whether the load is switched at each telegram, the first ones apart."""
    is_on, switches = False, 0
    for _ in range(8):
        values = household(base_w, power_w if is_on else 0.0)
        wanted = not off_when.holds(values) if is_on else on_when.holds(values) and not off_when.holds(values)
        switches += wanted != is_on
        is_on = wanted
    return switches == 8


def bases_w(power_w: int) -> Iterator[float]:
    """Give base powers on both sides of every threshold of the strategies, with and without the load."""
    return (float(base_w) for base_w in range(-1100 - power_w, 1200, STEP_W))


def is_told(on_when: str, off_when: str, power_w: float) -> bool:
    """Tell whether ping-pong is among the problems of a load."""
    load = LoadSettings(on_when=on_when, off_when=off_when, power=power_w)
    return any("does not add back" in problem for problem in rule_problems(load, has_peak_limit=True))


THRESHOLDS_W = st.integers(-10, 10).map(lambda hundreds: 100 * hundreds)
POWERS_W = st.integers(0, 20).map(lambda hundreds: 100 * hundreds)
RAISED = st.sampled_from(("net_power", IMPORT))  # by what is drawn
RISING, FALLING = st.sampled_from((">", ">=")), st.sampled_from(("<", "<="))


def comparisons(fields: st.SearchStrategy[str], operators: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Give texts such as `net_power > 100 W`."""
    return st.builds("{} {} {} W".format, fields, operators, THRESHOLDS_W)


UPPER_BOUNDS = comparisons(RAISED, FALLING) | comparisons(st.just(EXPORT), RISING)
LOWER_BOUNDS = comparisons(RAISED, RISING) | comparisons(st.just(EXPORT), FALLING)
FIELDS, OPERATORS = ("net_power", "surplus", IMPORT, EXPORT, PEAK), ("<", "<=", ">", ">=", "=", "!=")
ANY = comparisons(st.sampled_from(FIELDS), st.sampled_from(OPERATORS))
ANY_RULES = st.lists(st.lists(ANY, min_size=1, max_size=2).map(" and ".join), min_size=1, max_size=2).map(" or ".join)


@settings(deadline=None)
@given(UPPER_BOUNDS, UPPER_BOUNDS | LOWER_BOUNDS, POWERS_W)
def test_what_is_told_happens_and_what_happens_is_told(on_when: str, off_when: str, power_w: int) -> None:
    """One comparison on each side: there is a base power at which the load alternates for ever, or nothing is said."""
    rules = parse_condition(on_when), parse_condition(off_when)
    never_ends_by_itself = rules[0].holds(household(10_000.0, 0.0))  # `actual_total_injection > -100 W`: on by drawing
    happens = any(alternates(*rules, base_w, power_w) for base_w in bases_w(power_w))
    assert is_told(on_when, off_when, power_w) == (happens and not never_ends_by_itself)


@settings(deadline=None)
@given(ANY_RULES, ANY_RULES, POWERS_W)
def test_whatever_is_told_happens(on_when: str, off_when: str, power_w: int) -> None:
    """However many comparisons there are."""
    if is_told(on_when, off_when, power_w):
        rules = parse_condition(on_when), parse_condition(off_when)
        assert any(alternates(*rules, base_w, power_w) for base_w in bases_w(power_w))


@settings(deadline=None)
@given(ANY_RULES, ANY_RULES)
def test_a_contradiction_is_one_at_the_surplus_that_it_names(on_when: str, off_when: str) -> None:
    """Both conditions hold there."""
    rules = parse_condition(on_when), parse_condition(off_when)
    told = contradiction(*rules)
    if told is not None:
        surplus_w = float(told.removesuffix(" W").rpartition(" ")[2])
        values = household(-surplus_w, 0.0)
        assert all(rule.holds(values) for rule in rules)
