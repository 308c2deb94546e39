"""smartmeter as `make install` installed it: four units of systemd, the broker's, and that of the live page."""

import os
import shlex
import socket
from dataclasses import replace
from pathlib import Path

from common.check import PROBLEM, Check, ok, problem, warning
from doctor.answers import lacks_packages
from doctor.asking import ask
from doctor.installation import INSTALLED_CONFIG, SERVICES, Installation, Question, broker_check
from doctor.twin import PYTHON, RIGHTS, SETTINGS, question_of
from doctor.unit import Unit, first, properties, unit_of

_DATA = Path("/var/lib/smartmeter")
_BROKER = "mosquitto.service"
_PORT = 1883
_LOGINS = Path("/etc/smartmeter/logins")
_FOLDERS = {
    "broker": "/etc/mosquitto/smartmeter",
    "logins": str(_LOGINS),
    "authority": "/etc/smartmeter/authority",
}
_PAGE = "smartmeter-web.service"
_STATE = ("LoadState", "UnitFileState", "ActiveState", "SubState", "NRestarts", "StatusText", "ExecMainStatus")
_GET_PACKAGES = "sudo make install"
_SETTINGS = 2  # exit code: wrong settings
_RESTS = "disabled"
_LOADED, _UNUSABLE = "loaded", {"bad-setting", "error"}  # LoadState; the second as an override with a slip makes it
_WELL = "online"  # and no trouble behind it, as the health check of a container wants it


def systemd_installation(folder: Path, *, is_root: bool) -> Installation | None:
    """Give what is installed, or None. Only root may run a check as another user."""
    shown = ask("systemctl", "show", *(f"--property={one}" for one in (*_STATE, *RIGHTS, *SETTINGS)), *map(unit_of, SERVICES))
    units = dict(zip(SERVICES, map(properties, shown.output.split("\n\n")), strict=False))
    loaded = {service: unit for service, unit in units.items() if first(unit, "LoadState") == _LOADED}
    if not shown.is_well or not any(first(unit, "LoadState") in {_LOADED, *_UNUSABLE} for unit in units.values()):
        return None
    has_login = any("MQTT_PASSWORD_FILE" in " ".join(unit.get("Environment", [])) for unit in units.values())
    findings = [judge_unit(service, unit, _last_words(unit_of(service), unit)) for service, unit in units.items()]
    findings += [_broker()] if has_login else []
    findings += _page()
    if not is_root:
        findings.append(
            problem("checks", "they need root, to run with the rights and logins of the services", "sudo make doctor")
        )
    # Of the others nothing is known that a check could be run with.
    questions = {service: question_of(service, unit, _files(service)) for service, unit in loaded.items()} if is_root else {}
    broker = broker_question() if is_root and has_login and _LOGINS.is_dir() else None
    return Installation("systemd", folder, _DATA, _GET_PACKAGES, findings, questions, broker)


def broker_question() -> Question:
    """Give the command that makes the broker's files answer: that of what is installed, not of the folder it runs in."""
    command = (PYTHON, *broker_check(INSTALLED_CONFIG, _FOLDERS))
    return Question(command, f"sudo make install; if that helps nothing: sudo {shlex.join(command)}", {"PYTHONSAFEPATH": "1"})


def judge_unit(service: str, unit: Unit, last_words: str) -> Check:
    """Judge the state of a unit; `last_words` are the last line of its log."""
    what, name = f"service {service}", unit_of(service).removesuffix(".service")
    log = f"journalctl -u {name} -n 50"
    if first(unit, "LoadState") != _LOADED:
        return _judge_unloaded(what, name, first(unit, "LoadState"))
    state = first(unit, "ActiveState")
    if state == "active":
        return _judge_running(what, first(unit, "StatusText"), int(first(unit, "NRestarts") or 0), log)
    if state == "inactive" and first(unit, "UnitFileState") != "enabled":
        return warning(what, "it is switched off", f"sudo systemctl enable --now {name}")
    ended = f"it does not run ({state})" + (f": {last_words}" if last_words else "")
    code = int(first(unit, "ExecMainStatus") or 0)
    if lacks_packages(code, last_words):
        return problem(what, ended, _GET_PACKAGES)
    if code == _SETTINGS:  # which systemd does not try again
        return problem(what, ended, f"edit {INSTALLED_CONFIG}, then: sudo systemctl restart {name}")
    return problem(what, ended, f"sudo systemctl restart {name}; if it ends again: {log}")


def _judge_unloaded(what: str, name: str, state: str) -> Check:
    """Judge a unit that systemd does not start; `state` is its LoadState (systemctl(1), list-units)."""
    if state == "masked":
        mend = f"sudo systemctl unmask {name} && sudo systemctl enable --now {name}"
        return warning(what, "it is masked: systemd does not start it", mend)
    if state in _UNUSABLE:
        mend = f"systemctl status {name} names the faulty line; correct it: sudo systemctl edit {name}"
        return problem(what, f"systemd cannot use its unit ({state})", mend)
    return problem(what, "it is not installed", "sudo make install")


def _judge_running(what: str, told: str, restarts: int, log: str) -> Check:
    """Judge a service by what it told systemd of itself, as `common.supervisor` writes it."""
    if told == _RESTS:
        return ok(what, "it rests: it is not enabled in the settings")
    if told != _WELL:
        return problem(what, f"it runs, and says: {told}", log)
    if restarts:
        return warning(what, f"it runs, and was restarted {restarts} times", log)
    return ok(what, f"it runs: {told}")


def judge_broker(unit: Unit, last_words: str, *, is_taken: bool) -> Check:
    """Judge the broker's unit; `is_taken` if something listens at its port."""
    what, state = f"service {_BROKER.removesuffix('.service')}", first(unit, "ActiveState")
    if state == "active":
        return ok(what, "it runs")
    if first(unit, "LoadState") not in {"", _LOADED}:
        return replace(_judge_unloaded(what, "mosquitto", first(unit, "LoadState")), level=PROBLEM)
    found = f"the broker does not run ({state})" + (f": {last_words}" if last_words else "")
    start = "sudo systemctl restart mosquitto"
    if is_taken:
        found = f"the broker does not run ({state}), and another program has its port {_PORT}"
        return problem(what, found, f"end that program (sudo ss -ltnp 'sport = :{_PORT}' names it), then: {start}")
    return problem(what, found, f"{start}; if it ends again: journalctl -u mosquitto -n 50")


def _broker() -> Check:
    unit = properties(ask("systemctl", "show", *(f"--property={one}" for one in _STATE), _BROKER).output)
    return judge_broker(unit, _last_words(_BROKER, unit), is_taken=_is_taken())


def judge_page(unit: Unit, last_words: str) -> Check:
    """Judge the unit that serves the live page; nothing else waits for it."""
    what, name = "live page", _PAGE.removesuffix(".service")
    state = first(unit, "ActiveState")
    if state == "active":
        return ok(what, "it is served")
    if first(unit, "UnitFileState") != "enabled":
        return warning(what, "it is switched off", f"sudo systemctl enable --now {name}")
    if first(unit, "ConditionResult") == "no":
        return warning(what, "there is none: it could not be built", "sudo apt install npm && sudo make install")
    found = f"it is not served ({state})" + (f": {last_words}" if last_words else "")
    return warning(what, found, f"edit /etc/smartmeter/web.env, then: sudo systemctl restart {name}")


def _page() -> list[Check]:
    unit = properties(ask("systemctl", "show", *(f"--property={one}" for one in (*_STATE, "ConditionResult")), _PAGE).output)
    return [judge_page(unit, _last_words(_PAGE, unit))] if first(unit, "LoadState") == _LOADED else []


def _files(service: str) -> str:
    """Give the text of all files of a unit."""
    return ask("systemctl", "cat", unit_of(service)).output


def _is_taken() -> bool:
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", _PORT)) == 0


def _last_words(unit: str, state: Unit) -> str:
    """Give the last line that a unit's own process said, where it does not run."""
    if first(state, "ActiveState") == "active":
        return ""
    said = ask("journalctl", "--unit", unit, "--output=cat", "--lines=20", "--no-pager", "--quiet", f"_SYSTEMD_UNIT={unit}")
    return said.last_line if said.is_well else ""


def runs_as_root() -> bool:
    """Tell whether this process may do everything."""
    return os.geteuid() == 0
