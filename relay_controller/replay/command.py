"""The command `python -m relay_controller replay`: the rules over recorded data, as a table, as JSON, and as a plot.

Nothing is switched, the broker is not asked, and the counters that the service keeps stay as they are.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from common.freshness import StaleAfter
from common.sections import CsvSettings, MeterSettings, TariffSettings
from common.service import DEFAULT_CONFIG, EXIT_FAILURE, EXIT_OK, ServiceError, report_problems
from common.settings import Config, SettingsError
from common.settings_file import load_config
from relay_controller.hours import DAY_MIN, parse_time
from relay_controller.load import Plant
from relay_controller.replay.outcome import Outcome
from relay_controller.replay.recorded import Row, Unreadable
from relay_controller.replay.recording import Recording, RecordingError
from relay_controller.replay.report import report_of
from relay_controller.replay.simulation import Simulation, asked_fields, replayable
from relay_controller.replay.table import table_of
from relay_controller.settings import SECTIONS, plant_of, problems_of

_SHOWN_UNREADABLE = 20

Draw = Callable[[Path, Outcome, Plant], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--csv",
        type=Path,
        action="append",
        metavar="PATH",
        help="a CSV file of csv_logger, or a folder of those with [csv] file_prefix; may be repeated",
    )
    source.add_argument("--telegrams", type=Path, nargs="+", metavar="FILE", help="telegrams as the meter sent them")
    parser.add_argument("-c", "--config", default=DEFAULT_CONFIG, metavar="FILE", help="the settings (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw power, loads and quarter-hours into this file")
    parser.add_argument(
        "--uncontrolled-from",
        type=_minutes,
        default=0,
        metavar="HH:MM",
        help="when timers would start the loads without control (default: 00:00)",
    )


def replay(options: argparse.Namespace) -> int:
    """Replay the files of the command line; give the exit code: 1 if one of them cannot be read or none has a reading."""
    config = load_config(options.config, (*SECTIONS, CsvSettings), _problems)
    if isinstance(config, SettingsError):
        return report_problems(config)
    try:
        draw = _drawing(options.plot) if options.plot else None
        plant = replayable(plant_of(config))
        outcome = _replay(config, plant, options, is_sampled=draw is not None)
        if draw is not None:
            draw(options.plot, outcome, plant)
    except (RecordingError, ServiceError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILURE
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        pass
    return EXIT_OK


def _replay(config: Config, plant: Plant, options: argparse.Namespace, *, is_sampled: bool) -> Outcome:
    """Replay, and print what comes out."""
    meter, asked = config.section(MeterSettings), asked_fields(plant)
    recording = Recording(meter, frozenset[str]().union(*asked.values()), config.section(CsvSettings).file_prefix)
    rows = _Readable(recording.csv_rows(options.csv) if options.csv else recording.telegram_rows(options.telegrams))
    first = next(iter(rows), None)
    if first is None:
        raise ServiceError(f"no reading in {', '.join(map(str, options.csv or options.telegrams))}")
    simulation = Simulation(plant, first, StaleAfter(meter.stale_after), options.uncontrolled_from, is_sampled=is_sampled)
    unseen = recording.wanted - first.fields.keys()
    for row in rows:
        if unseen:
            unseen -= row.fields.keys()
        simulation.take(row)
    outcome = simulation.finish()
    unknown = {load: fields & unseen for load, fields in asked.items() if fields & unseen}
    report = report_of(outcome, config.section(TariffSettings), rows.unreadable, unknown)
    print(json.dumps(asdict(report), ensure_ascii=False) + "\n" if options.json else table_of(report), end="", flush=True)
    return outcome


class _Readable:
    """The readings of a recording; what cannot be read is counted, and a line on stderr."""

    def __init__(self, rows: Iterator[Row | Unreadable]) -> None:
        self.unreadable = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            if isinstance(row, Row):
                yield row
                continue
            self.unreadable += 1
            if self.unreadable <= _SHOWN_UNREADABLE:
                print(f"{row.place}: {row.reason}", file=sys.stderr)
        if self.unreadable > _SHOWN_UNREADABLE:
            print(f"and {self.unreadable - _SHOWN_UNREADABLE:,} more that cannot be read", file=sys.stderr)


def _problems(config: Config) -> Iterator[str]:
    """Find what cannot work although each key is well-formed; here every load that has rules needs a power too."""
    yield from problems_of(config)
    for name, load in config.loads.items():
        if load.enabled and load.power is None and (load.on_when or load.min_on_per_day):
            yield f'{config.source}: [load:{name}] power: expected W, because replay adds it to what was recorded, got ""'


def _drawing(file: Path) -> Draw:
    """Give what draws, before the long reckoning. Raises ServiceError if it cannot."""
    try:
        from relay_controller.replay.plot import draw  # noqa: PLC0415 -- only who wants a plot needs matplotlib
    except ImportError as error:
        raise ServiceError(f"cannot draw: {error}; matplotlib comes with pip install --group plot") from None
    if not file.parent.is_dir():
        raise ServiceError(f"cannot write {file}: no such folder")

    def draw_or_tell(file: Path, outcome: Outcome, plant: Plant) -> None:
        try:
            draw(file, outcome, plant)
        except OSError as error:
            raise ServiceError(f"cannot write {file}: {error.strerror}") from None

    return draw_or_tell


def _minutes(text: str) -> int:
    try:
        return parse_time(text) % DAY_MIN
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}") from None
