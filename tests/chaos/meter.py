"""A meter on a cable that can be pulled and replugged: it sends on, whoever listens, and knows what it sent."""

import os
import pty
import threading
import time
import tty
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from common.telegram import decode
from reader.household import Household
from reader.telegram_writer import render

PER_S = 8.0  # telegrams a real second: each is a second of the meter's own; a line of 115,200 baud carries not many more
_BEHIND = timedelta(hours=3)  # its clock at the start, so that it stays in the past


class Meter:
    """A simulated household's meter, eight times as fast as a real one. `sent` holds each telegram by its time stamp."""

    def __init__(self, link: Path, seed: int) -> None:
        self.link = link
        self.sent: dict[str, dict[str, object]] = {}
        self._household = Household(seed, datetime.now(UTC).replace(microsecond=0) - _BEHIND)
        self._ends: tuple[int, int] | None = None  # master and slave
        self._change = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Plug the cable in and begin to send."""
        self.plug()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop sending and pull the cable."""
        self._over.set()
        self._thread.join()
        self.pull()

    def plug(self) -> None:
        """Plug the cable in: a new device under the old name."""
        with self._change:
            if self._ends is None:
                master, slave = self._ends = pty.openpty()
                tty.setraw(slave)
                os.set_blocking(master, False)
                self.link.symlink_to(os.ttyname(slave))

    def pull(self) -> None:
        """Pull it out: the device vanishes under the reader."""
        with self._change:
            if self._ends is not None:
                self.link.unlink()
                for end in self._ends:
                    os.close(end)
                self._ends = None

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._over.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s, time.monotonic() - 1.0) + 1 / PER_S  # a machine that is too slow gets fewer
            frame = render(self._household.step())
            fields = decode(frame)
            with self._change:
                if self._ends is not None:
                    self.sent[str(fields["timestamp"])] = dict(fields)
                    with suppress(BlockingIOError):  # nobody reads: a line does not wait
                        os.write(self._ends[0], frame)
