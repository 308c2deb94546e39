"""The service influx_bridge for a meter of a test's own, and the telegrams that it is given."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.broker import Broker
from tests.support.failing_cloud import FailingCloud
from tests.support.listener import Listener
from tests.support.processes import REPOSITORY, Service, clean_environment, running

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
QUEUE = "data/influx-queue.db"


def settings_file(folder: Path, broker: Broker, url: str, meter: str, *more: str) -> Path:
    """Write the settings of a bridge that uploads all the time; `more` lines of [influx] take the place of these."""
    influx = {"enabled": "yes", "url": url, "token": "t0ken-of-the-test", "org": "o", "upload_interval": "0.1"}
    influx |= {"timeout": "30000"} | dict(line.split(" = ") for line in more)
    lines = [f"{key} = {value}" for key, value in influx.items()]
    config = folder / "config.ini"
    head = f"[meter]\nname = {meter}\n[mqtt]\nhost = {broker.host}\nport = {broker.port}\nhealth_interval = 0.2\n[influx]\n"
    config.write_text(head + "\n".join(lines) + "\n")
    return config


@contextmanager
def bridge(folder: Path, broker: Broker, url: str, meter: str, *more: str) -> Iterator[tuple[Service, Listener]]:
    """Run the service, connected, and a listener to talk to it."""
    config = settings_file(folder, broker, url, meter, *more)
    with Listener(broker, f"smartmeter/{meter}/influx_bridge/#") as listener, running_bridge(config) as service:
        listener.wait_for(status_topic(meter), b"online")
        yield service, listener


@contextmanager
def running_bridge(config: Path) -> Iterator[Service]:
    """Run the service alone."""
    with running(["influx_bridge", "-c", str(config)], config.parent / "log") as service:
        yield service


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the service until it ends by itself."""
    command = [sys.executable, "-m", "influx_bridge", *options]
    return subprocess.run(
        command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, timeout=30, check=False
    )


def publish(listener: Listener, meter: str, second: int, *, time: datetime | None = None, topic: str = "telegram") -> bytes:
    """Publish the telegram of a second after START, or of a `time`; give its line."""
    time = time or START + timedelta(seconds=second)
    fields = {
        "meter": meter,
        "received": time.isoformat(),
        "seq": second + 1,
        "timestamp": time.isoformat(timespec="seconds"),
        "net_power": second,
    }
    listener.publish(f"smartmeter/{meter}/{topic}", json.dumps(fields))
    return f"electricity net_power={second}.0 {int(time.timestamp())}".encode()


def bodies(cloud: FailingCloud, without: int = 0) -> list[bytes]:
    """Give what the cloud was sent, without the first requests."""
    return [gzip.decompress(body) for _path, _headers, body in cloud.requests[without:]]


def lines(cloud: FailingCloud, without: int = 0) -> list[bytes]:
    """Give the lines that the cloud was sent, without those of the first requests."""
    return [line for body in bodies(cloud, without) for line in body.splitlines()]


def health(**counters: object) -> bytes:
    """Give what the service says on `health` with these counters, and none of the others."""
    none = {"written": 0, "queued": 0, "oldest_queued": None, "errors": 0, "rejected": 0, "dropped": 0, "failure": None}
    return json.dumps(none | counters).encode()


def health_topic(meter: str) -> str:
    """Give where it says that."""
    return f"smartmeter/{meter}/influx_bridge/health"


def status_topic(meter: str) -> str:
    """Give where it says that it runs."""
    return f"smartmeter/{meter}/influx_bridge/status"
