"""The service `influx_bridge`: takes telegrams and switches from the broker and writes them to InfluxDB in batches."""

import argparse
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from common.rest import rest_until_stopped
from common.sections import InfluxSettings
from common.service import ServiceError, argument_parser, run_service, unusable
from common.settings import Config
from common.waiting import Stop
from influx_bridge.replica import SERVICE, Replica, claim, name_of
from influx_bridge.settings import problems_of

if TYPE_CHECKING:
    from common.check import Check

_log = logging.getLogger(SERVICE)


def main(config: Config, _: argparse.Namespace, stop: Stop) -> None:
    """Run the service until it is asked to stop."""
    settings = config.section(InfluxSettings)
    if not settings.enabled:
        rest_until_stopped(config, name_of(SERVICE, settings.instance), "[influx] enabled = no", stop)
        return
    _log.info("writing to InfluxDB at %s, bucket %s, every %g s", settings.url, settings.bucket, settings.upload_interval)
    if not settings.verify_ssl:
        _log.warning("[influx] verify_ssl = no: anyone on the way can read the token")
    from influx_bridge.member import Member  # noqa: PLC0415 -- all that only an enabled service needs

    while not stop.requested:
        Member(config, _claim(settings, config.source)).run(stop)


def problems(config: Config) -> Iterator[str]:
    """Find what makes an enabled [influx] unusable."""
    settings = config.section(InfluxSettings)
    if settings.enabled:
        yield from (f"{config.source}: {problem}" for problem in problems_of(settings))


def _claim(settings: InfluxSettings, source: str) -> Replica:
    try:
        return claim(Path(settings.queue_file), settings.instance, is_group=bool(settings.shared_group))
    except BlockingIOError as error:
        raise ServiceError(f"another influx_bridge uses the queue file {settings.queue_file}") from error
    except OSError as error:
        problem = f"{source}: [influx] queue_file: expected a file that can be written, {settings.queue_file}"
        raise unusable(problem, error) from error


def _checks(config: Config) -> "Iterable[Check]":
    from influx_bridge.check import checks  # noqa: PLC0415 -- only --check needs it

    return checks(config)


def run(arguments: list[str]) -> int:
    """Run the service or one of its commands; give the exit code."""
    command, *rest = arguments or [""]
    if command == "new-login":
        from influx_bridge import local_login  # noqa: PLC0415 -- a command, not the service

        purpose = "Make password and token of an InfluxDB of one's own, where they are missing."
        parser = argparse.ArgumentParser(prog="python -m influx_bridge new-login", description=purpose)
        local_login.add_arguments(parser)
        return local_login.new_login(parser.parse_args(rest))
    if command == "grafana-login":
        from influx_bridge import grafana_login  # noqa: PLC0415 -- a command, not the service

        purpose = "Make Grafana's password where it is missing, and give it the token by which it reads InfluxDB."
        parser = argparse.ArgumentParser(prog="python -m influx_bridge grafana-login", description=purpose)
        grafana_login.add_arguments(parser)
        return grafana_login.grafana_login(parser.parse_args(rest), os.environ)
    parser = argument_parser(
        SERVICE, "Write telegrams and the switches of loads to InfluxDB. Commands: new-login, grafana-login."
    )
    return run_service(parser, main, (InfluxSettings,), checks=_checks, problems=problems, arguments=arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
