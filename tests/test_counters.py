"""What a load did today and toward its guarantee, and when that is due."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_controller.counters import Counters, next_due

BRUSSELS = ZoneInfo("Europe/Brussels")
HOUR_S = 3600
DAY_S = 24 * HOUR_S

SUNDAY, MONDAY, TUESDAY, WEDNESDAY = (date(2026, 5, 31) + timedelta(days=days) for days in range(4))
DUE_S = datetime(2026, 6, 2, 6, tzinfo=UTC).timestamp()  # Tuesday at six
NEXT_DUE_S = DUE_S + DAY_S

# Half an hour today, 50 minutes toward the guarantee, three starts; the monotonic clock then stands at 1000 s.
OFF = Counters(MONDAY, starts=3, on_s=1800.0, due_at_s=DUE_S, guaranteed_s=3000.0, has_begun=True)
ON = replace(OFF, on_from_s=1000.0)


def seconds_on(counters: Counters, now_s: float) -> tuple[float, float]:
    """Give those of today, and those toward the guarantee."""
    return counters.today_s(now_s), counters.toward_guarantee_s(now_s)


@pytest.mark.parametrize(
    ("counters", "now_s", "expected"),
    [
        pytest.param(Counters(), 1000, (0.0, 0.0), id="nothing yet"),
        pytest.param(OFF, 9000, (1800.0, 3000.0), id="off"),
        pytest.param(ON, 1000, (1800.0, 3000.0), id="just on"),
        pytest.param(ON, 1600, (2400.0, 3600.0), id="on for ten minutes"),
        pytest.param(ON, 999, (1800.0, 3000.0), id="a time before it went on"),
    ],
)
def test_what_runs_counts_at_once(counters: Counters, now_s: float, expected: tuple[float, float]) -> None:
    """Not only when it has ended."""
    assert seconds_on(counters, now_s) == expected


def test_time_is_summed_when_a_load_goes_off() -> None:
    """Once; the sums are the same before and after. Whether going on is a start, only who switched it on knows."""
    started = OFF.switched(1000, on=True)
    assert started == ON
    ended = started.switched(1600, on=False)
    assert ended == replace(OFF, on_s=2400.0, guaranteed_s=3600.0)
    assert seconds_on(ended, 9000) == seconds_on(started, 1600)


def test_a_switch_to_what_it_is_already_counts_nothing() -> None:
    """A load that is on stays on since when it was."""
    assert ON.switched(1600, on=True) == ON
    assert OFF.switched(1600, on=False) == OFF


@pytest.mark.parametrize(
    ("before", "today", "due_at_s", "expected"),
    [
        # days
        pytest.param(OFF, TUESDAY, DUE_S, replace(OFF, day=TUESDAY, starts=0, on_s=0.0), id="a new day"),
        pytest.param(
            ON,
            TUESDAY,
            DUE_S,
            replace(ON, day=TUESDAY, starts=0, on_s=0.0, guaranteed_s=3600.0, on_from_s=1600.0),
            id="a new day while it is on: what ran belongs to the old one",
        ),
        pytest.param(OFF, WEDNESDAY, DUE_S, replace(OFF, day=WEDNESDAY, starts=0, on_s=0.0), id="a day without telegrams"),
        # guarantees
        pytest.param(
            OFF, MONDAY, NEXT_DUE_S, replace(OFF, due_at_s=NEXT_DUE_S, guaranteed_s=0.0, has_begun=False), id="it was due"
        ),
        pytest.param(
            ON,
            MONDAY,
            NEXT_DUE_S,
            replace(ON, due_at_s=NEXT_DUE_S, on_s=2400.0, guaranteed_s=0.0, has_begun=False, on_from_s=1600.0),
            id="it was due while it is on: the day goes on",
        ),
        pytest.param(
            ON,
            TUESDAY,
            NEXT_DUE_S,
            Counters(TUESDAY, due_at_s=NEXT_DUE_S, on_from_s=1600.0),
            id="due at midnight, while it is on",
        ),
        pytest.param(
            OFF,
            MONDAY,
            DUE_S + 3 * DAY_S,
            replace(OFF, due_at_s=DUE_S + 3 * DAY_S, guaranteed_s=0.0, has_begun=False),
            id="it was due some days ago",
        ),
        # clocks
        pytest.param(
            OFF,
            date(2026, 5, 30),
            DUE_S,
            replace(OFF, day=date(2026, 5, 30), starts=0, on_s=0.0),
            id="two days back is for good",
        ),
        pytest.param(
            OFF, date(2000, 1, 1), DUE_S, replace(OFF, day=date(2000, 1, 1), starts=0, on_s=0.0), id="back to the last century"
        ),
        pytest.param(
            OFF,
            MONDAY,
            DUE_S - 2 * DAY_S,
            replace(OFF, due_at_s=DUE_S - 2 * DAY_S, guaranteed_s=0.0, has_begun=False),
            id="two guarantees back is for good",
        ),
        # settings
        pytest.param(
            OFF, MONDAY, DUE_S + 1800, replace(OFF, due_at_s=DUE_S + 1800, guaranteed_s=0.0, has_begun=False), id="another by"
        ),
    ],
)
def test_a_new_day_and_a_new_guarantee_begin_with_nothing(
    before: Counters, today: date, due_at_s: float, expected: Counters
) -> None:
    """Each for itself; the monotonic clock stands at 1600 s."""
    assert before.at(today, due_at_s, 1600) == expected


@pytest.mark.parametrize("before", [OFF, ON, Counters()], ids=["off", "on", "before the first telegram"])
def test_a_load_without_guarantee_has_days_only(before: Counters) -> None:
    """None is due, whatever the settings said before the restart."""
    after = before.at(TUESDAY, None, 1600)
    assert (after.due_at_s, after.has_begun, after.today_s(1600)) == (None, False, 0.0)


@pytest.mark.parametrize(
    ("today", "due_at_s"),
    [
        pytest.param(MONDAY, DUE_S, id="nothing new"),
        pytest.param(SUNDAY, DUE_S, id="back over midnight"),
        pytest.param(MONDAY, DUE_S - DAY_S, id="back over the time when it was due"),
        pytest.param(SUNDAY, DUE_S - DAY_S, id="back over both"),
        pytest.param(MONDAY, DUE_S - 23 * HOUR_S, id="a day of 23 hours back"),
        pytest.param(MONDAY, DUE_S - 25 * HOUR_S, id="a day of 25 hours back"),
    ],
)
@pytest.mark.parametrize("before", [OFF, ON], ids=["off", "on"])
def test_a_clock_that_goes_back_a_little_begins_nothing(before: Counters, today: date, due_at_s: float) -> None:
    """The same object comes back, and so it does when the clock is forth again: a day must not give its starts twice."""
    assert before.at(today, due_at_s, 1600) is before
    assert before.at(today, due_at_s, 1600).at(MONDAY, DUE_S, 1601) is before


def test_what_ran_before_the_first_telegram_of_all_counts_for_its_day() -> None:
    """A load may be on by hand, or by `on_stale = on`, before a telegram tells which day it is."""
    before = Counters().switched(100, on=True).switched(400, on=False).switched(500, on=True)
    after = before.at(MONDAY, DUE_S, 600)
    assert after == Counters(MONDAY, on_s=400.0, due_at_s=DUE_S, guaranteed_s=400.0, on_from_s=600)
    assert seconds_on(after, 700) == (500.0, 500.0)


def test_a_guarantee_that_is_new_in_the_settings_begins_with_nothing() -> None:
    """A load that ran for six hours on each of the days before it had one, and not today, has run nothing of it yet."""
    counters = Counters()
    for days in range(6):
        begin_s = days * float(DAY_S)
        counters = counters.at(MONDAY + timedelta(days=days), None, begin_s)
        counters = counters.switched(begin_s, on=True).switched(begin_s + 6 * HOUR_S, on=False)
    today = MONDAY + timedelta(days=6)
    counters = counters.at(today, None, 6.0 * DAY_S).at(today, DUE_S + 6 * DAY_S, 6.0 * DAY_S + 60)
    assert seconds_on(counters, 6.0 * DAY_S + 60) == (0.0, 0.0)


EVENTS = st.lists(st.tuples(st.integers(1, 8 * HOUR_S), st.sampled_from([None, True, False])), max_size=40)


@given(EVENTS, st.integers(0, 1439))
def test_every_second_on_is_counted_once(events: list[tuple[int, bool | None]], by_min: int) -> None:
    """Against a plain list of the seconds on: since the day's and the guarantee's first telegram."""
    now_s, is_on, counters = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()), False, Counters()
    stretches: list[tuple[int, int]] = []  # on from, to
    starts = day_from_s = due_from_s = 0
    for pause_s, switch_on in events:
        if is_on:
            stretches.append((now_s, now_s + pause_s))
        now_s += pause_s
        wall = datetime.fromtimestamp(now_s, UTC)
        due_at_s = next_due(wall, by_min).timestamp()
        if counters.day not in {None, wall.date()}:
            starts, day_from_s = 0, now_s
        if counters.due_at_s not in {None, due_at_s}:
            due_from_s = now_s
        counters = counters.at(wall.date(), due_at_s, now_s)
        if switch_on is not None:
            if switch_on and not is_on:
                starts, counters = starts + 1, replace(counters, starts=counters.starts + 1)
            is_on = switch_on
            counters = counters.switched(now_s, on=is_on)
        day_s, guaranteed_s = (
            sum(max(0, end_s - max(begin_s, from_s)) for begin_s, end_s in stretches) for from_s in (day_from_s, due_from_s)
        )
        assert (counters.starts, *seconds_on(counters, now_s)) == (starts, day_s, guaranteed_s)


def clock(text: str) -> datetime:
    """Read a time of the household's clock; `~` marks the second of two that look the same."""
    return datetime.fromisoformat(text.rstrip("~")).replace(tzinfo=BRUSSELS, fold=int(text.endswith("~")))


@pytest.mark.parametrize(
    ("wall", "by_min", "expected"),
    [
        pytest.param("2026-06-01 05:59:59", 360, "2026-06-01T06:00:00+02:00", id="today"),
        pytest.param("2026-06-01 06:00:00", 360, "2026-06-02T06:00:00+02:00", id="just over"),
        pytest.param("2026-06-30 23:00:00", 360, "2026-07-01T06:00:00+02:00", id="over the end of a month"),
        pytest.param("2026-12-31 23:00:00", 360, "2027-01-01T06:00:00+01:00", id="over the end of a year"),
        pytest.param("2026-06-01 00:00:00", 0, "2026-06-02T00:00:00+02:00", id="at midnight"),
        pytest.param("2026-06-01 23:59:00", 0, "2026-06-02T00:00:00+02:00", id="before midnight"),
        pytest.param("2026-06-01 00:00:00", 1440, "2026-06-02T00:00:00+02:00", id="24:00 is the midnight that follows"),
        pytest.param("2026-06-01 23:59:00", 1440, "2026-06-02T00:00:00+02:00", id="24:00"),
        # 29 March 2026: 02:00 to 03:00 is left out
        pytest.param("2026-03-28 06:00:00", 360, "2026-03-29T06:00:00+02:00", id="in 23 hours"),
        pytest.param("2026-03-28 12:00:00", 150, "2026-03-29T03:30:00+02:00", id="a time that is left out is an hour later"),
        pytest.param("2026-03-29 03:29:00", 150, "2026-03-29T03:30:00+02:00", id="just before it"),
        pytest.param("2026-03-29 03:30:00", 150, "2026-03-30T02:30:00+02:00", id="and the day after it comes again"),
        # 25 October 2026: 02:00 to 03:00 comes twice
        pytest.param("2026-10-24 06:00:00", 360, "2026-10-25T06:00:00+01:00", id="in 25 hours"),
        pytest.param("2026-10-25 01:00:00", 150, "2026-10-25T02:30:00+02:00", id="the first of two times that look the same"),
        pytest.param("2026-10-25 02:29:00", 150, "2026-10-25T02:30:00+02:00", id="before the first one"),
        pytest.param("2026-10-25 02:30:00", 150, "2026-10-26T02:30:00+01:00", id="at the first one"),
        pytest.param("2026-10-25 02:10:00~", 150, "2026-10-26T02:30:00+01:00", id="the second one does not count"),
    ],
)
def test_a_guarantee_is_due_at_the_next_such_time_of_the_clock(wall: str, by_min: int, expected: str) -> None:
    """Also on the days of 23 and 25 hours."""
    assert datetime.fromtimestamp(next_due(clock(wall), by_min).timestamp(), BRUSSELS).isoformat() == expected


@given(st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), st.integers(0, 1440), st.data())  # noqa: DTZ001 -- given after
def test_something_is_due_once_a_day_and_never_earlier_than_before(wall: datetime, by_min: int, data: st.DataObject) -> None:
    """Later than now, within 25 hours; and a later time has no earlier due."""
    now = wall.astimezone(BRUSSELS)
    due = next_due(now, by_min)
    assert 0 < due.timestamp() - now.timestamp() <= 25 * HOUR_S
    later = datetime.fromtimestamp(now.timestamp() + data.draw(st.integers(0, 2 * DAY_S)), BRUSSELS)
    next_s = next_due(later, by_min).timestamp()
    assert next_s == due.timestamp() if later.timestamp() < due.timestamp() else next_s > due.timestamp()


@pytest.mark.parametrize("hours", [23, 24, 25])
def test_days_of_any_length_begin_one_guarantee(hours: int) -> None:
    """The one that follows is new, and the one before is not."""
    before = replace(OFF, due_at_s=DUE_S)
    assert before.at(MONDAY, DUE_S + hours * HOUR_S, 1600).guaranteed_s == 0
    assert before.at(MONDAY, DUE_S - hours * HOUR_S, 1600) is before


def test_a_time_that_never_comes_is_a_mistake() -> None:
    """Settings give 0 to 1440 minutes."""
    with pytest.raises(ValueError, match="expected a time of day, got -5000 minutes"):
        next_due(clock("2026-06-01 12:00:00"), -5000)
