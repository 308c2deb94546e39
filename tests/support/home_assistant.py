"""A real Home Assistant, as scripts/get-home-assistant installed it, that is logged in to a broker."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.support.home_assistant_storage import token, write_storage
from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually, free_port
from tests.support.web_socket import WebSocket

_START_S, _STOP_S = 120.0, 30.0
_ANSWER_S = 10.0
# What it says about our messages and of what it does with them.
_ABOUT_US = re.compile(
    r"(WARNING|ERROR|CRITICAL) (?!.*(Disconnected from|Failed to connect to|Error returned from) MQTT server)"
    r".*(components\.(mqtt|sensor|binary_sensor|switch|select|recorder|energy)|smartmeter)"
)


class RefusedError(Exception):
    """Home Assistant does not do what it was asked."""


@dataclass(frozen=True)
class State:
    """What an entity shows."""

    value: str
    attributes: Mapping[str, Any]


class HomeAssistant:
    """One installation with a folder of its own."""

    def __init__(self, installed: Path, folder: Path, broker_port: int, login: tuple[str, str]) -> None:
        self._installed = installed
        self._folder = folder
        self.port = free_port()
        self._log_file = folder / "said.log"
        self._name = f"smartmeter-test-home-assistant-{self.port}"
        self._lines_read = 0
        self._process: subprocess.Popen[bytes]
        write_storage(folder, self.port, broker_port, login)

    def new_complaints(self) -> list[str]:
        """Give the lines of its log that are warnings and errors about what concerns us, each one once."""
        lines = self._log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        news, self._lines_read = lines[self._lines_read :], len(lines)
        return [line for line in news if _ABOUT_US.search(line)]

    def start(self) -> None:
        """Start it, and wait until it is through with that."""
        with self._log_file.open("ab") as said:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        eventually(self._runs, _START_S, "Home Assistant")

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(_STOP_S)

    def kill(self) -> None:
        """End it at once, if it runs."""
        if image_of(self._installed):
            subprocess.run(["docker", "rm", "--force", self._name], capture_output=True, check=False)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def states(self) -> dict[str, State]:
        """Give what every entity shows, by its id."""
        return {one["entity_id"]: State(one["state"], one["attributes"]) for one in self._get("states")}

    def state(self, entity_id: str) -> str:
        """Give what one entity shows; `absent` if there is none."""
        return self.states().get(entity_id, State("absent", {})).value

    def wait_for_state(self, entity_id: str, value: str, deadline_s: float = 20.0) -> None:
        """Wait until an entity shows something."""
        eventually(lambda: self.state(entity_id) == value, deadline_s, f"{value} on {entity_id}")

    def act(self, service: str, entity_id: str, **data: object) -> None:
        """Do as who presses a button; `service` as switch.turn_on."""
        self._get(f"services/{service.replace('.', '/')}", {"entity_id": entity_id, **data})

    def ask(self, kind: str, **data: object) -> Any:
        """Give the answer to a command of the WebSocket interface, as the frontend sends it. Raises RefusedError."""
        with WebSocket(self.port, "/api/websocket") as connection:
            connection.receive()
            connection.send({"type": "auth", "access_token": token()})
            assert connection.receive()["type"] == "auth_ok"
            connection.send({"id": 1, "type": kind, **data})
            answer = connection.receive()
            if not answer["success"]:
                raise RefusedError(answer["error"]["message"])
            return answer["result"]

    def entities(self) -> dict[str, dict[str, Any]]:
        """Give what the registry has of every entity of the integration MQTT, by its unique id."""
        ours = [one for one in self.ask("config/entity_registry/list") if one["platform"] == "mqtt"]
        return {one["unique_id"]: one for one in ours}

    def devices(self) -> dict[str, dict[str, Any]]:
        """Give what the registry has of every device of the integration MQTT, by its identifier."""
        found = self.ask("config/device_registry/list")
        return {one["identifiers"][0][1]: one for one in found if one["identifiers"] and one["identifiers"][0][0] == "mqtt"}

    def _command(self) -> list[str]:
        options = ["--config", str(self._folder), "--skip-pip", "--log-no-color"]
        return command(self._installed, ["hass", *options], self._folder, name=self._name)

    def _runs(self) -> bool:
        assert self._process.poll() is None, self._log_file.read_text(encoding="utf-8", errors="replace")
        try:
            return bool(self._get("config")["state"] == "RUNNING")
        except (OSError, URLError, HTTPException):
            return False

    def _get(self, path: str, data: object = None) -> Any:
        headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data).encode()
        request = Request(f"http://127.0.0.1:{self.port}/api/{path}", body, headers)
        with urlopen(request, timeout=_ANSWER_S) as answer:  # noqa: S310 -- on this machine
            return json.load(answer)


def versions() -> list[str]:
    """Give those that scripts/get-home-assistant knows, the oldest first."""
    known = subprocess.run(
        [REPOSITORY / "scripts" / "get-home-assistant", "--known"], capture_output=True, text=True, check=True
    )
    return known.stdout.split()


def is_installed(version: str) -> bool:
    """Tell whether a version is there."""
    return (_folder(version) / "ready").exists()


def installed(version: str) -> Path:
    """Give the folder of a version. Raises PartMissing where scripts/get-home-assistant did not install it."""
    if not is_installed(version):
        raise PartMissing(f"no Home Assistant {version}; get it with: scripts/get-home-assistant {version}")
    return _folder(version)


def image_of(installed: Path) -> str:
    """Give the image of the container that an installation must run in; empty if it runs on this machine."""
    image = installed / "container"
    return image.read_text(encoding="utf-8").strip() if image.exists() else ""


def command(installed: Path, words: Sequence[str], folder: Path, name: str) -> list[str]:
    """Give what runs a program of an installation, which may use `folder`; a container gets that name."""
    ours = [str(installed / "bin" / words[0]), *words[1:]]
    image = image_of(installed)
    if not image:
        return ours
    who = [f"--user={os.getuid()}:{os.getgid()}", "--env=HOME=/tmp"]
    folders = [f"--volume={path}:{path}" for path in (installed, folder)]
    return [
        "docker",
        "run",
        "--rm",
        "--interactive",
        f"--name={name}",
        "--init",
        "--network=host",
        *who,
        *folders,
        image,
        *ours,
    ]


def _folder(version: str) -> Path:
    return REPOSITORY / "build" / f"home-assistant-{version}"


@contextmanager
def running_home_assistant(version: str, folder: Path, broker_port: int, login: tuple[str, str]) -> Iterator[HomeAssistant]:
    """Run a version for the length of a block, with its files in `folder`. Raises PartMissing where it is not installed."""
    one = HomeAssistant(installed(version), folder, broker_port, login)
    try:
        one.start()
        yield one
    finally:
        one.kill()
