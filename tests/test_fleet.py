"""A fleet of simulated meters is at the broker what as many readers would be."""

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.payload import parse
from common.telegram import decode
from reader.fleet import Fleet
from reader.household import Household
from reader.telegram_writer import render
from tests.support.broker import Broker, running_broker
from tests.support.listener import Listener
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY, clean_environment, running, wait_for_end
from tests.support.waiting import eventually, free_port

START = datetime(2026, 6, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """Give a real Mosquitto."""
    try:
        with running_broker() as running_one:
            yield running_one
    except PartMissing as reason:
        do_without(reason)


def fleet_of(meters: int) -> Fleet:
    """Give a fleet of this test's own."""
    fleet = Fleet("smartmeter", "street", 7, START)
    for _ in range(meters):
        fleet.add_meter()
    return fleet


def payload_of(fleet: Fleet, index: int, received: datetime = START) -> bytes:
    """Give what a meter says next."""
    payload = fleet.next_message(index, received).payload
    assert isinstance(payload, bytes)
    return payload


def settings_file(folder: Path, port: int, name: str) -> Path:
    """Write the settings of a generator."""
    config = folder / "config.ini"
    config.write_text(f"[meter]\nname = {name}\n[mqtt]\nhost = 127.0.0.1\nport = {port}\n", encoding="utf-8")
    return config


def simulate(*options: object) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "reader", "simulate", *map(str, options)]
    return subprocess.run(
        command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )


def test_a_message_is_what_a_reader_publishes_of_that_household() -> None:
    """Topic, QoS and each key; the second of a meter is the next of its household."""
    fleet = fleet_of(2)
    received = START + timedelta(seconds=0.25)
    first, other = (fleet.next_message(index, received) for index in (0, 1))
    assert (first.topic, first.qos, first.retain) == ("smartmeter/street-0001/telegram", 1, False)
    assert other.topic == "smartmeter/street-0002/telegram"
    reading = parse(payload_of(fleet, 0, received))
    assert (reading.meter, reading.received, reading.seq, reading.lag_s) == ("street-0001", received, 2, -0.75)
    assert reading.timestamp == "2026-06-21T14:00:01+02:00"
    house = Household(7 * 10_000 + 1, START)
    assert reading.fields == decode(render(house.step()))


def test_each_meter_has_a_life_of_its_own_and_the_same_seed_gives_it_again() -> None:
    """No two houses draw the same, serial numbers differ, and a second fleet is like the first."""
    lives = [[payload_of(fleet, index) for index in range(20)] for fleet in (fleet_of(20), fleet_of(20))]
    assert lives[0] == lives[1]
    readings = [parse(payload) for payload in lives[0]]
    assert len({reading.fields["meter_serial"] for reading in readings}) == 20
    assert len({reading.fields["total_consumption_day"] for reading in readings}) == 20


def test_households_live_on_until_the_meters_begin() -> None:
    """What takes long to be made begins at the present time all the same."""
    fleet = fleet_of(1)
    fleet.advance_to(START + timedelta(seconds=30))
    reading = parse(payload_of(fleet, 0))
    assert reading.timestamp == "2026-06-21T14:00:30+02:00"


def test_every_telegram_of_every_meter_reaches_the_broker(broker: Broker, tmp_path: Path) -> None:
    """At the meters' own names, in order, and the last line on stderr counts them."""
    config = settings_file(tmp_path, broker.port, "count")
    with Listener(broker, "smartmeter/+/telegram") as listener:
        ended = simulate("--mqtt", "--meters", 30, "--count", 20, "--speed", 10, "-c", config)
        assert ended.returncode == 0, ended.stderr
        eventually(lambda: len(listener.heard) >= 600)
    assert re.search(
        r"^published 600 telegrams of 30 meters: 600 acknowledged, 0 lost, at most \d+\.\d s behind$",
        ended.stderr,
        re.MULTILINE,
    )
    counts = Counter(topic for topic, _, _ in listener.heard)
    assert counts == {f"smartmeter/count-{number:04}/telegram": 20 for number in range(1, 31)}
    for topic in counts:
        readings = [parse(payload) for payload in listener.payloads(topic)]
        assert [reading.seq for reading in readings] == list(range(1, 21))
        times = [datetime.fromisoformat(reading.timestamp) for reading in readings]
        assert times == [times[0] + timedelta(seconds=number) for number in range(20)]


def test_meters_tell_the_present_time_and_are_spread_over_the_second(broker: Broker, tmp_path: Path) -> None:
    """The first telegram comes at the begin of its second, the last one near its end."""
    config = settings_file(tmp_path, broker.port, "spread")
    with Listener(broker, "smartmeter/+/telegram") as listener:
        ended = simulate("--mqtt", "--meters", 10, "--count", 2, "-c", config)
        assert ended.returncode == 0, ended.stderr
        eventually(lambda: len(listener.heard) >= 20)
    lags_s = [float(json.loads(payload)["lag_s"]) for _, payload, _ in listener.heard]
    due_s = [number % 10 / 10 for number in range(20)]
    # A slow machine makes one late, and never one early.
    assert all(lag_s > wanted_s - 0.02 for lag_s, wanted_s in zip(lags_s, due_s, strict=True)), lags_s


def test_ctrl_c_ends_it_and_the_counts_are_told(broker: Broker, tmp_path: Path) -> None:
    """Exit code 0: it was asked to."""
    config = settings_file(tmp_path, broker.port, "ctrl-c")
    command = ["reader", "simulate", "--mqtt", "--meters", "3", "--speed", "50", "-c", str(config)]
    with Listener(broker, "smartmeter/+/telegram") as listener, running(command, tmp_path / "log") as service:
        eventually(lambda: listener.heard)
        service.process.send_signal(signal.SIGINT)
        assert wait_for_end(service.process, 3.0) == 0, service.log
    assert re.search(r"^published \d+ telegrams of 3 meters: \d+ acknowledged, 0 lost, at most ", service.log, re.MULTILINE)


def test_a_broker_that_goes_away_costs_nothing_but_time(tmp_path: Path) -> None:
    """What was due meanwhile comes later; how far it fell behind is told."""
    try:
        with running_broker() as broker:
            config = settings_file(tmp_path, broker.port, "away")
            command = ["reader", "simulate", "--mqtt", "--meters", "5", "--count", "40", "--speed", "10", "-c", str(config)]
            with running(command, tmp_path / "log") as service:
                with Listener(broker, "smartmeter/+/telegram") as listener:
                    eventually(lambda: listener.heard)
                broker.stop()
                service.wait_for_log("s behind", 60.0)
                broker.start()
                assert service.ends(120.0) == 0, service.log
                assert "published 200 telegrams of 5 meters: 200 acknowledged, 0 lost, at most " in service.log
    except PartMissing as reason:
        do_without(reason)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--mqtt", "--port", "meter"), "--mqtt publishes at a broker; --port and --listen are for a reader of its own"),
        (
            ("--mqtt", "--listen", "127.0.0.1:0"),
            "--mqtt publishes at a broker; --port and --listen are for a reader of its own",
        ),
        (("--meters", "3"), "--meters and --config are for --mqtt"),
        (("-c", "config.ini"), "--meters and --config are for --mqtt"),
        (("--mqtt", "--meters", "0"), "argument --meters: expected a whole number, 1 or more, got '0'"),
        (("--mqtt", "--meters", "10000"), "argument --meters: expected 1 to 9999, got '10000'"),
        (("--mqtt", "-c", "nowhere.ini"), "nowhere.ini: No such file or directory"),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(options: tuple[str, ...], line: str) -> None:
    """Exit code 2."""
    ended = simulate(*options)
    assert ended.returncode == 2
    assert line in ended.stderr.splitlines()[-1]


def test_without_a_broker_it_says_so_and_waits(tmp_path: Path) -> None:
    """As the reader does."""
    config = settings_file(tmp_path, free_port(), "nobody")
    with running(["reader", "simulate", "--mqtt", "-c", str(config)], tmp_path / "log") as service:
        service.wait_for_log("no broker at 127.0.0.1:")
        assert service.stop() == 0
        assert "published 0 telegrams of 1 meters: 0 acknowledged, 0 lost" in service.log
