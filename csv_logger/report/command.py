"""The command `python -m csv_logger report`: what was recorded, by day and month, as tables, JSON, a page or a picture."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from common.sections import CsvSettings, MeterSettings, TariffSettings
from common.service import DEFAULT_CONFIG, EXIT_FAILURE, EXIT_OK, ServiceError, report_problems
from common.settings import Config, SettingsError
from common.settings_file import load_config
from common.timestamps import clock_of
from csv_logger.names import Names
from csv_logger.report.intake import Intake
from csv_logger.report.numbers import Report
from csv_logger.report.output import OutputError, check_output, print_output, write_output
from csv_logger.report.page import page_of
from csv_logger.report.period import Period, month_period, year_period
from csv_logger.report.progress import Progress
from csv_logger.report.quarters import Quarters
from csv_logger.report.sources import Source, SourceError, known_columns, read_into, sources_in
from csv_logger.report.summary import missing_months, report_of
from csv_logger.report.table import table_of

_BEFORE = timedelta(days=1)  # a file may begin the evening before
_STANDARD_OUTPUT = Path("-")
_AFTER = timedelta(days=8)  # a broker keeps telegrams for 7 days while csv_logger is away: then older rows come late

Make = Callable[[Report], bytes]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("-c", "--config", default=DEFAULT_CONFIG, metavar="FILE", help="the settings (default: %(default)s)")
    parser.add_argument(
        "--csv",
        type=Path,
        action="append",
        metavar="PATH",
        help="a CSV file of csv_logger, or a folder of them (default: [csv] file_path); may be repeated",
    )
    period = parser.add_mutually_exclusive_group()
    period.add_argument("--month", type=_period_of(month_period), dest="period", metavar="2026-10", help="only that month")
    period.add_argument("--year", type=_period_of(year_period), dest="period", metavar="2026", help="only that year")
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with charts into this file (-: standard output)"
    )
    output.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the charts into this file (-: standard output)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def report(options: argparse.Namespace) -> int:
    """Report what the command line asks for; give the exit code: 1 if files cannot be read or written, or are empty."""
    config = load_config(options.config, (CsvSettings, TariffSettings))
    if isinstance(config, SettingsError):
        return report_problems(config)
    try:
        make, file = _maker(options), options.html or options.plot
        if make is not None and file != _STANDARD_OUTPUT:
            check_output(file)
        answer = _report(config, options)
        output = (json.dumps(asdict(answer), ensure_ascii=False) + "\n" if options.json else table_of(answer)).encode()
        if make is not None and file == _STANDARD_OUTPUT:
            output = make(answer)
        elif make is not None:
            write_output(file, make(answer))
        print_output(output)
    except (SourceError, OutputError, ServiceError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILURE
    except KeyboardInterrupt:
        pass
    return EXIT_OK


def _report(config: Config, options: argparse.Namespace) -> Report:
    """Read what is needed, and reckon."""
    csv, meter = config.section(CsvSettings), config.section(MeterSettings)
    names, paths, period = Names(csv.file_prefix), options.csv or [Path(csv.file_path)], options.period or Period()
    sources = sources_in(paths, names)
    intake = Intake(Quarters(clock_of(meter.timezone).zone), known_columns(paths, names))
    chosen = [source for source in sources if _may_have(source, period)]
    _read(intake, chosen)
    missing = missing_months(intake.quarters, period)  # of the twelve that count
    _read(intake, [source for source in sources if source not in chosen and source.day and f"{source.day:%Y-%m}" in missing])
    answer = report_of(intake, meter.name, period, config.section(TariffSettings).capacity, time.time())
    if answer is None:
        where = f"{f'of {period.text} ' if period.text else ''}in {', '.join(map(str, paths))}"
        why = next((f": {tally.name}: {why}" for tally in intake.tallies if (why := tally.damage or tally.left_out)), "")
        raise ServiceError(f"no reading {where}{why}")
    return answer


def _read(intake: Intake, sources: list[Source]) -> None:
    with Progress(sum(source.size for source in sources), sys.stderr) as progress:
        read_into(intake, sources, progress)


def _may_have(source: Source, period: Period) -> bool:
    """Tell whether a file may have rows of a period, by its name."""
    if source.day is None or period.begin is None or period.end is None:
        return True
    return period.begin - _BEFORE <= source.day < period.end + _AFTER


def _maker(options: argparse.Namespace) -> Make | None:
    """Give what makes the file that is asked for, before the long reading. Raises ServiceError if it cannot."""
    if options.html is not None:
        return lambda answer: page_of(answer).encode()
    if options.plot is None:
        return None
    try:
        from csv_logger.report.plot import picture_of  # noqa: PLC0415 -- only who wants a picture needs matplotlib
    except ImportError as error:
        raise ServiceError(f"cannot draw: {error}; matplotlib comes with pip install --group plot") from None
    return picture_of


def _period_of(parse: Callable[[str], Period]) -> Callable[[str], Period]:
    def parse_or_tell(text: str) -> Period:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse_or_tell
