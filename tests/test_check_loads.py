"""`python -m relay_controller --check`: library and rights for the pins, without touching one; the file of counters."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from common.check import Check
from common.settings import Config
from common.settings_file import load_config
from relay_controller import gpio
from relay_controller.check import checks
from relay_controller.settings import SECTIONS
from tests.support.closed_folder import in_a_closed_folder
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


@pytest.mark.parametrize(
    ("mode", "group", "whose", "mend"),
    [
        (0o660, 20, "group dialout", "sudo usermod -aG dialout "),
        (
            0o600,
            20,
            "it is open to nobody but its owner",
            "sudo chgrp gpio {device} && sudo chmod 660 {device}, and look for a udev",
        ),
        (0o640, 20, "it is open to nobody but its owner", "sudo chgrp gpio "),
        (0o660, 0, "it is open to nobody but its owner", "sudo chgrp gpio "),
    ],
)
def test_pins_without_rights_are_told_with_the_group_that_may_use_them(
    mode: int, group: int, whose: str, mend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody is told to join root's group, or one that may not use them either."""
    _library(monkeypatch, tmp_path, lgpio=True)
    device = tmp_path / "gpiochip0"
    device.touch()
    device.chmod(mode)
    monkeypatch.setattr("os.access", lambda path, _mode: path != device)
    real = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        status = real(path, follow_symlinks=follow_symlinks)
        return os.stat_result((*status[:5], group, *status[6:])) if path == device else status

    monkeypatch.setattr(Path, "stat", stat)
    check = _check(tmp_path, "GPIO")
    assert check is not None
    assert check.found == f"no right to use {device} ({whose})"
    assert check.mend.startswith(mend.format(device=device))


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


_RULES = "on_when = surplus > 2200 W\noff_when = surplus < 1900 W\n"
_MEND = "write driver = gpio and, on a line of its own, pin = ..., or shadow = yes"


@pytest.mark.parametrize(
    ("lines", "level", "mend"),
    [
        pytest.param(_RULES, "warning", _MEND, id="rules"),
        pytest.param(f"driver = none\n{_RULES}", "warning", _MEND, id="rules, and none as it stands in the sample"),
        pytest.param("min_on_per_day = 3600\nby = 06:00\n", "warning", _MEND, id="a guaranteed time"),
        pytest.param(f"shadow = yes\n{_RULES}", "ok", "", id="shadow"),
        pytest.param("", "ok", "", id="by hand only"),
        pytest.param(f"driver = mqtt\ncommand_topic = plug/set\n{_RULES}", "ok", "", id="a relay"),
    ],
)
def test_rules_that_have_nothing_to_switch_are_a_warning(lines: str, level: str, mend: str, tmp_path: Path) -> None:
    """Without rules a load is for a person, and for who follows its state."""
    check = _check(tmp_path, "load aux", f"[load:aux]\nenabled = yes\n{lines}")
    assert check is not None
    assert (check.level, check.mend) == (level, mend)
    assert check.found.startswith("nothing is switched; ") == (lines == "" or level == "warning")


def test_a_load_with_rules_that_is_disabled_is_not_looked_at(tmp_path: Path) -> None:
    """As any other that is."""
    assert _check(tmp_path, "load aux", f"[load:aux]\nenabled = no\n{_RULES}") is None


def test_counters_that_cannot_be_kept_are_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The loads are switched all the same."""
    monkeypatch.setattr("os.access", lambda *_: False)
    check = _check(tmp_path, "counters", LOAD.replace("gpio\npin = 17", "none"))
    assert check is not None
    assert check.level == "warning"
    assert "state_file" in check.mend


def test_a_file_of_counters_in_a_closed_folder_is_a_warning_too(tmp_path: Path) -> None:
    """As in a home that the unit may not see: an answer, no crash."""
    answers = in_a_closed_folder(
        tmp_path, "relay_controller", f"{LOAD.replace('gpio', 'none')}[relay]\nstate_file = {{}}/x/state"
    )
    assert "counters" in [check.what for check in answers if check.level == "warning"]
