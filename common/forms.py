"""How the texts between a line's brackets become values: one function per form of `common.obis`.

Each takes the rows of the line's code (several where the unit decides), the texts and the meter's clock, and gives
{field: value}; None for a field that the line gives no value for. Each raises ValueError for texts that it cannot read.
Values may stand in either order, have units or not, be scaled: shapes decide, never widths or positions.
"""

from collections.abc import Callable, Mapping
from itertools import dropwhile, takewhile

from common.frame import reduced
from common.obis import Field, Form
from common.quantity import base_of, parse_quantity
from common.text import text_of_hex
from common.timestamps import Clock, looks_like_stamp, month_before, to_iso

Rows = tuple[Field, ...]
Values = dict[str, object]

_PEAK_CODE = "1-0:1.6.0"
_LONGEST_TARIFF = 4  # digits: S4 in DSMR 5.0.2
_LONGEST_COUNT = 15  # digits
_WHOLE_FACTOR = 1000  # Lithuania prints a power factor of 0.919 as 0919


def read_groups(rows: Rows, groups: list[str], clock: Clock) -> Values:
    """Read the texts of one line by the form of its first row."""
    return _READERS[rows[0].form](rows, groups, clock)


def is_peak_history(groups: list[str]) -> bool:
    """Tell the Belgian list of month peaks from other objects with the same code (Hungary, Switzerland)."""
    headers = _headers(groups)
    row = 1 + len(headers)
    return _PEAK_CODE in headers and (len(groups) - row) % row == 0


def _timestamp(rows: Rows, groups: list[str], clock: Clock) -> Values:
    return {rows[0].name: to_iso(groups[0], clock)}


def _number(rows: Rows, groups: list[str], _: Clock) -> Values:
    if len(groups) > 1:
        raise ValueError("more values than expected")
    quantity = parse_quantity(groups[0])
    for row in rows:
        if quantity.base_unit in {"", base_of(row.unit)[0]}:
            return {row.name: quantity.to(row.unit)}
    raise ValueError(f"unit of {quantity.base_unit} where {rows[0].unit} was expected")


def _count(rows: Rows, groups: list[str], _: Clock) -> Values:
    digits = groups[0].strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_COUNT):
        raise ValueError(f"expected a count, got {digits[:40]!r}")
    return {rows[0].name: int(digits)}


def _power_factor(rows: Rows, groups: list[str], _: Clock) -> Values:
    value = parse_quantity(groups[0]).to("")
    is_whole = "." not in groups[0] and "," not in groups[0] and abs(value) > 1
    return {rows[0].name: value / _WHOLE_FACTOR if is_whole else value}


def _number_pair(rows: Rows, groups: list[str], _: Clock) -> Values:
    """Read one limit, or that of consumption and that of injection: side by side or in one bracket (Brussels).

    A comma behind a unit stands between two values; behind a digit it is a decimal comma.
    """
    texts = groups[0].split(",") if len(groups) == 1 and groups[0].partition(",")[0][-1:].isalpha() else groups
    if len(texts) > 2:  # noqa: PLR2004 -- a pair
        raise ValueError("more values than expected")
    row = rows[0]
    values = [parse_quantity(text).to(row.unit) for text in texts]
    return dict(zip((row.name, f"{row.name}_injection"), values, strict=False))


def _stamped_number(rows: Rows, groups: list[str], clock: Clock) -> Values:
    stamp_iso, number = _stamp_and_number(groups, clock)
    row = rows[0]
    return {row.name: parse_quantity(number).to(row.unit), f"{row.name}_timestamp": stamp_iso}


def _stamp_and_number(texts: list[str], clock: Clock) -> tuple[str | None, str]:
    """Tell a stamp and a number apart, in either order; the stamp may be missing."""
    stamps = [text for text in texts if looks_like_stamp(text)]
    numbers = [text for text in texts if not looks_like_stamp(text)]
    if len(numbers) != 1 or len(stamps) > 1:
        raise ValueError("expected one time stamp and one value")
    return to_iso(stamps[0], clock) if stamps else None, numbers[0]


def _peak_history(rows: Rows, groups: list[str], clock: Clock) -> Values:
    """Read (count)(headers) and rows of (stamp)(value per header) into [{month, timestamp, value}], oldest first.

    Two equal headers side by side announce a stamp and a value (e-MUCS P1, also Landis+Gyr E660 with more headers). The
    row's stamp is the first second of the month after; a row without a valid one is left out. A peak's own stamp is absent
    where it is impossible.
    """
    headers = _headers(groups)
    width = 1 + len(headers)
    place = 1 + headers.index(_PEAK_CODE)
    end = place + 1 + (headers[place : place + 1] == [_PEAK_CODE])
    history: list[dict[str, object]] = []
    for start in range(width, len(groups), width):
        month_iso = to_iso(groups[start], clock)
        if month_iso is None:
            continue
        peak_iso, number = _stamp_and_number(groups[start + place : start + end], clock)
        row: dict[str, object] = {"month": month_before(month_iso)}
        if peak_iso:
            row["timestamp"] = peak_iso
        row["value"] = parse_quantity(number).to(rows[0].unit)
        history.append(row)
    return {rows[0].name: sorted(history, key=lambda row: str(row["month"]))}


def _failure_log(rows: Rows, groups: list[str], clock: Clock) -> Values:
    """Read (count)(code) and rows of (end of the failure)(duration) into [{timestamp, duration_s}], oldest first.

    Meters differ in the order. A row without a valid time was never written. Kaifa's first row, of the year 2000, stays.
    """
    texts = list(dropwhile(lambda text: not looks_like_stamp(text), groups))
    if len(texts) % 2:
        raise ValueError("expected a time stamp and a duration for each failure")
    log: list[dict[str, object]] = []
    for stamp, duration in zip(texts[0::2], texts[1::2], strict=True):
        end_iso = to_iso(stamp, clock, first_year=2000)
        if end_iso is not None:
            log.append({"timestamp": end_iso, "duration_s": int(parse_quantity(duration).to(rows[0].unit))})
    return {rows[0].name: sorted(log, key=lambda row: str(row["timestamp"]))}


def _tariff(rows: Rows, groups: list[str], _: Clock) -> Values:
    digits = groups[0].strip().removeprefix("TARIFF").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_TARIFF):
        raise ValueError(f"expected a tariff number, got {groups[0][:40]!r}")
    return {rows[0].name: int(digits)}


def _version(rows: Rows, groups: list[str], _: Clock) -> Values:
    decoded = text_of_hex(groups[0])
    is_plain = len(decoded) == 1 or not decoded.isdigit()  # `50` would be the hex digits of `P`, `31` those of `1`
    return {rows[0].name: (groups[0].strip() if decoded and is_plain else decoded) or None}


def _text(rows: Rows, groups: list[str], _: Clock) -> Values:
    return {rows[0].name: groups[0].strip() or None}


def _hex_text(rows: Rows, groups: list[str], _: Clock) -> Values:
    return {rows[0].name: text_of_hex(groups[0]) or None}


def _message(rows: Rows, groups: list[str], _: Clock) -> Values:
    return {rows[0].name: text_of_hex(groups[0])}


def _headers(groups: list[str]) -> list[str]:
    """Give the codes that follow the count of a list."""
    codes = (reduced(text) for text in groups[1:])
    return [code for code in takewhile(bool, codes) if code]


_READERS: Mapping[Form, Callable[[Rows, list[str], Clock], Values]] = {
    Form.TIMESTAMP: _timestamp,
    Form.NUMBER: _number,
    Form.COUNT: _count,
    Form.POWER_FACTOR: _power_factor,
    Form.NUMBER_PAIR: _number_pair,
    Form.STAMPED_NUMBER: _stamped_number,
    Form.PEAK_HISTORY: _peak_history,
    Form.FAILURE_LOG: _failure_log,
    Form.TARIFF: _tariff,
    Form.VERSION: _version,
    Form.HEX_TEXT: _hex_text,
    Form.MESSAGE: _message,
    Form.TEXT: _text,
}
