"""A Mosquitto of this machine's own, set as mosquitto/mosquitto.conf sets it, with a store that outlives it."""

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.broker import Broker
from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually, free_port

_CONFIG = REPOSITORY / "mosquitto" / "mosquitto.conf"
# Settings of a test's own; its programs have no logins.
_LISTENERS = {"listener", "protocol", "socket_domain"}
_OURS = {*_LISTENERS, "persistence_location", "user", "allow_anonymous", "password_file", "acl_file"}


@dataclass
class SavingBroker(Broker):
    """A running broker; `stop` kills it, `start` lets it read its store again."""

    store: Path
    _process: "_Mosquitto"

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.running.pid

    def save(self) -> None:
        """Let it save now, and wait until that is done."""
        before = self.saved()
        self.begin_to_save()
        eventually(lambda: self.saved() != before, what="a save")

    def begin_to_save(self) -> None:
        """Let it save now."""
        os.kill(self.pid, signal.SIGUSR1)

    def saved(self) -> int:
        """Tell one save from the one before it: each makes a new file and renames it; 0 before the first."""
        return self.store.stat().st_ino if self.store.exists() else 0


@contextmanager
def saving_broker(folder: Path, **changes: int) -> Iterator[SavingBroker]:
    """Run it with its store in `folder` and with some settings changed. Raises PartMissing where there is none."""
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/sbin")
    if binary is None:
        raise PartMissing("no mosquitto on PATH")
    port, websocket_port = free_port(), free_port()
    own = [
        f"listener {port} 127.0.0.1",
        f"listener {websocket_port} 127.0.0.1",
        "protocol websockets",
        "socket_domain ipv4",
        "allow_anonymous true",
        f"persistence_location {folder}/",
        f"user {getpass.getuser()}",
    ]
    lines = [
        line for line in _CONFIG.read_text(encoding="utf-8").splitlines() if line.split(" ")[0] not in _OURS | changes.keys()
    ]
    with tempfile.TemporaryDirectory() as elsewhere:  # a power cut may cost `folder` what was not synced
        config = Path(elsewhere, "mosquitto.conf")
        config.write_text("\n".join([*lines, *own, *(f"{name} {value}" for name, value in changes.items())]), encoding="utf-8")
        broker = SavingBroker(
            "127.0.0.1", port, websocket_port, _Mosquitto([binary, "-c", str(config)]), folder / "mosquitto.db"
        )
        try:
            broker.start()
            yield broker
        finally:
            broker.stop()


class _Mosquitto:
    def __init__(self, command: list[str]) -> None:
        self._command = command
        self.running: subprocess.Popen[bytes]

    def start(self) -> None:
        self.running = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self.running.kill()
        self.running.wait()
