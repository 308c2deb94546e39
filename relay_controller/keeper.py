"""Keeps the memory in its file: at once when something happened, else every few minutes, to spare the SD card."""

import logging
from math import inf
from pathlib import Path

from common.log import OncePer
from relay_controller.memory import Memory
from relay_controller.memory_text import memory_from, text_of
from relay_controller.state_file import StateWriter, read_state

_EVERY_S = 300.0  # of times that only run on: what a power cut may cost
_SAY_AGAIN_S = 3600.0
_CLOSE_TIMEOUT_S = 0.3  # SIGTERM ends a service in less than 2 s

_log = logging.getLogger(__name__)


class Keeper:
    """Reads the file at the start, and writes it when it is worth it. A file that cannot be used costs the counters only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = Memory()
        self._kept_s = 0.0
        self._seen: object = None
        self._say = OncePer(_SAY_AGAIN_S)
        self._writer = StateWriter(path)

    @property
    def trouble(self) -> str:
        """Why the memory cannot be written; empty if it can."""
        error = self._writer.trouble  # another thread changes it
        return "" if error is None else f"cannot keep the counters of the loads in {self._path}: {error.strerror}"

    def read(self) -> Memory:
        """Give what was kept; an empty memory where there is none, or none that can be read."""
        try:
            text = read_state(self._path)
            self._kept = Memory() if text is None else memory_from(text)
        except (OSError, ValueError) as error:
            _log.warning("counters begin anew: cannot read %s: %s", self._path, getattr(error, "strerror", None) or error)
        return self._kept

    def is_due(self, seen: object, now_s: float) -> bool:
        """Tell whether it is worth to look: `seen` is another object than last time, or time has passed."""
        has_changed, self._seen = seen is not self._seen, seen
        return has_changed or now_s - self._kept_s >= _EVERY_S

    def keep(self, memory: Memory, now_s: float, *, is_last: bool = False) -> None:
        """Write the memory if anything but its running times changed, if they ran for a while, or if it is the last time."""
        is_old = is_last or now_s - self._kept_s >= _EVERY_S
        is_unwritten = memory != self._kept or self._writer.trouble is not None
        if is_unwritten and (is_old or memory.essence != self._kept.essence):
            self._kept, self._kept_s = memory, now_s
            self._writer.write(text_of(memory))
        self._tell_trouble(now_s)

    def close(self) -> None:
        """Wait until what was kept is written, for a while."""
        self._writer.close(_CLOSE_TIMEOUT_S)
        self._tell_trouble(inf)

    def _tell_trouble(self, now_s: float) -> None:
        if (trouble := self.trouble) and self._say.due(now_s):
            _log.warning("%s", trouble)
