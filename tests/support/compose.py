"""The stack as Docker Compose runs it: in a copy of the repository, under a name, an image and a port of its own."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.waiting import eventually, free_port

IMAGE = "smartmeter-test"
SERVICES = ("reader", "csv_logger", "influx_bridge", "relay_controller")
_BUILD_S = 900.0
_COMMAND_S = 180.0
_COPIED = (
    "docker-compose.yml", "Dockerfile", ".dockerignore", "pyproject.toml", "config.sample.ini", "Makefile", "scripts",
    "docs/grafana", "mosquitto", "common", "reader", "csv_logger", "influx_bridge", "relay_controller", "demo",
)  # fmt: skip


class Project:
    """One stack. `port` is where its broker listens on this machine, `web_port` where its live page is."""

    def __init__(self, folder: Path, name: str) -> None:
        """Copy what Compose needs into a folder; nothing runs yet."""
        self.folder, self.name, self.port, self.web_port = folder, name, free_port(), free_port()
        for part in _COPIED:
            source = REPOSITORY / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder)
        compose = folder / "docker-compose.yml"
        compose.write_text(compose.read_text().replace("image: smartmeter\n", f"image: {IMAGE}\n"))
        self.set_env()

    def set_env(self, **lines: str) -> None:
        """Write `.env` anew."""
        env = {"MQTT_PORT": str(self.port), "WEB_PORT": str(self.web_port), **lines}
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))

    def run(self, *arguments: str, timeout_s: float = _COMMAND_S, expected: int | None = 0) -> str:
        """Give what a command of Compose says on both ends; fails at another exit code than `expected` (None: any)."""
        return self.call("docker", "compose", *arguments, timeout_s=timeout_s, expected=expected)

    def call(self, *command: str, timeout_s: float = _COMMAND_S, expected: int | None = 0) -> str:
        """Run any program in the folder, as a user would; give what it says on both ends."""
        ended = self.ended(*command, stderr=subprocess.STDOUT, timeout_s=timeout_s)
        assert expected is None or ended.returncode == expected, f"{' '.join(command)}: {ended.returncode}\n{ended.stdout}"
        return ended.stdout

    def answer(self, *command: str) -> str:
        """Run any program in the folder; give its standard output alone."""
        ended = self.ended(*command)
        assert ended.returncode == 0, f"{' '.join(command)}: {ended.returncode}\n{ended.stderr}"
        return ended.stdout

    def ended(
        self, *command: str, stderr: int = subprocess.PIPE, timeout_s: float = _COMMAND_S
    ) -> subprocess.CompletedProcess[str]:
        """Run any program in the folder to its end, whatever that is; its two outputs are apart."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=clean_environment(COMPOSE_PROJECT_NAME=self.name),
            stdout=subprocess.PIPE,
            stderr=stderr,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def in_service(self, service: str, *command: str, expected: int | None = 0) -> str:
        """Run a command in the container of a service."""
        return self.run("exec", "-T", service, *command, expected=expected)

    def container(self, service: str) -> dict[str, Any]:
        """Give what Docker knows of the container of a service, also when it does not run."""
        name = self.run("ps", "-a", "-q", service).split()[0]
        found: dict[str, Any] = json.loads(self.call("docker", "inspect", name))[0]
        return found

    def health(self, service: str) -> tuple[int, str]:
        """Ask the health check of a service now, as Docker does once a minute: exit code and words."""
        words = self.run("exec", "-T", service, "python3", "-m", "common.health_check", expected=None)
        return int(not words.startswith("online")), words.strip()

    def kill(self, service: str) -> None:
        """End a service's process as a crash does: Docker is not told, unlike with `docker kill`, and restarts it."""
        pid = self.container(service)["State"]["Pid"]
        killer = ("--rm", "--pid", "host", "--user", "root", "--cap-add", "KILL", "--network", "none", IMAGE)
        self.call("docker", "run", *killer, "python3", "-c", f"import os; os.kill({pid}, 9)")

    def wait_until_restarted(self, service: str, restarts: int) -> None:
        """Wait until Docker has started the container once more."""
        eventually(lambda: self._runs_again(service, restarts), 60.0, f"{service} restarted")

    def _runs_again(self, service: str, restarts: int) -> bool:
        container = self.container(service)
        return bool(container["State"]["Running"]) and container["RestartCount"] > restarts

    def log(self, service: str) -> str:
        """Give what a service said so far."""
        return self.run("logs", "--no-log-prefix", service)


def needs_compose() -> None:
    """Raise PartMissing where Docker Compose, or a right to use it, is not there."""
    if shutil.which("docker") is None:
        raise PartMissing("no docker on PATH")
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        tried = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if tried.returncode:
            raise PartMissing(f"{' '.join(command)}: {(tried.stderr or tried.stdout).strip().splitlines()[-1:]}")


@contextmanager
def composed(folder: Path, **env: str) -> Iterator[Project]:
    """Build the image and give a project that is not up yet; everything of it is gone afterwards, volumes too."""
    needs_compose()
    project = Project(folder, f"smartmeter-test-{os.getpid()}-{folder.name}".replace("_", "-").lower())
    project.set_env(**env)
    project.run("build", "--quiet", timeout_s=_BUILD_S)
    try:
        yield project
    finally:
        project.run("--profile", "*", "down", "--volumes", "--timeout", "5", expected=None)
