"""Publishes the telegrams of a simulated fleet, each in time, and keeps count of what became of them."""

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from common.log import OncePer
from common.mqtt import MqttSession
from common.outgoing import Outgoing
from common.waiting import Stop, wait_for
from reader.fleet import Fleet

_GROUP_S = 0.005  # telegrams that are due within it go out together: a thousand wake-ups a second cost more than they do
_UNDER_WAY_MAX = 500  # messages that the broker has not acknowledged: then the fleet waits for it
_LOOK_S = 0.01  # whether it has
_BEHIND_S = 1.0
_SAY_AGAIN_S = 10.0
_LAST_S = 10.0  # for the last acknowledgements
_LAST_OF_STOPPED_S = 1.0

_log = logging.getLogger("simulate")


@dataclass(slots=True)
class Broadcast:
    """A fleet's way to the broker. `interval_s` lies between two telegrams of a meter; 0: as fast as the broker takes them."""

    fleet: Fleet
    session: MqttSession  # not started yet; it sends again what is under way when the connection breaks
    stop: Stop
    interval_s: float
    published: int = 0
    acknowledged: int = 0  # known at the end
    behind_s: float = 0.0  # at most
    _unsent: Outgoing | None = None
    _say: OncePer = field(default_factory=lambda: OncePer(_SAY_AGAIN_S))

    def run(self, count: int | None, *, live: bool) -> None:
        """Publish until asked to stop, or `count` telegrams of each meter. `live`: the meters tell the present time."""
        self.session.start()
        try:
            while not (self.stop.requested or self.session.connected):
                self._rest(_LOOK_S)
            if not self.stop.requested:
                self._publish(self._begin(live=live), None if count is None else count * len(self.fleet))
            self._wait_for_acknowledgements()
        finally:
            self.acknowledged = self.published - self.session.in_flight
            self.session.close()

    def told(self) -> str:
        """Give the counts as a line."""
        lost = self.published - self.acknowledged
        return (
            f"published {self.published} telegrams of {len(self.fleet)} meters: "
            f"{self.acknowledged} acknowledged, {lost} lost, at most {self.behind_s:.1f} s behind"
        )

    def _begin(self, *, live: bool) -> float:
        """Give when the first telegram is due; of live meters at the begin of the next second, as the clock has it."""
        if not live:
            return time.monotonic()
        first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
        self.fleet.advance_to(first)
        return time.monotonic() + (first - datetime.now(UTC)).total_seconds()

    def _publish(self, begin_s: float, total: int | None) -> None:
        """Publish in turn, spread evenly over the interval."""
        pause_s = self.interval_s / len(self.fleet)
        while not self.stop.requested and self.published != total:
            now_s = time.monotonic()
            due_s = begin_s + self.published * pause_s if pause_s else now_s
            if now_s < due_s:
                self._rest(max(due_s - now_s, _GROUP_S))
                continue
            self._tell_behind(now_s - due_s, now_s)
            if not (self.session.connected and self.session.in_flight < _UNDER_WAY_MAX and self._send()):
                self._rest(_LOOK_S)

    def _send(self) -> bool:
        """Publish the next telegram; tell whether it is on its way. If not it is the next one once more."""
        index = self.published % len(self.fleet)
        message = self._unsent or self.fleet.next_message(index, datetime.now(UTC))
        is_sent = self.session.send(message)
        self._unsent = None if is_sent else message
        self.published += is_sent
        return is_sent

    def _tell_behind(self, behind_s: float, now_s: float) -> None:
        self.behind_s = max(self.behind_s, behind_s)
        if behind_s >= _BEHIND_S and self._say.due(now_s):
            rate = len(self.fleet) / self.interval_s
            _log.warning("%.1f s behind: this machine or the broker does not keep up with %.0f telegrams/s", behind_s, rate)

    def _wait_for_acknowledgements(self) -> None:
        until_s = time.monotonic() + (_LAST_OF_STOPPED_S if self.stop.requested else _LAST_S)
        while self.session.in_flight and time.monotonic() < until_s:
            wait_for([self.session], _LOOK_S)
            self.session.take()

    def _rest(self, seconds: float) -> None:
        """Let time pass; the session does its part in it."""
        wait_for([self.session, self.stop], seconds)
        self.session.take()
