"""What happens to whom and when: drawn from a seed, the same each time.

Deeds are dealt from a shuffled deck, so that each comes before one comes again; nobody suffers two at a time, but several may
suffer at once. All times are seconds from the begin; every deed is over at the end.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tests.support.fault_proxy import Fault

SERVICES = ("reader", "csv_logger", "influx_bridge", "relay_controller")
BROKER, DATABASE, METER = "broker", "database", "meter"
CSV_DISK, QUEUE_DISK, EVERYTHING = "the disk of the CSV files", "the disk of the queue", "everything"

_GAP_S = 1.2  # between two moments at which something happens, on average
_TOGETHER = 0.3  # share of deeds that come with the one before
_BREAK_S = 2.5  # that nobody suffers again
_SLOWLY_TRIED_S = 65.0  # a refused token is tried once a minute: too long for a short run
_CUT_SHARES = ((0.3, 0.45), (0.65, 0.8))  # of the length, in which the power fails


class Deed(Enum):
    """What is done, as it is said."""

    KILL = "kill -9"
    FREEZE = "stop"
    PULL = "pull the cable of"
    FAULT = "the way to"
    RESET_LINE = "reset the line to the broker of"
    HANG_LINE = "hang the line to the broker of"
    FILL = "fill"
    CUT_POWER = "cut the power of"


@dataclass(frozen=True, slots=True)
class Event:
    """One deed: from `at_s` on, until it is undone `lasts_s` later."""

    at_s: float
    deed: Deed
    target: str
    lasts_s: float
    fault: Fault = Fault.NONE  # of FAULT

    @property
    def end_s(self) -> float:
        """When it is undone."""
        return self.at_s + self.lasts_s

    def __str__(self) -> str:
        """Say it in a line."""
        what = f": it {self.fault.value}" if self.deed is Deed.FAULT else ""
        return f"{self.at_s:6.1f} s  {self.deed.value} {self.target}{what}, for {self.lasts_s:.1f} s"


@dataclass(frozen=True, slots=True)
class _Card:
    deed: Deed
    target: str
    shortest_s: float
    longest_s: float
    fault: Fault = Fault.NONE


_DECK = (
    *(_Card(Deed.KILL, service, 0.1, 5.0) for service in SERVICES),
    *(_Card(Deed.KILL, service, 0.1, 0.3) for service in SERVICES),
    _Card(Deed.KILL, BROKER, 0.1, 5.0),
    _Card(Deed.KILL, BROKER, 0.1, 0.5),
    _Card(Deed.KILL, DATABASE, 0.1, 5.0),
    *(_Card(Deed.FREEZE, service, 0.5, 4.0) for service in SERVICES),
    _Card(Deed.FREEZE, BROKER, 0.3, 1.5),  # longer would be many autosave intervals, which are short here
    _Card(Deed.FREEZE, DATABASE, 0.5, 4.0),
    _Card(Deed.PULL, METER, 0.3, 6.0),
    *(_Card(Deed.FAULT, DATABASE, 1.0, 6.0, fault) for fault in Fault if fault not in {Fault.NONE, Fault.UNAUTHORIZED}),
    *(_Card(Deed.RESET_LINE, service, 0.0, 0.0) for service in SERVICES),
    *(_Card(Deed.HANG_LINE, service, 0.5, 4.0) for service in SERVICES),
)
_SLOW_CARD = _Card(Deed.FAULT, DATABASE, 1.0, 3.0, Fault.UNAUTHORIZED)
_DISK_CARDS = tuple(_Card(Deed.FILL, disk, 1.5, 6.0) for disk in (CSV_DISK, QUEUE_DISK))


def schedule(seed: int, length_s: float, *, small_disks: bool, gap_s: float = _GAP_S) -> list[Event]:
    """Give what happens in `length_s` seconds, in order of time; disks are filled only if they are small ones."""
    dice = random.Random(seed)  # noqa: S311 -- the same schedule each time
    deck = (*_DECK, *(_DISK_CARDS if small_disks else ()), *((_SLOW_CARD,) if length_s > _SLOWLY_TRIED_S else ()))
    cards = _dealt(dice, deck)
    free_at_s: dict[str, float] = {}
    events: list[Event] = []
    at_s, held = 0.0, list[_Card]()  # cards whose target suffers already
    while at_s < length_s:
        if dice.random() >= _TOGETHER:
            at_s += dice.expovariate(1 / gap_s)
        card = next((card for card in held if free_at_s.get(card.target, 0.0) <= at_s), None)
        if card is not None:
            held.remove(card)
        else:
            card = next(cards)
            if free_at_s.get(card.target, 0.0) > at_s:
                held.append(card)
                continue
        event = Event(at_s, card.deed, card.target, dice.uniform(card.shortest_s, card.longest_s), card.fault)
        if event.end_s < length_s and not (card is _SLOW_CARD and event.end_s > length_s / 2):
            free_at_s[card.target] = event.end_s + _BREAK_S * dice.random()
            events.append(event)
    return events


def power_cut_schedule(seed: int, length_s: float) -> list[Event]:
    """Give what happens in `length_s` seconds with two power cuts among it."""
    dice = random.Random(f"{seed} power")  # noqa: S311 -- the same schedule each time
    cuts = [
        Event(dice.uniform(first, last) * length_s, Deed.CUT_POWER, EVERYTHING, dice.uniform(0.1, 2.0))
        for first, last in _CUT_SHARES
    ]
    others = schedule(seed, length_s, small_disks=False)
    alight = [event for event in others if not any(cut.at_s <= event.at_s <= cut.end_s for cut in cuts)]
    return sorted([*alight, *cuts], key=lambda event: event.at_s)


def _dealt(dice: random.Random, deck: tuple[_Card, ...]) -> Iterator[_Card]:
    while True:
        yield from dice.sample(deck, len(deck))
