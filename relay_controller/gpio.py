"""The driver of a relay at a pin of this machine, through RPi.GPIO (on a Pi 5 through rpi-lgpio, the same import).

Both write the level before the direction when `setup` gets `initial`: RPi.GPIO 0.7.1 in source/py_gpio.c, `setup_one`;
rpi-lgpio 0.6 leaves it to the kernel, whose drivers (pinctrl-bcm2835, pinctrl-rp1) do so in `direction_output`.
"""

import grp
import os
import stat
from importlib import import_module
from pathlib import Path
from typing import Any

from relay_controller.driver import DriverError
from relay_controller.load import Pin

DEVICES = Path("/dev")


class NoLibraryError(DriverError):
    """RPi.GPIO is not installed."""


class NoAccessError(DriverError):
    """The pins are closed to this user. `device` is what is closed, and `group` may use it; both are empty if there is none."""

    def __init__(self, words: str, device: str = "", group: str = "") -> None:
        super().__init__(words)
        self.device = device
        self.group = group


def gpio_library() -> Any:
    """Load RPi.GPIO; no pin is touched. Raises DriverError where there is none."""
    try:
        return import_module("RPi.GPIO")
    except ImportError:
        raise NoLibraryError(
            "RPi.GPIO is not installed; it comes with pip install --group gpio (on a Pi 5: pip install rpi-lgpio)"
        ) from None
    except (RuntimeError, OSError, ValueError) as error:  # another machine, or revision; a folder where lgpio may make no pipe
        raise DriverError(f"RPi.GPIO does not work on this machine: {_one_line(error)}") from None


def check_access(library: Any) -> str:
    """Give the device by which a library reaches the pins, if this process may use it; it is not opened.

    rpi-lgpio uses a chip of the kernel's, RPi.GPIO the registers in /dev/gpiomem, or as root in /dev/mem. Raises NoAccessError.
    """
    pattern = "gpiochip*" if hasattr(library, "lgpio") else "gpiomem"
    devices = sorted(DEVICES.glob(pattern))
    if not devices:
        raise NoAccessError(f"this machine has no {DEVICES}/{pattern}")
    for device in devices:
        if os.access(device, os.R_OK | os.W_OK):
            return str(device)
    group = _group_of(devices[0])
    whose = f"group {group}" if group else "it is open to nobody but its owner"
    raise NoAccessError(f"no right to use {devices[0]} ({whose})", str(devices[0]), group)


def _group_of(device: Path) -> str:
    """Name the group that may use a device; empty if none may, and for root's, in which nobody else belongs."""
    status = device.stat()
    if not (status.st_gid and status.st_mode & stat.S_IRGRP and status.st_mode & stat.S_IWGRP):
        return ""
    try:
        return grp.getgrgid(status.st_gid).gr_name
    except KeyError:  # in a container, a group of the machine around it
        return str(status.st_gid)


class GpioRelay:
    """Drives one pin. It starts and ends in the safe state; whether `on` is high or low is the pin's matter."""

    def __init__(self, pin: Pin, *, safe_on: bool) -> None:
        """Make the pin an output, at the safe level from its first moment. Raises DriverError."""
        self._pin = pin
        self._safe_on = safe_on
        self._gpio = gpio_library()
        self._errors = _errors_of(self._gpio)
        try:
            # It would warn of a pin that an earlier process left as an output: ours, after a crash.
            self._gpio.setwarnings(False)  # noqa: FBT003 -- its parameters have no names
            self._gpio.setmode(self._gpio.BCM)
            # `initial` is written before the direction, so that the relay never sees another level.
            self._gpio.setup(pin.number, self._gpio.OUT, initial=self._level(on=safe_on))
        except self._errors as error:  # no access to the pins, or another program has this one
            raise DriverError(f"cannot use GPIO pin {pin.number}: {_one_line(error)}") from None

    def switch(self, *, on: bool) -> bool:
        """Set the level of the pin. Raises DriverError."""
        try:
            self._gpio.output(self._pin.number, self._level(on=on))
        except self._errors as error:
            raise DriverError(f"cannot switch GPIO pin {self._pin.number}: {_one_line(error)}") from None
        return True

    def close(self) -> None:
        """Leave the pin at the safe level, still an output: `GPIO.cleanup` would let it float, and a relay may chatter.

        RPi.GPIO keeps it so when the process ends. With lgpio that is up to the kernel (docs/wiring.md).
        """
        self.switch(on=self._safe_on)

    def _level(self, *, on: bool) -> Any:
        return self._gpio.HIGH if on != self._pin.active_low else self._gpio.LOW


def _errors_of(library: Any) -> tuple[type[Exception], ...]:
    """Give what a library raises. rpi-lgpio lets the errors of lgpio through, a class of its own."""
    below = getattr(library, "lgpio", None)
    return (RuntimeError, OSError) if below is None else (RuntimeError, OSError, below.error)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[1:-1] if text[:1] == text[-1:] == "'" else text  # lgpio's errors come in quotes
