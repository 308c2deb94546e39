"""smartmeter as Docker Compose runs it, from this folder."""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from common.check import Check, ok, problem
from doctor.answers import Asked
from doctor.asking import ask
from doctor.installation import BROKER, CHECK, INSTALLED_CONFIG, SERVICES, Installation, Question, broker_check

_NAME = "Docker Compose"
_ONCE = "credentials"  # makes the passwords, and ends
_OTHERS = (BROKER, "web", _ONCE)
_FOLDERS = {"broker": "/access/broker", "logins": "/access/logins", "authority": "/access/authority"}
_UP = "docker compose up -d"
_GET_PACKAGES = "docker compose build --pull && docker compose up -d"
_RESTS = "disabled"
_SETTINGS = 2  # exit code: wrong settings

Container = Mapping[str, Any]  # what `docker compose ps` tells


def compose_installation(folder: Path) -> Installation | None:
    """Give what runs, or was begun, in containers of this folder; None if there are none."""
    asked = ask("docker", "compose", "ps", "--all", "--format", "json", folder=folder)
    if not asked.is_well:
        # Without a file of its settings nobody ran it here; else whoever asks may not be allowed to.
        return _closed(folder, asked) if (folder / ".env").exists() and "permission denied" in asked.error.lower() else None
    containers = {str(one.get("Service")): one for one in containers_in(asked.output)}
    if not containers.keys() & set(SERVICES):
        return None
    findings = [_judged(name, containers.get(name), folder) for name in (*_OTHERS, *SERVICES) if _is_due(name, containers)]
    commands = {service: command_of(service, containers.get(service)) for service in SERVICES}
    questions = {service: Question(command, f"try it alone: {shlex.join(command)}") for service, command in commands.items()}
    broker = broker_question() if BROKER in containers else None
    return Installation(_NAME, folder, _data(), _GET_PACKAGES, findings, questions, broker)


def containers_in(text: str) -> Iterator[Container]:
    """Read what `docker compose ps --format json` says: one object per line, or before Compose 2.21 one list."""
    for line in text.splitlines():
        found = json.loads(line)
        yield from found if isinstance(found, list) else [found]


def command_of(service: str, container: Container | None) -> list[str]:
    """Give the command that makes a service answer: in its container, or if that does not run in another one like it."""
    runs = container is not None and container.get("State") == "running"
    where = ["exec", "-T"] if runs else ["run", "--rm", "-T", "--no-deps"]
    return ["docker", "compose", *where, service, "python3", "-m", service, "-c", INSTALLED_CONFIG, *CHECK]


def broker_question() -> Question:
    """Give the command that makes the broker's files answer: in a container of who makes them, for no other has them all."""
    check = broker_check(INSTALLED_CONFIG, _FOLDERS)
    command = ("docker", "compose", "run", "--rm", "-T", "--no-deps", _ONCE, "python3", *check)
    return Question(command, f"{_GET_PACKAGES}; if that helps nothing: {shlex.join(command)}")


def judge_container(service: str, container: Container | None, said: str) -> Check:
    """Judge a container; `said` is what its health check said last, or the last line of its log if it does not run."""
    what = f"container {service}"
    if container is None:
        return problem(what, "there is none", _UP)
    state, code = str(container.get("State")), int(container.get("ExitCode") or 0)
    log = f"docker compose logs --tail 20 {service}"
    if state == "running":
        return _judge_running(what, str(container.get("Health")), said, log)
    words = f": {said}" if said else ""
    if service == _ONCE and state == "exited":
        return (
            problem(what, f"exit code {code}{words}", f"mend that, then: {_UP}") if code else ok(what, "the passwords are made")
        )
    if state == "created":
        return problem(what, "it was not started yet", _UP)
    if code == _SETTINGS:
        return problem(what, f"wrong settings{words}", f"correct the settings (.env, config.ini), then: {_UP}")
    return problem(what, f"it does not run ({state}, exit code {code}){words}", f"{_UP}; if it ends again: {log}")


def _judge_running(what: str, health: str, said: str, log: str) -> Check:
    """Judge a service by its health check, as `common.health_check` writes it."""
    if health == "unhealthy":
        return problem(what, f"it runs, and does not do its work: {said}", log)
    if said == _RESTS:
        return ok(what, "it rests: it is not enabled in the settings")
    return ok(what, f"it runs: {said}" if said else "it runs")


def _is_due(name: str, containers: Mapping[str, Container]) -> bool:
    """Tell whether a container ought to be there; that of the one-shot service may have been removed since."""
    return name != _ONCE or name in containers


def _judged(name: str, container: Container | None, folder: Path) -> Check:
    return judge_container(name, container, _said(name, container, folder) if container is not None else "")


def _said(name: str, container: Container, folder: Path) -> str:
    if container.get("State") != "running":
        return ask("docker", "compose", "logs", "--no-color", "--no-log-prefix", "--tail", "1", name, folder=folder).last_line
    if not container.get("Health"):
        return ""
    asked = ask("docker", "inspect", "--format", "{{json .State.Health.Log}}", str(container.get("Name")))
    log = json.loads(asked.output) if asked.is_well else []
    return " ".join(str(log[-1].get("Output", "")).split()) if log else ""


def _data() -> Path:
    """Give the folder of Docker's volumes, or of this machine's data where Docker is elsewhere."""
    asked = ask("docker", "info", "--format", "{{.DockerRootDir}}")
    return Path(asked.output.strip() or "/var/lib") if asked.is_well else Path("/var/lib")


def _closed(folder: Path, asked: Asked) -> Installation:
    return Installation(_NAME, folder, folder, _GET_PACKAGES, [problem("Docker", asked.last_line, "sudo make doctor")])
