"""A day of telegrams that had to wait: for InfluxDB in the bridge's queue file, for csv_logger with the broker.

Real services, a real Mosquitto with the repository's own file (and room for a day), a real database behind a proxy.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from urllib.parse import urlsplit

import urllib3

from benchmarks.row import Row
from common.payload import encode, parse
from tests.support.background import in_background
from tests.support.broker import Broker
from tests.support.database import Database, running_database
from tests.support.fault_proxy import Fault, fault_proxy
from tests.support.flood import household_payloads, publish_all
from tests.support.listener import Listener
from tests.support.processes import Service, running
from tests.support.saving_broker import saving_broker
from tests.support.waiting import eventually

_TELEGRAMS = 86_400
_UPLOAD_INTERVAL_S = 2
_DEADLINE_S = 600.0
_LOOK_S = 0.1
_TOPIC = "smartmeter/home"
_SETTINGS = """\
[mqtt]
host = {host}
port = {port}
health_interval = 0.2
[influx]
enabled = yes
url = {url}
token = bench
org = bench
upload_interval = {interval}
backlog_mb_per_5min = 0
[csv]
min_free_mb = 0
compress = no
"""


def rows() -> list[Row]:
    """Let a day wait at both ends, then let it go."""
    with (
        TemporaryDirectory() as name,
        saving_broker(Path(name), max_queued_bytes=1_000_000_000, max_queued_messages=2 * _TELEGRAMS) as broker,
        running_database() as database,
        fault_proxy(urlsplit(database.url).port or 0) as proxy,
        Listener(broker, f"{_TOPIC}/+/health") as listener,
    ):
        folder = Path(name)
        config = folder / "config.ini"
        text = _SETTINGS.format(host=broker.host, port=broker.port, url=proxy.url, interval=_UPLOAD_INTERVAL_S)
        config.write_text(text, encoding="utf-8")
        with running(["csv_logger", "-c", str(config)], folder / "log") as logger:
            logger.wait_for_log("connected to the broker")
        with running(["influx_bridge", "-c", str(config)], folder / "log") as bridge:
            bridge.wait_for_log("connected to the broker")
            begun = datetime.now(UTC) - timedelta(seconds=_TELEGRAMS + 60)
            before = begun - timedelta(seconds=1)
            publish_all(broker, f"{_TOPIC}/telegram", household_payloads("home", before, 1))
            eventually(lambda: _health(listener, "influx_bridge").get("written"), _DEADLINE_S)  # its client is loaded
            usual_mb = _memory_mb(bridge)
            proxy.set_fault(Fault.REFUSE)
            publish_all(broker, f"{_TOPIC}/telegram", household_payloads("home", begun, _TELEGRAMS))
            eventually(lambda: _health(listener, "influx_bridge")["queued"] >= _TELEGRAMS, _DEADLINE_S)
            points = _health(listener, "influx_bridge")["queued"]
            with _live(broker, begun):
                proxy.set_fault(Fault.NONE)
                watch = _Watch(database, bridge)
                duration_s = watch.until_written(listener, points)
        what = f"InfluxDB back after {_TELEGRAMS:,} telegrams: {points:,} points written"
        found = f"{duration_s:.1f} s, {points / duration_s:,.0f} points/s"
        lag = f"{watch.lag_s:.1f} s at most"
        memory = f"{usual_mb:.1f} -> {watch.memory_mb:.1f} MB at most"
        return [
            Row(what, found, ">= 20,000 points/s"),
            Row(f"live points behind meanwhile, upload_interval {_UPLOAD_INTERVAL_S} s", lag, f"< {_UPLOAD_INTERVAL_S + 2} s"),
            Row("memory of the bridge (RSS), usual and meanwhile", memory, "within 10 MB"),
            _csv_row(config, folder, listener),
        ]


def _csv_row(config: Path, folder: Path, listener: Listener) -> Row:
    with running(["csv_logger", "-c", str(config)], folder / "log") as logger:
        eventually(lambda: logger.log.count("going on in") or _health(listener, "csv_logger").get("rows"), _DEADLINE_S)
        start_s = time.monotonic()
        eventually(lambda: _health(listener, "csv_logger")["rows"] >= _TELEGRAMS, _DEADLINE_S)
        duration_s = time.monotonic() - start_s
        logger.stop()
    files = [*(folder / "data").glob("smartmeter_*.csv"), *(folder / "data").glob(".wip__*.csv")]
    stamps = [line.partition(",")[0] for path in files for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    found = f"{_TELEGRAMS / duration_s:,.0f} a second; doubled {len(stamps) - len(set(stamps))}"
    missing = max(0, _TELEGRAMS - len(set(stamps)))
    return Row(f"csv_logger takes {_TELEGRAMS:,} telegrams from the broker", f"{found}, lost {missing}", ">= 5,000 a second")


@dataclass
class _Watch:
    """Looks at the database and at the bridge's memory until all is written."""

    database: Database
    bridge: Service
    lag_s: float = 0.0
    memory_mb: float = 0.0
    _start_s: float = field(default_factory=time.monotonic)

    def until_written(self, listener: Listener, points: int) -> float:
        """Give the seconds that it took; the first points may take the time of the bridge's pause after failures."""
        first_s = 0.0
        before = _health(listener, "influx_bridge")["written"]
        while (written := _health(listener, "influx_bridge")["written"] - before) < points:
            if not written:
                first_s = time.monotonic()
            self.memory_mb = max(self.memory_mb, _memory_mb(self.bridge))
            if written and (newest := self._newest()):
                self.lag_s = max(self.lag_s, time.time() - newest)
            time.sleep(_LOOK_S)
        return time.monotonic() - first_s

    def _newest(self) -> float:
        urllib3.request("GET", f"{self.database.url}/internal/force_flush")
        answer = urllib3.request(
            "GET",
            f"{self.database.url}/api/v1/query",
            fields={"query": "max(timestamp(electricity_net_power))", "nocache": "1"},
        )
        result = answer.json()["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0


@contextmanager
def _live(broker: Broker, begun: datetime) -> Iterator[None]:
    """Publish a telegram a second, as the reader does."""
    reading = parse(next(household_payloads("home", begun, 1)))

    def publish(over: Event) -> None:
        with Listener(broker, "nothing") as publisher:
            while not over.wait(1.0):
                now = datetime.now(UTC)
                fields = {**reading.fields, "timestamp": now.isoformat(timespec="seconds")}
                publisher.publish(f"{_TOPIC}/telegram", encode(replace(reading, received=now, fields=fields)))

    with in_background(publish):
        yield


def _health(listener: Listener, service: str) -> dict[str, int]:
    heard = listener.payloads(f"{_TOPIC}/{service}/health")
    return dict(json.loads(heard[-1])) if heard else {}


def _memory_mb(service: Service) -> float:
    status = Path(f"/proc/{service.process.pid}/status").read_text(encoding="utf-8")
    (kilobytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return int(kilobytes) / 1000
