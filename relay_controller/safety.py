"""Brings loads into their safe state where no controller does: before it, after it, and where it cannot be for its settings."""

import logging
import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from common.sections import RelaySettings
from common.service import ServiceError
from common.settings import Config
from relay_controller.driven_pins import DrivenPin, left_over, pins_of
from relay_controller.driver import DriverError
from relay_controller.gpio import GpioRelay
from relay_controller.load import Plant, RemoteRelay
from relay_controller.pin_record import PinRecord, record_beside

_log = logging.getLogger("relay_controller")


def record_of(config: Config) -> PinRecord:
    """Give the record that belongs to the settings."""
    return _record(Path(config.section(RelaySettings).state_file))


def record_in(folder: Path) -> PinRecord:
    """Give the record where the settings of a folder cannot be read."""
    return _record(folder / RelaySettings().state_file)


def _record(state_file: Path) -> PinRecord:
    return PinRecord(record_beside(state_file, os.environ.get("STATE_DIRECTORY", "")))


def make_safe(plant: Plant, record: PinRecord) -> None:
    """Put every relay that this machine drives into its safe state, without a broker; each is tried whatever fails before.

    A pin of the record that no load uses may still be as a crash left it. Raises ServiceError, which names each that failed.
    """
    for load in plant.loads:
        if isinstance(load.relay, RemoteRelay) and not load.shadow:
            lease_s = load.relay.lease_s
            end = f"its lease ends it within {lease_s:.0f} s" if lease_s else "let it end by itself (lease)"
            _log.warning("load %s: cannot be switched %s without the broker; %s", load.name, _word(on=load.safe_on), end)
    used = pins_of(plant)
    failures = _set_safe((*used, *left_over(record.read(), used)))
    if failures:
        raise ServiceError("; ".join(sorted(f"load {one.load}: {failure}" for one, failure in failures.items())))


def take_over(plant: Plant, record: PinRecord) -> None:
    """Record the pins that the loads use from now on, before one of them is touched, and make safe what is used no more.

    Of the latter a pin that fails stays recorded: another program may have it, and the loads do not wait for that.
    """
    used = pins_of(plant)
    failures = _set_safe(left_over(record.read(), used))
    for one, failure in failures.items():
        _log.warning("load %s is not at pin %d any more, which was not made safe: %s", one.load, one.pin.number, failure)
    record.write((*used, *failures))


def _set_safe(pins: Iterable[DrivenPin]) -> dict[DrivenPin, str]:
    """Set pins to the level of their safe state; give those that failed, and why."""
    failures: dict[DrivenPin, str] = {}
    with ExitStack() as stack:  # goes through all of them also when one fails by a bug
        for one in pins:
            stack.callback(_set_one_safe, one, failures)
    return failures


def _set_one_safe(one: DrivenPin, failures: dict[DrivenPin, str]) -> None:
    try:
        GpioRelay(one.pin, safe_on=one.safe_on).close()
        _log.info("load %s: %s (pin %d)", one.load, _word(on=one.safe_on), one.pin.number)
    except DriverError as error:
        failures[one] = str(error)


def _word(*, on: bool) -> str:
    return "on" if on else "off"
