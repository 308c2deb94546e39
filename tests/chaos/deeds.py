"""Doing what the schedule says to the house, and undoing it."""

import errno
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.chaos.house import House
from tests.chaos.schedule import BROKER, CSV_DISK, DATABASE, EVERYTHING, QUEUE_DISK, SERVICES, Deed, Event
from tests.support.disks import PowerDisk
from tests.support.fault_proxy import Fault

_FILLING = "filling"
_READER, _RELAY_CONTROLLER = "reader", "relay_controller"
_OURS = (BROKER, *SERVICES)  # what runs on the machine whose power is cut

Action = Callable[[], None]


class Deeds:
    """Gives the actions of events."""

    def __init__(self, house: House, disk: PowerDisk | None = None) -> None:
        self._house = house
        self._disk = disk
        self._has_power = True
        self._disturbing: set[Event] = set()  # what goes on with those that a relay needs
        self._disturbed_s = time.monotonic()  # when that was so last

    def actions(self, event: Event) -> list[tuple[float, Action]]:
        """Give what to do and when, in seconds of the schedule."""
        return [(event.at_s, lambda: self._do(event)), (event.end_s, lambda: self._undo(event))]

    def undisturbed_s(self) -> float:
        """Give the seconds for which nothing has been the matter with broker and relay controller."""
        return 0.0 if self._disturbing else time.monotonic() - self._disturbed_s

    def _do(self, event: Event) -> None:
        house, target = self._house, event.target
        if target in {BROKER, _RELAY_CONTROLLER, EVERYTHING}:
            self._disturbing.add(event)
        if event.deed is Deed.KILL:
            house.kill(target)
        elif event.deed is Deed.FREEZE:
            house.freeze(target)
        elif event.deed is Deed.PULL:
            house.meter.pull()
        elif event.deed is Deed.FAULT:
            house.proxy.set_fault(event.fault)
        elif event.deed is Deed.RESET_LINE:
            house.lines[target].reset()
        elif event.deed is Deed.HANG_LINE:
            house.lines[target].hang()
        elif event.deed is Deed.FILL:
            _fill(self._folder(target))
        else:
            self._cut_power()

    def _undo(self, event: Event) -> None:
        house, target = self._house, event.target
        if event in self._disturbing:
            self._disturbing.remove(event)
            self._disturbed_s = time.monotonic()
        if event.deed in {Deed.FREEZE, Deed.HANG_LINE} and target in {_READER, BROKER}:
            house.witness.evidence.disturbed.append((time.monotonic() - event.lasts_s, time.monotonic()))
        if event.deed is Deed.KILL and (self._has_power or target == DATABASE):
            house.start(target)
        elif event.deed is Deed.FREEZE:
            house.thaw(target)
        elif event.deed is Deed.PULL:
            house.meter.plug()
        elif event.deed is Deed.FAULT:
            house.proxy.set_fault(Fault.NONE)
        elif event.deed is Deed.HANG_LINE:
            house.lines[target].flow()
        elif event.deed is Deed.FILL:
            (self._folder(target) / _FILLING).unlink()
        elif event.deed is Deed.CUT_POWER:
            self._give_power()

    def _folder(self, disk: str) -> Path:
        return {CSV_DISK: self._house.places.csv, QUEUE_DISK: self._house.places.queue}[disk]

    def _cut_power(self) -> None:
        """Let nothing reach the disk any more, then end everything on that machine."""
        assert self._disk is not None, "no disk whose power can be cut"
        self._has_power = False
        self._disk.cut_power()
        for name in _OURS:
            self._house.kill(name)

    def _give_power(self) -> None:
        assert self._disk is not None
        self._disk.restore()
        self._has_power = True
        for name in _OURS:
            self._house.start(name)


def _fill(folder: Path) -> None:
    """Leave no room on a small disk."""
    with (folder / _FILLING).open("wb", buffering=0) as file:
        for size in (65_536, 512):
            with suppress(_NoRoom):
                while True:
                    _write(file.write, size)


class _NoRoom(Exception):  # noqa: N818 -- it is what was wanted
    pass


def _write(write: Callable[[bytes], int | None], size: int) -> None:
    try:
        if write(bytes(size)) != size:
            raise _NoRoom
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _NoRoom from None
