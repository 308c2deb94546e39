"""A schedule is played in a house: it warms up, suffers, is restored, drains, and is judged."""

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from tests.chaos import ends
from tests.chaos.deeds import Deeds
from tests.chaos.evidence import RESEND_S
from tests.chaos.house import House
from tests.chaos.relay import Relay
from tests.chaos.schedule import SERVICES, Deed, Event
from tests.chaos.settings import AUTOSAVE_S, SAVED_AFTER_S
from tests.chaos.verdict import Verdict, arrived, judge
from tests.support.database import Database
from tests.support.waiting import eventually

_TICK_S = 0.25
_WARM_S = AUTOSAVE_S + 3.0  # until the broker has saved the sessions of the consumers
_RESTORED_S = 40.0  # until the relay is on again, or anything else is as it was
_DRAINED_S = 150.0  # a refused token is tried once a minute
_LOOK_S = 1.0
_END_S = 5.0  # of a service after SIGTERM: 2 s is the promise, the machine is slow


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    verdict: Verdict = field(default_factory=Verdict)
    kills: dict[str, int] = field(default_factory=dict)
    outages: int = 0  # pulls, faults, frozen processes, broken lines, full disks and power cuts
    drained_s: float = 0.0  # after the last event
    forgotten_s: float = 0.0  # how long before an end of the broker the oldest forgiven telegram was acknowledged


class Play:
    """The house while a schedule is played."""

    def __init__(self, house: House, relay: Relay, deeds: Deeds, say: Callable[[str], None]) -> None:
        self._house, self._relay, self._deeds, self._say = house, relay, deeds, say
        self._database = Database(house.database_url)
        self._drained_s = 0.0

    def warm_up(self) -> None:
        """Wait until the sessions stand and are saved, and the relay works; the reader comes last."""
        house = self._house
        eventually(lambda: self._are_well(*SERVICES[1:]), _RESTORED_S, "all services online")
        self._rest(_WARM_S)
        house.start("reader")
        eventually(lambda: self._relay.is_on, _RESTORED_S, "the relay on")

    def perform(self, events: Sequence[Event]) -> None:
        """Do and undo everything at its time."""
        order = count()
        actions = [(at_s, next(order), act, event) for event in events for at_s, act in self._deeds.actions(event)]
        heapq.heapify(actions)
        begin_s = time.monotonic()
        told: set[Event] = set()
        while actions:
            at_s, _, act, event = heapq.heappop(actions)
            self._rest(begin_s + at_s - time.monotonic())
            if event not in told:
                told.add(event)
                self._say(str(event))
            act()

    def end(self) -> None:
        """Check the relay, let everything arrive, and end the services."""
        start_s = time.monotonic()
        self._demand("every service is there", lambda: self._are(*SERVICES, but="offline"))
        self._check_relay()
        self._rest(start_s + RESEND_S - time.monotonic())  # what the reader sends again is under way by then
        self._drain(start_s + _DRAINED_S)
        self._drained_s = time.monotonic() - start_s
        self._demand("csv_logger and influx_bridge are online", lambda: self._are("csv_logger", "influx_bridge"))
        for name in ("reader", "csv_logger", "influx_bridge"):
            self._house.stop(name, _END_S)

    def outcome(self, events: Sequence[Event]) -> Outcome:
        """Judge."""
        house, evidence = self._house, self._house.witness.evidence
        acknowledged = evidence.acknowledged()
        forgiven = evidence.forgiven(SAVED_AFTER_S, time.monotonic())
        found = ends.found(house.places, self._database)
        verdict = judge(dict(house.meter.sent), acknowledged, forgiven, found)
        verdict.tell("points were given up that the database takes", found.rejected - self._poisoned())
        verdict.problems += [*house.problems, *self._relay.violations, *ends.damage_of(house.places)]
        outages = sum(event.deed is not Deed.KILL for event in events)
        forgotten_s = evidence.oldest_s((acknowledged & forgiven) - arrived(house.meter.sent, found))
        return Outcome(verdict, dict(house.kills), outages, self._drained_s, forgotten_s)

    def _check_relay(self) -> None:
        """On while telegrams come; off when they end, after the controller was killed, and at its end."""
        house = self._house
        self._demand_relay("with fresh telegrams", on=True)
        house.meter.pull()
        self._demand_relay("without telegrams", on=False)
        house.meter.plug()
        self._demand_relay("with the cable back", on=True)
        house.kill("relay_controller")
        house.meter.pull()
        house.start("relay_controller")
        self._demand_relay("after a kill of its controller", on=False)
        house.meter.plug()
        self._demand_relay("with the cable back once more", on=True)
        house.stop("relay_controller", _END_S)
        self._demand_relay("after the end of its controller", on=False)
        house.meter.pull()

    def _demand_relay(self, when: str, *, on: bool) -> None:
        """Demand a state of the relay, and that the controller tells the same of its load."""
        relay, told = self._relay, "ON" if on else "OFF"
        self._demand(f"{when} the relay is {told} and told so", lambda: relay.is_on is on and relay.state_of_load == told)

    def _drain(self, until_s: float) -> None:
        """Wait until all that must arrive has arrived, or for too long."""
        evidence = self._house.witness.evidence
        while time.monotonic() < until_s and not self._house.problems:
            acknowledged, forgiven = evidence.acknowledged(), evidence.forgiven(SAVED_AFTER_S, time.monotonic())
            found = ends.found(self._house.places, self._database)
            # The table of what was refused can be read only when the bridge has let go of its file.
            found = replace(found, rejected=self._poisoned())
            if not judge(dict(self._house.meter.sent), acknowledged, forgiven, found).lost:
                return
            self._rest(_LOOK_S)

    def _poisoned(self) -> frozenset[tuple[str, int]]:
        return frozenset(map(ends.key_of, self._house.proxy.poisoned.copy()))

    def _are_well(self, *services: str) -> bool:
        """Tell whether services are online; fail at once if a process ended by itself."""
        self._house.look()
        assert not self._house.problems, self._house.problems
        return self._are(*services)

    def _are(self, *services: str, but: str = "") -> bool:
        """Tell whether services say that they are online, or anything but a certain status."""
        statuses = [self._relay.statuses.get(name, "offline") for name in services]
        return all(status != but if but else status == "online" for status in statuses)

    def _demand(self, what: str, condition: Callable[[], bool]) -> None:
        try:
            eventually(condition, _RESTORED_S, what)
        except AssertionError:
            self._house.problems.append(f"not so: {what}")

    def _rest(self, seconds: float) -> None:
        """Let time pass, and look after the house."""
        end_s = time.monotonic() + seconds
        while True:
            self._house.look()
            self._relay.watch(self._deeds.undisturbed_s())
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(left_s, _TICK_S))
