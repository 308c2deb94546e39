"""The whole house: real broker, database and services, each with faults before it, and everything that may be done to them."""

import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import urllib3

from tests.chaos.line import Line
from tests.chaos.meter import Meter
from tests.chaos.schedule import BROKER, DATABASE, SERVICES
from tests.chaos.settings import Places, write_settings
from tests.chaos.witness import Witness
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.parts import PartMissing
from tests.support.processes import Service
from tests.support.waiting import answers, eventually, free_port

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


class House:
    """All processes of one run. Everything that is done to them is done here, and may be done twice without harm."""

    def __init__(self, places: Places, seed: int) -> None:
        self.places = places
        self.kills: Counter[str] = Counter()
        self.problems: list[str] = []
        self.lives: Counter[str] = Counter()
        self.witness = Witness(lambda: (self.lives["reader"], self.lives[BROKER]))
        self.broker_port, self.database_port = free_port(), free_port()
        self.database_url = f"http://127.0.0.1:{self.database_port}"
        self.proxy = FaultProxy(self.database_port)
        self.lines = {name: Line(self.broker_port, self.witness.tap if name == "reader" else None) for name in SERVICES}
        self.meter = Meter(places.logs / "meter", seed)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        write_settings(places, link=self.meter.link, url=self.proxy.url, broker_port=self.broker_port)

    def start(self, name: str) -> None:
        """Start a process, unless it runs."""
        if name in self._running:
            return
        self.lives[name] += 1
        log = self.places.logs / f"{name}-{self.lives[name]}.log"
        if name == BROKER:
            self._running[name] = _program([_path("mosquitto"), "-c", str(self.places.logs / "mosquitto.conf")], log)
            eventually(lambda: answers(self.broker_port), what="the broker's port")
            for line in self.lines.values():
                line.take()
        elif name == DATABASE:
            options = ("-retentionPeriod=100y", "-search.latencyOffset=0s", "-dedup.minScrapeInterval=1ms")
            folder = f"-storageDataPath={self.places.logs / 'database'}"
            listen = f"-httpListenAddr=127.0.0.1:{self.database_port}"
            self._running[name] = _program([_path("victoria-metrics"), folder, listen, *options], log)
            eventually(lambda: answers(self.database_port), what="the database's port")
            self.proxy.set_fault(Fault.NONE)
        else:
            port, config = str(self.lines[name].port), str(self.places.logs / "config.ini")
            self._running[name] = Service([name, "-c", config], log, SMARTMETER_MQTT_PORT=port).process

    def kill(self, name: str) -> None:
        """Kill a process with -9.

        VictoriaMetrics writes to its disk seconds later, and what it took since dies with it (measured): it promises no more.
        So the way to it is cut first, and a snapshot brings to its disk what it has answered for.
        """
        if name not in self._running:
            return
        if name == DATABASE:
            self.proxy.set_fault(Fault.REFUSE)
            for page in ("/internal/force_flush", "/snapshot/create"):
                urllib3.request("GET", f"{self.database_url}{page}", timeout=5.0, retries=False)
        self.kills[name] += 1
        self._end(name)

    def stop(self, name: str, within_s: float) -> None:
        """End a process with SIGTERM; a service has to obey at once, with exit code 0."""
        self._running[name].send_signal(signal.SIGTERM)
        try:
            code = self._running[name].wait(within_s)
        except subprocess.TimeoutExpired:
            self.problems.append(f"{name} did not end within {within_s} s of SIGTERM")
        else:
            if code:
                self.problems.append(f"{name} ended with exit code {code} after SIGTERM")
        self._end(name)

    def freeze(self, name: str) -> None:
        """Stop a process where it is (SIGSTOP)."""
        if name in self._running:
            self._running[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let it go on."""
        if name in self._running:
            self._running[name].send_signal(signal.SIGCONT)

    def look(self) -> None:
        """Find processes that ended by themselves: that is a bug; start them again, as systemd would."""
        for name, process in list(self._running.items()):
            code = process.poll()
            if code is not None:
                problem = f"{name} ended by itself, exit code {code}: {self._last_words(name)}"
                if problem not in self.problems:
                    self.problems.append(problem)
                self._end(name)
                self.start(name)

    def close(self) -> None:
        """End everything, whatever state it is in."""
        for name in list(self._running):
            self._end(name)
        for line in self.lines.values():
            line.flow()
            line.refuse()
        self.proxy.close()

    def _end(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait()
        died_s = time.monotonic()
        evidence = self.witness.evidence
        if name == BROKER:
            evidence.broker_deaths_s[self.lives[name]] = died_s
            for line in self.lines.values():
                line.refuse()
        elif name == "reader":
            evidence.reader_deaths_s[self.lives[name]] = died_s

    def _last_words(self, name: str) -> str:
        log = self.places.logs / f"{name}-{self.lives[name]}.log"
        return (log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"])[-1]


@contextmanager
def running_house(places: Places, seed: int) -> Iterator[House]:
    """Run everything for the length of a block; raises PartMissing where a program is not there."""
    for program in ("mosquitto", "victoria-metrics"):
        _path(program)
    with ExitStack() as stack:
        house = House(places, seed)
        stack.callback(house.close)
        for name in (BROKER, DATABASE, "csv_logger", "influx_bridge", "relay_controller"):
            house.start(name)
        stack.enter_context(house.meter)
        yield house


def _path(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path=_SBIN)
    if path is None:
        raise PartMissing(f"no {program} on PATH")
    return path


def _program(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
