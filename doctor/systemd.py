"""smartmeter as `make install` installed it: four units of systemd, and the broker's."""

import os
import shlex
import socket
from collections.abc import Mapping
from pathlib import Path

from common.check import Check, ok, problem, warning
from doctor.asking import ask
from doctor.installation import CHECK, INSTALLED_CONFIG, SERVICES, Installation

_PYTHON = "/opt/smartmeter/venv/bin/python"
_DATA = Path("/var/lib/smartmeter")
_BROKER = "mosquitto.service"
_PORT = 1883
_CREDENTIALS = "/run/credentials/"
_PASSWORD = "mqtt_password:/etc/smartmeter/logins/{}/password"  # noqa: S105 -- a path
_LONGEST_S = 180
# What a unit may do: the check runs with the same, in a unit of its own, so that it meets what the service meets.
_RIGHTS = (
    "User", "Group", "SupplementaryGroups", "StateDirectory", "ProtectSystem", "ProtectHome", "ReadWritePaths",
    "PrivateDevices", "DevicePolicy", "DeviceAllow",
)  # fmt: skip
_STATE = ("LoadState", "UnitFileState", "ActiveState", "SubState", "NRestarts", "StatusText", "ExecMainStatus")
_RESTS = "disabled"
_WELL = ("", "online")  # first words of StatusText; mosquitto tells none

Unit = Mapping[str, list[str]]  # property -> its values


def systemd_installation(folder: Path, *, is_root: bool) -> Installation | None:
    """Give what is installed, or None. Only root may run a check as another user."""
    shown = ask(
        "systemctl", "show", *(f"--property={one}" for one in (*_STATE, *_RIGHTS, "Environment")), *map(unit_of, SERVICES)
    )
    units = dict(zip(SERVICES, map(properties, shown.output.split("\n\n")), strict=False))
    if not shown.is_well or not any(_first(unit, "LoadState") == "loaded" for unit in units.values()):
        return None
    has_login = any("MQTT_PASSWORD_FILE" in " ".join(unit.get("Environment", [])) for unit in units.values())
    findings = [judge_unit(service, unit, _last_words(unit_of(service), unit)) for service, unit in units.items()]
    findings += [_broker()] if has_login else []
    if not is_root:
        findings.append(
            problem("checks", "they need root, to run with the rights and logins of the services", "sudo make doctor")
        )
    commands = {service: command_of(service, unit) for service, unit in units.items()} if is_root else {}
    return Installation("systemd", folder, _DATA, "sudo make install", findings, commands)


def unit_of(service: str) -> str:
    """Name the unit of a service."""
    return f"smartmeter@{service}.service"


def properties(text: str) -> Unit:
    """Read what `systemctl show` says of one unit; a property may have several lines."""
    unit: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        unit.setdefault(name, []).append(value)
    return unit


def judge_unit(service: str, unit: Unit, last_words: str) -> Check:
    """Judge the state of a unit; `last_words` are the last line of its log."""
    what, name = f"service {service}", unit_of(service).removesuffix(".service")
    log = f"journalctl -u {name} -n 50"
    if _first(unit, "LoadState") != "loaded":
        return problem(what, "it is not installed", "sudo make install")
    state = _first(unit, "ActiveState")
    if state == "active":
        return _judge_running(what, _first(unit, "StatusText"), int(_first(unit, "NRestarts") or 0), log)
    if state == "inactive" and _first(unit, "UnitFileState") != "enabled":
        return warning(what, "it is switched off", f"sudo systemctl enable --now {name}")
    ended = f"it does not run ({state})" + (f": {last_words}" if last_words else "")
    if _first(unit, "ExecMainStatus") == "2":  # wrong settings, which systemd does not try again
        return problem(what, ended, f"edit {INSTALLED_CONFIG}, then: sudo systemctl restart {name}")
    return problem(what, ended, f"sudo systemctl restart {name}; if it ends again: {log}")


def _judge_running(what: str, told: str, restarts: int, log: str) -> Check:
    """Judge a service by what it told systemd of itself, as `common.supervisor` writes it."""
    if told == _RESTS:
        return ok(what, "it rests: it is not enabled in the settings")
    if told.partition(":")[0] not in _WELL:
        return problem(what, f"it runs, and says: {told}", log)
    if restarts:
        return warning(what, f"it runs, and was restarted {restarts} times", log)
    return ok(what, f"it runs: {told}" if told else "it runs")


def command_of(service: str, unit: Unit) -> list[str]:
    """Give the command that runs a service's check with the rights, settings and login of its unit."""
    given = shlex.split(" ".join(unit.get("Environment", [])))
    from_credentials = [one for one in given if f"={_CREDENTIALS}" in one]
    options = [f"{name}={value}" for name in _RIGHTS for value in unit.get(name, []) if value]
    options += [f"LoadCredential={_PASSWORD.format(service)}"] if from_credentials else []
    options += [f"RuntimeMaxSec={_LONGEST_S}", "WorkingDirectory=/"]
    check = shlex.join([_PYTHON, "-m", service, "-c", INSTALLED_CONFIG, *CHECK])
    # The check's unit has a folder of credentials of its own.
    exports = [
        f'export {one.partition("=")[0]}="$CREDENTIALS_DIRECTORY/{one.rpartition("/")[2]}"; ' for one in from_credentials
    ]
    return [
        *("systemd-run", "--quiet", "--pipe", "--wait", "--collect"),
        *(word for option in options for word in ("-p", option)),
        *(f"--setenv={one}" for one in given if one not in from_credentials),
        *("/bin/sh", "-c", f"{''.join(exports)}exec {check}"),
    ]


def judge_broker(unit: Unit, last_words: str, *, is_taken: bool) -> Check:
    """Judge the broker's unit; `is_taken` if something listens at its port."""
    what, state = f"service {_BROKER.removesuffix('.service')}", _first(unit, "ActiveState")
    if state == "active":
        return ok(what, "it runs")
    found = f"the broker does not run ({state})" + (f": {last_words}" if last_words else "")
    start = "sudo systemctl restart mosquitto"
    if is_taken:
        found = f"the broker does not run ({state}), and another program has its port {_PORT}"
        return problem(what, found, f"end that program (sudo ss -ltnp 'sport = :{_PORT}' names it), then: {start}")
    return problem(what, found, f"{start}; if it ends again: journalctl -u mosquitto -n 50")


def _broker() -> Check:
    unit = properties(ask("systemctl", "show", *(f"--property={one}" for one in _STATE), _BROKER).output)
    return judge_broker(unit, _last_words(_BROKER, unit), is_taken=_is_taken())


def _is_taken() -> bool:
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", _PORT)) == 0


def _last_words(unit: str, state: Unit) -> str:
    """Give the last line that a unit's own process said, where it does not run."""
    if _first(state, "ActiveState") == "active":
        return ""
    said = ask("journalctl", "--unit", unit, "--output=cat", "--lines=20", "--no-pager", "--quiet", f"_SYSTEMD_UNIT={unit}")
    return said.last_line if said.is_well else ""


def _first(unit: Unit, name: str) -> str:
    return unit.get(name, [""])[0]


def runs_as_root() -> bool:
    """Tell whether this process may do everything."""
    return os.geteuid() == 0
