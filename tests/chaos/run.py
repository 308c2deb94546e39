"""One run: a house for a schedule, on small disks or on one whose power can be cut, where these are wanted."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.deeds import Deeds
from tests.chaos.house import running_house
from tests.chaos.play import Outcome, Play
from tests.chaos.relay import Relay
from tests.chaos.schedule import Deed, Event
from tests.chaos.settings import NAME, STALE_AFTER_S, Places
from tests.support.disks import PowerDisk, small_disk

_SMALL_DISK_MB = 8


def run(events: Sequence[Event], seed: int, folder: Path, say: Callable[[str], None], *, is_power_cut: bool = False) -> Outcome:
    """Play a schedule in a house of its own, whose logs stay in `folder`. Raises PartMissing where it cannot be built."""
    with ExitStack() as stack:
        disk: PowerDisk | None = None
        if is_power_cut:
            disk = stack.enter_context(PowerDisk())
            places = Places(folder, disk.path / "data", disk.path / "csv", disk.path / "queue")
        elif any(event.deed is Deed.FILL for event in events):
            small = [stack.enter_context(small_disk(_SMALL_DISK_MB)) for _ in range(2)]
            places = Places(folder, folder / "data", small[0], small[1])
        else:
            places = Places(folder, folder / "data", folder / "csv", folder / "queue")
        house = stack.enter_context(running_house(places, seed))
        relay = stack.enter_context(Relay(house.broker_port, NAME, STALE_AFTER_S))
        play = Play(house, relay, Deeds(house, disk), say)
        play.warm_up()
        play.perform(events)
        play.end()
        return play.outcome(events)
