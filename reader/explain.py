r"""A telegram as a table for people: what each of its lines says, what became of it, and what follows from all of them.

code       field                  value                      unit  meaning
0-0:1.0.0  timestamp              2026-01-31T12:15:48+01:00        Meter time
1-0:1.8.1  total_consumption_day  301.548                    kWh   Energy drawn, day
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass

from common.obis import BY_CODE, BY_NAME, DATE_CODE, MBUS_BY_CODE, TIME_CODE
from common.telegram import LineResult, Telegram

WIDTH = 100  # columns
_LEAST_VALUE_WIDTH = 25  # a time with its offset
_GAPS = 4  # between five columns
_SKIPPED, _DERIVED = "(skipped)", "(derived)"
_OTHER = "other"

# The parts of an M-Bus meter, as `common.mbus` tells them.
_MBUS_LABELS = {
    "type": "device type",
    "serial": "serial number",
    "ean": "connection EAN",
    "valve_state": "valve",
    "timestamp": "read at",
    "value": "reading",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table."""

    code: str
    field: str
    value: str
    unit: str
    meaning: str


_TITLE = _Row("code", "field", "value", "unit", "meaning")


def heading(place: str, data: bytes, reason: str) -> str:
    """Give the line above the table: where the telegram stands, who sent it, and how its checksum is.

    `data` are its bytes from "/" on, `reason` why it was rejected, empty if it was not.
    """
    identification = data.partition(b"\n")[0].rstrip(b"\r").decode("latin-1")
    checksum = data[data.rfind(b"\n!") + 2 :].strip().decode("latin-1")
    verdict = f"rejected: {reason}" if reason else f"checksum {checksum}, right" if checksum else "no checksum"
    return _printable(f"{place}: {identification}: {verdict}")


def table(telegram: Telegram) -> Iterator[str]:
    """Give the lines of the table, aligned, within 100 columns where that can be; long values are shortened."""
    rows = [row for line in telegram.lines for row in _rows_of(line, telegram.fields)]
    derived = list(_derived(telegram))
    columns = zip(*map(astuple, [_TITLE, *rows, *derived]), strict=True)
    code, field, value, unit, meaning = (max(map(len, column)) for column in columns)
    left = WIDTH - code - field - unit - meaning
    gap = 2 if left >= _LEAST_VALUE_WIDTH + 2 * _GAPS else 1
    widths = (code, field, min(value, max(_LEAST_VALUE_WIDTH, left - gap * _GAPS)), unit, meaning)
    for row in (_TITLE, *rows, *derived):
        cells = (_shortened(cell, width).ljust(width) for cell, width in zip(astuple(row), widths, strict=True))
        yield (gap * " ").join(cells).rstrip()


def _rows_of(line: LineResult, fields: Mapping[str, object]) -> Iterator[_Row]:
    """Give a row for each field that a line gave, or one that says why there is none."""
    printed = line.text[len(line.text.partition("(")[0]) :] if line.code else line.text
    code = line.code or "?"
    if line.reason:
        yield _row(code, _SKIPPED, printed, "", line.reason)
    elif not line.fields:
        yield _row(code, "", printed, "", _why_nothing(line.code))
    for name, value in line.fields.items():
        if name == _OTHER:
            yield _row(code, _OTHER, printed, "", "kept as it is" if code in BY_CODE else "unknown code, kept as it is")
        elif name in BY_NAME:
            yield from _field_rows(code, name, value)
        else:
            yield _mbus_row(line, name, fields)


def _mbus_row(line: LineResult, name: str, fields: Mapping[str, object]) -> _Row:
    """Give the row of what a line told of a meter on the M-Bus: `mbus 1 serial`; a reading's unit is in the field `mbus`."""
    _, channel, part = name.split(" ", maxsplit=2)
    label, unit = _MBUS_LABELS.get(part, part), ""
    if part == "value" and f"mbus {channel} timestamp" not in line.fields:
        label = "no valid time"
    elif part == "value":
        meters = fields.get("mbus")
        units = {str(meter["channel"]): meter.get("unit", "") for meter in meters} if isinstance(meters, list) else {}
        unit = str(units.get(channel, ""))
    return _row(line.code, name, line.fields[name], unit, f"channel {channel}: {label}")


def _why_nothing(code: str) -> str:
    """Say of a line without fields what it would have told."""
    if code in {TIME_CODE, DATE_CODE}:
        return "Part of the meter's time"
    if code in MBUS_BY_CODE:
        return f"channel {MBUS_BY_CODE[code][0]}: not set"
    rows = BY_CODE.get(code) or BY_CODE.get(f"1-0:{code[4:]}", ())
    return f"{rows[0].label}: not set" if rows else "not set"


def _derived(telegram: Telegram) -> Iterator[_Row]:
    """Give the rows of the fields that no single line gave."""
    given = {name for line in telegram.lines for name in line.fields}
    for name, value in telegram.fields.items():
        if name in BY_NAME and name not in given:
            yield from _field_rows(_DERIVED, name, value)


def _field_rows(code: str, name: str, value: object) -> Iterator[_Row]:
    """Give the row of a field; of a list, one for each of its items."""
    field = BY_NAME[name]
    for item in value if isinstance(value, list) and value else [value]:
        yield _row(code, name, _item(item) if isinstance(item, dict) else item, field.unit, field.label)


def _item(item: Mapping[str, object]) -> str:
    """Give the number of an item of a list, and what it belongs to: a month, the end of a power failure, an M-Bus meter."""
    if "channel" in item:
        return f"{item['channel']}: {item.get('value')} {item.get('unit', '')}".rstrip()
    number, when = item.get("value", item.get("duration_s")), item.get("month", item.get("timestamp"))
    return f"{number}, {when}"


def _row(code: str, field: str, value: object, unit: str, meaning: str) -> _Row:
    return _Row(code, field, _printable(_text(value)), unit, _printable(meaning))


def _text(value: object) -> str:
    """Give a value as it is in the JSON of `reader decode`, text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _printable(text: str) -> str:
    """Keep control characters from the terminal: the bytes come from outside."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
