"""`common.version`: one place says which version this is."""

import re
import subprocess
import sys

from common.version import VERSION
from tests.support.processes import REPOSITORY, clean_environment

_NOT_OURS = {"build", "data", "run"}  # what was made here
_TEXTS = {"", ".conf", ".ini", ".md", ".py", ".service", ".sh", ".target", ".toml", ".yaml", ".yml"}


def test_the_version_is_three_numbers() -> None:
    """As people expect who compare versions."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


def test_the_newest_heading_of_the_changelog_is_the_version() -> None:
    """And each older one is older."""
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\S+)$", text, re.MULTILINE)
    assert headings[0] == VERSION
    numbers = [tuple(map(int, heading.split("."))) for heading in headings]
    assert numbers == sorted(set(numbers), reverse=True)


def test_nothing_else_states_the_version() -> None:
    """Only who tells what was new when, which stays, and of which version something was measured."""
    version = re.compile(rf"(?<![\d.]){re.escape(VERSION)}(?![\d.]*\d)")
    own = (top for top in REPOSITORY.iterdir() if top.name not in _NOT_OURS and not top.name.startswith("."))
    files = (file for top in own for file in (top.rglob("*") if top.is_dir() else [top]) if file.suffix in _TEXTS)
    texts = (file for file in files if file.is_file() and "__pycache__" not in file.parts)
    stating = {str(file.relative_to(REPOSITORY)) for file in texts if version.search(file.read_text(encoding="utf-8"))}
    assert stating - {"docs/upgrade.md", "benchmarks/RESULTS.md"} == {"CHANGELOG.md", "common/version.py"}


def test_every_service_says_it() -> None:
    """On `--version`."""
    for service in ("reader", "relay_controller", "influx_bridge", "csv_logger"):
        command = [sys.executable, "-m", service, "--version"]
        answer = subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=True)
        assert answer.stdout == f"smartmeter {VERSION}\n"
