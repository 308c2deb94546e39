"""The service `influx_bridge`: takes telegrams and switches from the broker and writes them to InfluxDB in batches."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from common.health import Health
from common.mqtt import FAILING, ONLINE, MqttSession
from common.rest import rest_until_stopped
from common.sections import InfluxSettings, MqttSettings
from common.service import ServiceError, argument_parser, open_session, run_service, unusable
from common.settings import Config
from common.topics import Topics
from common.waiting import Stop, wait_for
from influx_bridge import grafana_login, local_login
from influx_bridge.bridge import Bridge
from influx_bridge.check import checks
from influx_bridge.queue import Queue
from influx_bridge.queue_place import QueuePlace
from influx_bridge.settings import problems_of

if TYPE_CHECKING:
    from influx_bridge.database import Database

SERVICE = "influx_bridge"
_LAST_MESSAGES_S = 0.2
_END_S = 1.2  # SIGTERM ends the service in less than 2 s

_log = logging.getLogger(SERVICE)


def main(config: Config, _: argparse.Namespace, stop: Stop) -> None:
    """Run the service until it is asked to stop."""
    settings = config.section(InfluxSettings)
    if not settings.enabled:
        rest_until_stopped(config, SERVICE, "[influx] enabled = no", stop)
        return
    queue = _open_queue(settings, config.source)
    database = _open_database(settings)
    _log.info("writing to InfluxDB at %s, bucket %s, every %g s", settings.url, settings.bucket, settings.upload_interval)
    if not settings.verify_ssl:
        _log.warning("[influx] verify_ssl = no: anyone on the way can read the token")
    session = open_session(config, SERVICE, keep_session=True)
    _subscribe(session, settings)
    bridge = Bridge(database, queue, settings, session.topics.base)
    health = Health(session, SERVICE, config.section(MqttSettings).health_interval)
    session.start()
    try:
        _run(session, bridge, health, stop)
        end_s = time.monotonic() + _END_S
        last_s = time.monotonic() + _LAST_MESSAGES_S
        while (messages := session.take()) and time.monotonic() < last_s:
            bridge.take(messages, time.monotonic())
        session.acknowledge(bridge.save(time.monotonic()))
        bridge.begin_last_request()
    finally:
        session.close()
    bridge.finish(end_s)


def _run(session: MqttSession, bridge: Bridge, health: Health, stop: Stop) -> None:
    while not stop.requested:
        now_s = time.monotonic()
        ready = wait_for([session, stop, *bridge.waits_on()], min(health.seconds_left(now_s), bridge.seconds_left(now_s)))
        now_s = time.monotonic()
        bridge.take(session.take(), now_s)
        session.acknowledge(bridge.work(ready, now_s))
        session.set_status(FAILING if bridge.is_failing else ONLINE)
        health.tell(bridge.health, bridge.trouble)


def problems(config: Config) -> Iterator[str]:
    """Find what makes an enabled [influx] unusable."""
    settings = config.section(InfluxSettings)
    if settings.enabled:
        yield from (f"{config.source}: {problem}" for problem in problems_of(settings))


def _open_queue(settings: InfluxSettings, source: str) -> Queue:
    place = QueuePlace(Path(settings.queue_file))
    try:
        place.prepare()
    except BlockingIOError as error:
        raise ServiceError(f"another influx_bridge uses the queue file {settings.queue_file}") from error
    except OSError as error:
        problem = f"{source}: [influx] queue_file: expected a file that can be written, {settings.queue_file}"
        raise unusable(problem, error) from error
    return Queue(place, settings.queue_max_mb)


def _open_database(settings: InfluxSettings) -> "Database":
    from influx_bridge.database import Database  # noqa: PLC0415 -- 40 MB that only an enabled service needs

    return Database(settings)


def _subscribe(session: MqttSession, settings: InfluxSettings) -> None:
    own = session.topics
    topics = Topics(own.base, "+") if settings.meters == "all" else own
    for topic in (topics.telegram, topics.backfill, topics.load("+", "switch")):
        session.subscribe(topic, qos=1)


def run(arguments: list[str]) -> int:
    """Run the service or one of its commands; give the exit code."""
    command, *rest = arguments or [""]
    if command == "new-login":
        purpose = "Make password and token of an InfluxDB of one's own, where they are missing."
        parser = argparse.ArgumentParser(prog="python -m influx_bridge new-login", description=purpose)
        local_login.add_arguments(parser)
        return local_login.new_login(parser.parse_args(rest))
    if command == "grafana-login":
        purpose = "Make Grafana's password where it is missing, and give it the token by which it reads InfluxDB."
        parser = argparse.ArgumentParser(prog="python -m influx_bridge grafana-login", description=purpose)
        grafana_login.add_arguments(parser)
        return grafana_login.grafana_login(parser.parse_args(rest), os.environ)
    parser = argument_parser(
        SERVICE, "Write telegrams and the switches of loads to InfluxDB. Commands: new-login, grafana-login."
    )
    return run_service(parser, main, (InfluxSettings,), checks=checks, problems=problems, arguments=arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
