"""The service `influx_bridge`: takes telegrams and switches from the broker and writes them to InfluxDB in batches."""

import argparse
import logging
import random
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from common.log import OncePer, Tally
from common.mqtt import Message, MqttSession
from common.payload import PayloadError
from common.sections import InfluxSettings, MqttSettings
from common.service import Check, Health, argument_parser, open_session, rest_until_stopped, run_service
from common.settings import Config
from common.topics import Topics
from common.waiting import HasFileno, Stop, wait_for
from influx_bridge.intake import Intake
from influx_bridge.schedule import Schedule
from influx_bridge.settings import problems_of
from influx_bridge.upload import Ended, Upload

if TYPE_CHECKING:
    from influx_bridge.database import Database, Writing

SERVICE = "influx_bridge"
_SAY_AGAIN_S = 60.0
_LINE_SHOWN = 200
_LAST_TRY_S = 0.7  # at the end; with a second for the broker SIGTERM ends the service in less than 2 s

_log = logging.getLogger(SERVICE)


class Bridge:
    """Brings points to the database, and keeps health and the log true."""

    def __init__(self, database: "Database", settings: InfluxSettings, base_topic: str) -> None:
        self._database = database
        self._url = settings.url
        self._intake = Intake(base_topic, meter_tag=settings.meter_tag)
        self._upload = Upload(Schedule(settings.upload_interval))
        self._writing: Writing | None = None
        self._foreign = Tally(_log, "not a message of ours")
        self._lost = 0  # points without room, as far as it was said
        self._failing: int | None = None  # the status that was complained of last
        self._say_failure, self._say_lost, self._say_rejected = (OncePer(_SAY_AGAIN_S) for _ in range(3))

    def waits_on(self) -> list["Writing"]:
        """Give what becomes readable when there is something to do."""
        return [self._writing] if self._writing else []

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until something is due without news."""
        return self._upload.seconds_left(now_s)

    def take(self, messages: Iterable[Message], now_s: float) -> None:
        """Take what came from the broker."""
        for message in messages:
            try:
                self._upload.waiting.add(self._intake.lines_of(message.topic, message))
            except PayloadError as error:
                self._foreign.add(f"on {message.topic!r}: {error}", now_s)
        dropped = self._upload.waiting.dropped
        if dropped > self._lost and self._say_lost.due(now_s):
            self._lost = dropped
            _log.warning("no room for more points that wait: the oldest %d so far are lost", dropped)

    def upload(self, ready: list[HasFileno], now_s: float) -> None:
        """End the write that is done, and begin the next one if it is due."""
        if self._writing in ready:
            self._end_write(now_s)
        if self._upload.seconds_left(now_s) <= 0:
            self._begin_write(now_s)

    def health(self) -> dict[str, object]:
        """Give the counters for `health`."""
        waiting = self._upload.waiting
        return {
            "written": waiting.written_count,
            "queued": len(waiting),
            "oldest_queued": waiting.oldest.isoformat() if waiting.oldest else None,
            "errors": self._upload.errors,
            "rejected": waiting.rejected,
            "dropped": waiting.dropped,
        }

    def finish(self, deadline_s: float) -> None:
        """Try once more to write what waits, until the monotonic clock says `deadline_s`; tell what is left."""
        while len(self._upload.waiting) and (now_s := time.monotonic()) < deadline_s:
            if self._writing is None:
                self._begin_write(now_s)
            if not wait_for(self.waits_on(), deadline_s - now_s) or self._end_write(now_s).pause_s is not None:
                break
        if len(self._upload.waiting):
            _log.warning("%d points are not written, and lost: they waited in memory", len(self._upload.waiting))
        self._database.close()

    def _begin_write(self, now_s: float) -> None:
        body = self._upload.begin(now_s)
        if body is not None:
            self._writing = self._database.begin(body)

    def _end_write(self, now_s: float) -> Ended:
        failure = self._writing.failure() if self._writing else None
        self._writing = None
        ended = self._upload.end(failure, now_s, random.random())  # noqa: S311 -- spreads the load, keeps no secret
        self._tell(ended, now_s)
        return ended

    def _tell(self, ended: Ended, now_s: float) -> None:
        """Log what is worth it; what repeats itself once per minute."""
        waiting = self._upload.waiting
        if ended.recovered:
            _log.info("InfluxDB at %s takes points again; %d wait", self._url, len(waiting))
            self._say_failure.reset()
        if ended.dropped and self._say_rejected.due(now_s):
            line = ended.dropped.decode()[:_LINE_SHOWN]
            _log.warning("InfluxDB refuses a point, now dropped (%d so far): %s: %s", waiting.rejected, ended.failure, line)
        if ended.failure and ended.pause_s is not None:
            if ended.failure.status != self._failing:
                self._say_failure.reset()
            self._failing = ended.failure.status
            if self._say_failure.due(now_s):
                text = "cannot write to InfluxDB at %s: %s; %d points wait, next try in %.0f s"
                _log.warning(text, self._url, ended.failure, len(waiting), ended.pause_s)


def main(config: Config, _: argparse.Namespace, stop: Stop) -> None:
    """Run the service until it is asked to stop."""
    settings = config.section(InfluxSettings)
    if not settings.enabled:
        rest_until_stopped(config, SERVICE, "[influx] enabled = no", stop)
        return
    database = _open_database(settings)
    _log.info("writing to InfluxDB at %s, bucket %s, every %g s", settings.url, settings.bucket, settings.upload_interval)
    _log.info("points wait in memory: those not written yet are lost at a kill; queue_file and queue_max_mb have no effect yet")
    if not settings.verify_ssl:
        _log.warning("[influx] verify_ssl = no: anyone on the way can read the token")
    session = open_session(config, SERVICE, keep_session=True)
    _subscribe(session, settings)
    bridge = Bridge(database, settings, session.topics.base)
    health = Health(session, SERVICE, config.section(MqttSettings).health_interval)
    session.start()
    try:
        while not stop.requested:
            now_s = time.monotonic()
            ready = wait_for([session, stop, *bridge.waits_on()], min(health.seconds_left(now_s), bridge.seconds_left(now_s)))
            now_s = time.monotonic()
            bridge.take(session.take(), now_s)
            bridge.upload(ready, now_s)
            health.publish_when_due(bridge.health)
    finally:
        session.close()  # before the last try, so that from now on the broker keeps what comes
    while messages := session.take():  # they are acknowledged: the broker will not send them again
        bridge.take(messages, time.monotonic())
    bridge.finish(time.monotonic() + _LAST_TRY_S)


def problems(config: Config) -> Iterator[str]:
    """Find what makes an enabled [influx] unusable."""
    settings = config.section(InfluxSettings)
    if settings.enabled:
        yield from (f"{config.source}: {problem}" for problem in problems_of(settings))


def checks(config: Config) -> Iterator[Check]:
    """Check that the database is reached and takes points, with a write that stores nothing."""
    settings = config.section(InfluxSettings)
    if not settings.enabled:
        yield Check("InfluxDB", well=True, found="not used: [influx] enabled = no")
        return
    database = _open_database(settings)
    failure = database.check()
    database.close()
    found = str(failure) if failure else f"takes points for bucket {settings.bucket}"
    yield Check(f"InfluxDB {settings.url}", well=failure is None, found=found)


def _open_database(settings: InfluxSettings) -> "Database":
    from influx_bridge.database import Database  # noqa: PLC0415 -- 40 MB that only an enabled service needs

    return Database(settings)


def _subscribe(session: MqttSession, settings: InfluxSettings) -> None:
    own = session.topics
    topics = Topics(own.base, "+") if settings.meters == "all" else own
    for topic in (topics.telegram, topics.backfill, topics.load("+", "switch")):
        session.subscribe(topic, qos=1)


if __name__ == "__main__":
    parser = argument_parser(SERVICE, "Write telegrams and the switches of loads to InfluxDB.")
    sys.exit(run_service(parser, main, (InfluxSettings,), checks=checks, problems=problems))
