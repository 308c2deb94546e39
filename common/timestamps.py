"""The time stamps of a telegram: `YYMMDDhhmmssX`, X = S (summer time), W (winter time) or absent.

The letter decides the offset, never the host's zone and never the calendar: in the hour that October repeats only the
letter tells which is meant, and Swedish meters say W all summer (DSMR 5.0.2 section 6.4; P1 facts of Swedenergy H1 2.0).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

_STAMP_DIGITS = 12
_LETTERS = frozenset({"S", "W", "s", "w", ""})
_LAST_YEAR_OF_2000S = 69  # YY has no century; 70 is what an unset Unix clock prints
_A_WINTER_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 -- only asked for the zone's standard offset


@dataclass(frozen=True, slots=True)
class Clock:
    """How a meter's stamps become moments: the zone for stamps without a letter, the two offsets for those with one."""

    zone: tzinfo
    winter_offset: str
    summer_offset: str


@cache
def clock_of(zone_name: str) -> Clock:
    """Give the clock of a meter in a zone (IANA name); S and W are its standard offset plus one hour and plus none.

    Raises ZoneInfoNotFoundError for a name that is not a zone.
    """
    zone = ZoneInfo(zone_name)
    winter = zone.utcoffset(_A_WINTER_DAY) or timedelta()
    return Clock(zone, _offset_text(winter), _offset_text(winter + timedelta(hours=1)))


def looks_like_stamp(text: str) -> bool:
    """Tell a stamp, valid or not, from a number: only digits, at least twelve, perhaps a letter S or W."""
    digits = text[:-1] if text[-1:] in _LETTERS else text
    return len(digits) >= _STAMP_DIGITS and digits.isascii() and digits.isdigit()


def to_iso(text: str, clock: Clock) -> str | None:
    """Turn a stamp into ISO 8601 with offset, or None for an impossible or unset time (`632525252525W`).

    A year before 2001 is what meters print whose clock was never set.
    """
    digits, letter = text[:_STAMP_DIGITS], text[_STAMP_DIGITS:]
    if len(digits) != _STAMP_DIGITS or letter not in _LETTERS or not (digits.isascii() and digits.isdigit()):
        return None
    year, month, day, hour, minute, second = (int(digits[i : i + 2]) for i in range(0, _STAMP_DIGITS, 2))
    if not 0 < year <= _LAST_YEAR_OF_2000S:
        return None
    try:
        local = datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 -- its offset follows from the letter
    except ValueError:
        return None
    if letter in {"S", "s"}:
        return local.isoformat() + clock.summer_offset
    if letter in {"W", "w"}:
        return local.isoformat() + clock.winter_offset
    return local.replace(tzinfo=clock.zone).isoformat()


def month_before(stamp_iso: str) -> str:
    """Give the month, `2026-10`, that ended where an ISO stamp of the next month begins."""
    first = datetime.fromisoformat(stamp_iso)
    return (first.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


def _offset_text(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
