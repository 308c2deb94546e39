"""Brings the lines of files into quarter-hours, a minute at a time; damage is counted for each file and costs a line.

A year has 31 million rows, of which one per minute is read: of the others only time and number of cells are looked at.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

from common.timestamps import YEARS
from csv_logger.report.layout import Layout, Row, layout_of
from csv_logger.report.portion import TAIL, TAILS, FileTally, Portion
from csv_logger.report.quarters import Quarters

_minute_of = itemgetter(slice(16))  # b"2026-10-25T02:15"
_MINUTE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d")
_HEADER = b"timestamp"


_Line = tuple[Portion, bytes]


class Intake:
    """Takes files in one after the other; `known` are the columns of files that do not name theirs."""

    def __init__(self, quarters: Quarters, known: Sequence[str]) -> None:
        self.quarters = quarters
        self.tallies: list[FileTally] = []
        self.rows = 0
        self._known = known
        self._written: Layout | None = None  # of the file, as it stands there
        self._layout: Layout | None = None  # of its rows with their time in front
        self._minute = b""
        self._portions: list[Portion] = []

    def begin(self, name: str) -> FileTally:
        """Begin with another file; a minute may go on in it."""
        self.tallies.append(FileTally(name))
        self._written = self._layout = None
        return self.tallies[-1]

    def take(self, lines: Sequence[bytes]) -> None:
        r"""Take in whole lines, without their `\n`. Raises ValueError where a file begins with no names and no row."""
        if self._written is None or self._layout is None:
            lines = self._begin_layout(lines)
        for minute, group in groupby(lines, key=_minute_of):
            if minute.startswith(_HEADER):  # of files that were put together
                self._name_columns(list(group)[-1])
            elif self._layout is not self._written or _MINUTE.fullmatch(minute) is None:
                self._take_rewritten([line for line in group if line.strip()])
            else:
                self._gather(minute, list(group))

    def finish(self) -> None:
        """Take in the minute that is still open."""
        portions, self._portions = self._portions, []
        if portions:
            self._take_minute(self._minute, portions)

    def _begin_layout(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        for number, line in enumerate(lines):
            if line.strip():
                self._written, is_header = layout_of(line.rstrip(b"\r"), self._known)
                self._layout = self._written.with_time_in_front()
                return lines[number + is_header :]
        return ()

    def _name_columns(self, line: bytes) -> None:
        """Change the layout within a file, if the names differ."""
        try:
            layout, _ = layout_of(line.rstrip(b"\r"), self._known)
        except ValueError:
            self.tallies[-1].count_broken(line)
            return
        if self._written is None or layout.names != self._written.names:
            self._written, self._layout = layout, layout.with_time_in_front()

    def _take_rewritten(self, lines: list[bytes]) -> None:
        """Take in lines whose time has another shape or stands elsewhere."""
        layout = self._written
        for line in lines:
            try:
                row = layout.rewritten(line.rstrip(b"\r")) if layout else b""
            except ValueError:
                self.rows += 1
                self.tallies[-1].count_broken(line)
            else:
                self._gather(_minute_of(row), [row])

    def _gather(self, minute: bytes, rows: list[bytes]) -> None:
        """Put rows to those of the same minute that came just before."""
        if minute != self._minute:
            self.finish()
            self._minute = minute
        tally = self.tallies[-1]
        self.rows += len(rows)
        if self._layout is not None:
            self._portions.append(Portion(self._layout, tally, rows))

    def _take_minute(self, minute: bytes, portions: Sequence[Portion]) -> None:
        by_offset: dict[int, dict[int, _Line]] = {}
        odd: list[_Line] = []
        for portion in portions:
            for row in portion.whole_rows():
                tail = TAILS[row[TAIL]]
                if tail is None:
                    odd.append((portion, row))
                    continue
                seconds = by_offset.setdefault(tail[1], {})
                if seconds.setdefault(tail[0], (portion, row))[1] is not row:
                    self.quarters.duplicates += 1
        try:
            moment = datetime.fromisoformat(minute.decode())
            is_time = moment.year in YEARS
        except ValueError:
            is_time = False
        for offset_s, lines in by_offset.items():
            if is_time:
                self._take_seconds(int(moment.replace(tzinfo=UTC).timestamp()) - offset_s, offset_s, lines)
            else:
                odd.extend(lines.values())
        for portion, row in odd:
            self._take_odd(portion, row, is_time=is_time)

    def _take_odd(self, portion: Portion, row: bytes, *, is_time: bool) -> None:
        """Take in a row whose seconds have another shape, as `:00.500Z`."""
        try:
            usual = portion.layout.rewritten(row.rstrip(b"\r")) if is_time else b""
        except ValueError:
            usual = b""
        if TAILS[usual[TAIL]] is None:
            portion.tally.count_broken(row)
        else:
            self._take_minute(_minute_of(usual), [Portion(portion.layout, portion.tally, [usual])])

    def _take_seconds(self, minute_s: int, offset_s: int, lines: Mapping[int, _Line]) -> None:
        """Take in the rows of one minute by their second."""
        seconds = sum(1 << second for second in lines)
        in_order = sorted(lines)
        readable = dict[int, Row]()
        last = next(_readable(reversed(in_order), lines, readable), None)
        if last is None:
            return
        is_begun = self.quarters.begins_before(minute_s + in_order[0])
        first = last if is_begun else next(_readable(iter(in_order), lines, readable), last)
        self.quarters.take(minute_s, offset_s, seconds, (first, readable[first]), (last, readable[last]))


def _readable(seconds: Iterator[int], lines: Mapping[int, _Line], found: dict[int, Row]) -> Iterator[int]:
    """Give those seconds whose row can be read, and leave what it tells in `found`."""
    for second in seconds:
        portion, line = lines[second]
        if second not in found:
            try:
                found[second] = portion.layout.row(line.rstrip(b"\r"))
            except ValueError:
                portion.tally.count_broken(line)
                continue
        yield second
