"""A bar on a terminal's last line, for reading that takes minutes; nothing where stderr is no terminal."""

import time
from types import TracebackType
from typing import Self, TextIO

_EVERY_S = 0.2
_FIRST_S = 0.5  # what is over by then needs no bar
_WIDTH = 24
_ERASE = "\r\x1b[K"


class Progress:
    """Shows how far `total` bytes are read; `done` are those of the files that are read to their end."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self.done = 0
        self._total = total
        self._stream = stream
        self._is_shown = stream.isatty()
        self._begin_s = time.monotonic()
        self._next_s = self._begin_s + _FIRST_S

    def __enter__(self) -> Self:
        """Give the bar."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Take it off the screen."""
        if self._is_shown:
            self._stream.write(_ERASE)
            self._stream.flush()

    def show(self, position: int, rows: int) -> None:
        """Tell the place in the file that is read now, and how many rows there were so far."""
        now_s = time.monotonic()
        if not self._is_shown or now_s < self._next_s:
            return
        self._next_s = now_s + _EVERY_S
        share = min(1.0, (self.done + position) / max(1, self._total))
        self._stream.write(_ERASE + bar_of(share, rows, now_s - self._begin_s))
        self._stream.flush()


def bar_of(share: float, rows: int, spent_s: float) -> str:
    """Give the line: share of all bytes (0 to 1), rows, and the time that is left at this speed."""
    full = int(share * _WIDTH)
    left_s = round(spent_s / share - spent_s) if share else 0
    left = f", {left_s // 60}:{left_s % 60:02d} left" if share else ""
    return f"reading [{'#' * full}{'.' * (_WIDTH - full)}] {int(share * 100):3d} %, {rows:,} rows{left}"
