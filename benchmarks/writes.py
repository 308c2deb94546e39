"""What the services and the broker write to the SD card in an hour, with default settings."""

import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.house import SERVICES, House, running_house, wait_until_fed
from benchmarks.process_facts import usage
from benchmarks.row import Row
from tests.support.processes import REPOSITORY

_WARM_UP_S = 15
_COUNTED_S = 90
_HOUR_S = 3600
_SYNC = re.compile(r"\bf(?:data)?sync\(")
_WRITE = re.compile(r"\bp?write(?:64|v)?\(\d+<(/[^>]*)>")


def rows() -> Iterator[Row]:
    """Count for some time, and stretch it to an hour; of the broker, let it save once."""
    with running_house(_WARM_UP_S + _COUNTED_S) as house:
        house.meter.begin()
        time.sleep(_WARM_UP_S)
        before = {service: usage(house.pids[service]).disk_bytes for service in SERVICES}
        with _watched(house) as calls:
            wait_until_fed(house, _COUNTED_S)
        after = {service: usage(house.pids[service]).disk_bytes for service in SERVICES}
        saves = _HOUR_S / _autosave_interval_s()
        before_save = usage(house.broker.pid).disk_bytes
        house.broker.save()
        saved_bytes = usage(house.broker.pid).disk_bytes - before_save
        logs = calls()
    stretch = _HOUR_S / _COUNTED_S
    total_mb = 0.0
    for service in SERVICES:
        megabytes = (after[service] - before[service]) * stretch / 1e6
        total_mb += megabytes
        counts = {name: count * stretch for name, count in logs.get(service, {}).items()}
        told = "".join(f", {count:.0f} {name}" for name, count in counts.items())
        yield Row(f"{service} writes to the disk, per hour", f"{megabytes:.1f} MB{told}", "", megabytes, "MB", None, counts)
    broker_mb = saved_bytes * saves / 1e6
    found = f"{broker_mb:.1f} MB, {saves:.0f} saves of {saved_bytes / 1000:.0f} kB"
    yield Row("the broker writes to the disk, per hour", found, "", broker_mb, "MB", None, {"saves": saves})
    total_mb += broker_mb
    yield Row("all together", f"{total_mb:.1f} MB an hour, {total_mb * 24 / 1000:.2f} GB a day", "", total_mb, "MB")


@contextmanager
def _watched(house: House) -> Iterator["_Calls"]:
    """Let strace note writes to files, and syncs; nothing where it is not installed."""
    strace = shutil.which("strace")
    with ExitStack() as stack:
        logs = {service: house.folder / f"{service}.strace" for service in SERVICES} if strace else {}
        for service, log in logs.items():
            command = [strace or "", "-f", "-y", "-qq", "-e", "trace=write,pwrite64,writev,fsync,fdatasync", "-o", str(log)]
            tracer = subprocess.Popen([*command, "-p", str(house.pids[service])], stderr=subprocess.DEVNULL)
            stack.callback(tracer.wait)
            stack.callback(tracer.send_signal, signal.SIGINT)
        yield _Calls(house.folder, logs)


class _Calls:
    """What was noted: calls by service, when asked."""

    def __init__(self, folder: Path, logs: dict[str, Path]) -> None:
        self._folder = folder
        self._logs = logs

    def __call__(self) -> dict[str, Counter[str]]:
        """Count what went to files with data; logs go to journald on a Pi, and are not ours to count."""
        return {service: self._counted(log) for service, log in self._logs.items()}

    def _counted(self, log: Path) -> Counter[str]:
        counted: Counter[str] = Counter({"writes": 0, "syncs": 0})
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if _SYNC.search(line):
                counted["syncs"] += 1
            elif (written := _WRITE.search(line)) and written[1].startswith(f"{self._folder}/data"):
                counted["writes"] += 1
        return counted


def _autosave_interval_s() -> int:
    text = (REPOSITORY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    return int(text.partition("\nautosave_interval ")[2].split()[0])
