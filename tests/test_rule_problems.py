"""What cannot work in a load's rules: a table for every line, and near misses that are no problems."""

from dataclasses import replace

import pytest

from common.sections import LoadSettings
from relay_controller.rule_problems import rule_problems

LOAD = LoadSettings(on_when="surplus > 1500 W", off_when="surplus < 0 W", power=2000.0)
BY_HAND = LoadSettings()
GUARANTEED = LoadSettings(min_on_per_day=7200.0, by="06:00")


def problems(load: LoadSettings, *, has_peak_limit: bool = False) -> tuple[str, ...]:
    """Give everything that is wrong."""
    return tuple(rule_problems(load, has_peak_limit=has_peak_limit))


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        pytest.param(
            replace(LOAD, on_when="surpluss > 1 W"),
            'on_when: expected a known field at character 1, not "surpluss", did you mean surplus?, got "surpluss > 1 W"',
            id="on_when, the place is marked",
        ),
        pytest.param(
            replace(LOAD, off_when="surplus < 0"),
            'off_when: expected a unit such as W at character 12, where it ends, got "surplus < 0"',
            id="off_when, the place is marked",
        ),
        pytest.param(
            replace(LOAD, off_when="peak_limit < 0"),
            'off_when: expected a unit such as kW at character 15, where it ends, got "peak_limit < 0"',
            id="a limit that is missing too does not matter there",
        ),
        pytest.param(
            replace(LOAD, between="09:00-17:00, 22-6"),
            'between: expected a time of day as 06:00, not "22", got "09:00-17:00, 22-6"',
            id="between",
        ),
        pytest.param(
            replace(LOAD, between="9", min_on=90_000.0, on_delay=90_000.0),
            'between: expected times as 09:00-17:00, not "9", got "9"',
            id="between, whatever the times are",
        ),
        pytest.param(
            replace(LOAD, days="weekend", between="09:00-09:01"),
            'days: expected days as mon-fri, sun, not "weekend", got "weekend"',
            id="days, whatever the windows are",
        ),
        pytest.param(
            replace(GUARANTEED, by="6 am", between="09:00-10:00"),
            'by: expected a time of day as 06:00, not "6 am", got "6 am"',
            id="by, whatever the windows are",
        ),
    ],
)
def test_what_cannot_be_read_is_all_that_is_said_of_a_key(load: LoadSettings, expected: str) -> None:
    """Even where more may be wrong."""
    assert problems(load) == (expected,)


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        pytest.param(
            replace(LOAD, on_when=""), 'on_when: expected a condition because off_when has one, got ""', id="no on_when"
        ),
        pytest.param(
            replace(LOAD, off_when=""), 'off_when: expected a condition because on_when has one, got ""', id="no off_when"
        ),
        pytest.param(
            replace(GUARANTEED, on_when="surplus > 1500 W"),
            'off_when: expected a condition because on_when has one, got ""',
            id="no off_when beside a guarantee",
        ),
        pytest.param(
            replace(LOAD, on_when="surplus > 1500 W and peak_forecast < peak_limit"),
            "on_when: expected [peak] limit to be set because peak_limit is used, "
            'got "surplus > 1500 W and peak_forecast < peak_limit"',
            id="on_when by a limit",
        ),
        pytest.param(
            replace(LOAD, off_when="surplus < 0 W or peak_forecast > peak_limit"),
            "off_when: expected [peak] limit to be set because peak_limit is used, "
            'got "surplus < 0 W or peak_forecast > peak_limit"',
            id="off_when by a limit",
        ),
        pytest.param(
            replace(LOAD, off_when="surplus < 0 W or peak_limit < 3 kW"),
            'off_when: expected [peak] limit to be set because peak_limit is used, got "surplus < 0 W or peak_limit < 3 kW"',
            id="the limit itself",
        ),
        pytest.param(
            replace(LOAD, on_when="actual_total_injection > 1500 W", off_when="actual_total_consumption > 200 W"),
            "off_when: expected a threshold more than 2000 W above that of on_when in net power, because "
            "actual_total_consumption does not add back what the load draws (surplus does), "
            'got "actual_total_consumption > 200 W"',
            id="thresholds nearer than power",
        ),
        pytest.param(
            replace(LOAD, off_when="surplus < 2 kW"),
            "off_when: expected a condition that does not hold where on_when does, as at a surplus of 1750 W, "
            'got "surplus < 2 kW"',
            id="a surplus at which both hold",
        ),
        pytest.param(
            replace(LOAD, power=1_234_567.5, on_when="net_power < 0 W", off_when="surplus < -2000 W or net_power > 0 W"),
            "off_when: expected a threshold more than 1234567.5 W above that of on_when in net power, because "
            'net_power does not add back what the load draws (surplus does), got "surplus < -2000 W or net_power > 0 W"',
            id="all digits of power",
        ),
        pytest.param(
            replace(LOAD, on_when="surplus > 1500 W or net_power < 0 W", off_when="surplus < 2 kW or net_power > 0 W"),
            "off_when: expected a condition that does not hold where on_when does, as at a surplus of 1750 W, "
            'got "surplus < 2 kW or net_power > 0 W"',
            id="one of both problems at a time",
        ),
    ],
)
def test_conditions_that_cannot_work_are_found(load: LoadSettings, expected: str) -> None:
    """One line, with the key to mend."""
    assert problems(load) == (expected,)


def test_a_missing_limit_does_not_hide_that_the_rules_end_what_they_began() -> None:
    """Each is to be mended."""
    load = replace(LOAD, on_when="peak_forecast < peak_limit", off_when="peak_forecast > peak_limit")
    near = (
        "off_when: expected a threshold more than 2000 W above that of on_when in peak_forecast, because "
        'peak_forecast does not add back what the load draws (surplus does), got "peak_forecast > peak_limit"'
    )
    assert problems(load) == (
        'on_when: expected [peak] limit to be set because peak_limit is used, got "peak_forecast < peak_limit"',
        'off_when: expected [peak] limit to be set because peak_limit is used, got "peak_forecast > peak_limit"',
        near,
    )
    assert problems(load, has_peak_limit=True) == (near,)


@pytest.mark.parametrize(
    "load",
    [
        pytest.param(LOAD, id="by surplus"),
        pytest.param(BY_HAND, id="by hand only"),
        pytest.param(GUARANTEED, id="guaranteed time only"),
        pytest.param(replace(LOAD, min_on_per_day=7200.0, by="06:00"), id="both"),
        pytest.param(replace(LOAD, off_when="surplus < 1500 W"), id="surplus without hysteresis"),
        pytest.param(replace(LOAD, off_when="surplus < 0 W or peak_forecast > 2.5 kW"), id="a forecast needs no limit"),
        pytest.param(
            replace(LOAD, power=None, on_when="net_power < 0 W", off_when="net_power > 0 W"), id="what it draws is not known"
        ),
    ],
)
def test_conditions_that_can_work_are_left_alone(load: LoadSettings) -> None:
    """Without a peak limit."""
    assert problems(load) == ()


def test_a_limit_that_is_set_may_be_used() -> None:
    """By both conditions."""
    off_when = "surplus < 0 W or peak_forecast > peak_limit"
    load = replace(LOAD, on_when="surplus > 1500 W and peak_forecast < peak_limit", off_when=off_when)
    assert problems(load, has_peak_limit=True) == ()


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        # windows and min_on
        pytest.param(
            replace(LOAD, between="09:00-09:59", min_on=3600.0),
            'between: expected windows of at least min_on (3600 s), got "09:00-09:59"',
            id="a window a minute too short",
        ),
        pytest.param(
            replace(LOAD, between="09:00-17:00, 23:59-00:03"),
            'between: expected windows of at least min_on (300 s), got "09:00-17:00, 23:59-00:03"',
            id="one of two",
        ),
        pytest.param(
            replace(LOAD, between="20:00-24:00, 00:00-01:00", days="sun", min_on=7200.0),
            'between: expected windows of at least min_on (7200 s), got "20:00-24:00, 00:00-01:00"',
            id="Sunday's do not touch",
        ),
        pytest.param(
            replace(LOAD, days="mon, wed", min_on=86_400.5),
            'days: expected windows of at least min_on (86400.5 s), got "mon, wed"',
            id="single days",
        ),
        pytest.param(
            replace(BY_HAND, between="09:00-09:04"),
            'between: expected windows of at least min_on (300 s), got "09:00-09:04"',
            id="without conditions",
        ),
        # windows and on_delay
        pytest.param(
            replace(LOAD, between="09:00-10:00, 12:00-14:00", on_delay=7200.5),
            'on_delay: expected at most 7200 s because no window is longer, got "7200.5"',
            id="on_delay longer than the longest window",
        ),
        pytest.param(
            replace(LOAD, days="sun-mon", on_delay=200_000.0),
            'on_delay: expected at most 172800 s because no window is longer, got "200000"',
            id="on_delay longer than two days on end",
        ),
        # a day
        pytest.param(
            replace(LOAD, max_on_per_day=299.0),
            'max_on_per_day: expected at least min_on (300 s), or 0 for no limit, got "299"',
            id="max_on_per_day shorter than min_on",
        ),
        # the guarantee and its time
        pytest.param(
            replace(LOAD, min_on_per_day=7200.0),
            'by: expected a time of day as 06:00 because min_on_per_day is set, got ""',
            id="a guarantee without its time",
        ),
        pytest.param(
            replace(LOAD, by="06:00"),
            'min_on_per_day: expected more than 0 seconds because by is set, got "0"',
            id="a time without guarantee",
        ),
        # the guarantee and what limits it
        pytest.param(
            replace(GUARANTEED, min_on_per_day=86_401.0),
            'min_on_per_day: expected at most 86400 s because a day has no more, got "86401"',
            id="longer than a day",
        ),
        pytest.param(
            replace(GUARANTEED, max_on_per_day=7199.0),
            'min_on_per_day: expected at most 7199 s because max_on_per_day allows no more, got "7200"',
            id="longer than max_on_per_day",
        ),
        pytest.param(
            replace(GUARANTEED, between="09:00-10:00, 12:00-12:59"),
            'min_on_per_day: expected at most 7140 s because the windows of a day have no more, got "7200"',
            id="longer than all windows",
        ),
        pytest.param(
            replace(GUARANTEED, between="09:00-10:00, 09:30-10:30, 09:00-10:00"),
            'min_on_per_day: expected at most 5400 s because the windows of a day have no more, got "7200"',
            id="each minute counts once",
        ),
        pytest.param(
            replace(GUARANTEED, min_on_per_day=70_000.0, between="00:00-12:00, 18:00-06:00"),
            'min_on_per_day: expected at most 64800 s because the windows of a day have no more, got "70000"',
            id="also where one day's windows reach into those of the next",
        ),
        pytest.param(
            replace(GUARANTEED, min_on_per_day=20_000.0, between="22:00-06:00", days="fri", by="03:00"),
            'min_on_per_day: expected at most 18000 s because the windows of a day have no more, got "20000"',
            id="a night that `by` cuts in two",
        ),
        pytest.param(
            replace(GUARANTEED, min_on_per_day=90_000.0, max_on_per_day=7200.0, between="09:00-10:00"),
            'min_on_per_day: expected at most 3600 s because the windows of a day have no more, got "90000"',
            id="the shortest of three limits is told",
        ),
    ],
)
def test_times_that_cannot_work_are_found(load: LoadSettings, expected: str) -> None:
    """One line, with the key to mend."""
    assert problems(load) == (expected,)


@pytest.mark.parametrize(
    "load",
    [
        # windows and min_on
        pytest.param(replace(LOAD, between="09:00-10:00", min_on=3600.0), id="a window just long enough"),
        pytest.param(replace(LOAD, between="09:00-09:01, 09:01-10:00", min_on=3600.0), id="adjacent windows are one"),
        pytest.param(replace(LOAD, between="23:59-00:00, 00:00-01:00"), id="adjacent at midnight"),
        pytest.param(replace(LOAD, between="09:00-17:00, 10:00-10:01"), id="one within another"),
        pytest.param(replace(LOAD, between="09:00-17:00, 09:00-17:00"), id="repeated"),
        pytest.param(replace(LOAD, between="00:00-24:00", min_on=1e6, on_delay=1e6), id="open around the clock"),
        pytest.param(replace(LOAD, min_on=1e6, on_delay=1e6), id="no windows"),
        pytest.param(replace(LOAD, days="sun-mon", min_on=172_800.0), id="days over the end of the week"),
        # windows and on_delay
        pytest.param(replace(LOAD, between="09:00-10:00, 12:00-14:00", on_delay=7200.0), id="on_delay fits into one"),
        pytest.param(replace(LOAD, between="09:00-10:00", off_delay=7200.0, min_off=7200.0), id="off may take longer"),
        # a day
        pytest.param(replace(LOAD, max_on_per_day=300.0), id="max_on_per_day as long as min_on"),
        pytest.param(replace(LOAD, max_on_per_day=100_000.0), id="max_on_per_day longer than a day"),
        # the guarantee
        pytest.param(replace(GUARANTEED, min_on_per_day=86_400.0), id="all day"),
        pytest.param(replace(GUARANTEED, min_on_per_day=86_400.0, between="00:00-24:00"), id="all day, and open"),
        pytest.param(replace(GUARANTEED, min_on_per_day=60.0), id="shorter than min_on"),
        pytest.param(replace(GUARANTEED, max_on_per_day=7200.0), id="as long as max_on_per_day"),
        pytest.param(replace(GUARANTEED, between="09:00-10:00, 12:00-13:00"), id="as long as all windows"),
        pytest.param(replace(GUARANTEED, between="22:00-24:00", days="sun", by="24:00"), id="on one day of the week"),
        pytest.param(replace(GUARANTEED, between="22:00-06:00", min_on_per_day=28_800.0, by="06:00"), id="a whole night"),
        pytest.param(replace(GUARANTEED, between="22:00-06:00", min_on_per_day=28_800.0, by="03:00"), id="two parts of nights"),
        pytest.param(replace(GUARANTEED, days="sat", min_on_per_day=86_400.0, by="00:00"), id="a whole Saturday"),
        pytest.param(replace(GUARANTEED, between="20:00-04:00", days="sun", min_on_per_day=28_800.0), id="Sunday to Monday"),
    ],
)
def test_times_that_just_fit_are_left_alone(load: LoadSettings) -> None:
    """Windows may overlap and repeat, and days without one do not matter."""
    assert problems(load) == ()


def test_all_problems_are_told_at_once() -> None:
    """Conditions first, then times."""
    load = LoadSettings(
        on_when="rubbish",
        between="09:00-09:01",
        days="mon-fri",
        by="6",
        on_delay=61.0,
        min_on_per_day=600.0,
        max_on_per_day=120.0,
    )
    assert problems(load) == (
        'on_when: expected a known field at character 1, not "rubbish", got "rubbish"',
        'off_when: expected a condition because on_when has one, got ""',
        'by: expected a time of day as 06:00, not "6", got "6"',
        'between: expected windows of at least min_on (300 s), got "09:00-09:01"',
        'on_delay: expected at most 60 s because no window is longer, got "61"',
        'max_on_per_day: expected at least min_on (300 s), or 0 for no limit, got "120"',
        'min_on_per_day: expected at most 120 s because max_on_per_day allows no more, got "600"',
    )
