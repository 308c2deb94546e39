"""`python -m relay_controller --check`: library and rights for the pins, without touching one; the file of counters."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from common.check import Check
from common.service import load_config
from common.settings import Config
from relay_controller import gpio
from relay_controller.check import checks
from relay_controller.settings import SECTIONS
from tests.support.waiting import free_port

LOAD = "[load:boiler]\ndriver = gpio\npin = 17\npower = 2000\non_when = surplus > 2200 W\noff_when = surplus < 1900 W\n"


def _config(folder: Path, loads: str) -> Config:
    file = folder / "config.ini"
    file.write_text(f"[mqtt]\nport = {free_port()}\n{loads}", encoding="utf-8")
    config = load_config(str(file), SECTIONS)
    assert isinstance(config, Config), config
    return config


def _check(folder: Path, what: str, loads: str = LOAD) -> Check | None:
    return next((check for check in checks(_config(folder, loads)) if check.what == what), None)


def _library(monkeypatch: pytest.MonkeyPatch, devices: Path, *, lgpio: bool) -> None:
    package, library = ModuleType("RPi"), ModuleType("RPi.GPIO")
    library.VERSION = "0.7.2"  # type: ignore[attr-defined]
    if lgpio:
        library.lgpio = None  # type: ignore[attr-defined]
    package.GPIO = library  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "RPi", package)
    monkeypatch.setitem(sys.modules, "RPi.GPIO", library)
    monkeypatch.setattr(gpio, "DEVICES", devices)


@pytest.mark.parametrize(("lgpio", "device"), [(True, "gpiochip0"), (False, "gpiomem")])
def test_pins_are_well_where_library_and_device_can_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, device: str, *, lgpio: bool
) -> None:
    """Each library has a device of its own kind."""
    _library(monkeypatch, tmp_path, lgpio=lgpio)
    (tmp_path / device).touch()
    check = _check(tmp_path, "GPIO")
    assert check == Check("GPIO", "ok", f"RPi.GPIO 0.7.2 with {tmp_path}/{device}")


def test_a_machine_without_pins_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the drivers that need none."""
    _library(monkeypatch, tmp_path, lgpio=True)
    check = _check(tmp_path, "GPIO")
    assert check is not None
    assert (check.level, check.found) == ("problem", f"this machine has no {tmp_path}/gpiochip*")
    assert "driver = mqtt" in check.mend


def test_pins_without_rights_are_told_with_the_group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The device's own group is the one to join."""
    _library(monkeypatch, tmp_path, lgpio=True)
    device = tmp_path / "gpiochip0"
    device.touch()
    monkeypatch.setattr("os.access", lambda path, _mode: path != device)
    check = _check(tmp_path, "GPIO")
    assert check is not None
    assert check.found == f"no right to use {device} (group {device.group()})"
    assert check.mend.startswith(f"sudo usermod -aG {device.group()} ")


def test_a_library_that_is_missing_is_told_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing else in the check needs it."""
    monkeypatch.setitem(sys.modules, "RPi", None)
    check = _check(tmp_path, "GPIO")
    assert check is not None
    assert check.found.startswith("RPi.GPIO is not installed")
    assert "--group gpio" in check.mend


def test_a_load_in_shadow_mode_needs_no_pins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its relay is not touched."""
    monkeypatch.setitem(sys.modules, "RPi", None)
    assert _check(tmp_path, "GPIO", f"{LOAD}shadow = yes\n") is None
    check = _check(tmp_path, "load boiler", f"{LOAD}shadow = yes\n")
    assert check is not None
    assert check.found.endswith("(shadow: the relay is not touched)")


def test_counters_that_cannot_be_kept_are_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The loads are switched all the same."""
    monkeypatch.setattr("os.access", lambda *_: False)
    check = _check(tmp_path, "counters", LOAD.replace("gpio\npin = 17", "none"))
    assert check is not None
    assert check.level == "warning"
    assert "state_file" in check.mend
