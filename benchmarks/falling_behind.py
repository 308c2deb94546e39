"""More telegrams than the machine has time for: ten a second, on one core that a busy loop shares, and with 5 % of one.

    python -m benchmarks.falling_behind --seconds 600

A meter sends one a second; this is what remains to a slow machine on which other things run. All services run.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event

from benchmarks.house import House, heard, running_house, subscriber, wait_until_fed
from benchmarks.process_facts import pss_mb
from benchmarks.row import Row, percentiles
from tests.support.background import in_background
from tests.support.processes import running

_RATE = 10.0  # telegrams a second
_SECONDS = 30.0
_WARM_S = 10.0  # then memory is what it stays
_SHARE = 0.05
_PERIOD_S = 1.0  # of a throttled core: all of its share at once, then nothing
_SETTLE_S = 5.0  # for what is still under way, `backfill` too, and for the counters
_NEAR_S = 1.0  # behind the port: what the goal calls fresh
_FLAT_MB = 2.0


def rows(seconds: float = _SECONDS) -> Iterator[Row]:
    """Measure both, each for so many seconds."""
    # Counters in time; and only the last seconds kept for `backfill`, which ten minutes of ten a second would fill (10 MiB).
    launch = partial(running, SMARTMETER_MQTT_HEALTH_INTERVAL="0.5", SMARTMETER_MQTT_BACKFILL_WINDOW="5")
    with running_house(int(seconds * _RATE), _RATE, launch=launch) as house, _busy_core(house):
        found = _Found.of(house, seconds)
    yield from found.rows(f"{_RATE:.0f} telegrams/s for {seconds:.0f} s, all on one core with a busy loop")
    with running_house(int(seconds * _RATE), _RATE, launch=launch) as house, _throttled(house.pids["reader"]):
        found = _Found.of(house, seconds)
    yield from found.rows(f"{_RATE:.0f} telegrams/s for {seconds:.0f} s, the reader with {_SHARE:.0%} of a core")


@dataclass(frozen=True)
class _Found:
    """What came of the telegrams: how long after its last byte each was heard, what was skipped, the reader's memory."""

    sent: int
    behind_s: list[float]  # of those on `telegram`, in the order in which they came
    only_late: int  # those that came on `backfill` only: the connection had broken
    is_in_order: bool
    skipped_live: int
    cut: int  # at the port, which keeps 4 kB to 64 kB: counted by the reader
    memory_mb: tuple[float, float]  # when it was warm, and in the end

    @classmethod
    def of(cls, house: House, seconds: float) -> "_Found":
        """Let the meter send, and listen."""
        log, reader = house.folder / "heard", house.pids["reader"]
        topics = "smartmeter/home/telegram", "smartmeter/home/backfill", "smartmeter/home/reader/health"
        with subscriber(house.broker, log, *topics):
            house.meter.begin()
            time.sleep(min(_WARM_S, seconds / 2))
            warm_mb = pss_mb(reader)
            wait_until_fed(house, seconds)
            time.sleep(_SETTLE_S)
            end_mb = pss_mb(reader)
        complete_ns = house.meter.complete_ns()
        messages = [(ns, topic.rpartition("/")[2], json.loads(text)) for ns, topic, text in heard(log)]
        live = [(ns, telegram) for ns, kind, telegram in messages if kind == "telegram"]
        numbers = [telegram["seq"] for _, telegram in live]
        counters = [told for _, kind, told in messages if kind == "health"][-1]
        return cls(
            sent=len(complete_ns),
            behind_s=[(ns - complete_ns[_moment(telegram)]) / 1e9 for ns, telegram in live],
            only_late=len({telegram["seq"] for _, kind, telegram in messages if kind == "backfill"}.difference(numbers)),
            is_in_order=numbers == sorted(set(numbers)),
            skipped_live=counters["skipped_live"],
            cut=counters["rejected"] + counters["crc_errors"],
            memory_mb=(warm_mb, end_mb),
        )

    @property
    def _elsewhere(self) -> tuple[tuple[int, str], ...]:
        return (self.only_late, "on backfill"), (self.cut, "cut at the port")

    def rows(self, what: str) -> Iterator[Row]:
        """Give what was found."""
        lost = self.sent - len(self.behind_s) - self.only_late
        order = "in order" if self.is_in_order else "NOT in order"
        found = f"{len(self.behind_s)} of {self.sent}, {order}"
        found += "".join(f", {count} {where}" for count, where in self._elsewhere if count)
        yield Row(f"{what}: heard on telegram", found, "all", lost, "lost", lost == 0 and self.is_in_order)
        in_the_end_s = median(self.behind_s[-int(5 * _RATE) :])
        middle_s, most_s = percentiles(self.behind_s)
        found = f"{middle_s * 1000:.0f} / {most_s * 1000:.0f} ms, at most {max(self.behind_s) * 1000:.0f}"
        details = {"in_the_end_ms": in_the_end_s * 1000, "skipped_live": self.skipped_live}
        near = max(self.behind_s) < _PERIOD_S + _NEAR_S and in_the_end_s < _NEAR_S
        goal = f"< {_PERIOD_S + _NEAR_S:.0f} s"
        yield Row("- behind the port, p50 / p99", found, goal, max(self.behind_s) * 1000, "ms", near, details)
        yield Row("- fields, raw and announcements skipped", f"of {self.skipped_live} telegrams, counted", "counted")
        before_mb, after_mb = self.memory_mb
        found = f"{before_mb:.1f} -> {after_mb:.1f} MB"
        yield Row("- memory of the reader (PSS)", found, "flat", after_mb - before_mb, "MB", after_mb - before_mb < _FLAT_MB)


def _moment(telegram: Mapping[str, str]) -> int:
    """Give the Unix time in a telegram, by which the meter's notes name it."""
    return int(datetime.fromisoformat(telegram["timestamp"]).timestamp())


@contextmanager
def _busy_core(house: House) -> Iterator[None]:
    """Put all that runs onto one core, and let something else run there all the time."""
    core = min(os.sched_getaffinity(0))
    for pid in house.pids.values():
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        os.sched_setaffinity(busy.pid, {core})
        try:
            yield
        finally:
            busy.kill()


@contextmanager
def _throttled(pid: int) -> Iterator[None]:
    """Let a process run for its share of each period only, as a core does that is throttled by a quota."""

    def throttle(over: Event) -> None:
        while not over.is_set():
            os.kill(pid, signal.SIGSTOP)
            over.wait(_PERIOD_S * (1 - _SHARE))
            os.kill(pid, signal.SIGCONT)
            over.wait(_PERIOD_S * _SHARE)

    try:
        with in_background(throttle):
            yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def main(arguments: list[str]) -> None:
    """Measure for as long as asked, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.falling_behind")
    parser.add_argument("--seconds", type=float, default=_SECONDS)
    for row in rows(parser.parse_args(arguments).seconds):
        print(f"{row.what:<88} {row.found:<44} {row.goal}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
