r"""One reading becomes one line: comma, dot, `\r\n`, UTF-8, quoted where needed (RFC 4180)."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from json import JSONEncoder
from typing import Any

from common.decimal_text import decimal_text
from common.payload import Reading
from csv_logger.columns import Columns

_json_of = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once, not for each cell
_needs_quotes = re.compile('[",\r\n]').search


def header_of(columns: Columns) -> bytes:
    """Give the line with the names of the columns."""
    return _line(columns.names)


def line_of(reading: Reading, columns: Columns) -> bytes:
    """Give the line of a reading: empty where it has no value, lists as JSON, numbers without exponent.

    The first column is the time of the row also where the telegram carries none.
    """
    cells = [_CELL_OF[type(value)](value) for value in map(reading.fields.get, columns.names)]
    cells[0] = reading.timestamp
    return _line(cells)


def count_of_cells(line: bytes) -> int:
    """Tell how many cells a line has."""
    return sum(len(cells) for cells in csv.reader([line.decode(errors="replace")]))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _needs_quotes(text) else text


def _json(value: object) -> str:
    return _quoted(_json_of(value))


# By the exact type: this is done for each cell of each row.
_CELL_OF: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    float: decimal_text,
    int: str,
    str: _quoted,
    list: _json,
}


def _line(cells: Iterable[str]) -> bytes:
    return ",".join(cells).encode(errors="replace") + b"\r\n"  # JSON can name half of a surrogate pair, which UTF-8 cannot
