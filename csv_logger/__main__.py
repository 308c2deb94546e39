"""The service `csv_logger`: takes telegrams from the broker and writes each as a row of a CSV file."""

import argparse
import logging
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from common.health import Health
from common.mqtt import FAILING, ONLINE, MqttSession
from common.rest import rest_until_stopped
from common.sections import CsvSettings, MqttSettings
from common.service import ServiceError, argument_parser, open_session, run_service, unusable
from common.settings import Config
from common.unacknowledged import UNDER_WAY_MAX
from common.waiting import HasFileno, Stop, wait_for
from csv_logger.files import CsvFiles
from csv_logger.recorder import Recorder
from csv_logger.rotation import Moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.check import Check

SERVICE = "csv_logger"
_LAST_MESSAGES_S = 0.2  # at the end; SIGTERM ends the service in less than 2 s, with a second for the broker
_LAST_COMPRESSION_S = 0.4
_TAKEN_AT_ONCE = 1000  # messages: in a flood all that is there is made safe together

_log = logging.getLogger(SERVICE)


def main(config: Config, _: argparse.Namespace, stop: Stop) -> None:
    """Run the service until it is asked to stop."""
    settings = config.section(CsvSettings)
    if not settings.enabled:
        rest_until_stopped(config, SERVICE, "[csv] enabled = no", stop)
        return
    files = _open_files(settings, config.source)
    group = min(settings.write_every, UNDER_WAY_MAX)
    _log.info("writing CSV files to %s, to the disk after every %d telegrams", settings.file_path, group)
    session = open_session(config, SERVICE, keep_session=True)
    session.subscribe(session.topics.telegram, qos=1)
    session.subscribe(session.topics.backfill, qos=1)
    recorder = Recorder(files, session.topics, settings)
    health = Health(session, SERVICE, config.section(MqttSettings).health_interval)
    session.start()
    try:
        _run(session, recorder, health, stop)
        end_s = time.monotonic() + _LAST_MESSAGES_S  # the broker sends no more than some until they are acknowledged
        while (messages := session.take()) and time.monotonic() < end_s:
            recorder.take(messages, _now())
        session.acknowledge(recorder.finish(_now()))
    finally:
        session.close()
    recorder.compress(time.monotonic() + _LAST_COMPRESSION_S)


def _run(session: MqttSession, recorder: Recorder, health: Health, stop: Stop) -> None:
    while not stop.requested:
        now = _now()
        news: list[HasFileno] = [stop] if recorder.is_full else [session, stop]
        wait_for(news, min(health.seconds_left(now.monotonic_s), recorder.seconds_left(now)))
        recorder.take(session.take(0 if recorder.is_full else _TAKEN_AT_ONCE), _now())
        session.acknowledge(recorder.work(_now()))
        session.set_status(FAILING if recorder.trouble else ONLINE)
        health.tell(recorder.health, recorder.trouble)


def _open_files(settings: CsvSettings, source: str) -> CsvFiles:
    try:
        return CsvFiles(settings, _now())
    except BlockingIOError as error:
        raise ServiceError(f"another csv_logger writes to {settings.file_path}") from error
    except OSError as error:
        raise unusable(f"{source}: [csv] file_path: expected a folder to write in, {settings.file_path}", error) from error


def _now() -> Moment:
    return Moment(datetime.now(UTC).astimezone(), time.monotonic())


def _checks(config: Config) -> "Iterable[Check]":
    from csv_logger.check import checks  # noqa: PLC0415 -- only --check needs it

    return checks(config)


def run(arguments: list[str]) -> int:
    """Run the service or its command; give the exit code."""
    command, *rest = arguments or [""]
    if command == "report":
        from csv_logger.report import command as report  # noqa: PLC0415 -- a megabyte that the service does not need

        parser = argparse.ArgumentParser(
            prog="python -m csv_logger report", description="Tell what the CSV files have of days and months."
        )
        report.add_arguments(parser)
        return report.report(parser.parse_args(rest))
    parser = argument_parser(SERVICE, "Write every telegram as a row of a CSV file. Command: report.")
    return run_service(parser, main, (CsvSettings,), checks=_checks, arguments=arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
