"""A service's check, run by somebody to whom a folder is closed, as a home is to a unit with ProtectHome=."""

import json
import os
import subprocess
import sys
from pathlib import Path

from common.check import Check
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.waiting import free_port

_WEAK = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]


def in_a_closed_folder(folder: Path, service: str, settings: str) -> list[Check]:
    """Give the answers of a check; `{}` in the settings is the folder that is closed."""
    closed, file = folder / "closed", folder / "config.ini"
    closed.mkdir(mode=0)
    file.write_text(f"[mqtt]\nport = {free_port()}\n{settings.format(closed)}\n", encoding="utf-8")
    try:
        return answers_of_weak(service, file)
    finally:
        closed.chmod(0o700)


def answers_of_weak(service: str, file: Path) -> list[Check]:
    """Give the answers of a check that has no more rights than another user."""
    wrapped_in = _WEAK if os.geteuid() == 0 else []
    asked = subprocess.run(
        [*wrapped_in, sys.executable, "-m", service, "-c", str(file), "--check", "--json"],
        cwd=REPOSITORY,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not asked.stderr, asked.stderr
    return [Check(**one) for one in json.loads(asked.stdout)["checks"]]
