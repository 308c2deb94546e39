"""A meter on a pseudo-terminal, at the pace of 115,200 baud; a process of its own, which notes when each telegram was complete.

It prints the name of the port, waits for a line on its standard input, and begins. Its telegrams are made before: then it only
writes and sleeps. The simulated household lives a second per telegram, whatever the rate, so no telegram repeats.
"""

import argparse
import json
import os
import sys
import time
import tty
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.port_pace import pieces
from reader.household import Household
from reader.telegram_writer import render

_SEED = 8
_HIGH_DV, _LOW_DV = 2400, 2200  # of the first phase, in tenths of a volt
_START_S = 1.0  # from the word to the first telegram, to its whole second


def main(arguments: list[str]) -> None:
    """Feed a port."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feeder")
    parser.add_argument("--count", type=int, required=True, help="telegrams")
    parser.add_argument("--rate", type=float, default=1.0, help="telegrams per second")
    parser.add_argument("--alternate", action="store_true", help="240 V and 220 V in turn, for a load to follow")
    parser.add_argument("--log", type=Path, required=True, help="a line per telegram: [its time, ns of its last byte]")
    options = parser.parse_args(arguments)
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    print(os.ttyname(slave), flush=True)
    sys.stdin.readline()
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=_START_S)
    telegrams = list(_telegrams(first, options.count, alternate=options.alternate))
    begun_s = time.monotonic() + max(0.0, (first - datetime.now(UTC)).total_seconds())
    complete_ns = [_send(master, telegram, begun_s + n / options.rate) for n, (_, telegram) in enumerate(telegrams)]
    time.sleep(1 / options.rate)  # for the last one to be taken
    notes = [json.dumps([moment, ns]) for (moment, _), ns in zip(telegrams, complete_ns, strict=True)]
    half_made = options.log.with_suffix(".part")
    half_made.write_text("\n".join(notes), encoding="utf-8")
    half_made.rename(options.log)
    sys.stdin.readline()  # until then the port stays


def _telegrams(first: datetime, count: int, *, alternate: bool) -> Iterator[tuple[int, bytes]]:
    """Give telegrams, each with the Unix time in it."""
    house = Household(_SEED, first - timedelta(seconds=1))
    for number in range(count):
        state = house.step()
        if alternate:
            l1, l2, l3 = state.phases
            l1 = replace(l1, voltage_dv=_LOW_DV if number % 2 else _HIGH_DV)
            state = replace(state, phases=(l1, l2, l3))
        yield int(state.moment.timestamp()), render(state)


def _send(port: int, telegram: bytes, start_s: float) -> int:
    """Write a telegram as the line carries it; give the monotonic clock, in ns, as its last byte is written."""
    with suppress(BlockingIOError):
        os.read(port, 4096)  # a meter does not listen
    now_ns = 0
    for piece in pieces(len(telegram)):
        time.sleep(max(0.0, start_s + piece.due_s - time.monotonic()))
        now_ns = time.monotonic_ns()
        with suppress(BlockingIOError):  # nobody reads, and a port forgets
            os.write(port, telegram[piece.begin : piece.end])
    return now_ns


if __name__ == "__main__":
    main(sys.argv[1:])
