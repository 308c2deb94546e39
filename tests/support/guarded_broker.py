"""A real Mosquitto with logins, rights and TLS, as an installation has it; every service has a login of its own."""

import getpass
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from testcontainers.core.container import DockerContainer

from mosquitto.acl import Names, acl_text
from mosquitto.certificates import new_authority, new_server
from mosquitto.password_hash import SALT_BYTES, hash_of
from tests.support.broker import IMAGE
from tests.support.parts import container_or_binary
from tests.support.waiting import eventually, free_port

PASSWORD = "not-a-secret"  # noqa: S105 -- of this test's own broker
SERVICES = ("reader", "relay_controller", "influx_bridge", "csv_logger")
_CONFIG = """\
listener {port} {address}
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
persistence false
log_type none
user {user}
"""
_TLS = "certfile {folder}/server.crt\nkeyfile {folder}/server.key\n"


@dataclass(frozen=True)
class GuardedBroker:
    """Where it is; `ca_file` is its authority, if it speaks TLS."""

    host: str
    port: int
    ca_file: Path


@contextmanager
def guarded_broker(
    *, base: str = "smartmeter", hosts: Sequence[str] = (), made: datetime | None = None
) -> Iterator[GuardedBroker]:
    """Run a broker with rights for the topics under `base`; with TLS if there are `hosts` for the certificate, made then.

    Raises PartMissing where there is no broker.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        salt = bytes(SALT_BYTES)
        (folder / "passwords").write_text("".join(f"{one}:{hash_of(PASSWORD, salt)}\n" for one in SERVICES), encoding="ascii")
        (folder / "acl").write_text(acl_text(Names(base, "homeassistant"), {}), encoding="ascii")
        config = _CONFIG
        if hosts:
            config += _TLS
            when = made or datetime.now(UTC)
            authority = new_authority("the tests", when)
            server = new_server(authority, hosts, when)
            (folder / "ca.crt").write_bytes(authority.certificate)
            (folder / "server.crt").write_bytes(server.certificate)
            (folder / "server.key").write_bytes(server.key)
        with container_or_binary(partial(_container, folder, config), "mosquitto", partial(_local, folder, config)) as broker:
            yield broker


@contextmanager
def _container(folder: Path, config: str) -> Iterator[GuardedBroker]:
    port = free_port()
    text = config.format(port=1883, address="0.0.0.0", folder="/mosquitto/config", user="mosquitto")
    (folder / "mosquitto.conf").write_text(text, encoding="ascii")
    container = DockerContainer(IMAGE).with_bind_ports(1883, port)
    with container.with_volume_mapping(str(folder), "/mosquitto/config", "ro"):
        eventually(lambda: _greets(port, has_tls="certfile" in config), deadline_s=60.0, what="the broker's port")
        yield GuardedBroker("127.0.0.1", port, folder / "ca.crt")


@contextmanager
def _local(folder: Path, config: str, binary: str) -> Iterator[GuardedBroker]:
    port = free_port()
    text = config.format(port=port, address="127.0.0.1", folder=folder, user=getpass.getuser())
    (folder / "mosquitto.conf").write_text(text, encoding="ascii")
    process = subprocess.Popen([binary, "-c", str(folder / "mosquitto.conf")])
    try:
        eventually(lambda: _greets(port, has_tls="certfile" in config), deadline_s=60.0, what="the broker's port")
        yield GuardedBroker("127.0.0.1", port, folder / "ca.crt")
    finally:
        process.kill()
        process.wait()


def _greets(port: int, *, has_tls: bool) -> bool:
    """Tell whether the broker answers: a container's port is open before the broker in it is."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as plain:
            if has_tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                context.wrap_socket(plain).close()
                return True
            plain.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")  # MQTT 3.1.1: clean session, no name
            return plain.recv(1) == b"\x20"  # CONNACK, here a refusal
    except OSError:
        return False
