"""The GPIO driver, against a model of the pins' registers in place of RPi.GPIO."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from relay_controller.driver import DriverError
from relay_controller.gpio import GpioRelay, gpio_library
from relay_controller.load import Pin

INPUT = "input"


class PinRegisters(ModuleType):
    """RPi.GPIO with pins that have a level register and a direction; `seen` is what the relay board sees, in order.

    A real Pi forgets nothing between two processes: the registers live as long as this object.
    """

    BCM, BOARD, IN, OUT, LOW, HIGH = 11, 10, 1, 0, 0, 1

    def __init__(self) -> None:
        super().__init__("RPi.GPIO")
        self.levels: dict[int, int] = {}
        self.outputs: set[int] = set()
        self.seen: list[int | str] = [INPUT]
        self.mode: int | None = None
        self.refuses: Exception | None = None
        self.broken: dict[int, Exception] = {}  # pins that became an error

    def setwarnings(self, _on: bool) -> None:  # noqa: FBT001 -- as in RPi.GPIO
        """Accept that nobody wants warnings."""

    def setmode(self, mode: int) -> None:
        """Choose how pins are numbered."""
        self.mode = mode

    def setup(self, pin: int, direction: int, initial: int | None = None) -> None:
        """Write the level and then the direction, as RPi.GPIO does when it gets `initial`."""
        assert self.mode == self.BCM
        if self.refuses is not None:
            raise self.refuses
        if direction == self.OUT and initial is not None:
            self.levels[pin] = initial
            self._look(pin)
        self.outputs.add(pin) if direction == self.OUT else self.outputs.discard(pin)
        self._look(pin)

    def output(self, pin: int, level: int) -> None:
        """Write the level of an output."""
        assert pin in self.outputs, "RPi.GPIO refuses to write to an input"
        if pin in self.broken:
            raise self.broken[pin]
        self.levels[pin] = level
        self._look(pin)

    def _look(self, pin: int) -> None:
        now = self.levels.get(pin, self.LOW) if pin in self.outputs else INPUT
        if now != self.seen[-1]:
            self.seen.append(now)


@pytest.fixture
def registers(monkeypatch: pytest.MonkeyPatch) -> PinRegisters:
    """Put the model in the place of RPi.GPIO."""
    model = PinRegisters()
    monkeypatch.setitem(sys.modules, "RPi", ModuleType("RPi"))
    monkeypatch.setitem(sys.modules, "RPi.GPIO", model)
    return model


@pytest.mark.parametrize(
    ("active_low", "safe_on", "expected"),
    [
        # what the board sees: before, opened, switched on, off, on, closed
        (False, False, [INPUT, 0, 1, 0, 1, 0]),
        (True, False, [INPUT, 1, 0, 1, 0, 1]),
        (False, True, [INPUT, 1, 0, 1]),
        (True, True, [INPUT, 0, 1, 0]),
    ],
)
def test_the_board_sees_nothing_but_the_wanted_levels(
    registers: PinRegisters, expected: list[int | str], *, active_low: bool, safe_on: bool
) -> None:
    """The level is there before the direction, and the pin never floats again."""
    relay = GpioRelay(Pin(17, active_low), safe_on=safe_on)
    switched = [relay.switch(on=on) for on in (True, False, True)]
    relay.close()
    assert switched == [True, True, True]
    assert registers.seen == expected
    assert registers.outputs == {17}


def test_a_pin_that_a_crash_left_on_goes_off_when_it_is_opened(registers: PinRegisters) -> None:
    """That is what `--safe` does after a crash: no way round over an input."""
    GpioRelay(Pin(17, active_low=False), safe_on=False).switch(on=True)
    GpioRelay(Pin(17, active_low=False), safe_on=False).close()
    assert registers.seen == [INPUT, 0, 1, 0]


@pytest.mark.parametrize("error", [RuntimeError("No access to /dev/mem.\n Try running as root!"), OSError(13, "denied")])
def test_a_pin_that_may_not_be_used_is_told_in_one_line(registers: PinRegisters, error: Exception) -> None:
    """The text names the pin."""
    registers.refuses = error
    with pytest.raises(DriverError) as caught:
        GpioRelay(Pin(17, active_low=False), safe_on=False)
    assert str(caught.value) == f"cannot use GPIO pin 17: {' '.join(str(error).split())}"


@pytest.mark.parametrize("error", [RuntimeError("The GPIO channel has not\n been set up"), OSError(5, "Input/output error")])
def test_a_pin_that_fails_later_is_told_in_one_line(registers: PinRegisters, error: Exception) -> None:
    """When it is switched, and when it is closed."""
    relay = GpioRelay(Pin(17, active_low=False), safe_on=False)
    registers.broken[17] = error
    words = " ".join(str(error).split())
    expected = f"^{re.escape(f'cannot switch GPIO pin 17: {words}')}$"
    with pytest.raises(DriverError, match=expected):
        relay.switch(on=True)
    with pytest.raises(DriverError, match=expected):
        relay.close()


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that fails is a clear line."""
    monkeypatch.setitem(sys.modules, "RPi.GPIO", None)
    with pytest.raises(DriverError, match=r"^RPi\.GPIO is not installed; it comes with pip install --group gpio"):
        gpio_library()


def test_off_a_raspberry_pi_the_error_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """RPi.GPIO itself raises when it is imported on another machine."""
    package = tmp_path / "RPi"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "GPIO.py").write_text('raise RuntimeError("This module can only be run on a Raspberry Pi!")', encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("RPi", "RPi.GPIO"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(DriverError, match=r"^RPi\.GPIO does not work on this machine: This module can only be run on"):
        gpio_library()
