"""Bridges of a group and their places: who takes over what, and what the broker is asked for meanwhile."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.sections import COMMON_SECTIONS, InfluxSettings
from common.settings import Config
from common.settings_file import load_config
from common.waiting import Stop
from influx_bridge import first_place, leftovers
from influx_bridge.first_place import FirstPlace
from influx_bridge.member import Member
from influx_bridge.replica import claim
from influx_bridge.subscribed import Subscribed
from tests.support.bridge import QUEUE, bridge, lines, publish, running_bridge, settings_file, status_topic
from tests.support.broker import Broker
from tests.support.failing_cloud import FailingCloud, failing_cloud
from tests.support.listener import Listener
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker
TAG = "meter_tag = yes"


@contextmanager
def member(config: Path, name: str) -> Iterator[None]:
    """Run a bridge of the group in this process: as its own one it cannot be told to be less patient."""
    loaded = load_config(str(config), (*COMMON_SECTIONS, InfluxSettings), lambda _: ())
    assert isinstance(loaded, Config)
    settings, stop = loaded.section(InfluxSettings), Stop()

    def run() -> None:
        while not stop.requested:
            Member(loaded, claim(Path(settings.queue_file), "", is_group=True)).run(stop)

    thread = threading.Thread(target=run, name=name)
    thread.start()
    try:
        yield
    finally:
        stop.request()
        thread.join()


def group_settings(folder: Path, broker: Broker, cloud: FailingCloud, meter: str) -> Path:
    """Write the settings of a group for one meter."""
    return settings_file(folder, broker, cloud.url, meter, f"shared_group = {meter}", TAG)


def once_each(cloud: FailingCloud, count: int) -> None:
    """Wait for that many points, of which none came twice."""
    eventually(lambda: len(set(lines(cloud))) == count, 60.0, f"{count} points")
    assert set(Counter(lines(cloud)).values()) == {1}


@pytest.fixture(params=["eclipse-mosquitto:2", "eclipse-mosquitto:2.0"])
def each_broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Run a Mosquitto of each version that people have."""
    monkeypatch.setattr("tests.support.broker.IMAGE", request.param)
    found: Broker = request.getfixturevalue("mortal_broker")
    return found


def test_a_bridge_that_joins_a_group_is_sent_its_share_only(tmp_path: Path, each_broker: Broker) -> None:
    """Its session at the broker is the one of before, and with it what was asked for under the settings of before."""
    meter = "pl-joins"
    with failing_cloud() as cloud:
        with bridge(tmp_path, each_broker, cloud.url, meter, TAG, "meters = all") as (alone, listener):
            publish(listener, meter, 0)
            once_each(cloud, 1)
            assert alone.stop() == 0
        config = group_settings(tmp_path, each_broker, cloud, meter)
        with Listener(each_broker, f"smartmeter/{meter}/influx_bridge/#") as listener, running_bridge(config) as first:
            listener.wait_for(status_topic(meter), b"online")
            with running_bridge(config) as second:
                listener.wait_for(f"smartmeter/{meter}/influx_bridge/2/status", b"online")
                for second_of_day in range(1, 21):
                    publish(listener, meter, second_of_day)
                once_each(cloud, 21)
                assert second.stop() == first.stop() == 0
                once_each(cloud, 21)


def test_another_bridge_goes_to_the_first_place_when_that_stays_empty(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker may end any of them when there are to be fewer; the broker keeps half of the telegrams for the first one."""
    meter = "pl-moves"
    monkeypatch.setattr(first_place, "_LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(first_place, "_ABANDONED_S", 0.0)
    with failing_cloud() as cloud, Listener(broker, f"smartmeter/{meter}/influx_bridge/#") as listener:
        config = group_settings(tmp_path, broker, cloud, meter)
        with running_bridge(config) as first:
            listener.wait_for(status_topic(meter), b"online")
            with member(config, "second"):
                listener.wait_for(f"smartmeter/{meter}/influx_bridge/2/status", b"online")
                assert first.stop() == 0
                for second in range(20):
                    publish(listener, meter, second)
                once_each(cloud, 20)
                assert listener.payloads(f"smartmeter/{meter}/influx_bridge/2/status")[-1] == b""
                assert listener.payloads(status_topic(meter))[-1] == b"online"


def test_what_the_broker_keeps_for_a_bridge_that_is_gone_is_taken_over(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed and nobody started it again: the first one ends its session, so that it is given no share any more."""
    meter = "pl-gone"
    monkeypatch.setattr(leftovers, "_LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(leftovers, "_ABANDONED_S", 0.0)
    with failing_cloud() as cloud, Listener(broker, f"smartmeter/{meter}/influx_bridge/#") as listener:
        config = group_settings(tmp_path, broker, cloud, meter)
        with running_bridge(config) as first:
            listener.wait_for(status_topic(meter), b"online")
            with running_bridge(config) as second:
                status = f"smartmeter/{meter}/influx_bridge/2/status"
                listener.wait_for(status, b"online")
                eventually(lambda: Subscribed(tmp_path / "data/influx-queue-2.db").exists)
                second.process.kill()
                listener.wait_for(status, b"offline")
            for number in range(20):
                publish(listener, meter, number)
            assert first.stop() == 0
        with member(config, "first"):
            once_each(cloud, 20)
            listener.wait_for(status, b"")
            eventually(lambda: not Subscribed(tmp_path / "data/influx-queue-2.db").exists)
            for number in range(20, 40):
                publish(listener, meter, number)
            once_each(cloud, 40)


def test_the_first_place_is_empty_when_nobody_is_there_for_half_a_minute(tmp_path: Path) -> None:
    """Who is only restarted finds it as he left it."""
    path = tmp_path / QUEUE
    watched = FirstPlace(path)
    holder = claim(path, "", is_group=True)
    assert not watched.stays_empty(0.0)
    assert watched.seconds_left(4.0) == 6.0
    holder.place.close()
    assert [watched.stays_empty(float(now_s)) for now_s in (9, 10, 20, 30)] == [False] * 4
    again = claim(path, "", is_group=True)
    assert not watched.stays_empty(40.0)
    again.place.close()
    assert [watched.stays_empty(float(now_s)) for now_s in (50, 60, 70, 79, 80)] == [False] * 4 + [True]


def test_what_was_asked_for_is_remembered_until_the_session_is_ended(tmp_path: Path) -> None:
    """A file that is damaged tells nothing."""
    path = tmp_path / "queue.db"
    subscribed = Subscribed(path)
    assert (subscribed.exists, subscribed.topics()) == (False, [])
    subscribed.remember(["a/+", "$share/g/b"])
    assert (Subscribed(path).exists, Subscribed(path).topics()) == (True, ["a/+", "$share/g/b"])
    (tmp_path / ".queue.db.topics").write_bytes(b"\xff")
    assert Subscribed(path).topics() == []
    subscribed.forget()
    assert not Subscribed(path).exists
