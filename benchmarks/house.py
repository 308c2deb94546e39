"""A household's smartmeter, running: a meter on a port, the broker with our own file, four services, the database."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.broker import Broker
from tests.support.database import running_database
from tests.support.listener import Listener
from tests.support.processes import REPOSITORY, Service, clean_environment, running
from tests.support.saving_broker import SavingBroker, saving_broker
from tests.support.waiting import eventually

SERVICES = ("reader", "relay_controller", "influx_bridge", "csv_logger")
_STORING, _NICE = ("influx_bridge", "csv_logger"), 7  # they have a fifth of the broker's weight, as with systemd and Compose
_DEADLINE_S = 240.0  # under valgrind a start takes long
_END_S = 20.0
# What a household must set itself; all else is the default.
_SETTINGS = """\
[serial]
port = {meter}
[mqtt]
port = {port}
[influx]
enabled = yes
url = {database}
token = bench
org = bench
[load:boiler]
driver = mqtt
command_topic = bench/boiler
power = 2000
on_when = {on_when}
off_when = {off_when}
"""
USUAL = {"on_when": "surplus > 2200 W", "off_when": "surplus < 1900 W"}


@dataclass(frozen=True)
class House:
    """The running parts, and the folder of their settings, data and logs."""

    folder: Path
    config: Path
    broker: SavingBroker
    meter: "Meter"
    services: dict[str, Service]

    @property
    def pids(self) -> dict[str, int]:
        """Give the number of each process, the broker's too."""
        return {**{name: service.process.pid for name, service in self.services.items()}, "broker": self.broker.pid}


@dataclass(frozen=True)
class Meter:
    """The process that feeds the port."""

    process: subprocess.Popen[str]
    port: str
    log: Path

    def begin(self) -> None:
        """Let it send, from the next second on."""
        if self.process.stdin:
            self.process.stdin.write("\n")
            self.process.stdin.flush()

    def has_ended(self) -> bool:
        """Whether it has sent all."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the meter ended with exit code {self.process.returncode}")
        return self.log.exists()

    def complete_ns(self) -> dict[int, int]:
        """Give when each telegram was complete, by the Unix time in it: the monotonic clock, in ns."""
        return dict(json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines())


@contextmanager
def running_house(
    count: int,
    rate: float = 1.0,
    *,
    alternate: bool = False,
    settings: str = "",
    launch: Callable[[list[str], Path], AbstractContextManager[Service]] = running,
    rules: Mapping[str, str] = USUAL,
) -> Iterator[House]:
    """Run it until all services are up; its meter then waits for `begin`. `settings` come on top, `rules` are the load's.

    `launch` starts a service. Raises PartMissing.
    """
    with TemporaryDirectory() as name, ExitStack() as parts:
        folder = Path(name)
        (folder / "broker").mkdir()
        broker = parts.enter_context(saving_broker(folder / "broker"))
        database = parts.enter_context(running_database())
        meter = parts.enter_context(_meter(folder / "meter.log", count, rate, alternate=alternate))
        config = folder / "config.ini"
        write_settings(config, meter.port, broker, database.url, settings, rules)
        with Listener(broker, "smartmeter/+/+/status") as listener:
            services = {
                service: parts.enter_context(launch([service, "-c", str(config)], folder / f"{service}.log"))
                for service in SERVICES
            }
            for service in _STORING:
                os.setpriority(os.PRIO_PROCESS, services[service].process.pid, _NICE)
            for service in SERVICES:
                status = b"stale" if service == "reader" else b"online"
                listener.wait_for(f"smartmeter/home/{service}/status", status, _DEADLINE_S)
        yield House(folder, config, broker, meter, services)


def write_settings(
    config: Path, meter: str, broker: Broker, database: str, more: str = "", rules: Mapping[str, str] = USUAL
) -> None:
    """Write the settings of a house; `meter` is its port, `database` its address."""
    text = _SETTINGS.format(meter=meter, port=broker.port, database=database, **rules)
    config.write_text(text + more, encoding="utf-8")


def wait_until_fed(house: House, duration_s: float) -> None:
    """Wait until the meter has sent all."""
    eventually(house.meter.has_ended, duration_s + _DEADLINE_S, "the meter's last telegram")


@contextmanager
def _meter(log: Path, count: int, rate: float, *, alternate: bool) -> Iterator[Meter]:
    command = [sys.executable, "-m", "benchmarks.feeder", "--count", str(count), "--rate", str(rate), "--log", str(log)]
    process = subprocess.Popen(
        command + ["--alternate"] * alternate,
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    try:
        yield Meter(process, _line(process), log)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def subscriber(broker: SavingBroker, log: Path, *topics: str) -> Iterator[subprocess.Popen[str]]:
    """Run a subscriber in a process of its own; `heard` tells afterwards what it heard."""
    command = [sys.executable, "-m", "benchmarks.subscriber", str(broker.port), str(log), *topics]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env=clean_environment())
    try:
        _line(process)
        yield process
        process.terminate()
        process.wait(_END_S)
    finally:
        process.kill()
        process.communicate()


def heard(log: Path) -> list[tuple[int, str, str]]:
    """Give what a subscriber heard: (monotonic ns, topic, payload), in order."""
    return [(ns, topic, text) for ns, topic, text in map(json.loads, log.read_text(encoding="utf-8").splitlines())]


def _line(process: subprocess.Popen[str]) -> str:
    """Wait for the line by which a program says that it is ready."""
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args!r} ended before it was ready")
    return line
