"""What every service does around its own work: command line, logging, signals, broker session, exit code."""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from common.log import start_logging
from common.mqtt import MqttSession
from common.sections import LoggingSettings, MeterSettings, MqttSettings
from common.settings import Config, Section, SettingsError
from common.settings_file import Problems, load_config
from common.version import VERSION
from common.waiting import Stop

if TYPE_CHECKING:
    from common.check import Check

EXIT_OK, EXIT_FAILURE, EXIT_USAGE = 0, 1, 2
DEFAULT_CONFIG = "config.ini"
_NO_SUCH_PLACE = frozenset({errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})

_log = logging.getLogger(__name__)


class ServiceError(Exception):
    """The service cannot do its work and ends with exit code 1; its text is the last line of the log."""


Checks = Callable[[Config], Iterable["Check"]]
Main = Callable[[Config, argparse.Namespace, Stop], None]
OnWrongSettings = Callable[[argparse.Namespace, SettingsError], None]


def argument_parser(service: str, purpose: str) -> argparse.ArgumentParser:
    """Give the options that every service has."""
    parser = argparse.ArgumentParser(prog=f"python -m {service}", description=purpose)
    parser.add_argument("-c", "--config", metavar="FILE", help=f"the settings (default: {DEFAULT_CONFIG})")
    parser.add_argument("--check", action="store_true", help="only test the settings and the connections")
    parser.add_argument("--json", action="store_true", help="with --check: answer in JSON")
    parser.add_argument("--version", action="version", version=f"smartmeter {VERSION}")
    return parser


def run_service(  # noqa: PLR0913 -- all in which services differ
    parser: argparse.ArgumentParser,
    main: Main,
    sections: Iterable[type[Section]],
    *,
    checks: Checks = lambda _: (),
    problems: Problems = lambda _: (),
    on_wrong_settings: OnWrongSettings = lambda _, __: None,
    arguments: Sequence[str] | None = None,
) -> int:
    """Parse the command line and the settings, then check or run; give the exit code.

    `problems` finds what is wrong with settings that are well-formed one by one, as `FILE: [section] key: expected ...`.
    `on_wrong_settings` does, instead of `main`, what cannot wait until they are mended.
    `main` may raise SettingsError for what shows only when it is tried (exit code 2), and ServiceError (1).
    """
    options = parser.parse_args(arguments)
    service = parser.prog.removeprefix("python -m ")
    config = load_config(options.config or DEFAULT_CONFIG, sections, problems)
    if isinstance(config, SettingsError):
        if options.check and options.json:
            from common.check_command import answer_wrong  # noqa: PLC0415 -- only --check needs it

            answer_wrong(service, config)
            return EXIT_USAGE
        if not options.check:
            start_logging((config.config.section(LoggingSettings) if config.config else LoggingSettings()).loglevel)
            on_wrong_settings(options, config)
        return report_problems(config)
    start_logging(config.section(LoggingSettings).loglevel)
    try:
        if options.check:
            return _check(config, service, checks, as_json=options.json)
        _run(config, options, main, service)
    except SettingsError as error:
        return report_problems(error)
    except ServiceError as error:
        _log.error("%s", error)
        return EXIT_FAILURE
    return EXIT_OK


def _run(config: Config, options: argparse.Namespace, main: Main, service: str) -> None:
    if os.geteuid() == 0:
        _log.warning("%s runs as root; it does not need to", service)
    for warning in config.warnings:
        _log.warning("%s", warning)
    with Stop() as stop:
        main(config, options, stop)
    if stop.crashed:
        raise ServiceError(f"{service} ends because a part of it failed")
    _log.info("%s ends", service)


def report_problems(error: SettingsError) -> int:
    """Print every problem of the settings, one line each, and the hint that there may be; give the exit code."""
    for line in filter(None, (*error.problems, error.hint)):
        print(line, file=sys.stderr)
    return EXIT_USAGE


def unusable(problem: str, error: OSError) -> SettingsError | ServiceError:
    """Give the error to raise for a folder or file of the settings that cannot be used; `problem` says which and begins a line.

    The settings are wrong only where no waiting helps. A disk may be mounted, and a right be given, later: the service ends
    with exit code 1 and is started again.
    """
    where = f" ({error.filename})" if error.filename else ""
    text = f"{problem}: {error.strerror}{where}"
    return SettingsError([text]) if error.errno in _NO_SUCH_PLACE else ServiceError(text)


def open_session(
    config: Config, service: str, *, keep_session: bool = False, announce: bool = True, resend: bool = False
) -> MqttSession:
    """Prepare the service's session with the broker of the settings, as `MqttSession` describes it."""
    mqtt, meter = config.section(MqttSettings), config.section(MeterSettings)
    return MqttSession(mqtt, meter, service, keep_session=keep_session, announce=announce, resend=resend)


def _check(config: Config, service: str, checks: Checks, *, as_json: bool) -> int:
    from common.check_command import answer, answer_wrong  # noqa: PLC0415 -- only --check needs it

    try:
        is_well = answer(config, service, checks, as_json=as_json)
    except SettingsError as error:  # which shows only when it is tried
        if not as_json:
            raise
        answer_wrong(service, error)
        return EXIT_USAGE
    return EXIT_OK if is_well else EXIT_FAILURE
