"""A day of the simulated household at one telegram per second, replayed: the whole command, from its start to its table."""

import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from benchmarks.row import Row
from tests.support.recordings import write_day

_RUNS = 5
_START = datetime(2026, 6, 21, tzinfo=ZoneInfo("Europe/Brussels"))
_SUNNY = 3  # a seed whose day is a sunny one
_SETTINGS = """\
[peak]
limit = follow
[load:boiler]
power = 2000
on_when = surplus > 2200 W
off_when = surplus < 1900 W
min_on_per_day = 7200
by = 06:00
[load:heater]
power = 1500
on_when = surplus > 1700 W
off_when = surplus < 1400 W
priority = 2
"""


def rows() -> list[Row]:
    """Measure some whole runs."""
    with TemporaryDirectory() as folder:
        recording, config = Path(folder, "day.csv"), Path(folder, "config.ini")
        write_day(recording, _START, _SUNNY)
        config.write_text(_SETTINGS, encoding="utf-8")
        command = [sys.executable, "-m", "relay_controller", "replay", "--csv", str(recording), "-c", str(config), "--json"]
        times_s = sorted(_time_s(command) for _ in range(_RUNS))
    found = f"{median(times_s):.2f} s (of {_RUNS}: {times_s[0]:.2f} to {times_s[-1]:.2f})"
    return [Row("replay of 86,401 telegrams with two loads, peak limit and guaranteed time, one core", found, "< 5 s")]


def _time_s(command: list[str]) -> float:
    """Give the seconds that a command takes; it has one thread, so one core is all it can use."""
    begun_s = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun_s
