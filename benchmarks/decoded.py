"""Decodes some telegrams and ends: what valgrind counts for `benchmarks.decode`. `... decoded FILE COUNT`.

FILE holds framed telegrams, an empty line between two; of these it decodes COUNT, beginning anew at the end.
"""

import sys
from itertools import cycle, islice
from pathlib import Path

from common.telegram import decode

BETWEEN = b"\n\n\n"  # no telegram has it


def main(file: Path, count: int) -> None:
    """Decode."""
    for frame in islice(cycle(file.read_bytes().split(BETWEEN)), count):
        decode(frame)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
