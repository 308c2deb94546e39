"""Several bridges that share the work: they come, go, are killed, and no point is lost or doubled."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from influx_bridge.leftovers import Leftovers
from influx_bridge.queue import Queue
from influx_bridge.queue_place import QueuePlace
from influx_bridge.replica import claim
from tests.support.bridge import QUEUE, lines, settings_file
from tests.support.broker import Broker
from tests.support.failing_cloud import FailingCloud, failing_cloud
from tests.support.flood import household_payloads
from tests.support.listener import Listener
from tests.support.processes import Service, running
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker
GROUP = ("shared_group = writers", "meters = all", "meter_tag = yes", "upload_interval = 0.2")


@contextmanager
def replica(config: Path, number: int, listener: Listener, meter: str) -> Iterator[Service]:
    """Run one bridge of the group until it is online under its number."""
    name = "influx_bridge" if number == 1 else f"influx_bridge/{number}"
    topic = f"replicas/{meter}/{name}/status"
    before = len([one for one in listener.payloads(topic) if one == b"online"])
    with running(["influx_bridge", "-c", str(config)], config.parent / f"log-{number}-{time.monotonic_ns()}") as service:
        eventually(lambda: listener.payloads(topic).count(b"online") > before, 30.0, f"bridge {number}")
        yield service


def group_settings(folder: Path, broker: Broker, cloud: FailingCloud, meter: str) -> Path:
    """Write the settings of all bridges of the group."""
    config = settings_file(folder, broker, cloud.url, meter, *GROUP)
    config.write_text(config.read_text().replace("[mqtt]\n", "[mqtt]\nbase_topic = replicas\n"))
    return config


def written(cloud: FailingCloud) -> Counter[bytes]:
    """Count how often each point of electricity was written."""
    return Counter(line for line in lines(cloud) if line.startswith(b"electricity"))


def test_bridges_share_the_work_and_lose_nothing_when_they_come_and_go(tmp_path: Path, broker: Broker) -> None:
    """One that is scaled away drains and ends its session; one that is killed comes back under its own number."""
    payloads = household_payloads("house", datetime.now(UTC) - timedelta(hours=1), 400)
    with failing_cloud() as cloud, ExitStack() as first_ones, Listener(broker, "replicas/+/influx_bridge/#") as listener:
        config = group_settings(tmp_path, broker, cloud, "replicas")
        first_ones.enter_context(replica(config, 1, listener, "replicas"))

        def publish(count: int) -> None:
            for _ in range(count):
                listener.publish("replicas/house/telegram", next(payloads))

        publish(50)
        with replica(config, 2, listener, "replicas") as second:
            publish(100)
            with replica(config, 3, listener, "replicas") as third:
                publish(50)
                third.process.kill()
                publish(50)
                third.process.wait()
                with replica(config, 3, listener, "replicas") as again:
                    publish(50)
                    assert again.stop() == 0
            publish(50)
            eventually((tmp_path / "data/influx-queue-2.db").exists)
            assert second.stop() == 0
        publish(50)
        eventually(lambda: len(written(cloud)) == 400, 60.0, "400 points")
        times = [count for _, count in sorted(written(cloud).items(), key=lambda point: point[0].split()[-1])]
        assert times[:150] + times[200:] == [1] * 350
        assert set(times[150:200]) <= {1, 2}  # the killed one may have written what it had not told yet; it is the same point
        for number in (2, 3):
            assert listener.payloads(f"replicas/replicas/influx_bridge/{number}/status")[-1] == b""
            assert listener.payloads(f"replicas/replicas/influx_bridge/{number}/health")[-1] == b""
        assert json.loads(listener.payloads("replicas/replicas/influx_bridge/health")[-1])["errors"] == 0


def test_a_name_of_ones_own_is_in_topics_and_file(tmp_path: Path, broker: Broker) -> None:
    """Bridges on several machines do not see each other's files."""
    with failing_cloud() as cloud, Listener(broker, "smartmeter/named/influx_bridge/#") as listener:
        config = settings_file(tmp_path, broker, cloud.url, "named", "instance = east")
        with running(["influx_bridge", "-c", str(config)], tmp_path / "log") as service:
            listener.wait_for("smartmeter/named/influx_bridge/east/status", b"online")
            assert (tmp_path / "data/influx-queue-east.db").exists()
            assert service.stop() == 0
        listener.wait_for("smartmeter/named/influx_bridge/east/status", b"offline")


def test_numbers_are_taken_from_the_lowest(tmp_path: Path) -> None:
    """Without a group there is one only; in a group the next free one."""
    path = tmp_path / "queue.db"
    first = claim(path, "", is_group=True)
    second, third = claim(path, "", is_group=True), claim(path, "", is_group=True)
    assert [one.instance for one in (first, second, third)] == ["", "2", "3"]
    assert [one.is_extra for one in (first, second, third)] == [False, True, True]
    second.place.close()
    again = claim(path, "", is_group=True)
    assert again.place.path == tmp_path / "queue-2.db"
    with pytest.raises(BlockingIOError):
        claim(path, "", is_group=False)
    named = claim(path, "east", is_group=True)
    assert (named.place.path, named.is_extra, named.is_first) == (tmp_path / "queue-east.db", False, False)
    for one in (first, third, again, named):
        one.place.close()


def _filled(path: Path, points: list[bytes]) -> None:
    place = QueuePlace(path)
    place.prepare()
    queue = Queue(place, 10)
    queue.add(points, live=False)
    assert queue.save()
    queue.close()


def _leftovers(queue: Queue, path: Path) -> Leftovers:
    def adopt(lines: list[bytes]) -> bool:
        queue.add(lines, live=False)
        return queue.save()

    return Leftovers(path, adopt, lambda _instance, _topics: False)


def test_the_first_takes_over_what_another_one_left(tmp_path: Path) -> None:
    """Not before it was left alone for a while, and not while somebody holds it."""
    path, other = tmp_path / QUEUE, tmp_path / "data/influx-queue-2.db"
    _filled(path, [])
    points = [f"electricity net_power={number}.0 {number}".encode() for number in range(2_500)]
    _filled(other, points)
    place = QueuePlace(path)
    place.prepare()
    queue, changed_s = Queue(place, 10), other.stat().st_mtime
    _leftovers(queue, path).look(100.0, changed_s + 119)
    assert len(queue) == 0
    holder = claim(path.with_name("influx-queue-2.db"), "", is_group=False)
    _leftovers(queue, path).look(100.0, changed_s + 121)
    assert len(queue) == 0
    holder.place.close()
    leftovers = _leftovers(queue, path)
    leftovers.look(100.0, changed_s + 121)
    assert queue.newest_lines(5_000) == points
    assert leftovers.seconds_left(130.0) == 30.0
    leftovers.look(160.0, other.stat().st_mtime + 121)
    assert len(queue) == len(points)
    queue.close()
    with closing(sqlite3.connect(other)) as file:
        assert file.execute("SELECT count(*) FROM point").fetchone() == (0,)


def test_a_damaged_file_that_was_left_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It stays as it is, for a person to look at."""
    path, other = tmp_path / QUEUE, tmp_path / "data/influx-queue-2.db"
    _filled(path, [])
    other.write_bytes(b"no queue at all" * 100)
    place = QueuePlace(path)
    place.prepare()
    queue = Queue(place, 10)
    _leftovers(queue, path).look(0.0, other.stat().st_mtime + 121)
    assert "cannot take over what another bridge left in" in caplog.text
    assert other.read_bytes() == b"no queue at all" * 100
    queue.close()
