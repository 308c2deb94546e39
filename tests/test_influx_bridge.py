"""The service influx_bridge, as a process, with a real broker."""

import json
from pathlib import Path

import pytest

from tests.support.bridge import (
    QUEUE,
    START,
    bodies,
    bridge,
    health,
    health_topic,
    lines,
    publish,
    run,
    settings_file,
    status_topic,
)
from tests.support.broker import Broker
from tests.support.database import Database
from tests.support.failing_cloud import HANG, RESET, Answer, failing_cloud
from tests.support.flood import flood
from tests.support.listener import Listener
from tests.support.waiting import eventually, free_port

pytestmark = pytest.mark.broker


def test_every_point_arrives_once_after_failures(tmp_path: Path, broker: Broker) -> None:
    """Whatever the cloud answers in between; what is not ours is passed over; health tells it."""
    meter = "ib-failures"
    answers = (Answer(503), RESET)
    with failing_cloud(*answers) as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        listener.publish(f"smartmeter/{meter}/telegram", "junk")
        wanted = [publish(listener, meter, second) for second in range(20)]
        publish(listener, meter, 19)
        eventually(lambda: len(lines(cloud, len(answers))) >= 20, what="20 points in the cloud")
        listener.wait_for(health_topic(meter), health(written=20, errors=2))
        assert sorted(lines(cloud, len(answers))) == sorted(wanted)
        assert service.stop() == 0
        assert "not a message of ours" in service.log
        assert "HTTP 503" in service.log
        assert "takes points again" in service.log


def test_a_cloud_that_hangs_does_not_keep_it_from_ending(tmp_path: Path, broker: Broker) -> None:
    """SIGTERM ends it in less than 2 s, and it tells what stays in the file."""
    meter = "ib-hangs"
    with failing_cloud(HANG) as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        publish(listener, meter, 0)
        eventually(lambda: cloud.requests, what="a request")
        publish(listener, meter, 1)
        listener.wait_for(health_topic(meter), health(queued=2, oldest_queued=START.isoformat()))
        assert service.stop() == 0
        assert "2 points wait in" in service.log


def test_what_waits_is_written_at_the_end(tmp_path: Path, broker: Broker) -> None:
    """The last try, although the next one would be due in a minute."""
    meter = "ib-last"
    with failing_cloud(Answer(401)) as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        wanted = publish(listener, meter, 0)
        service.wait_for_log("the token is wrong")
        assert service.stop() == 0
        assert bodies(cloud)[-1] == wanted
        assert "for the next start" not in service.log


@pytest.mark.database
def test_check_tells_whether_the_database_takes_points(tmp_path: Path, broker: Broker, database: Database) -> None:
    """A real one does, and nobody does not."""
    for url, code in ((database.url, 0), (f"http://127.0.0.1:{free_port()}", 1)):
        config = settings_file(tmp_path, broker, url, "ib-check")
        with Listener(broker) as listener:
            listener.publish("smartmeter/ib-check/reader/status", "offline", retain=True)  # else a telegram is waited for
        ended = run("-c", str(config), "--check", "--json")
        queue, check = json.loads(ended.stdout)["checks"][-2:]
        assert (ended.returncode, check["what"], check["level"]) == (code, f"InfluxDB {url}", ("ok", "problem")[code])
        found = "not there yet; it will be made"
        assert queue == {"what": f"queue file {tmp_path / QUEUE}", "level": "ok", "found": found, "mend": ""}
        assert [path.name for path in tmp_path.iterdir()] == ["config.ini"]


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_settings_that_cannot_work_are_told_together(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Exit code 2, one line each."""
    config = tmp_path / "config.ini"
    config.write_text("[influx]\nenabled = yes\nurl = ftp://x\norg = home\ntimeout = soon\n")
    ended = run("-c", str(config), *options)
    assert (ended.returncode, ended.stderr.splitlines()) == (
        2,
        [
            f'{config}: [influx] timeout: expected milliseconds from 100 to 600000, got "soon"',
            f'{config}: [influx] url: expected http://host:port, got "ftp://x"',
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
        assert bodies(cloud) == [wanted]
        assert rf"expected meter '{meter}', got 'x\n2026-01-31 WARNING forged'" in service.log


def test_a_wrong_token_is_said_on_status_and_health(tmp_path: Path, broker: Broker) -> None:
    """Nothing is lost; all is well again when it is mended."""
    meter = "ib-token"
    with failing_cloud(Answer(401, b"unauthorized access")) as cloud:
        with bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
            wanted = publish(listener, meter, 0)
            listener.wait_for(status_topic(meter), b"failing")
            words = "HTTP 401: the token is wrong: see [influx] token: unauthorized access"
            listener.wait_for(health_topic(meter), health(queued=1, oldest_queued=START.isoformat(), errors=1, failure=words))
            assert service.stop() == 0
        with bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
            eventually(lambda: wanted in lines(cloud, 1), what="the point in the cloud")
            assert service.stop() == 0


def test_a_second_bridge_on_one_queue_ends_at_once(tmp_path: Path, broker: Broker) -> None:
    """With a plain line, and exit code 1."""
    with failing_cloud() as cloud, bridge(tmp_path, broker, cloud.url, "ib-first"):
        ended = run("-c", str(tmp_path / "config.ini"))
        assert ended.returncode == 1
        last = ended.stderr.splitlines()[-1]
        assert last.endswith(f"another influx_bridge uses the queue file {tmp_path / QUEUE}")


@pytest.mark.parametrize(("where", "why"), [("config.ini/queue.db", "Not a directory"), ("folder", "Is a directory")])
def test_a_queue_file_that_cannot_be_is_a_problem_of_the_settings(tmp_path: Path, broker: Broker, where: str, why: str) -> None:
    """Exit code 2; the check says it too."""
    (tmp_path / "folder").mkdir()
    config = settings_file(tmp_path, broker, "http://127.0.0.1:1", "ib-place", f"queue_file = {where}")
    with Listener(broker) as listener:
        listener.publish("smartmeter/ib-place/reader/status", "offline", retain=True)  # else a telegram is waited for
    ended = run("-c", str(config))
    problem = f"{config}: [influx] queue_file: expected a file that can be written, {tmp_path / where}: "
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(problem)
    checks = json.loads(run("-c", str(config), "--check", "--json").stdout)["checks"]
    assert (f"queue file {tmp_path / where}", "problem", why) in {(one["what"], one["level"], one["found"]) for one in checks}


def test_a_queue_file_that_may_come_later_is_told_and_tried_again(tmp_path: Path, broker: Broker) -> None:
    """A disk that is not mounted: exit code 1, after which a supervisor starts the bridge anew. /proc takes no folder."""
    config = settings_file(tmp_path, broker, "http://127.0.0.1:1", "ib-later", "queue_file = /proc/usb/queue.db")
    ended = run("-c", str(config))
    assert ended.returncode == 1
    problem = "[influx] queue_file: expected a file that can be written, /proc/usb/queue.db: No such file or directory"
    assert f"{config}: {problem}" in ended.stderr.splitlines()[-1]


def test_a_queue_of_a_newer_version_is_kept_under_another_name(tmp_path: Path, broker: Broker) -> None:
    """And the service runs on with a fresh one."""
    meter = "ib-newer"
    queue = tmp_path / QUEUE
    queue.parent.mkdir()
    queue.write_bytes(b"what will be")
    with failing_cloud() as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        wanted = publish(listener, meter, 0)
        eventually(lambda: lines(cloud) == [wanted], what="the point in the cloud")
        assert service.stop() == 0
        assert "it is influx-queue.db.aside1 now" in service.log
    assert queue.with_name("influx-queue.db.aside1").read_bytes() == b"what will be"


@pytest.mark.database
def test_points_reach_a_real_database_compressed(tmp_path: Path, broker: Broker, database: Database) -> None:
    """Each once."""
    meter = "ib-real"
    with bridge(tmp_path, broker, database.url, meter, "meter_tag = yes") as (service, listener):
        for second in range(3):
            publish(listener, meter, second)
        listener.wait_for(health_topic(meter), health(written=3))
        assert service.stop() == 0
    points = [point for point in database.points("electricity") if point.get("meter") == meter]
    assert [(point["time_s"], point["net_power"]) for point in points] == [
        (int(START.timestamp()) + second, second) for second in range(3)
    ]
