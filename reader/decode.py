"""The command `python -m reader decode`: telegrams in, one JSON object, or one table, per telegram out."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator

from common.payload import fields_as_json
from common.sections import MeterSettings, SerialSettings
from common.service import EXIT_FAILURE, EXIT_OK, report_problems
from common.settings import Config, SettingsError
from common.settings_file import load_config
from reader.explain import heading, table
from reader.inspection import Inspected, Inspection
from reader.receiver import reception_of

_CHUNK_BYTES = 65_536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="telegrams as the meter sent them (default: standard input)")
    parser.add_argument("--explain", action="store_true", help="show each telegram as a table: code, field, value, meaning")
    parser.add_argument("-c", "--config", metavar="FILE", help="settings, for [meter] dialect, timezone and require_checksum")


def decode_files(options: argparse.Namespace) -> int:
    """Decode the files of the command line, or standard input; give the exit code: 1 if any telegram was rejected."""
    config = load_config(options.config, (SerialSettings,))
    if isinstance(config, SettingsError):
        return report_problems(config)
    show = _print_table if options.explain else _print_json
    try:
        results = [_decode_file(name, config, show) for name in options.files or ["-"]]
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except SettingsError as error:
        return report_problems(error)
    except KeyboardInterrupt:
        return EXIT_OK
    return EXIT_OK if all(results) else EXIT_FAILURE


def inspection_of(config: Config) -> Inspection:
    """Prepare to inspect telegrams of the meter of the settings.

    Raises SettingsError if they are encrypted and this machine cannot decrypt.
    """
    return Inspection(config.section(MeterSettings), reception_of(config).decryptor)


def _decode_file(name: str, config: Config, show: Callable[[str, Inspected], None]) -> bool:
    """Decode one file; tell whether it had telegrams and all were good."""
    shown = "standard input" if name == "-" else name
    good, rejected = 0, 0
    try:
        for inspected in _inspected(name, inspection_of(config)):
            place = f"{shown}: byte {inspected.offset}"
            show(place, inspected)
            if inspected.telegram is None:
                rejected += 1
                print(f"{place}: {inspected.reason}", file=sys.stderr, flush=True)
            else:
                good += 1
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{shown}: {error.strerror}", file=sys.stderr)
        return False
    if not good and not rejected:
        print(f"{shown}: no telegram found", file=sys.stderr)
    return good > 0 and not rejected


def _inspected(name: str, inspection: Inspection) -> Iterator[Inspected]:
    is_input = name == "-"
    with open(sys.stdin.fileno() if is_input else name, "rb", closefd=not is_input) as stream:
        while chunk := stream.read1(_CHUNK_BYTES):
            yield from inspection.feed(chunk)
        yield from inspection.finish()


def _print_json(_: str, inspected: Inspected) -> None:
    if inspected.telegram is not None:
        print(fields_as_json(inspected.telegram.fields), flush=True)


def _print_table(place: str, inspected: Inspected) -> None:
    print(heading(place, inspected.data, inspected.reason))
    if inspected.telegram is not None:
        print(*table(inspected.telegram), sep="\n")
    print(flush=True)
