"""The service influx_bridge, as a process, with a real broker."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.database import Database
from tests.support.failing_cloud import HANG, RESET, Answer, failing_cloud
from tests.support.flood import flood
from tests.support.listener import Listener
from tests.support.processes import REPOSITORY, Service, clean_environment, running
from tests.support.waiting import eventually, free_port

pytestmark = pytest.mark.broker
START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@contextmanager
def bridge(folder: Path, broker: Broker, url: str, meter: str) -> Iterator[tuple[Service, Listener]]:
    """Run the service for a meter of its own, connected, and a listener to talk to it."""
    arguments = ["influx_bridge", "-c", str(settings_file(folder, broker, url, meter))]
    with Listener(broker, f"smartmeter/{meter}/influx_bridge/#") as listener, running(arguments, folder / "log") as service:
        listener.wait_for(f"smartmeter/{meter}/influx_bridge/status", b"online")
        yield service, listener


def settings_file(folder: Path, broker: Broker, url: str, meter: str) -> Path:
    """Write the settings of a bridge that uploads all the time."""
    config = folder / "config.ini"
    config.write_text(
        f"[meter]\nname = {meter}\n[mqtt]\nhost = {broker.host}\nport = {broker.port}\nhealth_interval = 0.2\n"
        f"[influx]\nenabled = yes\nurl = {url}\ntoken = t0ken-of-the-test\norg = o\nupload_interval = 0.1\ntimeout = 30000\n"
    )
    return config


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the service until it ends by itself."""
    command = [sys.executable, "-m", "influx_bridge", *options]
    return subprocess.run(
        command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, timeout=30, check=False
    )


def publish(listener: Listener, meter: str, second: int) -> bytes:
    """Publish a telegram; give its line."""
    time = START + timedelta(seconds=second)
    fields = {
        "meter": meter,
        "received": time.isoformat(),
        "seq": second + 1,
        "timestamp": time.isoformat(),
        "net_power": second,
    }
    listener.publish(f"smartmeter/{meter}/telegram", json.dumps(fields))
    return f"electricity net_power={second}.0 {int(time.timestamp())}".encode()


def test_every_point_arrives_once_after_failures(tmp_path: Path, broker: Broker) -> None:
    """Whatever the cloud answers in between; what is not ours is passed over; health tells it."""
    meter = "ib-failures"
    answers = (Answer(503), RESET)
    with failing_cloud(*answers) as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        listener.publish(f"smartmeter/{meter}/telegram", "junk")
        wanted = [publish(listener, meter, second) for second in range(20)]
        publish(listener, meter, 19)

        def written() -> list[bytes]:
            return [line for _path, _headers, body in cloud.requests[len(answers) :] for line in body.splitlines()]

        eventually(lambda: len(written()) >= 20, what="20 points in the cloud")
        health = json.dumps({"written": 20, "queued": 0, "oldest_queued": None, "errors": 2, "rejected": 0, "dropped": 0})
        listener.wait_for(f"smartmeter/{meter}/influx_bridge/health", health.encode())
        assert written() == wanted
        assert service.stop() == 0
        assert "not a message of ours" in service.log
        assert "HTTP 503" in service.log
        assert "takes points again" in service.log


def test_a_cloud_that_hangs_does_not_keep_it_from_ending(tmp_path: Path, broker: Broker) -> None:
    """SIGTERM ends it in less than 2 s, and it tells what is lost."""
    meter = "ib-hangs"
    with failing_cloud(HANG) as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        publish(listener, meter, 0)
        eventually(lambda: cloud.requests, what="a request")
        publish(listener, meter, 1)
        health = {"written": 0, "queued": 2, "oldest_queued": START.isoformat(), "errors": 0, "rejected": 0, "dropped": 0}
        listener.wait_for(f"smartmeter/{meter}/influx_bridge/health", json.dumps(health).encode())
        assert service.stop() == 0
        assert "2 points are not written" in service.log


def test_what_waits_is_written_at_the_end(tmp_path: Path, broker: Broker) -> None:
    """The last try, although the next one would be due in a minute."""
    meter = "ib-last"
    with failing_cloud(Answer(401)) as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        wanted = publish(listener, meter, 0)
        service.wait_for_log("the token is wrong")
        assert service.stop() == 0
        assert cloud.requests[-1][2] == wanted
        assert "are not written" not in service.log


@pytest.mark.database
def test_check_tells_whether_the_database_takes_points(tmp_path: Path, broker: Broker, database: Database) -> None:
    """A real one does, and nobody does not."""
    for url, code in ((database.url, 0), (f"http://127.0.0.1:{free_port()}", 1)):
        config = settings_file(tmp_path, broker, url, "ib-check")
        ended = run("-c", str(config), "--check", "--json")
        check = json.loads(ended.stdout)["checks"][-1]
        assert (ended.returncode, check["what"], check["ok"]) == (code, f"InfluxDB {url}", code == 0)


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_settings_that_cannot_work_are_told_together(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Exit code 2, one line each."""
    config = tmp_path / "config.ini"
    config.write_text('[influx]\nenabled = yes\nurl = "http://x"\norg = home\ntimeout = soon\n')
    ended = run("-c", str(config), *options)
    assert (ended.returncode, ended.stderr.splitlines()) == (
        2,
        [
            f'{config}: [influx] timeout: expected milliseconds from 100 to 600000, got "soon"',
            f'{config}: [influx] url: expected http://host:port, got ""http://x""',
            f"{config}: [influx] token: expected a token, with enabled = yes (any text, if the server wants none)",
        ],
    )


def test_a_flood_does_not_keep_it_from_ending(tmp_path: Path, broker: Broker) -> None:
    """SIGTERM ends it in less than 2 s, although there is always more."""
    meter = "ib-flood"
    with failing_cloud() as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, _), flood(broker, meter):
        eventually(lambda: len(cloud.requests) > 5, what="points in the cloud")
        assert service.stop() == 0


def test_a_telegram_of_another_meter_is_passed_over_in_one_line(tmp_path: Path, broker: Broker) -> None:
    """What it says of itself counts, and cannot forge a line of the log."""
    meter = "ib-forged"
    with failing_cloud() as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        forged = {"meter": "x\n2026-01-31 WARNING forged", "received": START.isoformat(), "seq": 1, "net_power": 7}
        listener.publish(f"smartmeter/{meter}/telegram", json.dumps(forged))
        wanted = publish(listener, meter, 0)
        eventually(lambda: cloud.requests, what="a request")
        assert service.stop() == 0
        assert [body for _path, _headers, body in cloud.requests] == [wanted]
        assert rf"expected meter '{meter}', got 'x\n2026-01-31 WARNING forged'" in service.log
