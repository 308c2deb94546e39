"""The real services, started as a user starts them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
_STOP_S = 2.0  # what the issue promises for SIGTERM
_STARTUP_AND_STOP_S = 30.0
# A zone in which it is noon (its sign is the other way round): no midnight may end a CSV file amid a test.
_NOON = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def clean_environment(**variables: str) -> dict[str, str]:
    """Give this process's environment without settings of smartmeter's or of a make around it, and with `variables`.

    The local time is noon there.
    """
    foreign = ("SMARTMETER_", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"TZ": _NOON} | variables


def wait_for_end(process: subprocess.Popen[Any], promised_s: float) -> int:
    """Wait until a process has ended; give the exit code. Fails if that took longer than promised.

    The time does not count in which it could have run, and the machine had no processor for it.
    """
    start_s, before_s, lost_s = time.monotonic(), starved_s(process.pid), 0.0
    while process.poll() is None:
        lost_s = max(lost_s, starved_s(process.pid) - before_s)
        assert time.monotonic() - start_s < promised_s + lost_s, f"{process.args!r} did not end within {promised_s} s"
        time.sleep(0.005)
    return process.returncode


def starved_s(pid: int) -> float:
    """Give how long the threads of a process have waited for a processor (Linux: Documentation/scheduler/sched-stats)."""
    waited_ns = 0
    for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # a thread that has ended
            waited_ns += int(file.read_text(encoding="ascii").split()[1])
    return waited_ns / 1e9


class Service:
    """One process of ours; what it says on stderr is in `log`."""

    under: tuple[str, ...] = ()  # a program that runs it, and its arguments

    def __init__(self, arguments: Sequence[str], log_file: Path, output: Path | None = None, **variables: str) -> None:
        self._log_file = log_file
        with log_file.open("wb") as log, (output or Path(os.devnull)).open("wb") as out:
            self.process = subprocess.Popen(
                [*self.under, sys.executable, "-m", *arguments],
                cwd=REPOSITORY,
                stderr=log,
                stdout=out,
                stdin=subprocess.DEVNULL,
                env=clean_environment(**variables),
            )

    @property
    def log(self) -> str:
        """What it said so far."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def wait_for_log(self, text: str, deadline_s: float = 20.0) -> None:
        """Wait until it said something."""
        eventually(lambda: text in self.log, deadline_s, f"{text!r} in {self._log_file.name}")

    def ends(self, deadline_s: float = _STARTUP_AND_STOP_S) -> int:
        """Wait until it ends by itself; give the exit code."""
        return self.process.wait(deadline_s)

    def stop(self) -> int:
        """Ask it to end with SIGTERM; give the exit code. Fails if it takes longer than 2 s."""
        self.process.send_signal(signal.SIGTERM)
        return wait_for_end(self.process, _STOP_S)


@contextmanager
def running(arguments: Sequence[str], log_file: Path, output: Path | None = None, **variables: str) -> Iterator[Service]:
    """Run a service for the length of a block; whatever happens, it is gone afterwards. `output` takes its stdout."""
    service = Service(arguments, log_file, output, **variables)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
        service.process.wait()
