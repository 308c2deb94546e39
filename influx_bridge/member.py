"""One bridge at work, alone or in its place of a group, until it is asked to stop or has a better place to go to."""

import logging
import time
from pathlib import Path

from common.health import Health
from common.inbox import Message
from common.mqtt import FAILING, ONLINE
from common.sections import InfluxSettings, MqttSettings
from common.service import open_session
from common.settings import Config
from common.waiting import Stop, wait_for
from influx_bridge.bridge import Bridge
from influx_bridge.first_place import FirstPlace
from influx_bridge.leaving import drain, end_session
from influx_bridge.leftovers import Leftovers
from influx_bridge.queue import Queue
from influx_bridge.replica import SERVICE, Replica
from influx_bridge.selection import ALL, OWN, selection_of
from influx_bridge.subscribed import Subscribed
from influx_bridge.writer import Writer

_LAST_MESSAGES_S = 0.2
_END_S = 1.2  # SIGTERM ends the service in less than 2 s
_LAST_WRITES_S = 4.0  # of a bridge that leaves its group

_log = logging.getLogger(SERVICE)


class Member:
    """What a bridge is made of, wired."""

    def __init__(self, config: Config, replica: Replica) -> None:
        """Prepare; nothing is sent before `run`."""
        settings = config.section(InfluxSettings)
        self._config = config
        self._replica = replica
        self._name = replica.name(SERVICE)
        self._session = open_session(config, self._name, keep_session=True)
        topics = self._session.topics
        selection = selection_of(settings.meters, topics, settings.shared_group)
        self._topics = list(selection.subscriptions())
        self._subscribed = Subscribed(replica.place.path)
        for topic in self._topics:
            self._session.subscribe(topic, qos=1)
        # Versions before there were groups took no note of it.
        usual = [topic for meters in (OWN, ALL) for topic in selection_of(meters, topics).subscriptions()]
        self._session.unsubscribe(self._subscribed.topics() or usual)
        self._bridge = Bridge(Writer(settings), Queue(replica.place, settings.queue_max_mb), settings, selection)
        self._health = Health(self._session, self._name, config.section(MqttSettings).health_interval)
        is_first, is_extra = replica.is_first, replica.is_extra
        self._leftovers = Leftovers(replica.place.path, self._bridge.adopt, self._end_session_of) if is_first else None
        self._first_place = FirstPlace(Path(settings.queue_file)) if is_extra else None

    def run(self, stop: Stop) -> None:
        """Work, then end: in an extra place for good, for then the others do its work."""
        if self._replica.instance:
            _log.info("this bridge is %s, its queue file %s", self._name, self._replica.place.path)
        session, bridge = self._session, self._bridge
        session.start()
        is_gone = False  # for good
        try:
            self._work(stop)
            is_gone = self._replica.is_extra and self._leave()
            end_s = time.monotonic() + (_LAST_WRITES_S if is_gone else _END_S)
            last_s = time.monotonic() + _LAST_MESSAGES_S
            while (messages := session.take()) and time.monotonic() < last_s:
                bridge.take(messages, time.monotonic())
            session.acknowledge(bridge.save(time.monotonic()))
            bridge.begin_last_request()
            if is_gone:
                session.publish(session.topics.health(self._name), "", retain=True)
        finally:
            session.close(for_good=is_gone)
        if is_gone:
            self._subscribed.forget()
        bridge.finish(end_s, with_backlog=is_gone)

    def _work(self, stop: Stop) -> None:
        session, bridge, health = self._session, self._bridge, self._health
        watched = [one for one in (health, bridge, self._leftovers, self._first_place) if one]
        while not stop.requested:
            now_s = time.monotonic()
            ready = wait_for([session, stop, *bridge.waits_on()], min(one.seconds_left(now_s) for one in watched))
            now_s = time.monotonic()
            bridge.take(session.take(), now_s)
            session.acknowledge(bridge.work(ready, now_s))
            session.set_status(FAILING if bridge.is_failing else ONLINE)
            health.tell(bridge.health, bridge.trouble)
            if session.connections:
                self._subscribed.remember(self._topics)
            if self._leftovers:
                self._leftovers.look(now_s, time.time())
            if self._first_place and self._first_place.stays_empty(now_s):
                _log.info("nobody has the first place of the group: %s goes there", self._name)
                return

    def _leave(self) -> bool:
        self._session.acknowledge(self._bridge.save(time.monotonic()))
        return drain(self._session, self._make_safe)

    def _make_safe(self, messages: list[Message]) -> bool:
        return self._bridge.take_now(messages, time.monotonic())

    def _end_session_of(self, instance: str, topics: list[str]) -> bool:
        """End the session of a bridge that is gone; what the broker kept for it is written here."""
        self._session.acknowledge(self._bridge.save(time.monotonic()))
        session = open_session(self._config, f"{SERVICE}/{instance}", keep_session=True)
        return end_session(session, topics, self._make_safe)
