"""A service that has nothing to do: it ends its session with the broker, and waits for its end."""

import logging
import os
import time
from collections.abc import Iterator
from math import inf
from typing import Protocol

from common.mqtt import MqttSession
from common.outgoing import Outgoing
from common.service import open_session
from common.settings import Config
from common.supervisor import Supervisor
from common.waiting import Stop, wait_for

DISABLED = "disabled"  # to a supervisor: the service rests
_FAREWELL_S = 2.0

_log = logging.getLogger(__name__)


class Farewell(Protocol):
    """Takes away what a service that is now disabled once told the world."""

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Where the broker keeps it."""

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> bool:
        """Take a message from there."""

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Give what is to be sent now."""


def rest_until_stopped(config: Config, service: str, why: str, stop: Stop, farewell: Farewell | None = None) -> None:
    """Do nothing, as a disabled service: end the session that the broker may keep for it, then wait for the end."""
    _log.info("%s: %s; nothing to do", service, why)
    supervisor = Supervisor(os.environ)
    session = open_session(config, service, announce=False)
    for topic in farewell.subscriptions if farewell else ():
        session.subscribe(topic, qos=1, not_own=True)
    session.start()
    _end_session(session, farewell, stop, supervisor)
    while not stop.requested:
        supervisor.beat(DISABLED, "", time.monotonic())
        wait_for([stop], supervisor.seconds_left(time.monotonic()))


def _end_session(session: MqttSession, farewell: Farewell | None, stop: Stop, supervisor: Supervisor) -> None:
    """Wait for the broker, hear what it keeps, which it sends at once, and take that away."""
    end_s = inf
    while not stop.requested and (now_s := time.monotonic()) < end_s:
        supervisor.beat(DISABLED, "", now_s)
        wait_for([session, stop], min(supervisor.seconds_left(now_s), end_s - now_s))
        for message in session.take():
            if farewell:
                farewell.heard(message.topic, message.payload, retained=message.retained)
        if session.connections:
            end_s = min(end_s, time.monotonic() + (_FAREWELL_S if farewell else 0.0))
            for removal in farewell.due(time.monotonic()) if farewell else ():
                session.send(removal)
    session.close()
