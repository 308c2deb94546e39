r"""One reading becomes one line: comma, dot, `\r\n`, UTF-8, quoted where needed (RFC 4180)."""

import csv
import re
from collections.abc import Iterable
from json import JSONEncoder

from common.decimal_text import decimal_text
from common.payload import Reading
from csv_logger.columns import Columns

_json_of = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once, not for each cell
_needs_quotes = re.compile('[",\r\n]').search

Kept = dict[str, tuple[object, str]]  # by column: its last text or list, and its cell


def header_of(columns: Columns) -> bytes:
    """Give the line with the names of the columns."""
    return _line(columns.names)


def line_of(reading: Reading, columns: Columns, kept: Kept | None = None) -> bytes:
    """Give the line of a reading: empty where it has no value, lists as JSON, numbers without exponent.

    The first column is the time of the row also where the telegram carries none. `kept` is the caller's, from one row of a
    meter to the next: serial numbers and the peaks of past months need not become text every second.
    """
    kept = {} if kept is None else kept
    cells: list[str] = []
    for name in columns.names:
        value = reading.fields.get(name)
        kind = type(value)
        if kind is float:
            text = repr(value)
            cells.append(text if "e" not in text else decimal_text(float(text)))
        elif value is None:
            cells.append("")
        elif kind is int:
            cells.append(str(value))
        else:
            before = kept.get(name)
            if before is None or before[0] != value:
                before = kept[name] = value, _quoted(value if isinstance(value, str) else _json_of(value))
            cells.append(before[1])
    cells[0] = reading.timestamp
    return _line(cells)


def count_of_cells(line: bytes) -> int:
    """Tell how many cells a line has."""
    return sum(len(cells) for cells in csv.reader([line.decode(errors="replace")]))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _needs_quotes(text) else text


def _line(cells: Iterable[str]) -> bytes:
    return ",".join(cells).encode(errors="replace") + b"\r\n"  # JSON can name half of a surrogate pair, which UTF-8 cannot
