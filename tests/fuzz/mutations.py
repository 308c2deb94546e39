"""Counts what a checksum lets through: random mutations of good telegrams, framed and read like bytes of the port.

    python -m tests.fuzz.mutations --count 1000000 --seed 1

CRC-16/ARC, x16+x15+x2+1 = (x+1)(x15+x+1), finds every change within 16 bits and, in telegrams below 4 kB, every two bits and
every two bytes that changed places; of other changes it lets 1 in 65536 pass, of those that change an even number of bits, as
a new order of lines does, 1 in 32768.
Exit code 1: an error that is no TelegramError, a wrong telegram beyond that, or memory that grows.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from gc import collect
from itertools import count
from math import sqrt
from multiprocessing import get_context
from os import getpid, sysconf
from pathlib import Path
from random import Random, SystemRandom
from traceback import format_exc

from common.framing import Frame, Framer
from common.telegram import TelegramError, read
from tests.fuzz.promises import check_telegram, mended, parts
from tests.support.telegrams import DECODABLE, telegram

CHUNK = 10_000  # mutations with one random generator: the result does not depend on the number of processes
MENDED_EVERY = 10  # of these one is read once more with the right checksum: else the cores would hardly see them
MAX_GROWTH_MB = 2.0  # of a process, from the end of its first chunk on
CAUGHT, ODDS, EVEN_ODDS = 0.0, 1 / 65536, 1 / 32768

Mutate = Callable[[Random, bytes], bytes]


def _one_bit(random: Random, data: bytes) -> bytes:
    return _flipped(data, random.randrange(len(data) * 8), 1)


def _burst(random: Random, data: bytes) -> bytes:
    """Change some bits within 16, the first and the last of them surely."""
    width = random.randint(2, 16)
    pattern = random.getrandbits(width) | 1 | 1 << (width - 1)
    return _flipped(data, random.randrange(len(data) * 8 - width + 1), pattern)


def _two_bits(random: Random, data: bytes) -> bytes:
    first, second = random.sample(range(len(data) * 8), 2)
    return _flipped(_flipped(data, first, 1), second, 1)


def _one_byte(random: Random, data: bytes) -> bytes:
    return _replaced(data, random.randrange(len(data)), random.randbytes(1))


def _bytes_anywhere(random: Random, data: bytes) -> bytes:
    for place in random.sample(range(len(data)), random.randint(2, 8)):
        data = _replaced(data, place, random.randbytes(1))
    return data


def _digits(random: Random, data: bytes) -> bytes:
    """Change digits into other digits: the result reads well."""
    places = [place for place, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    for place in random.sample(places, random.randint(3, 8)):
        data = _replaced(data, place, b"%d" % random.randrange(10))
    return data


def _flood(random: Random, data: bytes) -> bytes:
    """Overwrite a stretch with one byte, as a short circuit or a reset does."""
    length = random.randint(3, 64)
    return _replaced(data, random.randrange(len(data) - length), random.choice([b"\0", b"\xff", b"\x7f"]) * length)


def _lost(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + data[place + random.randint(1, 64) :]


def _added(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + random.randbytes(random.randint(1, 64)) + data[place:]


def _swapped(random: Random, data: bytes) -> bytes:
    first, second = random.sample(range(len(parts(data)[0])), 2)
    return _replaced(_replaced(data, first, data[second : second + 1]), second, data[first : first + 1])


def _lines(random: Random, data: bytes) -> bytes:
    """Drop, double or swap lines."""
    lines = data.split(b"\r\n")
    first, second = random.sample(range(len(lines) - 1), 2)
    change = random.randrange(3)
    if change == 0:
        del lines[first]
    elif change == 1:
        lines.insert(second, lines[first])
    else:
        lines[first], lines[second] = lines[second], lines[first]
    return b"\r\n".join(lines)


def _melted(random: Random, data: bytes) -> bytes:
    """Go on in another telegram, as when bytes between two were lost."""
    other = random.choice(_good())
    return data[: random.randrange(1, len(data))] + other[random.randrange(1, len(other)) :]


# Kind -> how, and the share of it that the checksum must let through at most.
KINDS: Mapping[str, tuple[Mutate, float]] = {
    "one bit": (_one_bit, CAUGHT),
    "burst of 2 to 16 bits": (_burst, CAUGHT),
    "two bits": (_two_bits, CAUGHT),
    "one byte": (_one_byte, CAUGHT),
    "2 to 8 bytes": (_bytes_anywhere, ODDS),
    "3 to 8 digits": (_digits, ODDS),
    "a flood of 3 to 64 bytes": (_flood, ODDS),
    "up to 64 bytes lost": (_lost, ODDS),
    "up to 64 bytes added": (_added, ODDS),
    "two bytes swapped": (_swapped, CAUGHT),
    "lines lost, doubled, swapped": (_lines, EVEN_ODDS),
    "two telegrams melted": (_melted, ODDS),
}


@dataclass(slots=True)
class Tally:
    """What came of some mutations, by kind, and the memory of the process that did them."""

    tried: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)  # accepted, though its bytes are not those of a good telegram
    intact: Counter[str] = field(default_factory=Counter)  # accepted, and rightly: the change did not touch the telegram
    mended: int = 0  # read with the checksum made right
    errors: list[str] = field(default_factory=list)
    process: int = 0
    memory_mb: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.tried += other.tried
        self.wrong += other.wrong
        self.intact += other.intact
        self.mended += other.mended
        self.errors += other.errors


def tally(seed: str, mutations: int) -> Tally:
    """Try some mutations."""
    random, framer, result = Random(seed), Framer(), Tally(process=getpid())  # noqa: S311 -- tests repeat
    good = {parts(data)[0] for data in _good()}
    kinds = list(KINDS)
    for number in range(mutations):
        kind = kinds[number % len(kinds)]
        data = KINDS[kind][0](random, random.choice(_good()))
        result.tried[kind] += 1
        try:
            for body in _accepted(framer, data):
                (result.intact if body in good else result.wrong)[kind] += 1
            if number % MENDED_EVERY == 0:
                result.mended += _read_mended(data)
        except Exception:  # noqa: BLE001 -- each is a bug, and is told
            result.errors.append(f"{kind}: {data!r}\n{format_exc()}")
    collect()  # garbage that waits for its turn is no growth
    result.memory_mb = _memory_mb()
    return result


def _accepted(framer: Framer, data: bytes) -> Iterator[bytes]:
    """Give the bytes, from `/` to `!`, of each telegram that is accepted."""
    for event in (*framer.feed(data), *framer.finish()):
        if isinstance(event, Frame):
            try:
                telegram = read(event.data)
            except TelegramError:
                continue
            check_telegram(telegram)
            yield parts(event.data)[0]


def _read_mended(data: bytes) -> bool:
    if b"\n!" not in data:
        return False
    try:
        check_telegram(read(mended(data)))
    except TelegramError:
        return False
    return True


@cache
def _good() -> tuple[bytes, ...]:
    """Give our own telegrams that have a checksum."""
    return tuple(data for data in map(telegram, DECODABLE) if parts(data)[1])


def _flipped(data: bytes, bit: int, pattern: int) -> bytes:
    """Flip the bits of a pattern from a bit on; bits count as they go over the line, the least of each byte first."""
    window = int.from_bytes(data[bit // 8 : bit // 8 + 3], "little") ^ pattern << bit % 8
    return _replaced(data, bit // 8, window.to_bytes(4, "little")[: len(data[bit // 8 : bit // 8 + 3])])


def _replaced(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def _memory_mb() -> float:
    resident_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return resident_pages * sysconf("SC_PAGE_SIZE") / 1e6


def _tally_chunk(chunk: tuple[str, int]) -> Tally:
    return tally(*chunk)


def _run(seed: int, total: int, processes: int) -> tuple[Tally, dict[int, tuple[float, float]]]:
    """Try all mutations; give the sum, and each process's memory after its first chunk and at the end."""
    sizes = [min(CHUNK, total - start) for start in range(0, total, CHUNK)]
    whole, memory_mb = Tally(), dict[int, tuple[float, float]]()
    with get_context("fork").Pool(processes) as pool:
        chunks = ((f"{seed} {number}", size) for number, size in zip(count(), sizes, strict=False))
        for result in pool.imap_unordered(_tally_chunk, chunks):
            whole.add(result)
            first_mb, _ = memory_mb.get(result.process, (result.memory_mb, 0.0))
            memory_mb[result.process] = (first_mb, result.memory_mb)
            print(f"\r{whole.tried.total():,} of {total:,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return whole, memory_mb


def allowed(kind: str, tried: int) -> float:
    """Give how many wrong ones may pass: those that a 16-bit checksum must let through, plus five times their spread."""
    expected = KINDS[kind][1] * tried
    return max(3.0, expected + 5 * sqrt(expected)) if expected else 0.0


def main() -> int:
    """Read the command line, run, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.mutations", allow_abbrev=False)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32), help="the same seed does the same")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.count:,} mutations of {len(_good())} telegrams", flush=True)
    whole, memory_mb = _run(options.seed, options.count, options.processes)
    print(f"{'kind':<30}{'tried':>10}{'untouched':>11}{'wrong':>7}{'expected':>10}{'allowed':>9}")
    for kind, (_, share) in KINDS.items():
        tried = whole.tried[kind]
        figures = f"{whole.intact[kind]:>11,}{whole.wrong[kind]:>7}{share * tried:>10.1f}{allowed(kind, tried):>9.1f}"
        print(f"{kind:<30}{tried:>10,}{figures}")
    print(f"read again with the checksum mended: {whole.mended:,} accepted")
    print(f"errors: {len(whole.errors)}", *whole.errors[:3], sep="\n")
    for first_mb, last_mb in memory_mb.values():
        print(f"memory of a process: {first_mb:.1f} MB after its first {CHUNK:,}, {last_mb:.1f} MB at the end")
    too_many = [kind for kind in KINDS if whole.wrong[kind] > allowed(kind, whole.tried[kind])]
    grown = [first_mb for first_mb, last_mb in memory_mb.values() if last_mb - first_mb > MAX_GROWTH_MB]
    return 1 if too_many or grown or whole.errors else 0


if __name__ == "__main__":
    sys.exit(main())
