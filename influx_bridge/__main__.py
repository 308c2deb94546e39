"""The service `influx_bridge`: takes telegrams and switches from the broker and writes them to InfluxDB in batches."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from common.health import Health
from common.mqtt import FAILING, ONLINE, MqttSession
from common.rest import rest_until_stopped
from common.sections import InfluxSettings, MqttSettings
from common.service import ServiceError, argument_parser, open_session, run_service, unusable
from common.settings import Config
from common.waiting import Stop, wait_for
from influx_bridge import grafana_login, local_login
from influx_bridge.bridge import Bridge
from influx_bridge.check import checks
from influx_bridge.leftovers import Leftovers
from influx_bridge.queue import Queue
from influx_bridge.replica import Replica, claim
from influx_bridge.selection import selection_of
from influx_bridge.settings import problems_of
from influx_bridge.writer import Writer

SERVICE = "influx_bridge"
_LAST_MESSAGES_S = 0.2
_QUIET_S, _DRAIN_S = 0.4, 5.0  # of a bridge that leaves its group: no message for so long, and for how long at most
_LAST_WRITES_S = 4.0  # of such a bridge; Docker gives ten seconds for all
_END_S = 1.2  # SIGTERM ends the service in less than 2 s

_log = logging.getLogger(SERVICE)


def main(config: Config, _: argparse.Namespace, stop: Stop) -> None:
    """Run the service until it is asked to stop."""
    settings = config.section(InfluxSettings)
    if not settings.enabled:
        rest_until_stopped(config, SERVICE, "[influx] enabled = no", stop)
        return
    replica = _claim(settings, config.source)
    queue = Queue(replica.place, settings.queue_max_mb)
    name = replica.name(SERVICE)
    leftovers = Leftovers(replica.place.path) if replica.is_first else None
    _log.info("writing to InfluxDB at %s, bucket %s, every %g s", settings.url, settings.bucket, settings.upload_interval)
    if not settings.verify_ssl:
        _log.warning("[influx] verify_ssl = no: anyone on the way can read the token")
    session = open_session(config, name, keep_session=True)
    selection = selection_of(settings.meters, session.topics, settings.shared_group)
    for topic in selection.subscriptions():
        session.subscribe(topic, qos=1)
    if replica.instance:
        _log.info("this bridge is %s, its queue file %s", name, replica.place.path)
    bridge = Bridge(Writer(settings), queue, settings, selection)
    health = Health(session, name, config.section(MqttSettings).health_interval)
    session.start()
    is_gone = False  # for good
    try:
        _run(session, bridge, health, leftovers, stop)
        is_gone = replica.is_extra and _drain(session, bridge)
        end_s = time.monotonic() + (_LAST_WRITES_S if is_gone else _END_S)
        last_s = time.monotonic() + _LAST_MESSAGES_S
        while (messages := session.take()) and time.monotonic() < last_s:
            bridge.take(messages, time.monotonic())
        session.acknowledge(bridge.save(time.monotonic()))
        bridge.begin_last_request()
        if is_gone:
            session.publish(session.topics.health(name), "", retain=True)
    finally:
        session.close(for_good=is_gone)
    bridge.finish(end_s, with_backlog=is_gone)


def _run(session: MqttSession, bridge: Bridge, health: Health, leftovers: Leftovers | None, stop: Stop) -> None:
    while not stop.requested:
        now_s = time.monotonic()
        left_s = min(health.seconds_left(now_s), bridge.seconds_left(now_s))
        ready = wait_for([session, stop, *bridge.waits_on()], left_s)
        now_s = time.monotonic()
        if leftovers:
            leftovers.look(bridge.queue, now_s, time.time())
        bridge.take(session.take(), now_s)
        session.acknowledge(bridge.work(ready, now_s))
        session.set_status(FAILING if bridge.is_failing else ONLINE)
        health.tell(bridge.health, bridge.trouble)


def problems(config: Config) -> Iterator[str]:
    """Find what makes an enabled [influx] unusable."""
    settings = config.section(InfluxSettings)
    if settings.enabled:
        yield from (f"{config.source}: {problem}" for problem in problems_of(settings))


def _drain(session: MqttSession, bridge: Bridge) -> bool:
    """Leave the group: ask for no more, and make safe what is under way. Tells whether nothing is left at the broker.

    The broker gives to the others what it would have given to this bridge.
    """
    session.leave()
    now_s = last_s = time.monotonic()
    end_s = now_s + _DRAIN_S
    while now_s - last_s < _QUIET_S and now_s < end_s:
        wait_for([session], _QUIET_S)
        messages = session.take()
        now_s = time.monotonic()
        if messages:
            last_s = now_s
            bridge.take(messages, now_s)
            session.acknowledge(bridge.save(now_s))
    return session.has_left and now_s - last_s >= _QUIET_S and not bridge.queue.trouble


def _claim(settings: InfluxSettings, source: str) -> Replica:
    try:
        return claim(Path(settings.queue_file), settings.instance, is_group=bool(settings.shared_group))
    except BlockingIOError as error:
        raise ServiceError(f"another influx_bridge uses the queue file {settings.queue_file}") from error
    except OSError as error:
        problem = f"{source}: [influx] queue_file: expected a file that can be written, {settings.queue_file}"
        raise unusable(problem, error) from error


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
