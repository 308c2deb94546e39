"""Rows as they come from a file: of one minute, and what a row's first bytes tell of its time."""

import re
from dataclasses import dataclass

from csv_logger.report.layout import Layout

TAIL = slice(16, 26)  # b":00+02:00," after b"2026-10-25T02:15"
_TAIL_SHAPE = re.compile(rb":([0-5]\d)([+-])([01]\d):([0-5]\d),")
_SHOWN = 60  # bytes of a line


@dataclass(slots=True)
class FileTally:
    """What is to be known of a file."""

    name: str
    broken: int = 0  # lines that cannot be read
    example: str = ""  # the begin of the first of them
    damage: str = ""  # why it could not be read to its end

    @property
    def left_out(self) -> str:
        """Say how many lines cannot be read; empty if all can."""
        lines = "a line" if self.broken == 1 else f"{self.broken:,} lines"
        return f"{lines} that cannot be read, left out; the first begins with {self.example!r}" if self.broken else ""

    def count_broken(self, line: bytes) -> None:
        """Count a line that cannot be read."""
        self.broken += 1
        self.example = self.example or line[:_SHOWN].decode(errors="replace").strip()


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows of one minute in one file."""

    layout: Layout
    tally: FileTally
    rows: list[bytes]

    def whole_rows(self) -> list[bytes]:
        """Give the rows that have all their cells."""
        commas = self.layout.commas
        if {row.count(b",") for row in self.rows} <= commas:
            return self.rows
        whole = []
        for row in self.rows:
            if row.count(b",") not in commas:
                if not self.layout.is_whole(row):
                    self.tally.count_broken(row)
                    continue
                commas.add(row.count(b","))
            whole.append(row)
        return whole


class _Tails(dict[bytes, tuple[int, int] | None]):
    """The second of the minute and the offset in seconds, by how a row goes on after its minute; None for another shape."""

    def __missing__(self, tail: bytes) -> tuple[int, int] | None:
        match = _TAIL_SHAPE.fullmatch(tail)
        if match is None:
            return None
        second, sign, hours, minutes = match.groups()
        offset_s = int(hours) * 3600 + int(minutes) * 60
        self[tail] = (int(second), -offset_s if sign == b"-" else offset_s)
        return self[tail]


TAILS = _Tails()
