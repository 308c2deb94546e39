"""A real Mosquitto: in a container where an engine answers, else the one of this machine."""

import getpass
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from testcontainers.core.container import DockerContainer

from tests.support.parts import container_or_binary
from tests.support.waiting import eventually, free_port

IMAGE = "eclipse-mosquitto:2"
_CONFIG = """\
listener {port} {address}
listener {websocket_port} {address}
protocol websockets
socket_domain ipv4
allow_anonymous {anonymous}
set_tcp_nodelay true
persistence false
log_type none
user {user}
"""


class _Process(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass
class Broker:
    """A running broker without passwords; it may be stopped and started on the same ports, of which one is for WebSockets."""

    host: str
    port: int
    websocket_port: int
    _process: _Process

    def stop(self) -> None:
        """End it, as a crash or an update would."""
        self._process.stop()

    def start(self) -> None:
        """Start it, on the same port, with an empty store."""
        self._process.start()
        eventually(lambda: takes_connections(self.port), what="the broker's port")


@contextmanager
def running_broker(*, anonymous: bool = True) -> Iterator[Broker]:
    """Run a broker, which takes everybody, or nobody. Raises PartMissing where there is none."""
    taking = "true" if anonymous else "false"
    with container_or_binary(partial(_container, taking), "mosquitto", partial(_local, taking)) as broker:
        yield broker


@contextmanager
def running_local_broker() -> Iterator[Broker]:
    """Run this machine's own broker where it has one, for measurements: a container's port goes through one process more."""
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/sbin")
    with running_broker() if binary is None else _local("true", binary) as broker:
        yield broker


@contextmanager
def _container(anonymous: str) -> Iterator[Broker]:
    port, websocket_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "mosquitto.conf")
        text = _CONFIG.format(port=1883, websocket_port=9001, address="0.0.0.0", user="mosquitto", anonymous=anonymous)
        config.write_text(text, encoding="utf-8")
        Path(folder).chmod(0o755)
        container = DockerContainer(IMAGE).with_bind_ports(1883, port).with_bind_ports(9001, websocket_port)
        container.with_volume_mapping(str(config), "/mosquitto/config/mosquitto.conf", "ro")
        with container:
            wrapped = container.get_wrapped_container()
            broker = Broker("127.0.0.1", port, websocket_port, _Container(wrapped))
            eventually(lambda: takes_connections(port), what="the broker's port")
            yield broker


class _Container:
    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def start(self) -> None:
        self._wrapped.start()

    def stop(self) -> None:
        self._wrapped.stop(timeout=0)


@contextmanager
def _local(anonymous: str, binary: str) -> Iterator[Broker]:
    port, websocket_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "mosquitto.conf")
        user = getpass.getuser()
        text = _CONFIG.format(port=port, websocket_port=websocket_port, address="127.0.0.1", user=user, anonymous=anonymous)
        config.write_text(text, encoding="utf-8")
        program = _Program([binary, "-c", str(config)])
        broker = Broker("127.0.0.1", port, websocket_port, program)
        broker.start()
        try:
            yield broker
        finally:
            program.stop()


class _Program:
    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def takes_connections(port: int) -> bool:
    """Tell whether an MQTT server answers: a container's port is open before the broker in it is."""
    connect = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"  # MQTT 3.1.1: clean session, no name
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as client:
            client.sendall(connect)
            return client.recv(1) == b"\x20"  # CONNACK, taken or refused
    except OSError:
        return False
