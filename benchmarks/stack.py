"""The whole stack as a household runs it, at one telegram a second: processor time, memory, wake-ups."""

import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.house import House, running_house, wait_until_fed
from benchmarks.process_facts import Usage, memory_together_mb, pss_mb, usage
from benchmarks.row import Row, at_most
from tests.support.processes import running

_WARM_UP = 15  # telegrams: memos fill, discovery is told
_TELEGRAMS = 66
_PARTS = ("reader", "relay_controller", "influx_bridge", "csv_logger", "broker")


def rows() -> Iterator[Row]:
    """Measure a minute, and then the memory once more with the bridge switched off."""
    with running_house(_WARM_UP + _TELEGRAMS) as house:
        house.meter.begin()
        time.sleep(_WARM_UP)
        before, begun_s = _usages(house), time.monotonic()
        wait_until_fed(house, _TELEGRAMS)
        duration_s = time.monotonic() - begun_s
        used = {part: after - before[part] for part, after in _usages(house).items()}
        yield from _usage_rows(used, duration_s)
        yield _memory_row(house, "InfluxDB on", 80)
        bridge = house.services["influx_bridge"]
        bridge.stop()
        off = {"SMARTMETER_INFLUX_ENABLED": "no"}
        with running(["influx_bridge", "-c", str(house.config)], house.folder / "off.log", None, **off) as resting:
            resting.wait_for_log("nothing to do")
            house.services["influx_bridge"] = resting
            yield _memory_row(house, "[influx] enabled = no, the default", 60)


def _usages(house: House) -> dict[str, Usage]:
    return {part: usage(house.pids[part]) for part in _PARTS}


def _usage_rows(used: dict[str, Usage], duration_s: float) -> Iterator[Row]:
    telegrams = duration_s  # one a second
    each_ms = {part: one.cpu_ns / 1e6 / telegrams for part, one in used.items()}
    yield at_most("processor time per telegram of the whole stack, 1 a second", sum(each_ms.values()), 3.6, "ms", each_ms)
    yield Row("  of which", ", ".join(f"{part} {ms:.2f}" for part, ms in each_ms.items()) + " ms", "")
    for part, one in used.items():
        if part == "broker":
            yield Row("wake-ups of the broker", f"{one.wake_ups / duration_s:.1f} /s", "", one.wake_ups / duration_s, "/s")
        else:
            yield at_most(f"wake-ups of {part}, 1 telegram a second", one.wake_ups / duration_s, 3, "/s")


def _memory_row(house: House, how: str, limit_mb: float) -> Row:
    each_mb = {part: pss_mb(house.pids[part]) for part in _PARTS}
    together_mb = memory_together_mb(house.pids.values())
    what, details = f"memory (PSS) of four services and broker, {how}", {**each_mb, "alone": together_mb}
    row = at_most(what, sum(each_mb.values()), limit_mb, "MB", details)
    parts = ", ".join(f"{part} {mb:.1f}" for part, mb in each_mb.items())
    return replace(row, found=f"{row.found} ({parts}; {together_mb:.1f} if nobody else ran Python)")
