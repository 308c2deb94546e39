"""The service `relay_controller`: the wiring of telegrams and commands, decisions, relays and what is told of them."""

import argparse
import logging
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from common.freshness import FreshnessJudge, StaleAfter
from common.log import OncePer
from common.mqtt import Message
from common.sections import LoadSettings, MeterSettings, MqttSettings, RelaySettings
from common.service import (
    Check,
    Health,
    ServiceError,
    argument_parser,
    open_session,
    rest_until_stopped,
    run_service,
)
from common.settings import Config
from common.waiting import Stop, wait_for
from relay_controller.announcements import Announcements
from relay_controller.conditions import SURPLUS
from relay_controller.decide import Command, Switch, Telegram, decide, initial, next_due_s, stopped
from relay_controller.delivery import Delivery
from relay_controller.driver import Driver, DriverError
from relay_controller.gpio import GpioRelay, gpio_library
from relay_controller.intake import Ignored, Intake
from relay_controller.load import Pin, Plant, RemoteRelay
from relay_controller.mqtt_relay import MqttRelay, Publish
from relay_controller.none import NoRelay
from relay_controller.reason import reason_of
from relay_controller.settings import plant_of

SERVICE = "relay_controller"
_SAY_AGAIN_S = 60.0
_LAST_WORDS_S = 0.5  # for the broker to take what is said at the end; SIGTERM ends a service in less than 2 s
_BROKER_WAIT_S = 0.01

_log = logging.getLogger(SERVICE)


class Controller:
    """Lets telegrams, commands and time decide, moves the relays and tells the world."""

    def __init__(self, config: Config, plant: Plant) -> None:
        """Put every load into its safe state; the broker is not asked yet. Raises DriverError."""
        meter, mqtt = config.section(MeterSettings), config.section(MqttSettings)
        self.session = open_session(config, SERVICE)
        self._plant = plant
        self._state = initial(plant)
        self._stale_after = StaleAfter(meter.stale_after)
        self._intake = Intake(self.session.topics, self._state.loads, FreshnessJudge(self._stale_after))
        self._health = Health(self.session, SERVICE, mqtt.health_interval)
        self._deliveries = _opened(plant, self._publish_command)
        self._announcements = Announcements(self.session.topics, plant)
        self._told_by: defaultdict[str, list[str]] = defaultdict(list)  # state topic -> loads
        for load in plant.loads:
            if isinstance(load.relay, RemoteRelay) and load.relay.state_topic and not load.shadow:
                self._told_by[load.relay.state_topic].append(load.name)
        for topic in (self.session.topics.telegram, self.session.topics.load("+", "set"), *self._told_by):
            self.session.subscribe(topic, qos=1)
        self._connections = 0
        self._quiet_connections = 0
        self._switches = self._decisions = 0
        self._ignored: Counter[str] = Counter()
        self._say_ignored: defaultdict[str, OncePer] = defaultdict(lambda: OncePer(_SAY_AGAIN_S))
        self._was_stale = True

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until something is due without a message."""
        return min(
            next_due_s(self._state) - now_s,
            self._health.seconds_left(now_s),
            self._announcements.seconds_left(now_s),
            *(one.seconds_left(now_s) for one in self._deliveries.values() if self.session.connected),
        )

    def take(self, message: Message) -> None:
        """Act upon one message, or count why not."""
        if message.topic in self._told_by:
            self._hear_relay(message)
            return
        event: Telegram | Command | Ignored
        if message.topic == self.session.topics.telegram:
            now = datetime.now(UTC)
            event = self._intake.telegram(message.payload, retained=message.retained, now=now, now_s=time.monotonic())
        else:
            event = self._intake.command(message.topic, message.payload, retained=message.retained)
        if isinstance(event, Ignored):
            self._ignore(event)
            return
        if isinstance(event, Command):
            _log.info("load %s: a person chose %s", event.load, event.mode.name)
        else:
            self._decisions += 1
        self._decide(event)

    def tick(self) -> None:
        """Do what is due: decisions that time makes, commands to relays, announcements, health."""
        if self.session.connections != self._connections:
            self._connections = self.session.connections
            self._announcements.forget()
            for delivery in self._deliveries.values():
                delivery.hurry()
        self._decide(None)
        for delivery in self._deliveries.values():
            delivery.deliver(time.monotonic())
        self._announce()
        self._health.publish_when_due(self._counters)

    def end(self) -> None:
        """Leave every load in its safe state, tell so, and let go of the relays."""
        try:
            self._state, switches = stopped(self._plant, self._state)
            self._move(switches)
            self._announce()
            deadline_s = time.monotonic() + _LAST_WORDS_S
            while self.session.connected and self.session.in_flight and time.monotonic() < deadline_s:
                wait_for([], _BROKER_WAIT_S)
        finally:
            for delivery in self._deliveries.values():
                delivery.close()

    def _hear_relay(self, message: Message) -> None:
        for load in self._told_by[message.topic]:
            if message.retained:
                self._ignore(Ignored("retained relay state", f"on {message.topic}"))
            elif not self._deliveries[load].heard(message.payload):
                self._ignore(Ignored("not a relay state", f"on {message.topic}: {message.payload[:40]!r}"))

    def _ignore(self, ignored: Ignored) -> None:
        self._ignored[ignored.why] += 1
        if self._say_ignored[ignored.why].due(time.monotonic()):
            _log.warning("ignored: %s (%d so far): %s", ignored.why, self._ignored[ignored.why], ignored.detail)

    def _decide(self, event: Telegram | Command | None) -> None:
        self._state, switches = decide(self._plant, self._state, event, time.monotonic())
        self._move(switches)
        is_stale = self._state.reading is None
        if is_stale != self._was_stale:
            self._was_stale = is_stale
            if is_stale:
                _log.warning("no fresh telegram for %.0f s", self._stale_after.seconds)
            else:
                _log.info("fresh telegrams arrive")
        if switches:
            self._announce()
            switched = {switch.load for switch in switches}
            for load in self._plant.loads:
                if load.name in switched:
                    _log.info("load %s: %s", load.name, reason_of(load, self._state, time.monotonic()))

    def _move(self, switches: tuple[Switch, ...]) -> None:
        for switch in switches:
            self._deliveries[switch.load].switch(time.monotonic(), on=switch.on)
            self._switches += 1

    def _announce(self) -> None:
        remarks = {name: delivery.remark() for name, delivery in self._deliveries.items()}
        for message in self._announcements.due(self._state, remarks, datetime.now(UTC), time.monotonic()):
            self.session.send(message)

    def _publish_command(self, topic: str, payload: str) -> bool:
        """Publish a command to a relay.

        After a reconnection paho repeats what the broker had not acknowledged. A new command waits for that: an old one
        must not arrive after it.
        """
        if self.session.connections != self._quiet_connections:
            if self.session.in_flight:
                return False
            self._quiet_connections = self.session.connections
        return self.session.publish(topic, payload, qos=1)

    def _counters(self) -> dict[str, object]:
        return {"switches": self._switches, "decisions": self._decisions, "ignored": dict(self._ignored)}


def _opened(plant: Plant, publish: Publish) -> dict[str, Delivery]:
    """Open the relay of every load, in its safe state; one of a load in shadow mode is not touched. Raises DriverError."""
    deliveries: dict[str, Delivery] = {}
    for load in plant.loads:
        relay = None if load.shadow else load.relay
        driver: Driver = NoRelay()
        answers = None
        try:
            if isinstance(relay, Pin):
                driver = GpioRelay(relay, safe_on=load.safe_on)
            elif relay is not None:
                driver = MqttRelay(relay, publish)
                answers = {relay.on_payload: True, relay.off_payload: False} if relay.state_topic else None
        except DriverError as error:
            for opened in deliveries.values():
                opened.close()
            raise DriverError(f"load {load.name}: {error}") from None
        deliveries[load.name] = Delivery(driver, answers, on=load.safe_on)
    return deliveries


def main(config: Config, options: argparse.Namespace, stop: Stop) -> None:
    """Control the loads of the settings until asked to stop, or only make them safe."""
    plant = _plant(config)
    if options.safe:
        make_safe(plant)
    elif plant.loads:
        control(config, plant, stop)
    else:
        rest_until_stopped(config, SERVICE, "no load is enabled", stop)


def control(config: Config, plant: Plant, stop: Stop) -> None:
    """Control the loads until asked to stop, and leave them in their safe state."""
    for load in plant.loads:
        _log.info("load %s: %s", load.name, load.description)
        if not load.power_w and any(condition and SURPLUS in condition.fields for condition in (load.on_when, load.off_when)):
            _log.warning("load %s: power is not set, so surplus does not count what the load itself draws", load.name)
    try:
        controller = Controller(config, plant)
    except DriverError as error:
        raise ServiceError(str(error)) from None
    session = controller.session
    try:
        session.start()
        while not stop.requested:
            wait_for([session, stop], controller.seconds_left(time.monotonic()))
            for message in session.take():
                controller.take(message)
            controller.tick()
    finally:
        controller.end()
        session.close()


def make_safe(plant: Plant) -> None:
    """Put every relay that this machine drives into its safe state, without a broker."""
    problems = []
    for load in plant.loads:
        if load.shadow or load.relay is None:
            continue
        state = "on" if load.safe_on else "off"
        if isinstance(load.relay, RemoteRelay):
            _log.warning(
                "load %s: cannot be switched %s without the broker; let the relay itself end after a time", load.name, state
            )
            continue
        try:
            GpioRelay(load.relay, safe_on=load.safe_on).close()
            _log.info("load %s: %s", load.name, state)
        except DriverError as error:
            problems.append(f"load {load.name}: {error}")
    if problems:
        raise ServiceError("; ".join(problems))


def checks(config: Config) -> Iterator[Check]:
    """Check the loads for `--check`; no relay is touched."""
    for load in _plant(config).loads:
        try:
            if isinstance(load.relay, Pin) and not load.shadow:
                gpio_library()
            yield Check(f"load {load.name}", well=True, found=load.description)
        except DriverError as error:
            yield Check(f"load {load.name}", well=False, found=str(error))


def _plant(config: Config) -> Plant:
    return plant_of(config.loads, config.section(RelaySettings), config.source)


def run(arguments: list[str]) -> int:
    """Run the service; give the exit code."""
    parser = argument_parser(SERVICE, "Switch loads by conditions on fresh telegrams, or by hand.")
    parser.add_argument("--safe", action="store_true", help="only put every load into its safe state, without a broker")
    return run_service(parser, main, (RelaySettings, LoadSettings), checks, arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
