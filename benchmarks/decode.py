"""One telegram decoded, its checksum included: instructions, time in a loop, time of one call after a pause.

No telegram repeats: those of a simulated household, and those of a meter whose every measurement changes each second. The peer,
dsmr_parser, decodes the same ones, turn by turn with us.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.decoded import BETWEEN
from benchmarks.row import Row, at_most
from common.crc import crc16_arc
from common.telegram import decode
from reader.household import Household
from reader.sunshine import BRUSSELS
from reader.telegram_writer import render
from tests.support.processes import REPOSITORY

_START = datetime(2026, 6, 21, 12, tzinfo=BRUSSELS)
_SHORT, _LONG = 100, 1100  # telegrams of the two runs whose difference counts
_LOOPS, _PER_LOOP, _PER_LOOP_PEER = 11, 400, 20
_COLD_CALLS, _PAUSE_S = 24, 0.5
_PEER_MS = 0.94  # of dsmr_parser in a loop, on the machine on which the goals in milliseconds were set
_CHANGING = tuple(f"1-0:{code}.7.0(".encode() for code in (1, 2, 21, 41, 61, 22, 42, 62, 32, 52, 72, 31, 51, 71))

Decode = Callable[[bytes], object]


def rows() -> Iterator[Row]:
    """Count, then measure with the peer in turn."""
    frames = list(_household(_LONG))
    restless = list(_restless(frames))
    yield from _instruction_rows(frames, restless)
    peer = _peer()
    if peer is None:
        yield Row("time of a decode, in a loop and after a pause, beside dsmr_parser", "not measured: no dsmr_parser", "")
        return
    hot_ns = _hot_ns(decode, peer, restless)
    yield _speed_row(hot_ns[1])
    yield _ratio_row("in a loop", hot_ns, 45)
    yield _ratio_row(f"one call after {_PAUSE_S:g} s of pause", _cold_ns(decode, peer, restless), 12)


def _instruction_rows(frames: list[bytes], restless: list[bytes]) -> Iterator[Row]:
    valgrind = shutil.which("valgrind")
    streams = {"simulated household, 1 s apart": frames, "every measurement changes": restless}
    for what, stream in streams.items():
        name = f"instructions of a decode with checksum, {what}"
        if valgrind is None:
            yield Row(name, "not counted: no valgrind on PATH", "<= 150,000")
        else:
            yield at_most(name, _instructions(valgrind, stream), 150_000, "")


def _instructions(valgrind: str, frames: list[bytes]) -> float:
    """Give the instructions per telegram, from two runs of different length."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "telegrams")
        file.write_bytes(BETWEEN.join(frames))
        counts = [_total(valgrind, file, count) for count in (_SHORT, _LONG)]
    return (counts[1] - counts[0]) / (_LONG - _SHORT)


def _total(valgrind: str, file: Path, count: int) -> int:
    out = file.with_suffix(".callgrind")
    command = [valgrind, "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]
    command += [sys.executable, "-m", "benchmarks.decoded", str(file), str(count)]
    subprocess.run(command, cwd=REPOSITORY, check=True, stderr=subprocess.DEVNULL)
    (totals,) = [line for line in out.read_text(encoding="utf-8").splitlines() if line.startswith("totals:")]
    return int(totals.split()[1])


def _household(count: int) -> Iterator[bytes]:
    """Give the telegrams of some seconds, from `/` to the end of the checksum."""
    house = Household(3, _START)
    for _ in range(count):
        yield render(house.step()).rstrip()


def _restless(frames: list[bytes]) -> Iterator[bytes]:
    """Give the same telegrams with other digits in powers, voltages and currents."""
    dice = Random(3)  # noqa: S311 -- repeatable
    for frame in frames:
        lines = frame[: frame.rfind(b"!") + 1].split(b"\r\n")
        for at, line in enumerate(lines):
            if line.startswith(_CHANGING):
                code, _, rest = line.partition(b"(")
                number, _, unit = rest.partition(b"*")
                digits = bytes(byte if byte == ord(".") else ord(str(dice.randrange(10))) for byte in number)
                lines[at] = b"%b(%b*%b" % (code, digits, unit)
        body = b"\r\n".join(lines)
        yield b"%b%04X" % (body, crc16_arc(body))


def _peer() -> Decode | None:
    """Give dsmr_parser's decoding of a Belgian telegram, None where it is not installed."""
    if find_spec("dsmr_parser") is None:
        return None
    from dsmr_parser import telegram_specifications  # noqa: PLC0415 -- a peer that need not be there
    from dsmr_parser.parsers import TelegramParser  # noqa: PLC0415 -- the same

    parser = TelegramParser(telegram_specifications.BELGIUM_FLUVIUS)

    def peer(frame: bytes) -> object:
        return parser.parse(frame.decode("ascii") + "\r\n")

    return peer


def _hot_ns(ours: Decode, peer: Decode, frames: list[bytes]) -> tuple[float, float]:
    """Give the median time of each in loops that take turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for loop in range(_LOOPS):
        for times, decoding, count in zip(found, (ours, peer), (_PER_LOOP, _PER_LOOP_PEER), strict=True):
            begin = loop * 37 % (len(frames) - count)
            begun_ns = time.perf_counter_ns()
            for frame in frames[begin : begin + count]:
                decoding(frame)
            times.append((time.perf_counter_ns() - begun_ns) / count)
    return median(found[0]), median(found[1])


def _cold_ns(ours: Decode, peer: Decode, frames: list[bytes]) -> tuple[float, float]:
    """Give the median time of one call after a pause, in turn."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(_COLD_CALLS):
        for times, decoding in zip(found, (ours, peer), strict=True):
            frame = frames[number]
            time.sleep(_PAUSE_S)
            begun_ns = time.perf_counter_ns()
            decoding(frame)
            times.append(time.perf_counter_ns() - begun_ns)
    return median(found[0]), median(found[1])


def _speed_row(peer_ns: float) -> Row:
    peer_ms = peer_ns / 1e6
    slower = peer_ms / _PEER_MS
    found = f"{peer_ms:.2f} ms in a loop; {_PEER_MS} ms where the goals were set: {slower:.1f} times as slow here"
    return Row("this machine, by dsmr_parser", found, "", slower, "times")


def _ratio_row(how: str, times_ns: tuple[float, float], goal: float) -> Row:
    ours_us, peer_us = (time_ns / 1000 for time_ns in times_ns)
    ratio = peer_us / ours_us
    found = f"{ours_us:.1f} us, dsmr_parser {peer_us:,.0f} us: {ratio:.0f} times"
    what = f"time of a decode, {how}, every measurement changes"
    return Row(what, found, f">= {goal:g} times", ratio, "times", ratio >= goal, {"ours_us": ours_us, "peer_us": peer_us})


if __name__ == "__main__":
    for row in rows():
        print(f"{row.what:<80} {row.found}")
