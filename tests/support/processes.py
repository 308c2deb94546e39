"""The real services, started as a user starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
_STOP_S = 2.0  # what the issue promises for SIGTERM
_STARTUP_AND_STOP_S = 30.0


def clean_environment(**variables: str) -> dict[str, str]:
    """Give this process's environment without settings of smartmeter's or of a make around it, and with `variables`."""
    foreign = ("SMARTMETER_", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | variables


class Service:
    """One process of ours; what it says on stderr is in `log`."""

    def __init__(self, arguments: Sequence[str], log_file: Path, output: Path | None = None, **variables: str) -> None:
        self._log_file = log_file
        with log_file.open("wb") as log, (output or Path(os.devnull)).open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
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
        return self.process.wait(_STOP_S)


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
