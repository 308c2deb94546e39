"""The pins that this machine drives, with the safe state of each, and their text: a process that ended knows them no more."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from relay_controller.load import Pin, Plant

_VERSION = 1
_PINS = range(28)  # BCM numbers, as the setting


@dataclass(frozen=True, slots=True)
class DrivenPin:
    """A pin, the load behind it, and the load's safe state."""

    load: str
    pin: Pin
    safe_on: bool


Pins = tuple[DrivenPin, ...]


def pins_of(plant: Plant) -> Pins:
    """Give the pins that the loads use; in shadow mode none is touched."""
    return tuple(
        DrivenPin(load.name, load.relay, load.safe_on)
        for load in plant.loads
        if isinstance(load.relay, Pin) and not load.shadow
    )


def left_over(recorded: Iterable[DrivenPin], used: Iterable[DrivenPin]) -> Pins:
    """Give what was driven once and is used no more. Of a pin that is used the settings of now count, whatever was recorded."""
    numbers = {one.pin.number for one in used}
    return tuple(one for one in recorded if one.pin.number not in numbers)


def text_of(pins: Iterable[DrivenPin]) -> str:
    """Write a record."""
    out = [
        {"pin": one.pin.number, "active_low": one.pin.active_low, "safe_on": one.safe_on, "load": one.load}
        for one in sorted(pins, key=lambda one: one.pin.number)
    ]
    return json.dumps({"version": _VERSION, "pins": out}, indent=1) + "\n"


def pins_from(text: str) -> Pins:
    """Read what `text_of` wrote. Raises ValueError for anything else."""
    try:
        whole = json.loads(text)
    except RecursionError:
        raise ValueError("nested without end") from None
    if not isinstance(whole, dict) or whole.get("version") != _VERSION or not isinstance(whole.get("pins"), list):
        raise ValueError(f"expected pins, in version {_VERSION}")
    return tuple(map(_pin_in, whole["pins"]))


def _pin_in(one: object) -> DrivenPin:
    match one:
        case {"pin": int(number), "active_low": bool(active_low), "safe_on": bool(safe_on), "load": str(load)} if (
            number in _PINS and not isinstance(number, bool)
        ):
            return DrivenPin(load, Pin(number, active_low), safe_on)
    raise ValueError("expected a pin with the level of its safe state")
