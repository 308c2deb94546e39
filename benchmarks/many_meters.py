"""A thousand meters through one Mosquitto and one influx_bridge into a real database, the last half of it with one gone mad."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from benchmarks.process_facts import Usage, pss_mb, usage
from benchmarks.row import Row, at_most, percentiles
from tests.support.background import in_background
from tests.support.broker import Broker
from tests.support.database import running_database
from tests.support.flood import household_payloads, publish_all
from tests.support.listener import Listener
from tests.support.meter_points import MeterPoints
from tests.support.processes import running
from tests.support.saving_broker import SavingBroker, saving_broker
from tests.support.waiting import eventually

_METERS, _SECONDS, _CALM_S = 1000, 60, 30
_MAD_PER_S = 20  # telegrams of the mad meter, and as many messages that are none
_BURST = 20_000
_DEADLINE_S = 120.0
_SETTLED_S = 5.0
_LOOK_S = 0.5
_ENDLESS = 1_000_000  # telegrams
_GROWN_MB = {"broker": 10, "bridge": 25}  # the bridge remembers 100,000 points, 20 MB: those of the first 100 s
_MOST_PERCENT = {"generator": 50.0, "broker": 50.0, "bridge": 100.0}
_PROBE = "probe"  # a meter that is in time, whatever the generator is
_STATUS = "smartmeter/bench/influx_bridge/status"
_SETTINGS = """\
[meter]
name = bench
[mqtt]
host = {host}
port = {port}
[influx]
enabled = yes
url = {url}
token = bench
org = bench
upload_interval = 1
meters = all
meter_tag = yes
"""
_NONSENSE = (
    b"",
    b"\xff\x00",
    b"[" * 5000,
    b'{"meter": "mad"}',
    b'{"meter": "mad", "received": "never", "seq": 1}',
    b"x" * 100_000,
)


def rows() -> Iterator[Row]:
    """Measure both: the thousand, and what one broker can do."""
    with TemporaryDirectory() as name, saving_broker(Path(name)) as broker:
        yield from _thousand(Path(name), broker)
        yield _capacity(broker)


def _thousand(folder: Path, broker: SavingBroker) -> Iterator[Row]:
    config = folder / "config.ini"
    with ExitStack() as stack:
        database = stack.enter_context(running_database())
        config.write_text(_SETTINGS.format(host=broker.host, port=broker.port, url=database.url), encoding="utf-8")
        listener = stack.enter_context(Listener(broker, _STATUS))
        bridge = stack.enter_context(running(["influx_bridge", "-c", str(config)], folder / "bridge.log"))
        listener.wait_for(_STATUS, b"online", _DEADLINE_S)
        command = ["reader", "simulate", "--mqtt", "--meters", str(_METERS), "--count", str(_SECONDS), "-c", str(config)]
        generator = stack.enter_context(running(command, folder / "generator.log"))
        generator.wait_for_log("connected to the broker", _DEADLINE_S)
        pids = {"generator": generator.process.pid, "broker": broker.pid, "bridge": bridge.process.pid}
        stack.enter_context(_meter(broker, _PROBE, 1.0))
        probe = stack.enter_context(MeterPoints(database.url, meter=_PROBE))
        before, begun_s = _facts(pids), time.time()
        time.sleep(_SETTLED_S)
        settled = _facts(pids)
        time.sleep(_CALM_S - _SETTLED_S)
        mad_s = time.time()
        with _meter(broker, "mad", _MAD_PER_S, _NONSENSE):
            after = before
            while generator.process.poll() is None:
                with suppress(OSError):  # it ends just now
                    after = _facts(pids)
                time.sleep(_LOOK_S)
            ended_s = time.time()
        meters = [f"bench-{number:04}" for number in range(1, _METERS + 1)]
        yield _arrived(MeterPoints(database.url), meters)
        told = generator.log.splitlines()[-1].rpartition(", ")[2]
        for name, most in _MOST_PERCENT.items():
            used = (after[name].usage - before[name].usage).cpu_ns / 1e9 / _SECONDS
            what = f"of one core, at {_METERS:,} telegrams a second: {name}" + (f" ({told})" if name == "generator" else "")
            yield at_most(what, 100 * used, most, "%")
        yield from (_memory(name, settled[name].pss_mb, after[name].pss_mb) for name in _GROWN_MB)
        yield _latency(probe, (begun_s + _SETTLED_S, mad_s), (mad_s + _SETTLED_S, ended_s))


@dataclass(frozen=True, slots=True)
class _Facts:
    usage: Usage
    pss_mb: float


def _facts(pids: Mapping[str, int]) -> dict[str, _Facts]:
    return {name: _Facts(usage(pid), pss_mb(pid)) for name, pid in pids.items()}


def _arrived(points: MeterPoints, meters: list[str]) -> Row:
    """Wait until all is in the database, or a deadline is over."""
    until_s = time.monotonic() + _DEADLINE_S
    while True:
        stored = points.stored()
        lost = sum(_SECONDS - len(stored.get(meter, ())) for meter in meters)
        if not lost or time.monotonic() > until_s:
            break
        time.sleep(1.0)
    doubled = sum(count > 1 for meter in meters for count in stored.get(meter, {}).values())
    what = f"{_METERS:,} meters for {_SECONDS} s into the database: {_METERS * _SECONDS:,} telegrams, lost / doubled"
    return Row(what, f"{lost} / {doubled}", "0 / 0", float(lost + doubled), "telegrams", lost + doubled == 0)


def _memory(name: str, before_mb: float, after_mb: float) -> Row:
    what = f"memory (PSS) of the {name} with {_METERS:,} meters, at the begin and in the end"
    grown_mb, most_mb = after_mb - before_mb, _GROWN_MB[name]
    return Row(what, f"{before_mb:.1f} -> {after_mb:.1f} MB", f"+ {most_mb} MB at most", grown_mb, "MB", grown_mb <= most_mb)


def _latency(probe: MeterPoints, calm: tuple[float, float], mad: tuple[float, float]) -> Row:
    found = [percentiles(list(probe.ages_s([_PROBE], *span))) for span in (calm, mad)]
    what = "age of a meter's newest point, upload_interval 1 s, p50 / p99: calm -> with one gone mad"
    words = " -> ".join(f"{middle:.1f} / {late:.1f} s" for middle, late in found)
    return Row(what, words, "the same", found[1][1], "s", found[1][1] <= found[0][1] + 1.0)


@contextmanager
def _meter(broker: Broker, name: str, per_s: float, nonsense: Sequence[bytes] = ()) -> Iterator[None]:
    """Let a meter send telegrams of now, each with all its values new, and as much nonsense if there is any."""

    def publish(over: Event) -> None:
        topic = f"smartmeter/{name}/telegram"
        with Listener(broker, "nothing") as publisher:
            begin_s = time.monotonic()
            for number, payload in enumerate(household_payloads(name, datetime.now(UTC), _ENDLESS)):
                if over.wait(max(0.0, begin_s + (number + 1) / per_s - time.monotonic())):
                    return
                publisher.publish(topic, payload)
                if nonsense:
                    publisher.publish(topic, nonsense[number % len(nonsense)])

    with in_background(publish):
        yield


def _capacity(broker: SavingBroker) -> Row:
    """Send a burst, and count what processor time it costs the broker to take it and to pass it on."""
    payloads = list(household_payloads("burst", datetime(2026, 1, 31, tzinfo=UTC), _BURST // 10)) * 10
    with Listener(broker, "smartmeter/burst/telegram") as listener:
        before = usage(broker.pid)
        publish_all(broker, "smartmeter/burst/telegram", payloads)
        eventually(lambda: len(listener.heard) >= _BURST, _DEADLINE_S)
        cpu_s = (usage(broker.pid) - before).cpu_ns / 1e9
    rate = _BURST / cpu_s
    what = f"one Mosquitto: telegrams of {len(payloads[-1]):,} bytes to one subscriber (QoS 1), per second of processor time"
    return Row(what, f"{rate:,.0f}", ">= 1,000", rate, "telegrams/s", rate >= _METERS)
