"""The command `python -m reader decode`: telegrams in, one JSON object per telegram out."""

import argparse
import os
import sys
from collections.abc import Iterator

from common.payload import fields_as_json
from common.sections import MeterSettings
from common.service import EXIT_FAILURE, EXIT_OK, load_config, report_problems
from common.settings import SettingsError
from common.telegram import Dialect
from reader.reception import Received, Reception, Rejected

_CHUNK_BYTES = 65_536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="telegrams as the meter sent them (default: standard input)")
    parser.add_argument("-c", "--config", metavar="FILE", help="settings, for [meter] dialect and timezone")


def decode_files(options: argparse.Namespace) -> int:
    """Decode the files of the command line, or standard input; give the exit code: 1 if any telegram was rejected."""
    config = load_config(options.config, ())
    if isinstance(config, SettingsError):
        return report_problems(config)
    try:
        results = [_decode_file(name, config.section(MeterSettings)) for name in options.files or ["-"]]
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except KeyboardInterrupt:
        return EXIT_OK
    return EXIT_OK if all(results) else EXIT_FAILURE


def _decode_file(name: str, meter: MeterSettings) -> bool:
    """Decode one file; tell whether it had telegrams and all were good."""
    shown = "standard input" if name == "-" else name
    reception = Reception(meter.name, Dialect(meter.dialect), meter.timezone)
    good, rejected = 0, 0
    try:
        for event in _events(name, reception):
            if isinstance(event, Rejected):
                rejected += 1
                print(f"{shown}: byte {event.offset}: {event.reason}", file=sys.stderr, flush=True)
            else:
                good += 1
                print(fields_as_json(event.fields), flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{shown}: {error.strerror}", file=sys.stderr)
        return False
    if not good and not rejected:
        print(f"{shown}: no telegram found", file=sys.stderr)
    return good > 0 and not rejected


def _events(name: str, reception: Reception) -> Iterator[Received | Rejected]:
    is_input = name == "-"
    with open(sys.stdin.fileno() if is_input else name, "rb", closefd=not is_input) as stream:
        while chunk := stream.read1(_CHUNK_BYTES):
            yield from reception.feed(chunk)
        yield from reception.finish()
