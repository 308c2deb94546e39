"""The reader at work: publishes what the reception gives, and keeps status, health and the log true."""

import logging
import time
from datetime import UTC, datetime, timedelta

from common.freshness import StaleAfter
from common.health import Health
from common.homeassistant import names_of
from common.mqtt import ONLINE, STALE
from common.payload import Reading, encode
from common.sections import HomeAssistantSettings, MeterSettings, MqttSettings
from common.service import open_session
from common.settings import Config
from reader.backfill import WINDOW_S, Backfill
from reader.discovery import MeterDiscovery
from reader.entities import Entities
from reader.field_updates import FieldUpdates
from reader.messages import backfill_message, field_messages, raw_message, telegram_message
from reader.newest import Newest
from reader.receiver import reception_of
from reader.reception import Received, Rejected
from reader.remarks import Remarks

SERVICE = "reader"
NO_PORT = "its port is away"  # to a supervisor: there is nothing to hear
_PLAYER = "reader-file"
_SAY_AGAIN_S = 60.0
_ANNOUNCE_AGAIN_S = 0.2  # where more is to be announced than goes at once
_PATIENCE_S = 1.1  # after a telegram; the next one, of a meter with one a second, wakes us anyway
_SHOW_AGAIN_S = 0.01  # while newer telegrams may be at the port
_MILLISECOND, _SECOND = timedelta(milliseconds=1), timedelta(seconds=1)

_log = logging.getLogger(SERVICE)


class Reader:
    """Publishes every good telegram, and says once what is wrong with the others."""

    def __init__(self, config: Config, *, recorded: bool = False) -> None:
        mqtt = config.section(MqttSettings)
        self.reception = reception_of(config, recorded=recorded)
        # A recording may be played while the meter is read: it has a session of its own, and no say in status and health.
        self._is_live = not recorded
        self.session = open_session(config, _PLAYER if recorded else SERVICE, announce=not recorded, resend=recorded)
        self.session.set_status(STALE)
        self._stale_after = StaleAfter(config.section(MeterSettings).stale_after)
        self._updates = FieldUpdates(mqtt.field_interval, mqtt.field_refresh)
        self._newest = Newest()
        self._received = datetime.min.replace(tzinfo=UTC)  # of the last telegram
        self._patient_until_s = float("-inf")
        self._backfill = Backfill(WINDOW_S if mqtt.backfill_window is None else mqtt.backfill_window)
        self._raw = mqtt.publish_raw
        wanted = config.section(HomeAssistantSettings).discovery
        entities = Entities(names_of(config), mqtt.field_refresh, mqtt.health_interval)
        self._discovery = MeterDiscovery(entities, time.monotonic(), wanted=wanted)
        for topic in self._discovery.subscriptions if self._is_live else ():
            self.session.subscribe(topic, qos=1, not_own=True)
        self._health = Health(self.session, SERVICE, mqtt.health_interval)
        self._connections = 0
        self._is_stale = True
        self.remarks = Remarks()
        self.unsent: list[bytes] = []  # of a recording: the connection broke just then
        self._diagnosis = ""
        self._diagnosis_due_s = time.monotonic() + self._stale_after.seconds

    def patience_s(self, now_s: float) -> float:
        """Give the seconds for which all but the port can wait for the next telegram; 0 if it cannot, which is seldom."""
        has_more = self._newest.is_waiting or self._backfill.is_under_way or self._discovery.is_waiting
        if has_more or now_s >= self._patient_until_s:
            return 0.0
        session = self.session
        is_calm = session.connected and not session.wants_write and session.seconds_left(now_s) > 0
        return self._patient_until_s - now_s if is_calm else 0.0

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until something is due without a telegram."""
        until_stale_s = _SAY_AGAIN_S if self._is_stale else self._stale_after.seconds_left(now_s)
        health_s = self._health.seconds_left(now_s) if self._is_live else _SAY_AGAIN_S
        backfill_s = self._backfill.seconds_left(now_s)
        show_s = _SHOW_AGAIN_S if self._newest.is_waiting else _SAY_AGAIN_S
        announce_s = _ANNOUNCE_AGAIN_S if self.session.connected and self._discovery.is_waiting else _SAY_AGAIN_S
        return min(health_s, until_stale_s, backfill_s, show_s, announce_s, max(0.0, self._diagnosis_due_s - now_s))

    def take(self, event: Received | Rejected) -> None:
        """Publish a good telegram; log a rejected one, once per minute."""
        now_s = time.monotonic()
        if isinstance(event, Rejected):
            counts = self.reception.counts
            self.remarks.rejected(counts.crc_errors + counts.rejected, event.reason, now_s)
            return
        if not self._newest.is_waiting:  # else it is one of several at once, which tell nothing of the meter's interval
            self._stale_after.saw_telegram(now_s)
        self.remarks.skipped(event.skipped)
        reading = self.reception.reading(event, self._time_of_receipt(), now_s)
        self._publish(reading, now_s)
        self._newest.saw(reading, event.frame, now_s)
        self._patient_until_s = now_s + _PATIENCE_S

    def tick(self, *, hears_port: bool = False, no_port: str = "", is_behind: bool = False) -> None:
        """Do what is due besides telegrams: live topics, status, health, diagnosis, and all fields again after a reconnection.

        `hears_port` tells whether a port is open, at which a telegram ought to come; `no_port` why there is none;
        `is_behind` whether newer telegrams than those that were taken may be there already.
        """
        for message in self.session.take():
            self._discovery.heard(message.topic, message.payload, retained=message.retained)
        now_s = time.monotonic()
        self._follow_connection(now_s)
        self._show(now_s, is_behind=is_behind)
        self._send_again(now_s)
        self._announce()
        self._set_status(is_stale=self._stale_after.is_stale(now_s))
        self.remarks.undecrypted(self.reception.decrypt_errors, now_s)
        self._diagnose(now_s, hears_port=hears_port)
        if self._is_live:
            self._health.tell(self._counters, self._trouble(no_port))

    def _publish(self, reading: Reading, now_s: float) -> None:
        payload = encode(reading)
        is_sent = self.session.send(telegram_message(payload, self.session.topics))
        if self._is_live:
            self._backfill.keep(payload, now_s, is_sent=is_sent)
        elif not is_sent:
            self.unsent.append(payload)

    def _time_of_receipt(self) -> datetime:
        """Give the host's time in UTC, but never that of the telegram before: by it relays know which one is newer."""
        now = datetime.now(UTC)
        if -_MILLISECOND < self._received - now < _SECOND:  # more is a step of the clock
            now = self._received + _MILLISECOND
        self._received = now
        return now

    def _show(self, now_s: float, *, is_behind: bool) -> None:
        """Publish on the live topics, of several telegrams that came at once the newest."""
        shown = self._newest.take(now_s, is_behind=is_behind)
        if shown is None:
            return
        topics = self.session.topics
        raw = [raw_message(shown.frame, topics)] if self._raw else []
        self.session.send_together([*field_messages(shown.reading, topics, self._updates, now_s), *raw])
        if self._is_live:
            self._discovery.saw(shown.reading.fields, now_s)
        self.remarks.behind(self._newest.skipped, now_s)

    def _follow_connection(self, now_s: float) -> None:
        if self.session.connections != self._connections:
            self._connections = self.session.connections
            self._updates.forget()
            self._backfill.connected(now_s)
            self._discovery.connected()
        elif not self.session.connected:
            self._backfill.disconnected()

    def _send_again(self, now_s: float) -> None:
        """Send what the broker may have lost, and tell what had to be given up."""
        session, backfill = self.session, self._backfill
        under_way = session.in_flight
        backfill.acknowledged(now_s, under_way)
        while self.unsent and session.send(telegram_message(self.unsent[0], session.topics)):
            del self.unsent[0]
        if session.connected:
            for payload in backfill.due(now_s, under_way):
                session.send(backfill_message(payload, session.topics))  # should it break now, all is sent once more
        self.remarks.lost(backfill.lost, now_s)

    def _announce(self) -> None:
        """Tell Home Assistant of the meter, a little at a time: telegrams come first."""
        if self.session.connected:
            for message in self._discovery.due():
                self.session.send(message)

    def _counters(self) -> dict[str, object]:
        ours = {"skipped_live": self._newest.skipped, "backfill": len(self._backfill), "lost": self._backfill.lost}
        return {**self.reception.health(), **ours}

    def _trouble(self, no_port: str) -> str:
        if not self._is_stale:
            return ""
        return f"{NO_PORT}: {no_port}" if no_port else self._diagnosis or "no valid telegram"

    def _set_status(self, *, is_stale: bool) -> None:
        if is_stale == self._is_stale:
            return
        self._is_stale = is_stale
        if is_stale:
            _log.warning("no valid telegram for %.0f s", self._stale_after.seconds)
        else:
            _log.info("telegrams arrive")
            self._diagnosis = ""
        self.session.set_status(STALE if is_stale else ONLINE)

    def _diagnose(self, now_s: float, *, hears_port: bool) -> None:
        """Say what is heard instead of telegrams: when it is another thing than before, and once per minute at most."""
        if not (hears_port and self._is_stale):
            self._diagnosis_due_s = max(self._diagnosis_due_s, now_s + self._stale_after.seconds)
        elif now_s >= self._diagnosis_due_s:
            self._diagnosis_due_s = now_s + _SAY_AGAIN_S
            before, self._diagnosis = self._diagnosis, self.reception.why_no_telegram()
            if self._diagnosis != before:
                _log.warning("%s", self._diagnosis)
