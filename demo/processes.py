"""The programs of a demo: started in order, watched, and stopped in reverse order."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

_STOP_S = 5.0
_LOG_LINES = 10


class ProgramEndedError(Exception):
    """A program ended that should not have; the text has its last words."""


class Programs:
    """The running programs, in the order of their start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder  # where they run
        self._programs: list[tuple[str, Path, subprocess.Popen[bytes]]] = []

    def start(self, name: str, command: Sequence[str], log: Path, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start a program, with settings in its environment; its words go to a file.

        What the terminal sends at Ctrl-C or when it is closed does not reach it: `stop` ends it in its turn.
        """
        with log.open("wb") as words:
            process = subprocess.Popen(
                [sys.executable, "-m", "demo.child", str(os.getpid()), *command],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
                env={**_environment(), **settings},
            )
        self._programs.append((name, log, process))

    def ask(self, command: Sequence[str]) -> str:
        """Run a program to its end; give its words. Raises ProgramEndedError if it fails."""
        ended = subprocess.run(
            command,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            env=_environment(),
        )
        if ended.returncode:
            raise ProgramEndedError(f"{' '.join(command[:4])}: {ended.stderr.strip()}")
        return ended.stdout.strip()

    def check(self) -> None:
        """Raise ProgramEndedError if one of them ended."""
        for name, log, process in self._programs:
            code = process.poll()
            if code is not None:
                words = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
                raise ProgramEndedError("\n  ".join([f"{name} ended with exit code {code}; its last words:", *words]))

    def stop(self) -> list[str]:
        """End all, the last first; give the names of those that had to be killed."""
        killed = []
        for name, _log, process in reversed(self._programs):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed.append(name)
        self._programs.clear()
        return killed


def _environment() -> dict[str, str]:
    """Give this process's environment without settings that are meant for the real thing."""
    return {key: value for key, value in os.environ.items() if not key.startswith("SMARTMETER_")}
