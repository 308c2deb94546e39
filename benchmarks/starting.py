"""How long a service takes from its start to its first message, and what its imports take of that."""

import re
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.house import SERVICES, write_settings
from benchmarks.row import Row, at_most
from tests.support.broker import Broker
from tests.support.database import running_database
from tests.support.processes import REPOSITORY, clean_environment, running
from tests.support.saving_broker import saving_broker

_RUNS = 7
_DEADLINE_S = 20.0
_HEAVIEST = 5
_LIMIT_S = 0.3
_IMPORT = re.compile(r"import time:\s+(?P<us>\d+) \|\s+\d+ \|\s+(?P<package>\w+)")


def rows() -> Iterator[Row]:
    """Start each in turn, again and again: a slow moment of the machine then hits all alike."""
    with TemporaryDirectory() as name, saving_broker(Path(name)) as broker, running_database() as database:
        config = Path(name, "config.ini")
        write_settings(config, f"{name}/no-port", broker, database.url)
        times_s: dict[str, list[float]] = {service: [] for service in SERVICES}
        listener = _Listener(broker)
        for service in SERVICES * _RUNS:
            times_s[service].append(_start_s(service, config, listener))
    for service, found_s in times_s.items():
        imports_ms, heaviest_ms = _imports_ms(service)
        details = {"runs": found_s, "imports_ms": imports_ms, "heaviest_ms": heaviest_ms}
        yield at_most(f"start of {service} to its first message, median of {_RUNS}", median(found_s), _LIMIT_S, "s", details)
        heaviest = ", ".join(f"{package} {ms:.0f}" for package, ms in heaviest_ms.items())
        yield Row("  of which imports (importtime, which slows them)", f"{imports_ms:.0f} ms ({heaviest})", "")


class _Listener:
    """Hears the status of services; what the broker kept of an earlier one does not count."""

    def __init__(self, broker: Broker) -> None:
        self._heard = False
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe("smartmeter/home/+/status", 1)
        self._client.connect(broker.host, broker.port)

    def wait(self) -> None:
        """Wait for the next status of a service that has begun."""
        self._heard, end_s = False, time.monotonic() + _DEADLINE_S
        while not self._heard:
            if time.monotonic() > end_s:
                raise RuntimeError("the service does not come up")
            self.serve(0.1)

    def serve(self, timeout_s: float) -> None:
        """Take what comes."""
        if select.select([sock for sock in [self._client.socket()] if sock], [], [], timeout_s)[0]:
            self._client.loop_read()
        while self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._heard = self._heard or (not message.retain and message.payload != b"offline")


def _start_s(service: str, config: Path, listener: _Listener) -> float:
    for _ in range(3):
        listener.serve(0.05)  # the goodbye of the one before
    begun_s = time.monotonic()
    with running([service, "-c", str(config)], config.with_suffix(".log")) as process:
        listener.wait()
        found_s = time.monotonic() - begun_s
        process.stop()
    return found_s


def _imports_ms(service: str) -> tuple[float, dict[str, float]]:
    """Give what importing takes, and the packages that take most of it, each without what it imports itself."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {service}.__main__"]
    done = subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=True)
    by_package: Counter[str] = Counter()
    for line in done.stderr.splitlines():
        if found := _IMPORT.match(line):
            by_package[found["package"]] += int(found["us"])
    heaviest = {package: us / 1000 for package, us in by_package.most_common(_HEAVIEST)}
    return by_package.total() / 1000, heaviest
