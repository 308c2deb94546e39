"""The differences from other decoders that are meant, each with its reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from re import search
from zoneinfo import ZoneInfo

from common.telegram import LineResult
from common.timestamps import FIRST_SET_YEAR
from tests.peers.compare import is_same
from tests.peers.told import Told

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")  # dsmr_parser's zone for every meter


@dataclass(frozen=True, slots=True)
class Known:
    """A difference that is meant."""

    reason: str
    holds: Callable[[Told, list[LineResult]], bool]


def explanation(told: Told, lines: list[LineResult]) -> str:
    """Give the reason of a difference; empty for one that has none."""
    return next((known.reason for known in KNOWN if known.holds(told, lines)), "")


def _letter_differs(told: Told, lines: list[LineResult]) -> bool:
    """Tell whether only the offsets differ: all printed times are the same, and so are the numbers."""
    moments = list(_moments(told))
    times = sorted(moment.astimezone(_AMSTERDAM).replace(tzinfo=None) for moment in moments)
    ours = sorted(time for line in lines for time in _printed_times(line.fields))
    same_numbers = _numbers(told) == sorted(_our_numbers(lines, told))
    return bool(times) and times == ours and same_numbers and (told.stamp is None or is_same(replace(told, stamp=None), lines))


def _clock_was_never_set(told: Told, lines: list[LineResult]) -> bool:
    moment = told.value if isinstance(told.value, datetime) else told.stamp
    if moment is None or moment.astimezone(_AMSTERDAM).year >= FIRST_SET_YEAR:
        return False
    no_time = not any(True for line in lines for _ in _printed_times(line.fields))
    return no_time and (told.stamp is None or is_same(replace(told, stamp=None), lines))


def _code_is_a_number(told: Told, lines: list[LineResult]) -> bool:
    return (
        told.code == "0-0:96.13.1" and isinstance(told.value, Decimal) and is_same(replace(told, value=str(told.value)), lines)
    )


def _stamp_is_the_value(told: Told, lines: list[LineResult]) -> bool:
    is_stamp = search(r"^\d{12}[SW]?$", str(told.value)) is not None
    return is_stamp and any(f")({told.value})" in line.text and line.fields for line in lines)


def _stamp_has_another_shape(told: Told, lines: list[LineResult]) -> bool:
    is_octets = any(search(r"\([0-9A-F]{24}\)|\(\d\d-\d\d-\d\d \d\d:\d\d:\d\d\)", line.text) for line in lines)
    return told.value is None and is_octets


def _list_has_other_columns(told: Told, lines: list[LineResult]) -> bool:
    usual = r"98\.1\.0\(\d+\)\(1-0:1\.6\.0\)\(1-0:1\.6\.0\)(\(\d{12}|$)"
    return told.code == "0-0:98.1.0" and not any(search(usual, line.text) for line in lines)


def _second_line(_: Told, lines: list[LineResult]) -> bool:
    return any(line.reason.startswith("a second line") for line in lines)


def _whole_power_factor(told: Told, lines: list[LineResult]) -> bool:
    is_factor = told.code.split(".")[0].split(":")[1] in {"13", "33", "53", "73"}
    return is_factor and isinstance(told.value, Decimal) and is_same(replace(told, value=told.value / 1000), lines)


def _negative_is_injection(told: Told, lines: list[LineResult]) -> bool:
    is_negative = told.code == "1-0:1.7.0" and isinstance(told.value, Decimal) and told.value < 0
    return is_negative and is_same(told, lines)


KNOWN: tuple[Known, ...] = (
    Known("the letter S or W decides the offset (DSMR 5.0.2 6.4); dsmr_parser goes by the Dutch calendar", _letter_differs),
    Known("a clock in the year 2000 was never set: no time", _clock_was_never_set),
    Known("a message code is text in hex digits; dsmr_parser takes them for one number", _code_is_a_number),
    Known(
        "the value stands before its stamp (Iskra, Wallonia); dsmr_parser takes the stamp for the value", _stamp_is_the_value
    ),
    Known("a time as DLMS octets (MetCom) or with hyphens (Itron); dsmr_parser reads neither", _stamp_has_another_shape),
    Known("a list with other columns than Fluvius's; dsmr_parser knows no others", _list_has_other_columns),
    Known("of two lines for one field the first counts", _second_line),
    Known("a power factor in thousandths (Lithuania)", _whole_power_factor),
    Known("a negative consumption is injection (contract, section 2)", _negative_is_injection),
)


def _moments(told: Told) -> Iterator[datetime]:
    rows = told.value if isinstance(told.value, tuple) else ()
    parts = (told.value, told.stamp, *(part for row in rows for part in _printed_parts(told, row)))
    return (part for part in parts if isinstance(part, datetime))


def _printed_parts(told: Told, row: tuple[object, ...]) -> tuple[object, ...]:
    """Leave out the row's own stamp of a month's peak: we give the month instead."""
    return row[1:] if told.code == "0-0:98.1.0" else row


def _printed_times(value: object) -> Iterator[datetime]:
    """Give every time of some fields as the meter printed it, without offset."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _printed_times(part)
    elif isinstance(value, list):
        for part in value:
            yield from _printed_times(part)
    elif isinstance(value, str) and search(r"^\d{4}-\d\d-\d\dT", value):
        yield datetime.fromisoformat(value).replace(tzinfo=None)


def _numbers(told: Told) -> list[Decimal]:
    """Give the numbers of a list, in order of size."""
    return sorted(row[2] for row in told.value) if isinstance(told.value, tuple) else []


def _our_numbers(lines: list[LineResult], told: Told) -> Iterator[Decimal]:
    if isinstance(told.value, tuple):
        for value in (value for line in lines for value in line.fields.values() if isinstance(value, list)):
            yield from (Decimal(repr(row.get("value", row.get("duration_s")))) for row in value)
