"""From the last byte of a telegram on the port to its message, and to the command of a relay, at a subscriber."""

import json
from collections.abc import Iterator
from datetime import datetime

from benchmarks.house import House, heard, running_house, subscriber, wait_until_fed
from benchmarks.row import Row, percentiles
from tests.support.waiting import eventually

_RATE = 8.0  # telegrams a second
_WARM_UP = 40
_TELEGRAMS = 520
_TELEGRAM_TOPIC, _COMMAND_TOPIC = "smartmeter/home/telegram", "bench/boiler"
# A load that follows the voltage, which the meter changes with each telegram: so each is followed by a command.
_RULES = {"on_when": "l1_voltage > 235 V", "off_when": "l1_voltage < 225 V"}
_AT_ONCE = """\
on_delay = 0
off_delay = 0
min_on = 0
min_off = 0
[relay]
settle = 0
"""


def rows() -> Iterator[Row]:
    """Measure both in one run, with all services on."""
    count = _WARM_UP + _TELEGRAMS
    with running_house(count, _RATE, alternate=True, settings=_AT_ONCE, rules=_RULES) as house:
        log = house.folder / "heard.log"
        with subscriber(house.broker, log, _TELEGRAM_TOPIC, _COMMAND_TOPIC):
            house.meter.begin()
            wait_until_fed(house, count / _RATE)
            eventually(lambda: "fresh telegrams arrive" in house.services["relay_controller"].log)
        messages_ms, commands_ms = _latencies(house, heard(log))
    yield _row("last byte on the port to the message", messages_ms, 0.8, 1.5)
    yield _row("last byte on the port to the relay's command", commands_ms, 1.6, 3.0)


def _latencies(house: House, messages: list[tuple[int, str, str]]) -> tuple[list[float], list[float]]:
    """Give both in ms, without those of the warm-up: of messages, by the time in them; of commands, by their telegram.

    A command belongs to the last telegram before it that asked for it: the one before that is two telegrams earlier.
    """
    complete_ns = house.meter.complete_ns()
    counted = set(list(complete_ns)[_WARM_UP:])
    asking = {"ON": list(complete_ns)[::2], "OFF": list(complete_ns)[1::2]}
    messages_ms: list[float] = []
    commands_ms: list[float] = []
    for arrived_ns, topic, text in messages:
        if topic == _TELEGRAM_TOPIC:
            moment = int(datetime.fromisoformat(json.loads(text)["timestamp"]).timestamp())
            latencies_ms = messages_ms
        else:
            moment = max((one for one in asking[text] if complete_ns[one] <= arrived_ns), default=0)
            latencies_ms = commands_ms
        if moment in counted:
            latencies_ms.append((arrived_ns - complete_ns[moment]) / 1e6)
    return messages_ms, commands_ms


def _row(what: str, latencies_ms: list[float], p50_ms: float, p99_ms: float) -> Row:
    median_ms, high_ms = percentiles(latencies_ms)
    return Row(
        f"{what}, {_RATE:.0f} telegrams a second, p50 / p99",
        f"{median_ms:.2f} / {high_ms:.2f} ms, of {len(latencies_ms)}",
        f"<= {p50_ms} / {p99_ms} ms",
        median_ms,
        "ms",
        median_ms <= p50_ms and high_ms <= p99_ms,
        {"p99": high_ms, "most": max(latencies_ms), "least": min(latencies_ms), "count": len(latencies_ms)},
    )
