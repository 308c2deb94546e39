r"""One reading becomes one line: comma, dot, `\r\n`, UTF-8, quoted where needed (RFC 4180)."""

import csv
from collections.abc import Iterable
from json import JSONEncoder

from common.decimal_text import decimal_text
from common.payload import Reading
from csv_logger.columns import Columns

_json_of = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once, not for each cell


def header_of(columns: Columns) -> bytes:
    """Give the line with the names of the columns."""
    return _line(columns.names)


def line_of(reading: Reading, columns: Columns) -> bytes:
    """Give the line of a reading."""
    return _line(cells_of(reading, columns))


def count_of_cells(line: bytes) -> int:
    """Tell how many cells a line has."""
    return sum(len(cells) for cells in csv.reader([line.decode(errors="replace")]))


def cells_of(reading: Reading, columns: Columns) -> list[str]:
    """Give the cells of a reading: empty where it has no value, lists as JSON, numbers without exponent.

    The first column is the time of the row also where the telegram carries none.
    """
    value_of = reading.fields.get
    return [reading.timestamp, *(_cell(value_of(name)) for name in columns.names[1:])]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return decimal_text(value)
    if isinstance(value, list):
        return _json_of(value)
    return str(value)


class _Echo:
    """Stands where the csv module wants a file, and gives each line back."""

    def write(self, line: str) -> str:
        return line


_writer = csv.writer(_Echo())


def _line(cells: Iterable[str]) -> bytes:
    line: str = _writer.writerow(cells)
    return line.encode(errors="replace")  # JSON can name half of a surrogate pair, which UTF-8 cannot
