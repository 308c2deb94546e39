"""csv_logger.rotation and csv_logger.names: when a file is complete, and what it is called."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from csv_logger.columns import Columns
from csv_logger.names import Names, compressed, temporary, wip
from csv_logger.rotation import Moment, Rotation, Row, Span, begun_at

BRUSSELS = ZoneInfo("Europe/Brussels")
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=BRUSSELS)


def moment(local: datetime = NOON, monotonic_s: float = 1000.0) -> Moment:
    """Give a moment; noon by default."""
    return Moment(local, monotonic_s)


@pytest.mark.parametrize(
    ("max_lines", "max_age_s", "rows", "age_s", "is_over"),
    [
        # rows
        (3, 0.0, 2, 5.0, False),
        (3, 0.0, 3, 5.0, True),
        (0, 0.0, 10_000_000, 5.0, False),
        # age
        (0, 60.0, 1, 59.9, False),
        (0, 60.0, 1, 60.0, True),
        (0, 0.0, 1, 40_000.0, False),
    ],
)
def test_rows_and_age_end_a_file(max_lines: int, max_age_s: float, rows: int, age_s: float, *, is_over: bool) -> None:
    """0 means no limit."""
    span = Span(Columns(), moment(), rows)
    assert Rotation(max_lines, max_age_s).is_over(span, moment(monotonic_s=1000.0 + age_s)) is is_over


@pytest.mark.parametrize(
    ("begun", "now", "is_over"),
    [
        # an ordinary day
        ("2026-01-31T00:00:00+01:00", "2026-01-31T23:59:59+01:00", False),
        ("2026-01-31T23:59:59+01:00", "2026-02-01T00:00:00+01:00", True),
        # 23 hours: summer time begins
        ("2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00", False),
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", True),
        # 25 hours: it ends
        ("2026-10-25T00:00:00+02:00", "2026-10-25T23:59:59+01:00", False),
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", True),
        # the host's clock was wrong until now
        ("1970-01-01T00:00:10+01:00", "2026-01-31T12:00:00+01:00", True),
        ("2026-02-01T00:00:10+01:00", "2026-01-31T12:00:00+01:00", True),
    ],
)
def test_local_midnight_ends_a_file(begun: str, now: str, *, is_over: bool) -> None:
    """It is the change of the local date."""
    span = Span(Columns(), moment(datetime.fromisoformat(begun)), 1)
    assert Rotation(0, 0.0).is_over(span, moment(datetime.fromisoformat(now))) is is_over


def test_a_new_field_ends_a_file() -> None:
    """A row with other columns needs another header."""
    span = Span(Columns(), moment(), 1)
    rotation = Rotation(0, 0.0)
    assert rotation.takes(span, Row(Columns(), b"", moment()))
    assert not rotation.takes(span, Row(Columns().with_fields({"net_power"}), b"", moment()))


def test_a_row_belongs_to_the_moment_when_it_arrived() -> None:
    """However late it is written."""
    span = Span(Columns(), moment(), 1)
    late = NOON.replace(hour=23, minute=59, second=59)
    assert Rotation(0, 0.0).takes(span, Row(Columns(), b"", moment(late)))
    assert not Rotation(0, 0.0).takes(span, Row(Columns(), b"", moment(late + timedelta(seconds=1))))


@pytest.mark.parametrize(
    ("max_age_s", "begun_s", "now", "seconds"),
    [
        (0.0, 1000.0, NOON, 43_200.0),
        (60.0, 990.0, NOON, 50.0),
        (60.0, 0.0, NOON, 0.0),
        (86_400.0, 1000.0, NOON.replace(hour=23, minute=59, second=58), 2.0),
    ],
)
def test_the_next_end_is_known(max_age_s: float, begun_s: float, now: datetime, seconds: float) -> None:
    """By age or at midnight, for the timeout of a wait."""
    span = Span(Columns(), moment(monotonic_s=begun_s), 1)
    assert Rotation(0, max_age_s).seconds_left(span, moment(now)) == seconds


def test_the_age_of_a_file_of_before_is_known_by_its_name() -> None:
    """A clock that was set back makes it young, never of the future."""
    assert begun_at(NOON - timedelta(seconds=30), moment()) == Moment(NOON - timedelta(seconds=30), 970.0)
    assert begun_at(NOON + timedelta(seconds=30), moment()) == Moment(NOON + timedelta(seconds=30), 1000.0)


def test_a_name_tells_the_local_beginning() -> None:
    """Year, month, day: names sort."""
    names = Names("smartmeter_")
    name = names.complete(datetime(2026, 1, 31, 12, 15, 48, 999, tzinfo=UTC))
    assert name == "smartmeter_20260131_121548.csv"
    assert wip(name) == ".wip__smartmeter_20260131_121548.csv"
    for state in (name, wip(name), compressed(name), temporary(compressed(name))):
        begun = names.begun(state)
        assert begun is not None
        assert begun.replace(tzinfo=UTC) == datetime(2026, 1, 31, 12, 15, 48, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        "smartmeter_garage_20260131_121548.csv",
        "other_20260131_121548.csv",
        "smartmeter_20261331_121548.csv",
        "smartmeter_00010101_000000.csv",
        "smartmeter_99991231_235959.csv",
        "smartmeter_20260131_121548.csv.bak",
        "smartmeter_20260131_121548",
        "smartmeter_2026013_121548.csv",
        "my smartmeter_20260131_121548.csv",
        "",
    ],
)
def test_what_is_not_ours_is_left_alone(name: str) -> None:
    """Another prefix, another date, something of the user's."""
    assert not Names("smartmeter_").is_ours(name)


def test_a_prefix_is_plain_text() -> None:
    """It is no pattern."""
    assert Names("a-b_").is_ours("a-b_20260131_121548.csv")
    assert not Names("a.b_").is_ours("a-b_20260131_121548.csv")
