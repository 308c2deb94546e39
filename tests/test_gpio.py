"""The GPIO driver, against a model of the pins' registers in place of RPi.GPIO.

`make test-gpio PIN=17` runs the tests that use `wire` against the real RPi.GPIO and that pin of a Raspberry Pi.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from relay_controller.driver import DriverError
from relay_controller.gpio import GpioRelay, gpio_library
from relay_controller.load import Pin
from tests.support.processes import REPOSITORY, clean_environment

INPUT = "input"
REAL_PIN = os.environ.get("TEST_GPIO_PIN", "")  # its BCM number; empty: the model


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
        self.lgpio: object | None = None  # which rpi-lgpio has imported

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

    def input(self, pin: int) -> int:
        """Read the level; an input is pulled low here."""
        return self.levels.get(pin, self.LOW) if pin in self.outputs else self.LOW

    def gpio_function(self, pin: int) -> int:
        """Read the direction."""
        assert self.mode == self.BCM
        return self.OUT if pin in self.outputs else self.IN

    def _look(self, pin: int) -> None:
        now = self.levels.get(pin, self.LOW) if pin in self.outputs else INPUT
        if now != self.seen[-1]:
            self.seen.append(now)


@dataclass(frozen=True, slots=True)
class Wire:
    """A pin as it can be read back, real or modelled."""

    gpio: Any
    number: int

    @property
    def state(self) -> int | str:
        """The level of an output; INPUT."""
        is_output = self.gpio.gpio_function(self.number) == self.gpio.OUT
        return int(self.gpio.input(self.number)) if is_output else INPUT

    def leave_behind(self, level: int) -> None:
        """Make it an input whose register still holds a level."""
        self.gpio.setup(self.number, self.gpio.OUT, initial=level)
        self.release()

    def release(self) -> None:
        """Make it an input, which drives nothing."""
        self.gpio.setup(self.number, self.gpio.IN)


@pytest.fixture
def registers(monkeypatch: pytest.MonkeyPatch) -> PinRegisters:
    """Put the model in the place of RPi.GPIO."""
    model = PinRegisters()
    monkeypatch.setitem(sys.modules, "RPi", ModuleType("RPi"))
    monkeypatch.setitem(sys.modules, "RPi.GPIO", model)
    return model


@pytest.fixture
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    """Give a pin that is an input: the real one that was named, else one of the model. It is an input afterwards."""
    gpio = gpio_library() if REAL_PIN else request.getfixturevalue("registers")
    gpio.setwarnings(False)  # noqa: FBT003 -- its parameters have no names
    gpio.setmode(gpio.BCM)
    one = Wire(gpio, int(REAL_PIN or 17))
    one.release()
    yield one
    one.release()


@pytest.mark.parametrize(
    ("active_low", "safe_on", "expected"),
    [
        # opened, switched on, off, on, closed
        pytest.param(False, False, [0, 1, 0, 1, 0], id="off is low and safe"),
        pytest.param(True, False, [1, 0, 1, 0, 1], id="off is high and safe"),
        pytest.param(False, True, [1, 1, 0, 1, 1], id="on is high and safe"),
        pytest.param(True, True, [0, 0, 1, 0, 0], id="on is low and safe"),
    ],
)
@pytest.mark.parametrize("left", [0, 1])
def test_a_pin_is_an_output_at_the_wanted_level(
    wire: Wire, left: int, expected: list[int], *, active_low: bool, safe_on: bool
) -> None:
    """From the moment it is opened, whatever its register held before, until after it is closed."""
    wire.leave_behind(left)
    states = [wire.state]
    relay = GpioRelay(Pin(wire.number, active_low), safe_on=safe_on)
    states.append(wire.state)
    for on in (True, False, True):
        assert relay.switch(on=on)
        states.append(wire.state)
    relay.close()
    assert [*states, wire.state] == [INPUT, *expected]


@pytest.mark.parametrize(("active_low", "expected"), [(False, [1, 0, 0]), (True, [0, 1, 1])])
def test_a_pin_that_was_left_on_is_off_when_it_is_opened(wire: Wire, expected: list[int], *, active_low: bool) -> None:
    """By a process that crashed: `--safe` opens and closes it."""
    pin = Pin(wire.number, active_low)
    GpioRelay(pin, safe_on=False).switch(on=True)
    states = [wire.state]
    relay = GpioRelay(pin, safe_on=False)
    states.append(wire.state)
    relay.close()
    assert [*states, wire.state] == expected


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
    """No way round over an input."""
    GpioRelay(Pin(17, active_low=False), safe_on=False).switch(on=True)
    GpioRelay(Pin(17, active_low=False), safe_on=False).close()
    assert registers.seen == [INPUT, 0, 1, 0]


class LgpioError(Exception):
    """As lgpio's own, which no narrower class stands for: its text comes in quotes."""

    def __str__(self) -> str:
        return repr(self.args[0])


ERRORS = [
    pytest.param(RuntimeError("No access to /dev/mem.\n Try running as root!"), "No access to /dev/mem. Try running as root!"),
    pytest.param(OSError(5, "Input/output error"), "[Errno 5] Input/output error"),
    pytest.param(LgpioError("GPIO busy"), "GPIO busy"),
]


@pytest.mark.parametrize(("error", "words"), ERRORS)
def test_a_pin_that_may_not_be_used_is_told_in_one_line(registers: PinRegisters, error: Exception, words: str) -> None:
    """The text names the pin."""
    registers.refuses, registers.lgpio = error, SimpleNamespace(error=LgpioError)
    with pytest.raises(DriverError, match=f"^{re.escape(f'cannot use GPIO pin 17: {words}')}$"):
        GpioRelay(Pin(17, active_low=False), safe_on=False)


@pytest.mark.parametrize(("error", "words"), ERRORS)
def test_a_pin_that_fails_later_is_told_in_one_line(registers: PinRegisters, error: Exception, words: str) -> None:
    """When it is switched, and when it is closed."""
    registers.lgpio = SimpleNamespace(error=LgpioError)
    relay = GpioRelay(Pin(17, active_low=False), safe_on=False)
    registers.broken[17] = error
    expected = f"^{re.escape(f'cannot switch GPIO pin 17: {words}')}$"
    with pytest.raises(DriverError, match=expected):
        relay.switch(on=True)
    with pytest.raises(DriverError, match=expected):
        relay.close()


def test_a_bug_in_the_library_comes_out_as_it_is(registers: PinRegisters) -> None:
    """Only what can be named is caught."""
    registers.refuses = LgpioError("but there is no lgpio")
    with pytest.raises(LgpioError):
        GpioRelay(Pin(17, active_low=False), safe_on=False)


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that fails is a clear line."""
    monkeypatch.setitem(sys.modules, "RPi.GPIO", None)
    with pytest.raises(DriverError, match=r"^RPi\.GPIO is not installed; it comes with pip install --group gpio"):
        gpio_library()


def written_library(folder: Path, text: str) -> None:
    """Write a library that is found as RPi.GPIO."""
    package = folder / "RPi"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "GPIO.py").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("RuntimeError('This module can only be run on a Raspberry Pi!')", "This module can only be run on a Raspberry Pi!"),
        ("ValueError(\"invalid literal for int() with base 16: ''\")", "invalid literal for int() with base 16: ''"),
        ("FileNotFoundError(2, 'No such file', '.lgd-nfy-3')", "[Errno 2] No such file: '.lgd-nfy-3'"),
    ],
)
def test_where_the_library_does_not_work_the_error_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: str, words: str
) -> None:
    """RPi.GPIO itself raises when it is imported on another machine, and lgpio where it cannot write."""
    written_library(tmp_path, f"raise {error}")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("RPi", "RPi.GPIO"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(DriverError, match=f"^{re.escape(f'RPi.GPIO does not work on this machine: {words}')}$"):
        gpio_library()


def started(folder: Path, pin: str) -> subprocess.CompletedProcess[str]:
    """Run this module as `make test-gpio` does, with the library in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "tests.test_gpio"],
        cwd=REPOSITORY,
        env=clean_environment(TEST_GPIO_PIN=pin, PYTHONPATH=str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_test_gpio_runs_the_same_tests_on_the_pin_that_is_named(tmp_path: Path) -> None:
    """The library is imported as the real one; what needs the model is left out."""
    written_library(tmp_path, "import sys, tests.test_gpio; sys.modules[__name__] = tests.test_gpio.PinRegisters()")
    run = started(tmp_path, "27")
    assert (run.returncode, run.stderr) == (0, "")
    assert re.search(r"=== 10 passed, \d+ deselected", run.stdout)


@pytest.mark.parametrize(
    ("pin", "code", "complaint"),
    [
        ("17", 1, "RPi.GPIO does not work on this machine: This module can only be run on a Raspberry Pi!\n"),
        ("", 2, 'TEST_GPIO_PIN: expected a BCM pin number, got ""\n'),
    ],
)
def test_make_test_gpio_ends_in_one_line_where_there_is_no_pin(tmp_path: Path, pin: str, code: int, complaint: str) -> None:
    """Before any test runs."""
    written_library(tmp_path, "raise RuntimeError('This module can only be run on a Raspberry Pi!')")
    run = started(tmp_path, pin)
    assert (run.returncode, run.stdout, run.stderr) == (code, "", complaint)


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "-n", "test-gpio", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=False)


def test_make_test_gpio_hands_the_pin_on() -> None:
    """By the variable that this module reads."""
    assert "TEST_GPIO_PIN=17 " in _make("PIN=17").stdout


@pytest.mark.parametrize("pin", ["", "28", "-1", "GPIO17", "1 7", "it's"])
def test_make_test_gpio_refuses_other_pins_in_one_line(pin: str) -> None:
    """Before anything is built."""
    made = _make(f"PIN={pin}")
    problem = re.escape(f'*** PIN: expected a BCM pin number, 0 to 27, got "{pin}".  Stop.\n')
    assert (made.returncode, made.stdout) == (2, "")
    assert re.fullmatch(rf"Makefile:\d+: {problem}", made.stderr)


class OnlyWired:
    """Keeps what needs the model out of a run on a real pin."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the tests that do not use `wire`."""
        others = [item for item in items if not (isinstance(item, pytest.Function) and "wire" in item.fixturenames)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def main() -> int:
    """Run the tests on the pin that TEST_GPIO_PIN names; without such a pin say why, in one line."""
    if not REAL_PIN.isdecimal():
        print(f'TEST_GPIO_PIN: expected a BCM pin number, got "{REAL_PIN}"', file=sys.stderr)
        return 2
    try:
        GpioRelay(Pin(int(REAL_PIN), active_low=False), safe_on=False)
    except DriverError as error:
        print(error, file=sys.stderr)
        return 1
    return int(pytest.main([__file__], plugins=[OnlyWired()]))


if __name__ == "__main__":
    sys.exit(main())
