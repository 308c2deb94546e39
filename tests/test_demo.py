"""`make demo` as a user sees it: readings, loads, CSV files, a clean end."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.waiting import eventually

DATA = REPOSITORY / "data"
RUN = REPOSITORY / "run"
_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


@pytest.fixture
def new_csv() -> Iterator[Path]:
    """Give the folder of the CSV files; those that a test adds are removed."""
    before = set(DATA.glob("*")) if DATA.exists() else set()
    yield DATA
    for path in set(DATA.glob("*.csv")) - before:
        path.unlink()


def _demo(*arguments: str, path: str = _PATH) -> subprocess.Popen[str]:
    if path == _PATH and shutil.which("mosquitto", path=_PATH) is None:
        _missing()
    command = [sys.executable, "-m", "demo", *arguments]
    environment = clean_environment(PATH=path)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=pipe, stderr=pipe, text=True, env=environment)


def _missing() -> None:
    reason = PartMissing("no mosquitto on PATH")
    if os.environ.get("CI"):
        pytest.fail(f"needed in CI: {reason}")
    pytest.skip(str(reason))


@pytest.mark.broker
def test_the_demo_ends_by_itself_and_leaves_csv_files(new_csv: Path) -> None:
    """Telegrams and loads are shown, exit code 0, a CSV file with the rows, nothing left running or lying about."""
    demo = _demo("--seconds", "6")
    shown, complaints = demo.communicate(timeout=90)
    assert (demo.returncode, complaints) == (0, "")
    assert "all services run, for 6 s" in shown
    assert len(re.findall(r"^\d\d:\d\d:\d\d +(?:draws|injects) [\d,]+ W", shown, re.MULTILINE)) >= 5
    assert re.search(r"load boiler +(?:on|off): ", shown)
    assert re.search(r"load lamp +(?:on|off): ", shown)
    name = re.search(r"^data/(\S+\.csv): (\d+) rows$", shown, re.MULTILINE)
    assert name is not None
    rows = (new_csv / name[1]).read_bytes().decode().split("\r\n")
    assert rows[0].startswith("timestamp,total_consumption_day,")
    assert len(rows) - 2 == int(name[2]) >= 5
    assert not RUN.exists() or not list(RUN.glob(f"demo-{demo.pid}"))


@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_ends_when_asked_to(number: signal.Signals, new_csv: Path) -> None:
    """Ctrl-C in the middle: everything stops, exit code 0."""
    demo = _demo()
    assert demo.stdout is not None
    lines: list[str] = []
    eventually(lambda: lines.append(demo.stdout.readline()) or "all services run" in lines[-1], 60)  # type: ignore[func-returns-value, union-attr]
    demo.send_signal(number)
    _shown, complaints = demo.communicate(timeout=15)
    assert (demo.returncode, complaints) == (0, "")
    assert new_csv.exists()


def test_the_demo_says_in_one_line_that_mosquitto_is_missing(tmp_path: Path) -> None:
    """Without a broker nothing is started."""
    if any(Path(folder, "mosquitto").exists() for folder in ("/usr/sbin", "/usr/local/sbin", "/sbin")):
        return  # always found there: the demo looks where Debian puts it
    demo = _demo(path=str(tmp_path))
    _shown, complaints = demo.communicate(timeout=30)
    assert (demo.returncode, complaints) == (1, "no Mosquitto here; install it with: sudo apt install mosquitto\n")


def test_make_demo_hands_the_seconds_on() -> None:
    """`SECONDS` is a variable that bash counts up by itself: the number goes on as an option."""
    command = ["make", "-n", "demo", "SECONDS=7"]
    shown = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert "-m demo --seconds 7" in shown
