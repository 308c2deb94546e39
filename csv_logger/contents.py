r"""What stands in a file that was written before: its rows, their times, and where its last whole row ends.

A row ends with `\r\n` outside of quotes; what follows the last such end is a torn line, left by a crash.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from csv_logger.seen import second_of

_HEADER = b"timestamp,"  # rows begin with a digit


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a file; sizes in bytes."""

    first: bytes  # the first whole line, header or row; empty if there is none
    rows: int  # whole rows, without the header
    size: int  # up to the end of the last whole line
    torn: int  # after it


def read_contents(lines: Iterable[bytes], note: Callable[[int], object]) -> Contents:
    r"""Read the lines of a file as they stand there, each with its `\n`, or in pieces.

    `note` gets the second of each row, as Unix time.
    """
    first, begin, is_quoted = b"", b"", False
    rows = size = torn = 0
    for line in lines:
        begin = begin if torn else line
        torn += len(line)
        is_quoted ^= line.count(b'"') % 2 == 1
        if is_quoted or not line.endswith(b"\r\n"):
            continue
        first = first or begin
        size, torn = size + torn, 0
        if not begin.startswith(_HEADER):
            rows += 1
            time = _time(begin.partition(b",")[0])
            if time is not None:
                note(second_of(time))
    return Contents(first, rows, size, torn)


def _time(cell: bytes) -> datetime | None:
    """Read the first cell of a row; a damaged one has no time."""
    try:
        time = datetime.fromisoformat(cell.decode(errors="replace"))
    except ValueError:
        return None
    return time if time.tzinfo else None
