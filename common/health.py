"""How a service does, told from its main loop: to whoever listens to the broker, and to its supervisor."""

import json
import os
import time
from collections.abc import Callable, Mapping

from common.mqtt import OFFLINE, MqttSession
from common.supervisor import HANGS_AFTER_S, Supervisor, is_about_due


class Health:
    """Tells counters on the topic `health`, every `health_interval` seconds and at each connection, and gives signs of life."""

    def __init__(self, session: MqttSession, service: str, interval_s: float, hangs_after_s: float = HANGS_AFTER_S) -> None:
        self._session = session
        self._service = service
        self._interval_s = interval_s
        self._due_s = 0.0
        self._connections = 0
        self._supervisor = Supervisor(os.environ, hangs_after_s)

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until there is something to tell, for the timeout of a wait."""
        return min(max(0.0, self._due_s - now_s), self._supervisor.seconds_left(now_s))

    def tell(self, counters: Callable[[], Mapping[str, object]], trouble: str = "") -> None:
        """Tell what is due; call it in each round of the main loop. `counters` is asked only when they are published.

        `trouble` says why the service cannot do its work; without a broker none can.
        """
        now_s = time.monotonic()
        session = self._session
        if session.connected:
            self._supervisor.beat(session.status, trouble, now_s)
        else:
            self._supervisor.beat(OFFLINE, session.complaint or "no answer from the broker yet", now_s)
        if not is_about_due(self._due_s, self._interval_s, now_s) and session.connections == self._connections:
            return
        self._due_s = now_s + self._interval_s
        self._connections = session.connections
        if session.connected:
            session.publish(session.topics.health(self._service), json.dumps(counters()), retain=True)
