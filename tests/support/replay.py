"""A meter's cable: a pseudo-terminal into which recorded bytes go at the speed of a real line."""

import os
import pty
import time
import tty
from pathlib import Path
from types import TracebackType
from typing import Self

_BITS_PER_BYTE = 10  # 8N1: start bit, 8 data bits, stop bit
_PIECE_S = 0.01


class Cable:
    """A pseudo-terminal under a name of its own, `link`."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        link.symlink_to(os.ttyname(self._slave))

    def __enter__(self) -> Self:
        """Give the cable."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Pull it out."""
        self.pull()

    def send(self, data: bytes, baudrate: int = 115_200) -> None:
        """Send bytes, no faster than a line of that speed."""
        start_s = time.monotonic()
        sent = 0
        while sent < len(data):
            due = int((time.monotonic() - start_s) * baudrate / _BITS_PER_BYTE) - sent
            if due > 0:
                sent += os.write(self._master, data[sent : sent + due])
            time.sleep(_PIECE_S)

    def pull(self) -> None:
        """Pull the cable out: the device vanishes under the reader."""
        if self.link.is_symlink():
            self.link.unlink()
            os.close(self._slave)
            os.close(self._master)
