"""A Debian machine with systemd as process 1, in a container, with this checkout on it: for trying an installation."""

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.waiting import eventually

CHECKOUT = "/home/smartmeter-checkout"
SERVICES = ("reader", "relay_controller", "influx_bridge", "csv_logger")
_TOOL = REPOSITORY.parent / "shared" / "container-engine" / "systemd-host"
_UP_S = 600.0  # the first time it builds an image
_COMMAND_S = 180.0


class Host:
    """The machine. `run` gives what a command said, also if it failed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def run(self, command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Run a line of shell in the checkout."""
        return _docker("exec", "--user", user, "--workdir", CHECKOUT, self._name, "bash", "-c", command)

    def says(self, command: str) -> str:
        """Run a line of shell that must succeed; give its output without the last newline."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.removesuffix("\n")

    def write(self, path: str, text: str) -> None:
        """Write a file, and the folders above it."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, Path(path).name)
            file.write_text(text, encoding="utf-8")
            self.says(f"mkdir -p {Path(path).parent}")
            self.copy(file, path)

    def copy(self, source: Path, target: str) -> None:
        """Copy a file or a folder into the machine."""
        done = _docker("cp", str(source), f"{self._name}:{target}")
        assert done.returncode == 0, done.stderr

    def reboot(self) -> None:
        """Stop the machine in order, and start it again; what is on its disk stays."""
        done = _docker("restart", "-t", "60", self._name)
        assert done.returncode == 0, done.stderr
        up = {"running", "degraded"}
        eventually(lambda: self.run("systemctl is-system-running").stdout.strip() in up, 60, "the machine to be up")

    def unit(self, unit: str, name: str) -> str:
        """Give a property of a unit."""
        return self.says(f"systemctl show -p {name} --value '{unit}'")

    def service(self, service: str, name: str) -> str:
        """Give a property of a service of ours."""
        return self.unit(f"smartmeter@{service}.service", name)

    def pid(self, service: str) -> int:
        """Give the main process of a service of ours; 0 if there is none."""
        return int(self.service(service, "MainPID"))

    def journal(self, service: str) -> str:
        """Give what a service of ours, and systemd about it, has said since the machine started."""
        return self.says(f"journalctl -o cat -u smartmeter@{service}.service")

    def wait_until_all_run(self) -> None:
        """Wait until the four services have said that they are ready."""
        states = {f"smartmeter@{service}.service" for service in SERVICES}
        eventually(
            lambda: {unit for unit in states if self.unit(unit, "ActiveState") == "active"} == states, 60, "all services"
        )

    def wait_until_ready(self, service: str) -> None:
        """Wait until a service has said that it is ready."""
        eventually(lambda: self.service(service, "ActiveState") == "active", 60, f"{service} to be ready")

    @property
    def address(self) -> str:
        """The machine's address in the network of containers."""
        return self.says("hostname -I").split()[0]


@contextmanager
def systemd_host() -> Iterator[Host]:
    """Boot a machine for the length of a block. Raises PartMissing where that cannot be."""
    if not _TOOL.exists():
        raise PartMissing(f"no {_TOOL.name}, which boots systemd in a container")
    name = f"smartmeter-systemd-{os.getpid()}"
    try:
        subprocess.run([_TOOL, "up", name], check=True, timeout=_UP_S, capture_output=True, text=True)
    except (subprocess.SubprocessError, OSError) as error:
        _tool("down", name)
        raise PartMissing(f"systemd does not boot in a container: {getattr(error, 'stderr', None) or error}") from None
    try:
        host = Host(name)
        _copy_checkout(host, name)
        yield host
    finally:
        _tool("down", name)


def _copy_checkout(host: Host, name: str) -> None:
    """Copy what git knows or would add; what is ignored stays here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY, check=True, capture_output=True
    )
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "checkout.tar")
        with tarfile.open(archive, "w") as tar:
            for file in filter(None, listed.stdout.decode().split("\0")):
                with suppress(FileNotFoundError):  # removed, and git does not know yet
                    tar.add(REPOSITORY / file, file)
        subprocess.run(["docker", "exec", name, "mkdir", "-p", CHECKOUT], check=True, timeout=_COMMAND_S)
        host.copy(archive, "/checkout.tar")
    host.says(f"tar -x -f /checkout.tar -C {CHECKOUT} --no-same-owner")


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *arguments], check=False, timeout=_COMMAND_S, capture_output=True, text=True, env=clean_environment()
    )


def _tool(*arguments: str) -> None:
    subprocess.run([_TOOL, *arguments], check=False, timeout=_COMMAND_S, capture_output=True)
