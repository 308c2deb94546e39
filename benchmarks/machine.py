"""On what is measured: the processor, the system, and the versions of the parts."""

import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from common.version import VERSION

_PACKAGES = ("paho-mqtt", "pyserial", "crcmod", "urllib3", "dsmr_parser")
_PROGRAMS = {"Mosquitto": ("mosquitto", "-h"), "valgrind": ("valgrind", "--version")}
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"


def machine() -> dict[str, str]:
    """Tell it by name."""
    packages = [f"{name} {found}" for name in _PACKAGES if (found := _package(name))]
    programs = [f"{name} {found}" for name, command in _PROGRAMS.items() if (found := _program(command))]
    return {
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "smartmeter": VERSION,
        "processor": f"{_processor()}, {os.cpu_count()} of them, {platform.machine()}",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "parts": ", ".join([*packages, *programs]),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    name = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", text, re.MULTILINE)
    return name[1] if name else "processor unknown"


def _package(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _program(command: tuple[str, ...]) -> str | None:
    """Give the version that a program tells."""
    path = shutil.which(command[0], path=_PATH)
    if path is None:
        return None
    said = subprocess.run([path, *command[1:]], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+\.\d+(?:\.\d+)?", said)
    return found[0] if found else None
