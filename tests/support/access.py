"""Logins, rights and certificates as `python -m mosquitto` makes them, and real brokers that obey them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from testcontainers.core.container import DockerContainer

from common.secret_files import Owner
from tests.support.broker import takes_connections
from tests.support.parts import CONTAINER_ERRORS, PartMissing
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.waiting import eventually, free_port

LOCAL = "this machine's own"
BROKERS = ("eclipse-mosquitto:2", "eclipse-mosquitto:2.0", LOCAL)
_IN_CONTAINER = "/mosquitto/access"  # as docker-compose.yml has it
_BROKER_USER = 1883
_ROOT = 0


class Access:
    """The folders below one folder, and the command that works on them."""

    def __init__(self, root: Path, settings: str = "", owner: Owner | None = None) -> None:
        """Write the settings; the folders are not there yet. `owner` is whose the broker's files shall be."""
        self.root = root
        self.broker, self.logins, self.authority = root / "broker", root / "logins", root / "authority"
        self.config = root / "config.ini"
        self.config.write_text(settings, encoding="utf-8")
        self._owner = [] if owner is None else [f"--broker-owner={owner[0]}:{owner[1]}"]

    def command(self, name: str, *arguments: str) -> list[str]:
        """Give the whole command."""
        folders = {"config": self.config, "broker": self.broker, "logins": self.logins, "authority": self.authority}
        options = [f"--{option}={path}" for option, path in folders.items()]
        return [sys.executable, "-m", "mosquitto", name, *options, *self._owner, *arguments]

    def run(self, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever that is."""
        return run(self.command(name, *arguments), **variables)

    def do(self, name: str, *arguments: str, **variables: str) -> str:
        """Run a command that works; give its standard output."""
        ended = self.run(name, *arguments, **variables)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def login(self, service: str) -> tuple[str, str]:
        """Give name and password of a service."""
        return service, (self.logins / service / "password").read_text(encoding="utf-8").strip()


def run(command: Sequence[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end."""
    environment = clean_environment(**variables)
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, env=environment, timeout=60)


class _Process(Protocol):
    def reload(self) -> None: ...

    def restart(self) -> None: ...

    def words(self) -> str: ...


@dataclass
class GuardedBroker:
    """A running broker that asks for a login."""

    host: str
    port: int
    tls_port: int
    websocket_port: int
    _process: _Process

    def reload(self) -> None:
        """Let it read passwords and rights again, as `make user` does."""
        self._process.reload()

    def restart(self) -> None:
        """End it as a crash would, and start it on the same ports, with an empty store."""
        self._process.restart()
        eventually(lambda: takes_connections(self.port), deadline_s=60.0, what="the broker's port")

    @property
    def log(self) -> str:
        """What it said so far."""
        return self._process.words()


def broker_owner(kind: str) -> Owner | None:
    """Give whose the files of a broker are: a container's broker has a user of its own where that can be given to."""
    return (_BROKER_USER, _BROKER_USER) if kind != LOCAL and os.geteuid() == _ROOT else None


def broker_sees(kind: str, access: Access) -> str:
    """Give the broker's folder as the broker sees it."""
    return str(access.broker) if kind == LOCAL else _IN_CONTAINER


@contextmanager
def guarded_broker(kind: str, access: Access) -> Iterator[GuardedBroker]:
    """Run a broker with the repository's configuration and these files. Raises PartMissing where there is none."""
    with _local(access) if kind == LOCAL else _container(kind, access) as broker:
        eventually(lambda: takes_connections(broker.port), deadline_s=60.0, what="the broker's port")
        yield broker


class _Container:
    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def reload(self) -> None:
        self._wrapped.kill("SIGHUP")

    def restart(self) -> None:
        self._wrapped.restart(timeout=0)

    def words(self) -> str:
        return str(self._wrapped.logs().decode())


@contextmanager
def _container(image: str, access: Access) -> Iterator[GuardedBroker]:
    ports = free_port(), free_port(), free_port()
    found = access.broker.stat()
    container = DockerContainer(image, user=f"{found.st_uid}:{found.st_gid}", cap_drop=["ALL"], read_only=True)
    container.with_tmpfs_mount("/mosquitto/data")
    container.with_bind_ports(1883, ports[0]).with_bind_ports(8883, ports[1]).with_bind_ports(9001, ports[2])
    container.with_volume_mapping(str(access.broker), _IN_CONTAINER, "ro")
    container.with_volume_mapping(str(REPOSITORY / "mosquitto" / "compose.conf"), "/mosquitto/config/mosquitto.conf", "ro")
    with ExitStack() as stack:
        try:
            stack.enter_context(container)
        except CONTAINER_ERRORS as error:
            raise PartMissing(f"no container of {image}: {str(error)[:100]}") from None
        yield GuardedBroker("127.0.0.1", *ports, _Container(container.get_wrapped_container()))


class _Program:
    def __init__(self, command: list[str], log: Path) -> None:
        self._command, self._log = command, log
        self._start()

    def reload(self) -> None:
        self.running.send_signal(1)

    def restart(self) -> None:
        self.end()
        self._start()

    def end(self) -> None:
        self.running.kill()
        self.running.wait()

    def words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _start(self) -> None:
        with self._log.open("ab") as words:
            self.running = subprocess.Popen(self._command, stderr=words)


@contextmanager
def _local(access: Access) -> Iterator[GuardedBroker]:
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/sbin")
    if binary is None:
        raise PartMissing("no mosquitto on PATH")
    ports = free_port(), free_port(), free_port()
    text = (REPOSITORY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/mosquitto/smartmeter", str(access.broker)).replace("listener 1883", f"listener {ports[0]}")
    text = text.replace("listener 9001", f"listener {ports[2]}").replace("persistence true", "persistence false")
    # Debian's own configuration takes these in.
    listeners = (access.broker / "listeners.conf").read_text(encoding="utf-8").replace("listener 8883", f"listener {ports[1]}")
    config = access.root / "mosquitto.conf"
    user = "root" if os.geteuid() == _ROOT else "nobody"  # who is not root stays who he is
    config.write_text(f"{text}\nuser {user}\n{listeners}", encoding="utf-8")
    program = _Program([binary, "-c", str(config)], access.root / "mosquitto.log")
    try:
        yield GuardedBroker("127.0.0.1", *ports, program)
    finally:
        program.end()
