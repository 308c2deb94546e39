"""relay_controller.hours: when the rules may have a load on."""

from datetime import UTC, datetime, timedelta, timezone
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_controller.hours import (
    ALWAYS,
    EVERY_DAY,
    WEEKDAYS,
    Hours,
    Window,
    parse_days,
    parse_hours,
    parse_time,
    parse_windows,
)

MONDAY = datetime(2026, 6, 1)  # noqa: DTZ001 -- of the clock on the wall


def wall(text: str) -> datetime:
    """Read `fri 22:30` or `fri 22:30:05`, of the week from Monday, 1 June 2026."""
    day, _, time = text.partition(" ")
    hour, minute, second = (*map(int, time.split(":")), 0)[:3]
    return MONDAY + timedelta(days=WEEKDAYS.index(day), hours=hour, minutes=minute, seconds=second)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("  ", ()),
        ("09:00-17:00", (Window(540, 1020),)),
        ("9:00-17:00", (Window(540, 1020),)),
        (" 09:00 - 17:00 ,22:00-06:00", (Window(540, 1020), Window(1320, 360))),
        ("00:00-24:00", (Window(0, 1440),)),
        ("20:00-24:00", (Window(1200, 1440),)),
        ("20:00-00:00", (Window(1200, 0),)),
        ("24:00-06:00", (Window(0, 360),)),
        ("23:59-00:01", (Window(1439, 1),)),
        # overlapping and repeated ones stay as they are
        ("09:00-12:00, 11:00-13:00, 09:00-12:00", (Window(540, 720), Window(660, 780), Window(540, 720))),
    ],
)
def test_windows_are_read(text: str, expected: tuple[Window, ...]) -> None:
    """In the order of the text; none means always."""
    assert parse_windows(text) == expected


@pytest.mark.parametrize(
    ("window", "length_min"),
    [
        (Window(540, 1020), 480),
        (Window(1320, 360), 480),
        (Window(0, 1440), 1440),
        (Window(1200, 0), 240),
        (Window(1439, 1), 2),
        (Window(1, 0), 1439),
    ],
)
def test_a_window_that_ends_before_it_starts_goes_over_midnight(window: Window, length_min: int) -> None:
    """Its length in minutes."""
    assert window.length_min == length_min


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("09:00", 'expected times as 09:00-17:00, not "09:00"'),
        ("09:00-17:00,", "expected times as 09:00-17:00"),
        ("09:00-17:00 22:00-06:00", 'expected a time of day as 06:00, not "17:00 22:00-06:00"'),
        ("09:00-12:00-17:00", 'expected a time of day as 06:00, not "12:00-17:00"'),
        ("9-17", 'expected a time of day as 06:00, not "9"'),
        ("-17:00", "expected a time of day as 06:00"),
        ("09:00-", "expected a time of day as 06:00"),
        ("09:00-25:00", 'expected a time of day as 06:00, not "25:00"'),
        ("09:00-24:01", 'expected a time of day as 06:00, not "24:01"'),
        ("09:60-17:00", 'expected a time of day as 06:00, not "09:60"'),
        ("09:00-9:00", 'expected a window that ends at another time than it starts, not "09:00-9:00"'),
        ("24:00-24:00", 'expected a window that ends at another time than it starts, not "24:00-24:00"'),
        ("24:00-00:00", 'expected a window that ends at another time than it starts, not "24:00-00:00"'),
        ("09:00\u201317:00", 'expected times as 09:00-17:00, not "09:00\u201317:00"'),
        ("\u0660\u0669:00-17:00", 'expected a time of day as 06:00, not "\u0660\u0669:00"'),
    ],
)
def test_wrong_windows_are_refused(text: str, problem: str) -> None:
    """The problem says what was wanted and what came."""
    with pytest.raises(ValueError, match="expected") as caught:
        parse_windows(text)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", EVERY_DAY),
        (" ", EVERY_DAY),
        ("mon-sun", EVERY_DAY),
        ("mon", {0}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("mon-fri, sun", {0, 1, 2, 3, 4, 6}),
        ("fri-mon", {4, 5, 6, 0}),
        ("sun-mon", {6, 0}),
        ("wed-wed", {2}),
        ("tue-mon", EVERY_DAY),
        ("Sat , SUN", {5, 6}),
        ("saturday - sunday", {5, 6}),
        ("sat, sat, fri-sun", {4, 5, 6}),
    ],
)
def test_days_are_read(text: str, expected: set[int]) -> None:
    """A range may go over the end of the week; none means every day."""
    assert parse_days(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("weekend", 'expected days as mon-fri, sun, not "weekend"'),
        ("mo-fr", 'expected days as mon-fri, sun, not "mo-fr"'),
        ("mon fri", 'expected days as mon-fri, sun, not "mon fri"'),
        ("mon-fri-sun", 'expected days as mon-fri, sun, not "mon-fri-sun"'),
        ("monkey", 'expected days as mon-fri, sun, not "monkey"'),
        ("m", 'expected days as mon-fri, sun, not "m"'),
        ("mon,", "expected days as mon-fri, sun"),
        ("mon-", 'expected days as mon-fri, sun, not "mon-"'),
        ("-fri", 'expected days as mon-fri, sun, not "-fri"'),
        ("mon, 2", 'expected days as mon-fri, sun, not "2"'),
    ],
)
def test_wrong_days_are_refused(text: str, problem: str) -> None:
    """The problem says what was wanted and what came."""
    with pytest.raises(ValueError, match="expected") as caught:
        parse_days(text)
    assert str(caught.value) == problem


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("06:00", 360), (" 6:05 ", 365), ("23:59", 1439), ("24:00", 1440)])
def test_a_time_of_day_is_read(text: str, minutes: int) -> None:
    """In minutes since midnight."""
    assert parse_time(text) == minutes


@pytest.mark.parametrize("text", ["6", "6:5", "06.00", "6 am", "006:00", "24:01", "-6:00", "06:00:00", "06:00\n06:00"])
def test_a_wrong_time_of_day_is_refused(text: str) -> None:
    """With what came."""
    with pytest.raises(ValueError, match="expected") as caught:
        parse_time(text)
    assert str(caught.value) == f'expected a time of day as 06:00, not "{text}"'


def test_no_time_of_day_is_refused() -> None:
    """Nothing came."""
    with pytest.raises(ValueError, match=r"^expected a time of day as 06:00$"):
        parse_time("")


OFFICE = parse_hours("09:00-17:00", "mon-fri")
NIGHT = parse_hours("22:00-06:00", "fri")
SUNDAY_NIGHT = parse_hours("22:00-06:00", "sun")
ADJACENT = parse_hours("09:00-12:00, 12:00-15:00", "")
OVERLAPPING = parse_hours("09:00-13:00, 12:00-12:30, 12:15-15:00", "")
OVER_MIDNIGHT = parse_hours("20:00-24:00, 00:00-06:00", "")
WEEKEND = parse_hours("", "sat-sun")
ALL_DAY = parse_hours("00:00-24:00", "")
TWICE = parse_hours("09:00-10:00, 11:00-12:00", "wed")


@pytest.mark.parametrize(
    ("hours", "at", "closes_in_s"),
    [
        # a window of the day
        pytest.param(OFFICE, "mon 08:59:59", 0, id="before"),
        pytest.param(OFFICE, "mon 09:00", 28_800, id="from its first second"),
        pytest.param(OFFICE, "mon 16:59:59", 1, id="to its last second"),
        pytest.param(OFFICE, "mon 17:00", 0, id="not when it ends"),
        pytest.param(OFFICE, "sat 12:00", 0, id="on another day"),
        # over midnight it belongs to the day on which it begins
        pytest.param(NIGHT, "fri 05:59", 0, id="not the end of the night before"),
        pytest.param(NIGHT, "fri 22:00", 28_800, id="the night begins"),
        pytest.param(NIGHT, "fri 23:59:59", 21_601, id="before midnight"),
        pytest.param(NIGHT, "sat 00:00", 21_600, id="after midnight"),
        pytest.param(NIGHT, "sat 06:00", 0, id="the night ends"),
        pytest.param(NIGHT, "sat 22:00", 0, id="not the night after"),
        pytest.param(SUNDAY_NIGHT, "sun 23:00", 25_200, id="the week ends"),
        pytest.param(SUNDAY_NIGHT, "mon 05:00", 3600, id="the week begins"),
        pytest.param(SUNDAY_NIGHT, "sun 05:00", 0, id="not Saturday's night"),
        # windows that touch or overlap are one
        pytest.param(ADJACENT, "tue 11:59", 10_860, id="adjacent"),
        pytest.param(ADJACENT, "tue 12:00", 10_800, id="where they touch"),
        pytest.param(OVERLAPPING, "tue 09:00", 21_600, id="overlapping"),
        pytest.param(OVERLAPPING, "tue 12:20", 9600, id="three at once"),
        pytest.param(OVER_MIDNIGHT, "tue 23:00", 25_200, id="adjacent at midnight"),
        pytest.param(OVER_MIDNIGHT, "sun 23:00", 25_200, id="adjacent at the week's end"),
        pytest.param(TWICE, "wed 10:30", 0, id="between two"),
        # whole days
        pytest.param(WEEKEND, "fri 23:59:59", 0, id="before the weekend"),
        pytest.param(WEEKEND, "sat 00:00", 172_800, id="the weekend is one"),
        pytest.param(WEEKEND, "sun 23:59:59", 1, id="the weekend ends"),
        pytest.param(WEEKEND, "mon 00:00", 0, id="after the weekend"),
        pytest.param(parse_hours("", "sun-fri"), "sun 00:00", 518_400, id="all but one day"),
        pytest.param(parse_hours("00:00-23:59", ""), "mon 00:00", 86_340, id="a minute a day is closed"),
        # never closed
        pytest.param(ALL_DAY, "thu 12:00", inf, id="24 hours on every day"),
        pytest.param(parse_hours("12:00-00:00, 00:00-12:00", ""), "thu 12:00", inf, id="two halves"),
        pytest.param(parse_hours("18:00-12:00, 11:00-19:00", ""), "thu 12:00", inf, id="two that overlap"),
        pytest.param(ALWAYS, "thu 12:00", inf, id="no windows"),
    ],
)
def test_hours_are_open_until_they_close(hours: Hours, at: str, closes_in_s: float) -> None:
    """Closed is 0 seconds; the zone that a time carries does not count, its clock does."""
    naive = wall(at)
    for time in (naive, naive.replace(tzinfo=UTC), naive.replace(tzinfo=timezone(timedelta(hours=-9)))):
        assert (hours.is_open(time), hours.closes_in_s(time)) == (closes_in_s > 0, closes_in_s)


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        pytest.param(OFFICE, "mon 08:59:59", "mon 09:00", id="today"),
        pytest.param(OFFICE, "mon 17:00", "tue 09:00", id="tomorrow"),
        pytest.param(OFFICE, "wed 20:00:01", "thu 09:00", id="seconds do not count"),
        pytest.param(NIGHT, "fri 12:00", "fri 22:00", id="tonight"),
        pytest.param(NIGHT, "mon 06:00", "fri 22:00", id="at the end of the week"),
        pytest.param(TWICE, "wed 10:00", "wed 11:00", id="the second of a day"),
        pytest.param(TWICE, "wed 08:00", "wed 09:00", id="the first of a day"),
        pytest.param(WEEKEND, "tue 12:00", "sat 00:00", id="a whole day"),
    ],
)
def test_closed_hours_tell_when_they_open(hours: Hours, at: str, expected: str) -> None:
    """On the same clock, without a zone."""
    naive = wall(at)
    assert {hours.opens(naive), hours.opens(naive.replace(tzinfo=UTC))} == {wall(expected)}


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        pytest.param(OFFICE, "mon 12:00", "tue 09:00", id="the next window"),
        pytest.param(ADJACENT, "tue 11:00", "wed 09:00", id="not where windows touch"),
        pytest.param(OVERLAPPING, "tue 11:00", "wed 09:00", id="not where they overlap"),
        pytest.param(ALL_DAY, "tue 11:00", None, id="never, around the clock"),
        pytest.param(ALWAYS, "tue 11:00", None, id="never, without windows"),
    ],
)
def test_open_hours_open_after_they_closed(hours: Hours, at: str, expected: str | None) -> None:
    """What never closes never opens."""
    assert hours.opens(wall(at)) == (None if expected is None else wall(expected))


def test_hours_that_closed_for_a_week_open_in_the_next() -> None:
    """On the same day of the week."""
    assert TWICE.opens(wall("wed 12:00")) == wall("wed 09:00") + timedelta(days=7)
    assert OFFICE.opens(wall("fri 17:00")) == wall("mon 09:00") + timedelta(days=7)


def test_hours_follow_the_clock_when_it_changes() -> None:
    """In Brussels the hour from 02:00 exists twice on 25 October 2026, and not at all on 29 March."""
    zone = ZoneInfo("Europe/Brussels")
    early = parse_hours("02:00-03:00", "")
    autumn = [datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=fold) for fold in (0, 1)]
    assert [early.closes_in_s(time) for time in autumn] == [1800, 1800]
    spring = [datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]
    assert [early.is_open(time.astimezone(zone)) for time in spring] == [False, False]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(ALWAYS, True), (parse_hours(" ", "mon-sun"), True), (WEEKEND, False), (OFFICE, False)],
)
def test_hours_without_windows_on_every_day_are_always(hours: Hours, *, expected: bool) -> None:
    """However that is written."""
    assert hours.is_always == expected


def test_both_settings_are_read() -> None:
    """And both are refused."""
    assert parse_hours("09:00-17:00", "sun") == Hours((Window(540, 1020),), frozenset({6}))
    with pytest.raises(ValueError, match="expected times"):
        parse_hours("9", "sun")
    with pytest.raises(ValueError, match="expected days"):
        parse_hours("09:00-17:00", "9")


WINDOWS = st.tuples(st.integers(0, 1439), st.integers(0, 1440)).filter(lambda ends: ends[0] != ends[1])
HOURS = st.builds(
    Hours,
    st.lists(WINDOWS.map(lambda ends: Window(*ends)), max_size=4).map(tuple),
    st.frozensets(st.integers(0, 6), min_size=1),
)
MOMENTS = st.integers(0, 7 * 1440 - 1).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@given(HOURS, MOMENTS)
def test_it_is_open_to_the_last_minute_and_closed_after_it(hours: Hours, moment: datetime) -> None:
    """Whatever the windows are; and it opens at an opening."""
    closes_in_s = hours.closes_in_s(moment)
    assert hours.is_open(moment) == (closes_in_s > 0)
    if 0 < closes_in_s < inf:
        end = moment + timedelta(seconds=closes_in_s)
        assert hours.is_open(end - timedelta(minutes=1))
        assert not hours.is_open(end)
    opens = hours.opens(moment)
    if closes_in_s == 0:
        assert opens is not None
        assert hours.is_open(opens)
        assert not hours.is_open(opens - timedelta(minutes=1))
