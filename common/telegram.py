r"""One framed P1 telegram in, its fields out.

    decode(b"/FLU5\253769484_A\r\n\r\n0-0:1.0.0(231102121548W)\r\n ... !097B\r\n")
    -> {"timestamp": "2023-11-02T12:15:48+01:00", "total_consumption_day": 301.548, ...}

A wrong checksum rejects the telegram; a line that cannot be read costs that line only.
Sources: DSMR P1 companion standard 5.0.2 chapter 6, e-MUCS P1 (Fluvius) 1.7.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from common.crc import crc16_arc
from common.mbus import MbusMeter, mbus_fields
from common.obis import BY_CODE, MBUS_BY_CODE, Field, Form
from common.quantity import base_of, parse_quantity
from common.text import text_of_hex
from common.timestamps import Clock, clock_of, looks_like_stamp, month_before, to_iso

_CODE = re.compile(r"([0-9]+-[0-9]+:[0-9]+\.[0-9]+\.[0-9]+)(?:[*.][0-9]+)?", re.ASCII)
_CHECKSUM_DIGITS = re.compile(rb"[0-9A-Fa-f]{4}")
_PEAK_CODE = "1-0:1.6.0"
_HISTORY_HEADER = 3  # (count)(code of the stamp)(code of the value)
_HISTORY_ROW = 3  # (stamp of the row)(stamp of the peak)(value)
_TARIFF_NAMES = {1: "day", 2: "night"}


class TelegramError(ValueError):
    """The telegram as a whole is rejected: not a telegram, cut, or with a wrong checksum."""


class ChecksumError(TelegramError):
    """The checksum is there and wrong: bytes were lost or changed on the way."""


class Dialect(Enum):
    """Where dialects differ in meaning. Recognised from the telegram; `[meter] dialect` overrides it."""

    AUTO = "auto"
    DUTCH = "dutch"  # register and tariff 1 are the low tariff, night
    BELGIAN = "belgian"  # register and tariff 1 are the normal tariff, day: so with every meter that is not Dutch


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line that gave no field, and why."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Telegram:
    """A decoded telegram: its identification line without the slash, its fields, and the lines that were skipped."""

    identification: str
    fields: Mapping[str, object]
    skipped: tuple[SkippedLine, ...]


def decode(frame: bytes, *, dialect: Dialect = Dialect.AUTO, timezone: str = "Europe/Brussels") -> Mapping[str, object]:
    """Decode one telegram, from `/` to the end of the checksum line, into a mapping of field to value.

    Values have the type and the unit of `common.obis`; unknown codes are under `other` as {code: text between brackets}.
    Raises TelegramError for a rejected telegram.
    """
    return read(frame, dialect=dialect, timezone=timezone).fields


def read(frame: bytes, *, dialect: Dialect = Dialect.AUTO, timezone: str = "Europe/Brussels") -> Telegram:
    """Decode one telegram like `decode`, and tell which lines were skipped. Raises TelegramError."""
    body, has_checksum = _verified_body(frame)
    identification, *lines = _lines(body)
    reader = _LineReader(clock_of(timezone))
    for line in lines:
        reader.take(line)
    if not reader.codes:
        raise TelegramError("no line with an OBIS code")
    if not has_checksum and "0-0:1.0.0" in reader.codes:
        # Only the dialects from before DSMR 4 have no checksum, and those do not send the time either.
        raise TelegramError("no checksum, which a meter that sends the time always adds")
    fields = reader.finished(dutch=_is_dutch(reader.codes, dialect))
    return Telegram(identification, fields, tuple(reader.skipped))


def _verified_body(frame: bytes) -> tuple[str, bool]:
    """Check the frame and its checksum; give the text before the "!" and whether there was a checksum."""
    end = frame.rfind(b"\n!") + 1
    if not frame.startswith(b"/") or end == 0:
        raise TelegramError('not a telegram: expected "/" at its start and a line with "!" at its end')
    told = frame[end + 1 :].strip()
    if told:
        if _CHECKSUM_DIGITS.fullmatch(told) is None:
            raise TelegramError(f"expected a checksum of four hex digits, got {told[:20].decode('latin-1')!r}")
        computed = crc16_arc(frame[: end + 1])
        if int(told, 16) != computed:
            raise ChecksumError(f"checksum mismatch: telegram says {told.decode().upper()}, computed {computed:04X}")
    return frame[1:end].decode("latin-1"), bool(told)


def _lines(body: str) -> list[str]:
    """Split into lines without line ends and trailing blanks; a line that opens a bracket continues the one before."""
    lines: list[str] = []
    for raw in body.split("\n"):
        line = raw.rstrip("\r \t")
        if line.startswith("(") and len(lines) > 1:
            lines[-1] += line  # DSMR 2 and 3: the gas reading
        elif line or not lines:
            lines.append(line)
    return lines


def _is_dutch(codes: set[str], dialect: Dialect) -> bool:
    """Recognise a Dutch meter: it has tariffs and a DSMR version (or, before DSMR 4, no time), and nothing of the others.

    0-0:96.1.4 is the version of e-MUCS (Belgium), 0-0:42.0.0 the device name of Luxembourg and Hungary.
    """
    if dialect is not Dialect.AUTO:
        return dialect is Dialect.DUTCH
    if "0-0:96.14.0" not in codes or codes & {"0-0:96.1.4", "0-0:42.0.0"}:
        return False
    return "1-3:0.2.8" in codes or "0-0:1.0.0" not in codes


class _LineReader:
    """Collects the fields of one telegram, line by line."""

    def __init__(self, clock: Clock) -> None:
        self.codes: set[str] = set()
        self.skipped: list[SkippedLine] = []
        self._clock = clock
        self._fields: dict[str, object] = {}
        self._failed: set[str] = set()
        self._mbus: dict[int, MbusMeter] = {}
        self._other: dict[str, str] = {}

    def take(self, line: str) -> None:
        """Read one line; whatever is wrong with it is noted in `skipped`."""
        name, _, rest = line.partition("(")
        match = _CODE.fullmatch(name.strip())
        if match is None:
            self.skipped.append(SkippedLine(line, "no OBIS code"))
            return
        code = match[1]
        self.codes.add(code)
        try:
            self._take_groups(code, _groups(rest))
        except ValueError as error:
            self._failed.add(code)
            self.skipped.append(SkippedLine(line, str(error)))

    def finished(self, *, dutch: bool) -> dict[str, object]:
        """Give the fields, the derived ones last."""
        fields = self._fields
        if dutch:
            _swap_tariffs(fields)
        self._add_tariff_name(dutch=dutch)
        fields |= mbus_fields(self._mbus.values())
        self._add_net_power()
        if self._other:
            fields["other"] = self._other
        return fields

    def _take_groups(self, code: str, groups: list[str]) -> None:
        if code in MBUS_BY_CODE:
            channel, part = MBUS_BY_CODE[code]
            self._mbus.setdefault(channel, MbusMeter(channel)).add(part, groups, self._clock)
            return
        candidates = BY_CODE.get(code, ())
        shape_is_known = not candidates or candidates[0].form is not Form.PEAK_HISTORY or _is_peak_history(groups)
        if not candidates or not shape_is_known:
            text = ")(".join(groups)
            self._other[code] = f"{self._other[code]})({text}" if code in self._other else text
            return
        found = {
            name: value
            for name, value in _READERS[candidates[0].form](candidates, groups, self._clock).items()
            if value is not None
        }
        if not found.keys().isdisjoint(self._fields):
            raise ValueError("a second line for the same field")
        self._fields |= found

    def _add_tariff_name(self, *, dutch: bool) -> None:
        tariff = self._fields.get("actual_tariff")
        if isinstance(tariff, int) and tariff in _TARIFF_NAMES:
            self._fields["actual_tariff_name"] = _TARIFF_NAMES[3 - tariff if dutch else tariff]

    def _add_net_power(self) -> None:
        """Add net_power in W; a meter that sends no 2.7.0 prints injection as negative consumption, or injects nothing."""
        fields = self._fields
        consumption_kw, injection_kw = fields.get("actual_total_consumption"), fields.get("actual_total_injection")
        if not isinstance(consumption_kw, float) or (injection_kw is None and "1-0:2.7.0" in self._failed):
            return
        if injection_kw is None and consumption_kw < 0:
            fields["actual_total_consumption"] = 0.0
            fields["actual_total_injection"] = -consumption_kw
        injected_kw = injection_kw if isinstance(injection_kw, float) else 0.0
        fields["net_power"] = round((consumption_kw - injected_kw) * 1000)


def _groups(rest: str) -> list[str]:
    """Split what follows the first bracket of a line into the texts between brackets that stand side by side.

    Brackets may nest (`((ER11))`); text behind the last group is ignored.
    """
    if rest.endswith(")") and rest.count("(") == 0 and rest.count(")") == 1:
        return [rest[:-1]]
    groups: list[str] = []
    depth, start = 1, 0
    for position, character in enumerate(rest):
        if character == "(":
            depth += 1
            start = position + 1 if depth == 1 else start
        elif character == ")":
            depth -= 1
            if depth == 0:
                groups.append(rest[start:position])
        elif depth == 0:
            break
    if not groups or depth > 0:
        raise ValueError("expected a value in brackets that close")
    return groups


# How a line becomes {field: value}, by the form of its first candidate; None for a field that it gives no value for.


def _timestamp(candidates: tuple[Field, ...], groups: list[str], clock: Clock) -> dict[str, object]:
    return {candidates[0].name: to_iso(groups[0], clock)}


def _number(candidates: tuple[Field, ...], groups: list[str], _: Clock) -> dict[str, object]:
    if len(groups) > 1:
        raise ValueError("more values than expected")
    quantity = parse_quantity(groups[0])
    for field in candidates:
        if quantity.base_unit in {"", base_of(field.unit)[0]}:
            return {field.name: quantity.to(field.unit)}
    raise ValueError(f"unit of {quantity.base_unit} where {candidates[0].unit} was expected")


def _tariff(candidates: tuple[Field, ...], groups: list[str], _: Clock) -> dict[str, object]:
    digits = groups[0].strip().removeprefix("TARIFF").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 4):  # noqa: PLR2004 -- S4 in DSMR 5.0.2
        raise ValueError(f"expected a tariff number, got {groups[0][:40]!r}")
    return {candidates[0].name: int(digits)}


def _version(candidates: tuple[Field, ...], groups: list[str], _: Clock) -> dict[str, object]:
    decoded = text_of_hex(groups[0])
    is_plain = len(decoded) == 1 or not decoded.isdigit()  # `50` would be the hex digits of `P`, `31` those of `1`
    return {candidates[0].name: (groups[0].strip() if decoded and is_plain else decoded) or None}


def _text(candidates: tuple[Field, ...], groups: list[str], _: Clock) -> dict[str, object]:
    return {candidates[0].name: groups[0].strip() or None}


def _hex_text(candidates: tuple[Field, ...], groups: list[str], _: Clock) -> dict[str, object]:
    # An empty message says that there is none now; an empty serial number says nothing.
    name = candidates[0].name
    return {name: text_of_hex(groups[0]) or ("" if name == "text_message" else None)}


def _stamped_number(candidates: tuple[Field, ...], groups: list[str], clock: Clock) -> dict[str, object]:
    stamps = [text for text in groups if looks_like_stamp(text)]
    numbers = [text for text in groups if not looks_like_stamp(text)]
    if len(numbers) != 1 or len(stamps) > 1:
        raise ValueError("expected one time stamp and one value")
    field = candidates[0]
    stamp_iso = to_iso(stamps[0], clock) if stamps else None
    return {field.name: parse_quantity(numbers[0]).to(field.unit), f"{field.name}_timestamp": stamp_iso}


def _peak_history(candidates: tuple[Field, ...], groups: list[str], clock: Clock) -> dict[str, object]:
    """Read the rows into [{month, timestamp, value}], oldest first; a row without a valid month is left out.

    The row's stamp is the first second of the month after (e-MUCS P1); the peak's own is absent where it is impossible.
    """
    texts = groups[_HISTORY_HEADER:]
    rows: list[dict[str, object]] = []
    for row_stamp, peak_stamp, number in zip(texts[0::3], texts[1::3], texts[2::3], strict=True):
        row_iso, peak_iso = to_iso(row_stamp, clock), to_iso(peak_stamp, clock)
        if row_iso is not None:
            peak = {"timestamp": peak_iso} if peak_iso else {}
            value = parse_quantity(number).to(candidates[0].unit)
            rows.append({"month": month_before(row_iso), **peak, "value": value})
    return {candidates[0].name: sorted(rows, key=lambda row: str(row["month"]))}


_READERS: Mapping[Form, Callable[[tuple[Field, ...], list[str], Clock], dict[str, object]]] = {
    Form.TIMESTAMP: _timestamp,
    Form.NUMBER: _number,
    Form.STAMPED_NUMBER: _stamped_number,
    Form.PEAK_HISTORY: _peak_history,
    Form.TARIFF: _tariff,
    Form.VERSION: _version,
    Form.HEX_TEXT: _hex_text,
    Form.TEXT: _text,
}


def _is_peak_history(groups: list[str]) -> bool:
    """Tell the Belgian list of month peaks from other objects with the same code (Hungary, Switzerland)."""
    is_list = groups[1:_HISTORY_HEADER] == [_PEAK_CODE, _PEAK_CODE]
    return is_list and (len(groups) - _HISTORY_HEADER) % _HISTORY_ROW == 0


def _swap_tariffs(fields: dict[str, object]) -> None:
    """Give register 1 of a Dutch meter to night and register 2 to day."""
    for total in ("total_consumption", "total_injection"):
        day, night = fields.pop(f"{total}_day", None), fields.pop(f"{total}_night", None)
        if night is not None:
            fields[f"{total}_day"] = night
        if day is not None:
            fields[f"{total}_night"] = day
