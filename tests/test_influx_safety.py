"""The service influx_bridge when it is killed, when the disk is full, when the cloud comes back: nothing lost or doubled."""

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

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
    running_bridge,
    settings_file,
    status_topic,
)
from tests.support.broker import Broker
from tests.support.cuttable import cuttable
from tests.support.database import Database
from tests.support.disks import small_disk
from tests.support.failing_cloud import HANG, Answer, FailingCloud, failing_cloud
from tests.support.fault_proxy import Fault, fault_proxy
from tests.support.listener import Listener
from tests.support.parts import PartMissing, do_without
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


@pytest.fixture
def tiny_disk() -> Iterator[Path]:
    """Give an empty disk of a megabyte."""
    try:
        with small_disk(1) as path:
            yield path
    except PartMissing as reason:
        do_without(reason)


def queued(folder: Path) -> int:
    """Count the points in a queue file, of a copy: the service holds the file for itself."""
    copy = folder / "copy.db"
    for companion in ("", "-wal"):
        source = Path(f"{folder / QUEUE}{companion}")
        if not source.exists():
            return 0
        shutil.copy(source, f"{copy}{companion}")
    with closing(sqlite3.connect(copy)) as file:
        [(count,)] = file.execute("SELECT count(*) FROM point")
    return int(count)


def test_a_kill_between_commit_and_acknowledgement_doubles_nothing(tmp_path: Path, broker: Broker) -> None:
    """The broker sends the messages again, and the queue knows them."""
    meter = "ib-unacknowledged"
    with failing_cloud(*[Answer(503)] * 50) as cloud, cuttable(broker.port) as line, Listener(broker) as listener:
        config = settings_file(tmp_path, replace(broker, port=line.port), cloud.url, meter)
        with running_bridge(config) as service:
            listener.wait_for(status_topic(meter), b"online")
            line.hold()
            wanted = [publish(listener, meter, second) for second in range(20)]
            eventually(lambda: queued(tmp_path) == 20, what="20 points in the queue file")
            eventually(lambda: line.held, what="acknowledgements that do not arrive")
            service.process.kill()
            service.process.wait()
        line.cut()
        cloud.answers.clear()
        before = len(cloud.requests)
        with running_bridge(config) as service:
            listener.wait_for(health_topic(meter), health(written=20))
            last = publish(listener, meter, 20)
            eventually(lambda: last in lines(cloud), what="the last point")
            assert service.stop() == 0
            assert "20 points wait" in service.log
        assert sorted(lines(cloud, before)) == sorted([*wanted, last])


def test_a_kill_before_the_commit_costs_nothing(tmp_path: Path, broker: Broker) -> None:
    """What is in memory only was not acknowledged: the broker sends it again."""
    meter = "ib-uncommitted"
    with failing_cloud() as cloud, bridge(tmp_path, broker, cloud.url, meter, "upload_interval = 600") as (service, listener):
        first = publish(listener, meter, 0, time=datetime.now(UTC))
        eventually(lambda: lines(cloud) == [first], what="the first point")  # the next one would be due in ten minutes
        wanted = [publish(listener, meter, second) for second in range(1, 6)]
        listener.wait_for(
            health_topic(meter), health(written=1, queued=5, oldest_queued=(START + timedelta(seconds=1)).isoformat())
        )
        service.process.kill()
        service.process.wait()
        with running_bridge(tmp_path / "config.ini"):
            eventually(lambda: set(wanted) <= set(lines(cloud)), what="the other points")
    assert set(lines(cloud)) == {first, *wanted}


def test_what_waits_at_a_kill_is_written_after_the_next_start(tmp_path: Path, broker: Broker) -> None:
    """Points that a hanging cloud may have had are sent again, the same: equal points are one."""
    meter = "ib-killed"
    with failing_cloud(HANG) as cloud, bridge(tmp_path, broker, cloud.url, meter) as (service, listener):
        wanted = [publish(listener, meter, second) for second in range(40)]
        eventually(lambda: queued(tmp_path) == 40 and cloud.requests, what="40 points in the queue file, and a request")
        service.process.kill()
        service.process.wait()
        with running_bridge(tmp_path / "config.ini") as second:
            eventually(lambda: set(wanted) == set(lines(cloud, 1)), what="40 points in the cloud")
            listener.wait_for(health_topic(meter), health(written=40))
            assert second.stop() == 0
        assert queued(tmp_path) == 0
    assert len(lines(cloud, 1)) == 40


def health_of(listener: Listener, meter: str) -> tuple[int, int, int]:
    """Give how many points the service says that were written, rejected, and wait."""
    told = json.loads((listener.payloads(health_topic(meter)) or [health()])[-1])
    return told["written"], told["rejected"], told["queued"]


class Watch:
    """Notes when each line arrives in a cloud, by the monotonic clock."""

    def __init__(self, cloud: FailingCloud) -> None:
        self.arrived_s: dict[bytes, float] = {}
        self._cloud = cloud
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> dict[bytes, float]:
        self._thread.start()
        return self.arrived_s

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        seen = 0
        while not self._over.wait(0.02):
            now_s = time.monotonic()
            for body in bodies(self._cloud, seen):
                seen += 1
                for line in body.splitlines():
                    self.arrived_s.setdefault(line, now_s)


def test_live_points_do_not_wait_for_a_backlog(tmp_path: Path, broker: Broker) -> None:
    """A backlog of 2,000 telegrams drains at its own rate, and live ones are there after the interval."""
    meter, interval_s = "ib-lanes", 0.5
    limits = (f"upload_interval = {interval_s}", "backlog_mb_per_5min = 5")
    with failing_cloud() as cloud, bridge(tmp_path, broker, cloud.url, meter, *limits) as (service, listener):
        with Watch(cloud) as arrived_s:
            backlog = [publish(listener, meter, second, topic="backfill") for second in range(2000)]
            live_s: dict[bytes, float] = {}
            number = 10_000
            while not set(backlog) <= arrived_s.keys() or len(live_s) < 8:
                line = publish(listener, meter, number, time=datetime.now(UTC) + timedelta(seconds=number - 10_000))
                live_s[line] = time.monotonic()
                number += 1
                eventually(partial(arrived_s.__contains__, line), interval_s + 2.0, "a live point")
        late_s = [arrived_s[line] - sent_s for line, sent_s in live_s.items()]
        assert max(late_s) < interval_s + 2.0
        backlog_s = [arrived_s[line] for line in backlog]
        assert backlog_s == sorted(backlog_s)
        assert max(backlog_s) - min(backlog_s) > 1.0  # live points came in between
        assert len(lines(cloud)) == len(backlog) + len(live_s)
        assert service.stop() == 0


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte; give the file that does it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return filler


def test_a_full_disk_is_said_and_costs_nothing(tmp_path: Path, broker: Broker, tiny_disk: Path) -> None:
    """Nothing is acknowledged, so the broker keeps what comes; when there is room it goes on."""
    meter, queue = "ib-full", tiny_disk / "queue.db"
    cloud_is_away = [Answer(503)] * 2
    with (
        failing_cloud(*cloud_is_away) as cloud,
        bridge(tmp_path, broker, cloud.url, meter, f"queue_file = {queue}") as (service, listener),
    ):
        wanted = [publish(listener, meter, 0)]
        eventually(lambda: cloud.requests, what="a request")
        filler = fill(tiny_disk)
        wanted += [publish(listener, meter, second) for second in range(1, 300)]
        listener.wait_for(status_topic(meter), b"failing")
        eventually(lambda: b"disk is full" in b"".join(listener.payloads(health_topic(meter))[-1:]), what="the disk on health")
        filler.unlink()
        eventually(lambda: set(wanted) <= set(lines(cloud, len(cloud_is_away))), what="all points")
        eventually(lambda: listener.payloads(status_topic(meter))[-1] == b"online", what="all being well")
        assert service.stop() == 0
        assert f"cannot keep points in {queue}: database or disk is full" in service.log
        assert f"points are kept in {queue} again" in service.log
    assert len(lines(cloud, len(cloud_is_away))) == len(wanted)


@pytest.mark.database
def test_a_bad_point_is_set_aside_with_the_servers_words(tmp_path: Path, broker: Broker, database: Database) -> None:
    """All others arrive; it is in the table `rejected`."""
    meter, poison = "ib-rejected", -int(START.timestamp()) % 61  # the proxy refuses each 61st second
    with fault_proxy(urlsplit(database.url).port or 0) as proxy:
        proxy.set_fault(Fault.POISON)
        with bridge(tmp_path, broker, proxy.url, meter, "meter_tag = yes") as (service, listener):
            for second in range(61):
                publish(listener, meter, second)
            eventually(lambda: health_of(listener, meter) == (60, 1, 0), what="60 points written, 1 rejected")
            assert service.stop() == 0
    points = [point["net_power"] for point in database.points("electricity") if point.get("meter") == meter]
    assert points == [second for second in range(61) if second != poison]
    with closing(sqlite3.connect(tmp_path / QUEUE)) as file:
        [(line, status)] = file.execute("SELECT line, status FROM rejected").fetchall()
    time_s = int(START.timestamp()) + poison
    assert (line, status) == (f"electricity,meter={meter} net_power={poison}.0 {time_s}".encode(), 400)
