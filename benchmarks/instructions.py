"""Instructions per telegram of each service, all four at work under valgrind's callgrind at one telegram a second.

They repeat to some percent on any machine, where processor time does not; `docs/pi1.md` reckons with them. What the kernel does
for a service (reading, writing, waking up) is not among them.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.house import SERVICES, running_house, wait_until_fed
from benchmarks.row import Row
from tests.support.parts import PartMissing
from tests.support.processes import Service

_CONTROL = shutil.which("callgrind_control")
_WARM_UP = 20  # telegrams: memos fill, Home Assistant is told
_TELEGRAMS = 60  # the rarer work is in it too: health, a save of the queue, a gas reading


def rows() -> Iterator[Row]:
    """Measure a minute. Raises PartMissing without valgrind."""
    if _CONTROL is None:
        raise PartMissing("no valgrind on PATH")
    with TemporaryDirectory() as name:
        folder = Path(name)

        class Counted(Service):
            under = ("valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={folder}/%p")

        @contextmanager
        def launch(arguments: list[str], log_file: Path) -> Iterator[Service]:
            service = Counted(arguments, log_file)
            try:
                yield service
            finally:
                service.process.kill()
                service.process.wait()

        with running_house(_WARM_UP + _TELEGRAMS, launch=launch) as house:
            house.meter.begin()
            time.sleep(_WARM_UP)
            for service in SERVICES:
                _counted_so_far(folder, house.pids[service])
            wait_until_fed(house, _TELEGRAMS)
            for service in SERVICES:
                count = _counted_so_far(folder, house.pids[service]) / _TELEGRAMS
                yield Row(f"instructions per telegram of {service}", f"{count:,.0f}", "", count, "instructions")


def _counted_so_far(folder: Path, pid: int) -> int:
    """Give the instructions since the last time."""
    command = [_CONTROL or "", "--dump", str(pid)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    newest = max(folder.glob(f"{pid}.*"), key=lambda file: int(file.suffix.removeprefix(".")))
    (totals,) = [line for line in newest.read_text(encoding="utf-8").splitlines() if line.startswith("totals:")]
    return int(totals.split()[1])


if __name__ == "__main__":
    for row in rows():
        print(f"{row.what:<60} {row.found}")
