"""Tells whoever supervises this process that it works: systemd, and the health check of a container.

systemd: sd_notify(3), `Type=notify` with `WatchdogSec=`. A container: a file in $RUNTIME_DIRECTORY, which
`python -m common.health_check` judges. Both are told from the main loop of a service, so that one that hangs falls silent.
In a container a process that hangs ends itself, for Docker restarts only what has ended; so does one that was paused for long.
"""

import faulthandler
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from common.health_file import BEAT_S, NAME, written

# The same as WatchdogSec= of the units. Fsync on a worn SD card takes half a minute and more, and a round may have some.
HANGS_AFTER_S = 300.0
_RATHER_NOW = 0.02  # of an interval


def is_about_due(due_s: float, interval_s: float, now_s: float) -> bool:
    """Tell whether something is due, or so soon that a service that is awake does it now, and needs not wake up once more."""
    return now_s >= due_s - _RATHER_NOW * interval_s


class Supervisor:
    """The signs of life of one process."""

    def __init__(self, environment: Mapping[str, str], hangs_after_s: float = HANGS_AFTER_S) -> None:
        """Find out who watches: `environment` is that of the process."""
        self._systemd = environment.get("NOTIFY_SOCKET", "")
        folder = environment.get("RUNTIME_DIRECTORY", "")
        self._file = Path(folder, NAME) if folder else None
        self._hangs_after_s = hangs_after_s
        watchdog_s = int(environment.get("WATCHDOG_USEC") or 0) / 1e6
        is_meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())  # and not a process around it
        self._is_watched = watchdog_s > 0 and is_meant
        self._interval_s = min(BEAT_S, (watchdog_s if self._is_watched else hangs_after_s) / 3)
        self._due_s = float("-inf")
        self._knows_ready = False  # systemd took the word
        self._told: tuple[str, str] | None = None

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until the next sign of life; `now_s` is the monotonic clock."""
        return max(0.0, self._due_s - now_s)

    def beat(self, status: str, trouble: str, now_s: float) -> None:
        """Say that the main loop works: now and then, and at once when there is news.

        `status` is one word, `trouble` says why the service cannot do its work and is empty if it can.
        """
        if not is_about_due(self._due_s, self._interval_s, now_s) and self._told == (status, trouble):
            return
        words = " ".join(f"{status}: {trouble}".split()).removesuffix(":")
        is_told = self._notify(("" if self._knows_ready else "READY=1\n") + f"WATCHDOG=1\nSTATUS={words}")
        self._knows_ready = self._knows_ready or is_told
        self._write(written(status, trouble, now_s))
        if self._file and not self._is_watched:  # without a file nobody supervises it, and nobody would start it again
            faulthandler.dump_traceback_later(self._hangs_after_s, exit=True)
        self._due_s, self._told = now_s + self._interval_s, (status, trouble)

    def _notify(self, message: str) -> bool:
        """Tell systemd, and tell whether it took the message."""
        if not self._systemd:
            return False
        # An address that begins with @ is in the abstract namespace.
        address = f"\0{self._systemd[1:]}" if self._systemd.startswith("@") else self._systemd
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock, suppress(OSError):
            sock.settimeout(0.0)  # a systemd that is busy is told again in time
            sock.sendto(message.encode(), address)
            return True
        return False

    def _write(self, text: str) -> None:
        if self._file is None:
            return
        new = self._file.with_suffix(".new")
        with suppress(OSError):  # then the health check says that there was no sign of life
            new.write_text(text, encoding="utf-8")
            new.replace(self._file)
