"""The cores of `make cluster`, and the bridge of docs/fleet.md between two real brokers. The long form is `make cluster`."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mosquitto.password_hash import SALT_BYTES, hash_of
from tests.cluster.files import definitions
from tests.cluster.places import BLOCK, BRIDGES, EVERYBODY, HOUSES
from tests.cluster.verdict import Verdict, judge
from tests.support.access import LOCAL, Access, guarded_broker
from tests.support.broker import running_broker
from tests.support.cuttable import cuttable
from tests.support.documents import block
from tests.support.listener import Listener
from tests.support.meter_points import Look, MeterPoints
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually

METERS = [meter for house in EVERYBODY for meter in house.meters]


@pytest.mark.parametrize(
    ("stored", "verdict"),
    [
        ({"a": {1: 1, 2: 1}, "b": {1: 1}}, Verdict(published=3, stored=3, lost=0, doubled=0, foreign=0)),
        ({"a": {1: 1}, "b": {1: 1}}, Verdict(published=3, stored=2, lost=1, doubled=0, foreign=0)),
        ({"a": {1: 1, 2: 1}}, Verdict(published=3, stored=2, lost=1, doubled=0, foreign=0)),
        ({"a": {1: 2, 2: 1}, "b": {1: 3}}, Verdict(published=3, stored=3, lost=0, doubled=2, foreign=0)),
        ({"a": {1: 1, 2: 1, 3: 1}, "b": {1: 1}, "c": {1: 1}}, Verdict(published=3, stored=5, lost=0, doubled=0, foreign=2)),
    ],
)
def test_what_is_lost_or_doubled_is_counted(stored: dict[str, dict[int, int]], verdict: Verdict) -> None:
    """By meter and time."""
    counted = {meter: Counter(times) for meter, times in stored.items()}
    assert judge({"a": {1, 2}, "b": {1}}, counted) == verdict


def test_the_age_of_points_is_that_of_the_slowest_meter() -> None:
    """A meter without any point counts from the begin; a meter is back when it has a point of after the moment."""
    looks = [Look(10.0, {"a": 9.0}), Look(12.0, {"a": 11.0, "b": 10.0}), Look(14.0, {"a": 13.0, "b": 13.5})]
    points = MeterPoints("", looks)
    assert list(points.ages_s(["a", "b"], 9.5, 13.0)) == [1.0, 0.5, 1.0, 2.0]
    assert points.back_s(["a"], 10.5) == 1.5
    assert points.back_s(["a", "b"], 10.5) == 3.5
    assert points.back_s(["c"], 10.5) == float("inf")


def test_every_meter_has_one_bridge() -> None:
    """No telegram is written by two, and none by nobody."""
    patterns = [[one.replace("?", ".") for one in bridge.meters.split()] for bridge in BRIDGES]
    for meter in METERS:
        assert [any(re.fullmatch(one, meter) for one in ones) for ones in patterns].count(True) == 1, meter


def test_a_house_may_write_its_own_meters_only() -> None:
    """RabbitMQ's rights: topics with dots in place of slashes."""
    found: Any = definitions()
    for right in found["topic_permissions"]:
        (house,) = (one for one in EVERYBODY if one.name == right["user"])
        written = [meter for meter in [*METERS, "house-12"] if re.search(right["write"], f"smartmeter.{meter}.telegram")]
        assert written == list(house.meters)
    assert {one["user"] for one in found["topic_permissions"]} == {house.name for house in (*HOUSES, BLOCK)}


def test_the_bridge_of_the_document_passes_on_what_a_house_publishes(tmp_path: Path) -> None:
    """With the repository's settings, logins and rights; also what was lost on a line that died, in order; and nothing else."""
    access = Access(tmp_path)
    access.do("set-up")
    reader = access.login("reader")
    topics = [f"smartmeter/house-1/{name}" for name in ("telegram", "backfill")]
    try:
        with running_broker() as remote, cuttable(remote.port) as line, Listener(remote, "#") as listener:
            text = block("fleet.md", "connection fleet").replace("restart_timeout 2 30", "restart_timeout 1")
            text, count = re.subn("^addresses .*", f"address 127.0.0.1:{line.port}", text, flags=re.MULTILINE)
            assert count == 1
            listeners = access.broker / "listeners.conf"
            listeners.write_text(listeners.read_text(encoding="utf-8") + text, encoding="utf-8")
            with guarded_broker(LOCAL, access) as house, Listener(house, "nothing", reader) as publisher:
                publisher.publish("smartmeter/house-1/net_power", "1")
                publisher.publish("smartmeter/house-1/reader/status", "online", retain=True)
                for topic in topics:
                    publisher.publish(topic, "first")
                eventually(lambda: len(listener.heard) > 1, 60.0, "what the house published")
                assert listener.heard == [(topic, b"first", False) for topic in topics]
                line.hold()
                for number in range(30):
                    publisher.publish(topics[0], str(number))
                line.cut()
                listener.wait_for(topics[0], b"29", 60.0)
                assert listener.payloads(topics[0]) == [b"first", *(str(number).encode() for number in range(30))]
    except PartMissing as reason:
        do_without(reason)


def test_the_rights_of_the_document_let_a_house_write_its_own_topics_only(tmp_path: Path) -> None:
    """At the block's broker, where the login has the meter's name."""
    access = Access(tmp_path)
    access.do("set-up")
    (access.broker / "acl").write_text(block("fleet.md", "user influx_bridge"), encoding="ascii")
    names = ("house-1", "house-2", "influx_bridge")
    passwords = "".join(f"{name}:{hash_of(name, bytes(SALT_BYTES))}\n" for name in names)
    (access.broker / "passwords").write_text(passwords, encoding="ascii")
    try:
        with (
            guarded_broker(LOCAL, access) as broker,
            Listener(broker, "#", ("influx_bridge", "influx_bridge")) as listener,
            Listener(broker, "nothing", ("house-1", "house-1")) as publisher,
        ):
            publisher.publish("smartmeter/house-2/telegram", "not its own")
            publisher.publish("smartmeter/house-1/telegram", "its own")
            listener.publish("smartmeter/bridge/influx_bridge/status", "online")
            listener.wait_for("smartmeter/bridge/influx_bridge/status", b"online")
            assert listener.payloads("smartmeter/house-1/telegram") == [b"its own"]
            assert listener.payloads("smartmeter/house-2/telegram") == []
    except PartMissing as reason:
        do_without(reason)


def test_a_line_of_the_document_gives_a_block_its_own_first_levels(tmp_path: Path) -> None:
    """So that the broker divides the work of many bridges."""
    text = (REPOSITORY / "docs" / "fleet.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"`(topic .*)` in `fleet.conf`", text)
    (base,) = re.findall(r"`\[mqtt\] base_topic = (.*?)`", text)
    access = Access(tmp_path)
    access.do("set-up")
    try:
        with running_broker() as remote, Listener(remote, "#") as listener:
            listeners = access.broker / "listeners.conf"
            bridge = f"connection fleet\naddress 127.0.0.1:{remote.port}\n{line}\n"
            listeners.write_text(listeners.read_text(encoding="utf-8") + bridge, encoding="utf-8")
            with guarded_broker(LOCAL, access) as house, Listener(house, "nothing", access.login("reader")) as publisher:
                publisher.publish("smartmeter/house-1/telegram", "now")
                listener.wait_for(f"{base}/house-1/telegram", b"now", 60.0)
    except PartMissing as reason:
        do_without(reason)
