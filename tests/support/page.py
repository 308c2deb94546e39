"""The live page as `make www` builds it, and a broker for it: with WebSockets, and logins that may look or switch."""

import functools
import getpass
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from testcontainers.core.container import DockerContainer

from mosquitto.acl import Names, acl_text
from mosquitto.logins import HOME, SERVICES, VIEWER
from mosquitto.password_hash import SALT_BYTES, hash_of
from tests.support.broker import IMAGE, Broker, takes_connections
from tests.support.broker import _Container as EngineContainer
from tests.support.broker import _Program as Program
from tests.support.parts import PartMissing, alone_in, container_or_binary
from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually, free_port

PASSWORD = "not-a-secret+&#"  # noqa: S105 -- of this test's own broker; with what an address must escape
TESTER = "tester"  # may do everything
_PAGE = REPOSITORY / "build" / "www" / "index.html"
_SOURCE = REPOSITORY / "mosquitto" / "www"
_CONFIG = """\
listener {port} {address}
listener {websocket_port} {address}
protocol websockets
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
set_tcp_nodelay true
persistence false
log_type none
user {user}
"""


@functools.cache
def built_page() -> Path:
    """Build the page, once. Raises PartMissing where npm cannot."""
    made = subprocess.run([REPOSITORY / "scripts" / "make-www"], capture_output=True, text=True, check=False, timeout=300)
    if made.returncode:
        raise PartMissing(made.stderr.strip())
    return _PAGE


@functools.cache
def axe() -> str:
    """Give the script of axe-core, which finds what shuts people out. Raises PartMissing where npm cannot get it."""
    parts = REPOSITORY / "build" / "www-test-parts"
    script = parts / "node_modules" / "axe-core" / "axe.min.js"
    wanted = (_SOURCE / "package-lock.json").read_bytes()
    with alone_in(parts):
        ready = parts / "ready"
        if not ready.exists() or ready.read_bytes() != wanted:
            if shutil.which("npm") is None:
                raise PartMissing("no npm on PATH")
            for name in ("package.json", "package-lock.json"):
                shutil.copy(_SOURCE / name, parts)
            command = ["npm", "ci", "--prefix", str(parts), "--ignore-scripts", "--no-audit", "--no-fund"]
            made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
            if made.returncode:
                raise PartMissing(f"npm cannot get axe-core: {made.stderr.strip()[:100]}")
            ready.write_bytes(wanted)
    return script.read_text(encoding="utf-8")


class PageBroker(Broker):
    """A running broker with a login for each service, each role and the test."""

    def address(self, user: str = "", password: str = PASSWORD, topic: str = "") -> str:
        """Give the address of the page for a login, and for a meter."""
        options = {"broker": f"ws://127.0.0.1:{self.websocket_port}"}
        if user:
            options |= {"user": user, "password": password}
        if topic:
            options["topic"] = topic
        return f"{built_page().as_uri()}#" + "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())


@contextmanager
def running_page_broker() -> Iterator[PageBroker]:
    """Run the broker. Raises PartMissing where there is none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        people = {VIEWER: VIEWER, HOME: HOME}
        users = [*SERVICES, *people, TESTER]
        passwords = "".join(f"{user}:{hash_of(PASSWORD, bytes(SALT_BYTES))}\n" for user in users)
        rights = acl_text(Names("smartmeter", "homeassistant"), people) + f"\nuser {TESTER}\ntopic readwrite #\n"
        for file, text in (("passwords", passwords), ("acl", rights)):
            (folder / file).write_text(text, encoding="ascii")
            (folder / file).chmod(0o644)
        with container_or_binary(partial(_container, folder), "mosquitto", partial(_local, folder)) as broker:
            yield broker


@contextmanager
def _container(folder: Path) -> Iterator[PageBroker]:
    port, websocket_port = free_port(), free_port()
    own = {"port": 1883, "websocket_port": 9001, "address": "0.0.0.0", "folder": "/mosquitto/config", "user": "mosquitto"}
    (folder / "mosquitto.conf").write_text(_CONFIG.format(**own), encoding="ascii")
    container = DockerContainer(IMAGE).with_bind_ports(1883, port).with_bind_ports(9001, websocket_port)
    with container.with_volume_mapping(str(folder), "/mosquitto/config", "ro"):
        broker = PageBroker("127.0.0.1", port, websocket_port, EngineContainer(container.get_wrapped_container()))
        eventually(lambda: takes_connections(port), what="the broker's port")
        yield broker


@contextmanager
def _local(folder: Path, binary: str) -> Iterator[PageBroker]:
    port, websocket_port = free_port(), free_port()
    own = {"port": port, "websocket_port": websocket_port, "address": "127.0.0.1", "folder": folder}
    (folder / "mosquitto.conf").write_text(_CONFIG.format(**own, user=getpass.getuser()), encoding="ascii")
    program = Program([binary, "-c", str(folder / "mosquitto.conf")])
    broker = PageBroker("127.0.0.1", port, websocket_port, program)
    broker.start()
    try:
        yield broker
    finally:
        program.stop()
