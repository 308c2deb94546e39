"""`common.timestamps`: what a meter prints as a time."""

from datetime import datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.timestamps import clock_of, looks_like_stamp, month_before, to_iso

BRUSSELS = clock_of("Europe/Brussels")


@pytest.mark.parametrize(
    ("stamp", "iso"),
    [
        pytest.param("231102121548W", "2023-11-02T12:15:48+01:00", id="winter"),
        pytest.param("230702121548S", "2023-07-02T12:15:48+02:00", id="summer"),
        pytest.param("230702121548s", "2023-07-02T12:15:48+02:00", id="a small letter"),
        pytest.param("210524094210W", "2021-05-24T09:42:10+01:00", id="W in May, as Swedish meters print it"),
        pytest.param("251026022959S", "2025-10-26T02:29:59+02:00", id="October's hour, the first time"),
        pytest.param("251026022959W", "2025-10-26T02:29:59+01:00", id="October's hour, the second time"),
        pytest.param("250330015959W", "2025-03-30T01:59:59+01:00", id="the last second of winter time"),
        pytest.param("250330030000S", "2025-03-30T03:00:00+02:00", id="the first second of summer time"),
        pytest.param("240229235959W", "2024-02-29T23:59:59+01:00", id="a leap day"),
        pytest.param("230404213104", "2023-04-04T21:31:04+02:00", id="no letter in summer"),
        pytest.param("230104213104", "2023-01-04T21:31:04+01:00", id="no letter in winter"),
        pytest.param("010101000000W", "2001-01-01T00:00:00+01:00", id="the first year that counts"),
        pytest.param("691231235959W", "2069-12-31T23:59:59+01:00", id="the last year that counts"),
        pytest.param("632525252525W", None, id="all fields FF"),
        pytest.param("35255255255255255S", None, id="all fields FF, 17 digits"),
        pytest.param("700101010000W", None, id="Unix 0"),
        pytest.param("000101000000W", None, id="clock never set"),
        pytest.param("000000000000W", None, id="zeros"),
        pytest.param("230229120000W", None, id="no leap year"),
        pytest.param("231102240000W", None, id="hour 24"),
        pytest.param("231102126060W", None, id="second 60"),
        pytest.param("220201000000T", "2022-02-01T00:00:00+01:00", id="Holley's letter says nothing"),
        pytest.param("220201000000X", None, id="another letter"),
        pytest.param("231102121548WW", None, id="two letters"),
        pytest.param("23110212154W", None, id="eleven digits"),
        pytest.param("07EA090E01091E0A00007880", "2026-09-14T09:30:10+02:00", id="octets of DLMS, summer"),
        pytest.param("07ea0c0e01091e0a00003c00", "2026-12-14T09:30:10+01:00", id="octets of DLMS, winter, small"),
        pytest.param("07D0010106000000000000FF", None, id="octets of a clock never set"),
        pytest.param("FFFFFFFFFFFFFFFFFFFFFFFF", None, id="octets all FF"),
        pytest.param("07EA020E01FF1E0A00007880", None, id="octets with an impossible hour"),
        pytest.param("000000000000000000000000", None, id="octets all zero"),
        pytest.param("07EA090E01091E0A000078", None, id="octets missing"),
        pytest.param("19-01-01 13:00:00", "2019-01-01T13:00:00+01:00", id="with hyphens, winter"),
        pytest.param("18-07-31 02:00:00", "2018-07-31T02:00:00+02:00", id="with hyphens, summer"),
        pytest.param("00-01-01 00:00:00", None, id="with hyphens, never set"),
        pytest.param("19-02-31 00:00:00", None, id="with hyphens, impossible"),
        pytest.param("251026023000", "2025-10-26T02:30:00+02:00", id="October's hour without a letter is the first one"),
        pytest.param("", None, id="nothing"),
        pytest.param("²³1102121548W", None, id="digits that are none"),
    ],
)
def test_a_stamp_becomes_a_moment_with_its_offset_or_nothing(stamp: str, iso: str | None) -> None:
    """The letter decides the offset, the calendar only where there is none."""
    assert to_iso(stamp, BRUSSELS) == iso


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Brussels", "+01:00", "+02:00"),
        ("Europe/Vilnius", "+02:00", "+03:00"),
        ("Europe/Lisbon", "+00:00", "+01:00"),
        ("America/St_Johns", "-03:30", "-02:30"),
    ],
)
def test_the_zone_gives_the_two_offsets(zone: str, winter: str, summer: str) -> None:
    """W is standard time, S one hour more."""
    clock = clock_of(zone)
    assert (clock.winter_offset, clock.summer_offset) == (winter, summer)


def test_the_year_from_which_a_clock_counts_as_set_can_be_earlier() -> None:
    """Kaifa's first failure is of the year 2000, and stays."""
    assert to_iso("000101000001W", BRUSSELS, first_year=2000) == "2000-01-01T00:00:01+01:00"
    assert to_iso("000000000000W", BRUSSELS, first_year=2000) is None
    assert to_iso("00-01-01 00:00:01", BRUSSELS, first_year=2000) == "2000-01-01T00:00:01+01:00"


def test_a_zone_that_does_not_exist_is_an_error() -> None:
    """It is never replaced by another one."""
    with pytest.raises(ZoneInfoNotFoundError):
        clock_of("Europe/Atlantis")


@pytest.mark.parametrize("letter", ["S", "W"])
@given(moment=st.datetimes(datetime(2001, 1, 1), datetime(2069, 12, 31)))  # noqa: DTZ001 -- the meter's local time
def test_every_second_of_the_century_is_read_back(letter: str, moment: datetime) -> None:
    """Printed as a meter does and read: the same local time, with the letter's offset."""
    iso = to_iso(f"{moment:%y%m%d%H%M%S}{letter}", BRUSSELS)
    assert iso == f"{moment:%Y-%m-%dT%H:%M:%S}+0{2 if letter == 'S' else 1}:00"


@given(st.text(max_size=20))
def test_any_text_gives_a_moment_or_nothing(text: str) -> None:
    """It never raises, and what it gives has an offset."""
    iso = to_iso(text, BRUSSELS)
    assert iso is None or datetime.fromisoformat(iso).tzinfo is not None


@pytest.mark.parametrize(
    ("text", "is_stamp"),
    [
        ("231102121548W", True),
        ("231102121548", True),
        ("632525252525W", True),
        ("35255255255255255S", True),
        ("03.064*kW", False),
        ("00000.000", False),
        ("3", False),
        ("", False),
        ("231102121548X", False),
        ("231102121548T", True),
        ("07EA090E01091E0A00007880", True),
        ("19-01-01 00:00:00", True),
        ("19-01-01", False),
        ("0000000240*s", False),
        ("00000000", False),
        ("03.064", False),
    ],
)
def test_a_stamp_is_told_from_a_number(text: str, is_stamp: bool) -> None:  # noqa: FBT001 -- a column of the table
    """Valid or not: twelve digits or more, perhaps a letter; octets; hyphens."""
    assert looks_like_stamp(text) is is_stamp


@pytest.mark.parametrize(
    ("stamp", "month"),
    [
        ("2025-02-01T00:00:00+01:00", "2025-01"),
        ("2025-01-01T00:00:00+01:00", "2024-12"),
        ("2024-03-01T00:00:00+01:00", "2024-02"),
    ],
)
def test_the_month_of_a_row_is_the_one_before_its_stamp(stamp: str, month: str) -> None:
    """The stamp is the first second of the next month (e-MUCS P1)."""
    assert month_before(stamp) == month
