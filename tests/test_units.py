"""The units of systemd as files: what systemd itself says of them, and what this project promises."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from common.supervisor import HANGS_AFTER_S
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY

UNITS = REPOSITORY / "systemd"
SERVICES = ("reader", "relay_controller", "influx_bridge", "csv_logger")
WEB = "smartmeter-web"
TEMPLATE = (UNITS / "smartmeter@.service").read_text(encoding="utf-8")


def _analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        do_without(PartMissing("no systemd-analyze on PATH"))
    return program


def _lines(*drop_ins: str) -> list[str]:
    return [line for name in drop_ins for line in (UNITS / name).read_text(encoding="utf-8").splitlines() if "=" in line]


def _placed(folder: Path) -> dict[str, Path]:
    """Lay the units into a folder as an installation does, with commands that exist here; give each service's file."""
    shutil.copytree(UNITS, folder, dirs_exist_ok=True)
    for file in [path for path in folder.rglob("*") if path.is_file()]:
        text = file.read_text(encoding="utf-8")
        for program in ("/opt/smartmeter/venv/bin/python", "/usr/sbin/lighttpd"):
            text = text.replace(program, "/usr/bin/env")
        file.write_text(text, encoding="utf-8")
    paths = {service: folder / f"smartmeter@{service}.service" for service in SERVICES}
    for path in paths.values():
        shutil.copy(folder / "smartmeter@.service", path)
    return paths | {WEB: folder / f"{WEB}.service"}


@pytest.mark.parametrize("service", [*SERVICES, WEB])
def test_systemd_finds_nothing_wrong_with_a_unit(service: str, tmp_path: Path) -> None:
    """It would end with 0 on a key that it does not know; so it must have nothing to say either."""
    path = _placed(tmp_path)[service]
    environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run(
        [_analyze(), "verify", "--man=no", path], check=False, capture_output=True, text=True, env=environment
    )
    about_ours = [line for line in done.stderr.splitlines() if "smartmeter" in line or str(tmp_path) in line]
    assert about_ours == []


@pytest.mark.parametrize("service", [*SERVICES, WEB])
def test_a_unit_is_closed(service: str, tmp_path: Path) -> None:
    """Exposure of 2.0 or less, of 10; with its drop-ins, which systemd-analyze leaves out offline."""
    path = _placed(tmp_path)[service]
    folders = [tmp_path / f"{path.name}.d"] if service == WEB else [tmp_path / "smartmeter@.service.d", Path(f"{path}.d")]
    drop_ins = [file.read_text(encoding="utf-8") for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
    path.write_text("\n".join([path.read_text(encoding="utf-8"), *drop_ins]), encoding="utf-8")
    command = [_analyze(), "security", "--offline=true", "--threshold=20", "--no-pager", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout.splitlines()[-1:]


def test_wrong_settings_are_told_once_and_all_else_is_tried_for_ever() -> None:
    """Exit code 2 is wrong usage or settings (the contract's section 5); no number of restarts is too many."""
    lines = TEMPLATE.splitlines()
    assert {"Restart=always", "RestartPreventExitStatus=2", "StartLimitIntervalSec=0"} <= set(lines)
    section = TEMPLATE[: TEMPLATE.index("\n[Service]\n")]
    assert "StartLimitIntervalSec=0" in section  # elsewhere it has no effect


def test_no_service_is_root_and_none_can_become_it() -> None:
    """A user of its own, and no way to more rights."""
    assert {"User=smartmeter", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "RestrictSUIDSGID=yes"} <= set(
        TEMPLATE.splitlines()
    )


def test_only_the_reader_has_ports_and_only_relay_controller_pins() -> None:
    """Devices stand in the drop-ins of the two, and every class is one that they need."""
    assert "PrivateDevices=yes" in TEMPLATE.splitlines()
    assert "DeviceAllow" not in TEMPLATE
    with_devices = {path.parent.name for path in UNITS.rglob("*.conf") if "DeviceAllow=" in path.read_text(encoding="utf-8")}
    assert with_devices == {"smartmeter@reader.service.d", "smartmeter@relay_controller.service.d"}
    for folder in with_devices:
        assert any("DevicePolicy=closed" in path.read_text(encoding="utf-8") for path in (UNITS / folder).iterdir())


def test_a_cable_that_comes_later_is_allowed_too() -> None:
    """A class by name counts only while its driver is loaded: the reader's are numbers (Linux: devices.txt)."""
    allowed = [line for line in _lines("smartmeter@reader.service.d/10-port.conf") if line.startswith("DeviceAllow=")]
    assert all(re.fullmatch(r"DeviceAllow=(char-[0-9]+|/dev/char/[0-9]+:[0-9]+) rw", line) for line in allowed)
    assert {"DeviceAllow=char-188 rw", "DeviceAllow=char-166 rw", "DeviceAllow=char-204 rw"} <= set(allowed)


def test_relays_are_made_safe_without_a_broker() -> None:
    """A login that cannot be read any more must not keep a relay on."""
    text = (UNITS / "smartmeter@relay_controller.service.d" / "10-pins.conf").read_text(encoding="utf-8").replace("\\\n", " ")
    command = next(line for line in text.splitlines() if line.startswith("ExecStopPost="))
    assert "-u SMARTMETER_MQTT_PASSWORD_FILE" in command
    assert "-m relay_controller --safe -c /etc/smartmeter/config.ini" in command


def test_whoever_hangs_is_ended() -> None:
    """The watchdog is as patient as the services' own, which counts where no systemd watches."""
    assert f"WatchdogSec={HANGS_AFTER_S:.0f}" in TEMPLATE.splitlines()


def test_the_server_of_the_page_sees_nothing_of_the_others() -> None:
    """No user of its own to keep, no settings, no readings; and for this machine only until somebody says otherwise."""
    lines = (UNITS / f"{WEB}.service").read_text(encoding="utf-8").splitlines()
    assert {"DynamicUser=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet="} <= set(lines)
    (closed,) = [line for line in lines if line.startswith("InaccessiblePaths=")]
    assert {"-/etc/smartmeter", "-/etc/mosquitto", "-/var/lib/smartmeter"} <= set(closed.partition("=")[2].split())
    (given,) = [line for line in lines if line.startswith("Environment=")]
    assert {"WEB_BIND=127.0.0.1", "WEB_TLS=no"} <= set(given.partition("=")[2].split())
    assert not re.search(r"^[^#\n]", (REPOSITORY / "mosquitto" / "web.env").read_text(encoding="utf-8"), re.MULTILINE)
