"""Decodes the first telegrams of a file and does nothing else: a process of its own, whose instructions are counted."""

import argparse
from pathlib import Path

from common.decoder import Decoder


def main() -> None:
    """Read the whole file, whatever the count: then two counts differ by what is decoded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decoding")
    parser.add_argument("file", type=Path, help="telegrams, with an empty line behind each checksum")
    parser.add_argument("count", type=int)
    parser.add_argument("--anew", action="store_true", help="remember nothing from one telegram to the next")
    options = parser.parse_args()
    telegrams = options.file.read_bytes().split(b"\n\n")
    decoder = Decoder()
    for telegram in telegrams[: options.count]:
        decoder = Decoder() if options.anew else decoder
        decoder.decode(telegram)


if __name__ == "__main__":
    main()
