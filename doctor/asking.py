"""Runs programs and takes down what they say; none of them can hang, and none can be missing unnoticed."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from doctor.answers import Asked

_SHORT_S = 30.0  # for a question to systemd or Docker


def ask(*command: str, folder: Path | None = None, timeout_s: float = _SHORT_S) -> Asked:
    """Run a program, with all that it starts, for so many seconds at most."""
    environment = os.environ | {"LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return Asked(None, "", f"{command[0]}: {error.strerror}")
    try:
        output, said = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Asked(None, "", f"no answer in {timeout_s:.0f} s")
    return Asked(process.returncode, output, said)


def ask_all(commands: Mapping[str, Sequence[str]], folder: Path, timeout_s: float) -> dict[str, Asked]:
    """Run several programs side by side; give what each said."""
    with ThreadPoolExecutor(max_workers=max(1, len(commands))) as pool:
        running = {name: pool.submit(ask, *command, folder=folder, timeout_s=timeout_s) for name, command in commands.items()}
        return {name: one.result() for name, one in running.items()}
