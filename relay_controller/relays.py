"""The relays of all loads together: what is done to one is tried with every other too, whatever fails."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from math import inf

from relay_controller.delivery import Delivery
from relay_controller.driver import DriverError
from relay_controller.gpio import GpioRelay
from relay_controller.load import Load, Pin, Plant, RemoteRelay
from relay_controller.mqtt_relay import MqttRelay, NotAStateError, Publish, state_of
from relay_controller.none import NoRelay


class Relays:
    """Each load's relay, by load name. `now_s` is the monotonic clock's time.

    A method that moves relays tries all of them, and then raises a DriverError that names each one that failed; `open` says
    so instead. In shadow mode a load's relay is not touched.
    """

    def __init__(self, plant: Plant, publish: Publish) -> None:
        self._plant = plant
        self._publish = publish
        self._deliveries: dict[str, Delivery] = {}
        self._unopened: dict[str, str] = {}
        self._failures: dict[str, str] = {}
        self._told_by: defaultdict[str, dict[str, RemoteRelay]] = defaultdict(dict)  # state topic -> load -> its relay
        for load in plant.loads:
            if isinstance(load.relay, RemoteRelay) and load.relay.state_topic and not load.shadow:
                self._told_by[load.relay.state_topic][load.name] = load.relay

    @property
    def state_topics(self) -> frozenset[str]:
        """The topics on which relays tell their state."""
        return frozenset(self._told_by)

    def open(self) -> str:
        """Open every relay that is not open yet, in its load's safe state; say which cannot be opened, and why."""
        self._unopened.clear()
        with ExitStack() as stack:
            for load in self._plant.loads:
                if load.name not in self._deliveries:
                    stack.callback(self._open, load)
        return _named(self._unopened)

    def is_open(self, load: str) -> bool:
        """Tell whether the relay of a load can be used."""
        return load in self._deliveries

    def switch(self, wanted: Mapping[str, bool], now_s: float) -> None:
        """Bring the named loads to the wanted states. Raises DriverError."""
        loads = [load for load in wanted if load in self._deliveries]
        self._each(loads, lambda load: self._deliveries[load].switch(now_s, on=wanted[load]))

    def deliver(self, now_s: float) -> None:
        """Send the commands that are due. Raises DriverError."""
        self._each(self._deliveries, lambda load: self._deliveries[load].deliver(now_s))

    def finish(self, now_s: float) -> bool:
        """Send at once what was not sent yet; tell whether nothing is left. Relays that failed are left out."""
        left = [load for load, one in self._deliveries.items() if load not in self._failures and not one.finish(now_s)]
        return not left

    def close(self) -> None:
        """Let go of every relay. Raises DriverError."""
        self._each(self._deliveries, lambda load: self._deliveries[load].close())

    def hurry(self) -> None:
        """Let the next attempts be at once: the broker is back."""
        for delivery in self._deliveries.values():
            delivery.hurry()

    def heard(self, topic: str, payload: bytes) -> bool:
        """Take in what a relay says of itself; False if that is none of its answers."""
        is_answer = True
        for load, relay in self._told_by[topic].items():
            try:
                said = state_of(relay, payload)
            except NotAStateError:
                is_answer = False
                continue
            if said is not None:
                self._deliveries[load].heard(on=said)
        return is_answer

    def told(self, topic: str) -> dict[str, bool]:
        """Give what the relays of a state topic said last of themselves, by load."""
        said = {load: self._deliveries[load].said for load in self._told_by[topic]}
        return {load: on for load, on in said.items() if on is not None}

    def remarks(self) -> dict[str, str]:
        """Tell what is wrong with a load's relay, if anything is."""
        return {load: delivery.remark() for load, delivery in self._deliveries.items()} | self._unopened | self._failures

    @property
    def trouble(self) -> str:
        """Say which relays are not what they should be, and why; empty if all are."""
        return _named({load: remark for load, remark in self.remarks().items() if remark})

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until a command is due."""
        return min((delivery.seconds_left(now_s) for delivery in self._deliveries.values()), default=inf)

    def _open(self, load: Load) -> None:
        try:
            self._deliveries[load.name] = _delivery(load, self._publish)
        except DriverError as error:
            self._unopened[load.name] = str(error)

    def _each(self, loads: Iterable[str], act: Callable[[str], None]) -> None:
        with ExitStack() as stack:  # goes through all of them also when one fails by a bug
            for load in loads:
                stack.callback(self._try, load, act)
        if self._failures:
            raise DriverError(_named(self._failures))

    def _try(self, load: str, act: Callable[[str], None]) -> None:
        try:
            act(load)
        except DriverError as error:
            self._failures[load] = str(error)


def _named(failures: Mapping[str, str]) -> str:
    return "; ".join(f"load {load}: {failure}" for load, failure in sorted(failures.items()))


def _delivery(load: Load, publish: Publish) -> Delivery:
    relay = None if load.shadow else load.relay
    if relay is None:
        return Delivery(NoRelay(), on=load.safe_on)
    if isinstance(relay, Pin):
        return Delivery(GpioRelay(relay, safe_on=load.safe_on), on=load.safe_on)
    return Delivery(MqttRelay(relay, publish), on=load.safe_on, tells=bool(relay.state_topic), lease_s=relay.lease_s)
