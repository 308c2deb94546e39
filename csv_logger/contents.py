r"""What stands in a file that was written before: its rows, their timestamps, and where its last whole row ends.

A row ends with `\r\n` outside of quotes; what follows the last such end is a torn line, left by a crash.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from csv_logger.recent import REMEMBERED

_HEADER = b"timestamp,"  # rows begin with a digit


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a file; sizes in bytes."""

    first: bytes  # the first whole line, header or row; empty if there is none
    rows: int  # whole rows, without the header
    size: int  # up to the end of the last whole line
    torn: int  # after it
    timestamps: tuple[str, ...]  # of the last rows, oldest first


def read_contents(lines: Iterable[bytes]) -> Contents:
    r"""Read the lines of a file as they stand there, each with its `\n`."""
    timestamps: deque[str] = deque(maxlen=REMEMBERED)
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
            timestamps.append(begin.partition(b",")[0].decode(errors="replace"))
    return Contents(first, rows, size, torn, tuple(timestamps))
