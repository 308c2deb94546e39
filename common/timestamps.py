"""The time stamps of a telegram: `YYMMDDhhmmssX`, X = S (summer time), W (winter time) or absent, and rarer shapes.

The letter decides the offset, never the host's zone and never the calendar: in the hour that October repeats only the
letter tells which is meant, and Swedish meters say W all summer (DSMR 5.0.2 section 6.4; P1 facts of Swedenergy H1 2.0).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

_STAMP_DIGITS = 12
_LETTERS = frozenset({"S", "W", "s", "w", "T", ""})  # T: Holley, without a known meaning
_DASHED = re.compile(r"(\d\d)-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)", re.ASCII)  # Itron ACE4000, DSMR 2.1
_OCTETS = re.compile(r"[0-9A-Fa-f]{24}")  # the DLMS octet string itself (MetCom)
_DLMS_SUMMER = 0x80  # of its last octet, the clock's status
FIRST_SET_YEAR = 2001  # a clock that was never set counts from the begin of 2000
_LAST_YEAR_OF_2000S = 69  # YY has no century; 70 is what an unset Unix clock prints
YEARS = range(FIRST_SET_YEAR, 2000 + _LAST_YEAR_OF_2000S + 1)  # that a meter's clock can tell
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
    """Tell a stamp, valid or not, from a number: only digits, at least twelve, perhaps a letter; or one of the rarer shapes."""
    digits = text[:-1] if text[-1:] in _LETTERS else text
    if len(digits) >= _STAMP_DIGITS and digits.isascii() and digits.isdigit():
        return True
    return bool(_DASHED.fullmatch(text) or _OCTETS.fullmatch(text))


def to_iso(text: str, clock: Clock, first_year: int = FIRST_SET_YEAR) -> str | None:
    """Turn a stamp into ISO 8601 with offset, or None for an impossible or unset time (`632525252525W`).

    A year before `first_year` is what meters print whose clock was never set.
    """
    digits, letter = text[:_STAMP_DIGITS], text[_STAMP_DIGITS:]
    if len(digits) != _STAMP_DIGITS or letter not in _LETTERS or not (digits.isascii() and digits.isdigit()):
        usual = _usual_shape(text)
        return None if usual is None else to_iso(usual, clock, first_year)
    year, month, day, hour, minute, second = text[:2], text[2:4], text[4:6], text[6:8], text[8:10], text[10:12]
    if not first_year - 2000 <= int(year) <= _LAST_YEAR_OF_2000S:
        return None
    try:
        local = datetime(2000 + int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=clock.zone)
    except ValueError:
        return None
    if not letter or letter == "T":
        return local.isoformat()
    offset = clock.summer_offset if letter in {"S", "s"} else clock.winter_offset
    return f"20{year}-{month}-{day}T{hour}:{minute}:{second}{offset}"


class RunningClock:
    """Reads stamps `YYMMDDhhmmssX` that all have the same X: those of one minute differ in the seconds only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minute = b"", "", ""  # `YYMMDDhhmm` of the last stamp, and its ISO 8601 form before and behind the seconds

    def to_iso(self, stamp: bytes) -> str | None:
        """Do what the function `to_iso` does."""
        minute, before, behind = self._minute
        second = stamp[10:12]
        if stamp[:10] == minute and second < b"60":
            return before + second.decode() + behind
        iso = to_iso(stamp.decode(), self._clock)
        if iso is not None:
            self._minute = stamp[:10], iso[:17], iso[19:]
        return iso


def _usual_shape(text: str) -> str | None:
    """Rewrite a stamp of another shape as `YYMMDDhhmmssX`; None if it has none that is known."""
    dashed = _DASHED.fullmatch(text)
    if dashed:
        return "".join(dashed.groups())
    if _OCTETS.fullmatch(text):  # year (2), month, day, weekday, hour, minute, second, hundredths, deviation (2), status
        octets = bytes.fromhex(text)
        year = int.from_bytes(octets[:2], "big") - 2000
        parts = (year, octets[2], octets[3], octets[5], octets[6], octets[7])
        digits = "".join(f"{part:02d}" for part in parts)
        return digits + ("S" if octets[-1] & _DLMS_SUMMER else "W") if len(digits) == _STAMP_DIGITS else None
    return None


def month_before(stamp_iso: str) -> str:
    """Give the month, `2026-10`, that ended where an ISO stamp of the next month begins."""
    year, month = int(stamp_iso[:4]), int(stamp_iso[5:7])
    return f"{year}-{month - 1:02d}" if month > 1 else f"{year - 1}-12"


def _offset_text(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
