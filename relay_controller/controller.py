"""The wiring of telegrams and commands, decisions, relays and what is told of them."""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from common.freshness import FreshnessJudge, StaleAfter
from common.health import Health
from common.inbox import Message
from common.log import OncePer
from common.mqtt import FAILING, ONLINE
from common.sections import MeterSettings, MqttSettings, RelaySettings
from common.service import open_session
from common.settings import Config
from common.waiting import Stop, wait_for
from relay_controller.announcements import Announcements
from relay_controller.decide import decide, stopped
from relay_controller.discovery import discovery_of
from relay_controller.events import Command, Switch, Telegram
from relay_controller.intake import Ignored, Intake
from relay_controller.keeper import Keeper
from relay_controller.load import Plant
from relay_controller.memory import memory_of, recalled
from relay_controller.quarter import limit_by_kw
from relay_controller.reason import reason_of
from relay_controller.relays import Relays
from relay_controller.state import next_due_s
from relay_controller.switch_check import SwitchCheck

SERVICE = "relay_controller"
_SAY_AGAIN_S = 60.0
_HANGS_AFTER_S = 30.0  # as WatchdogSec= of its unit; shorter than elsewhere, for while it hangs the relays stay as they are
_OPEN_AGAIN_S = 10.0
_TAKING_S = 0.1  # then what time makes due comes first, also while messages flood in
_LAST_WORDS_S = 0.5  # for the broker to take what is said at the end; SIGTERM ends a service in less than 2 s
_BROKER_WAIT_S = 0.01

_log = logging.getLogger(SERVICE)


class Controller:
    """Lets telegrams, commands and time decide, moves the relays and tells the world."""

    def __init__(self, config: Config, plant: Plant) -> None:
        """Prepare; no relay is touched and the broker is not asked yet."""
        meter, mqtt = config.section(MeterSettings), config.section(MqttSettings)
        self._session = open_session(config, SERVICE)
        self._discovery = discovery_of(config, plant, time.monotonic())
        self._plant = plant
        self._keeper = Keeper(Path(config.section(RelaySettings).state_file))
        memory = self._keeper.read()
        self._state = recalled(plant, memory, time.monotonic(), datetime.now(UTC))
        learned = {name: one.learned for name, one in memory.loads.items() if one.learned is not None}
        self._checked = {load.name: load.power_w for load in plant.loads if load.relay is not None and not load.shadow}
        self._check = SwitchCheck(self._checked, learned)
        self._stale_after = StaleAfter(meter.stale_after)
        self._intake = Intake(self._session.topics, self._state.loads, FreshnessJudge(self._stale_after))
        self._health = Health(self._session, SERVICE, mqtt.health_interval, _HANGS_AFTER_S)
        self._relays = Relays(plant, self._publish_command)
        self._missing = ""  # which relays cannot be opened, and why: rules switch nothing then
        self._open_again_s = inf
        self._announcements = Announcements(self._session.topics, plant)
        for topic in (self._session.topics.telegram, self._session.topics.load("+", "set"), *self._relays.state_topics):
            self._session.subscribe(topic, qos=1)
        for topic in self._discovery.subscriptions:
            self._session.subscribe(topic, qos=1, not_own=True)
        self._connections = 0
        self._quiet_connections = 0
        self._switches = self._decisions = 0
        self._ignored: Counter[str] = Counter()
        self._say_ignored: defaultdict[str, OncePer] = defaultdict(lambda: OncePer(_SAY_AGAIN_S))
        self._was_stale = True
        self._left = self._state  # how the loads were when they were left to themselves

    def run(self, stop: Stop) -> None:
        """Control the loads until asked to stop; whatever ends it, every load is left in its safe state.

        A relay that cannot be opened is waited for; only a person switches the others meanwhile. Raises DriverError when one
        fails later: the others are safe then, and nothing is decided without one.
        """
        with ExitStack() as at_end:
            at_end.callback(self._session.close)
            at_end.callback(self._keeper.close)
            at_end.callback(self._keep, is_last=True)
            at_end.callback(self._leave_safe)
            self._session.start()
            self._open_relays()
            while not stop.requested:
                wait_for([self._session, stop], self._seconds_left(time.monotonic()))
                self._take_messages(stop)
                self._tick()

    def _open_relays(self) -> None:
        """Open the relays, those that could not be opened before too; say when what is missing changes."""
        before, self._missing = self._missing, self._relays.open()
        self._open_again_s = time.monotonic() + _OPEN_AGAIN_S if self._missing else inf
        self._session.set_status(FAILING if self._missing else ONLINE)
        if self._missing and self._missing != before:
            _log.error("%s; until it can be used rules switch nothing", self._missing)
        elif before and not self._missing:
            _log.info("all relays can be used")

    def _seconds_left(self, now_s: float) -> float:
        """Give the seconds until something is due without a message."""
        return min(
            next_due_s(self._state) - now_s,
            self._open_again_s - now_s,
            self._health.seconds_left(now_s),
            self._announcements.seconds_left(now_s),
            *([self._relays.seconds_left(now_s)] if self._session.connected else []),
        )

    def _take_messages(self, stop: Stop) -> None:
        """Act upon what came, for a while: a flood must neither keep a load on nor the service from its end."""
        until_s = time.monotonic() + _TAKING_S
        while not stop.requested and (messages := self._session.take(1)):
            self._take(messages[0])
            if time.monotonic() >= until_s:
                break

    def _take(self, message: Message) -> None:
        """Act upon one message, or count why not."""
        if message.topic in self._relays.state_topics:
            self._hear_relay(message)
            return
        if self._discovery.heard(message.topic, message.payload, retained=message.retained):
            return
        event: Telegram | Command | Ignored
        if message.topic == self._session.topics.telegram:
            if self._missing:
                return
            now = datetime.now(UTC)
            event = self._intake.telegram(message.payload, retained=message.retained, now=now, now_s=time.monotonic())
        else:
            event = self._intake.command(message.topic, message.payload, retained=message.retained)
        if isinstance(event, Command) and not self._relays.is_open(event.load):
            event = Ignored("command to a relay that cannot be used", f"on {message.topic}")
        if isinstance(event, Ignored):
            self._ignore(event)
            return
        if isinstance(event, Telegram):
            self._decisions += 1
            self._check.saw(event.reading, time.monotonic())
            event = replace(event, learned_w={name: one.power_w for name, one in self._check.learned().items()})
        self._decide(event)
        if isinstance(event, Command):
            _log.info("load %s: a person chose %s: %s", event.load, event.mode.name, self._reason(event.load))

    def _tick(self) -> None:
        """Do what is due: decisions that time makes, commands to relays, announcements, health."""
        if self._session.connections != self._connections:
            self._connections = self._session.connections
            self._announcements.forget()
            self._discovery.connected()
            self._relays.hurry()
        if time.monotonic() >= self._open_again_s:
            self._open_relays()
        self._decide(None)
        self._relays.deliver(time.monotonic())
        self._announce()
        self._keep()
        self._health.tell(self._counters, self._relays.trouble)

    def _leave_safe(self) -> None:
        """Bring every load to its safe state, tell so, and let go of the relays; each of it whatever fails before."""
        self._left, self._state = self._state, stopped(self._plant)
        with ExitStack() as last:
            last.callback(self._relays.close)
            last.callback(self._wait_for_broker)
            last.callback(self._announce)
            self._relays.switch({name: one.on for name, one in self._state.loads.items()}, time.monotonic())

    def _wait_for_broker(self) -> None:
        """Send the commands that could not be sent yet, and wait until the broker has everything, for a while.

        What still comes in is thrown away.
        """
        deadline_s = time.monotonic() + _LAST_WORDS_S
        while (now_s := time.monotonic()) < deadline_s and not (self._relays.finish(now_s) and not self._session.in_flight):
            wait_for([self._session], _BROKER_WAIT_S)
            self._session.take()

    def _hear_relay(self, message: Message) -> None:
        if message.retained:
            self._ignore(Ignored("retained relay state", f"on {message.topic}"))
            return
        if not self._relays.heard(message.topic, message.payload):
            self._ignore(Ignored("not a relay state", f"on {message.topic}: {message.payload[:40]!r}"))
        for load, on in self._relays.told(message.topic).items():
            self._check.confirmed(load, on=on)

    def _ignore(self, ignored: Ignored) -> None:
        self._ignored[ignored.why] += 1
        if self._say_ignored[ignored.why].due(time.monotonic()):
            _log.warning("ignored: %s (%d so far): %s", ignored.why, self._ignored[ignored.why], ignored.detail)

    def _decide(self, event: Telegram | Command | None) -> None:
        self._state, switches = decide(self._plant, self._state, event, time.monotonic())
        if switches:
            self._switch(switches, is_told=isinstance(event, Command))
        is_stale = self._state.situation is None
        if is_stale != self._was_stale:
            self._was_stale = is_stale
            if is_stale:
                _log.warning("no fresh telegram for %.0f s", self._stale_after.seconds)
            else:
                _log.info("fresh telegrams arrive")

    def _switch(self, switches: Sequence[Switch], *, is_told: bool) -> None:
        """Move the relays; the world is told at the next tick, which comes at once. `is_told`: the log has it otherwise."""
        now_s = time.monotonic()
        self._switches += len(switches)
        self._relays.switch({switch.load: switch.on for switch in switches}, now_s)
        for switch in switches:
            if switch.load in self._checked:
                self._check.switched(switch.load, on=switch.on, now_s=now_s)
            if not is_told:
                _log.info("load %s: %s", switch.load, self._reason(switch.load))

    def _reason(self, name: str) -> str:
        load = next(load for load in self._plant.loads if load.name == name)
        return reason_of(self._plant, load, self._state, time.monotonic())

    def _announce(self) -> None:
        remarks = self._relays.remarks()
        if self._missing:
            remarks |= {load.name: f"rules wait for {self._missing}" for load in self._plant.loads if load.has_rules}
        for load in self._checked:
            if not self._state.is_stopped and (seen := self._check.remark(load)):
                remarks[load] = f"{remarks[load]}; {seen}" if remarks.get(load) else seen
        for message in self._announcements.due(self._state, remarks, datetime.now(UTC), time.monotonic()):
            self._session.send(message)
        if self._session.connected:
            for message in self._discovery.due(time.monotonic()):
                self._session.send(message)

    def _keep(self, *, is_last: bool = False) -> None:
        """Write what outlives a restart, if it is time."""
        state, now_s = self._left if is_last else self._state, time.monotonic()
        if is_last or self._keeper.is_due(state.loads, now_s):
            memory = memory_of(state, self._check.learned(), now_s, datetime.now(UTC))
            self._keeper.keep(memory, now_s, is_last=is_last)

    def _publish_command(self, topic: str, payload: str) -> bool:
        """Publish a command to a relay.

        After a reconnection paho repeats what the broker had not acknowledged. A new command waits for that: an old one
        must not arrive after it.
        """
        if self._session.connections != self._quiet_connections:
            if self._session.in_flight:
                return False
            self._quiet_connections = self._session.connections
        return self._session.publish(topic, payload, qos=1)

    def _counters(self) -> dict[str, object]:
        counters = {"switches": self._switches, "decisions": self._decisions, "ignored": dict(self._ignored)}
        failures = [one for one in (self._relays.trouble, self._keeper.trouble) if one]
        return {**counters, **self._limit(), **({"failure": "; ".join(failures)} if failures else {})}

    def _limit(self) -> dict[str, float]:
        """Give the quarter-hour peak that loads may not break now, for who shows it; nothing where there is none."""
        situation, rule = self._state.situation, self._plant.peak
        if rule is None or situation is None or situation.quarter is None:
            return {}
        return {"limit_kw": limit_by_kw(rule, situation.quarter.month_peak_kw)}
