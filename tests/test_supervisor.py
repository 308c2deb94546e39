"""Signs of life: to systemd, and to the health check of a container."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from common.health_file import judged, written
from common.supervisor import Supervisor
from tests.support.broker import Broker
from tests.support.processes import REPOSITORY, running
from tests.support.waiting import eventually


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """Stand where systemd stands: at the end of NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(20.0)
        yield sock


def _environment(systemd: socket.socket, watchdog_s: float = 30.0) -> dict[str, str]:
    return {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": f"{watchdog_s * 1e6:.0f}"}


def test_the_first_sign_says_ready_and_each_one_feeds_the_watchdog(systemd: socket.socket) -> None:
    """Lines of sd_notify(3): a third of the watchdog's time apart, at once when there is news."""
    supervisor = Supervisor(_environment(systemd))
    for status, trouble, now_s in (
        ("offline", "Connection refused", 100.0),
        ("offline", "Connection refused", 109.7),  # nothing is due
        ("online", "", 110.0),
        ("online", "", 119.7),
        ("online", "", 119.9),  # nearly due, and awake now
    ):
        supervisor.beat(status, trouble, now_s)
    assert supervisor.seconds_left(123.9) == 6.0
    assert [systemd.recv(1000).decode().split("\n") for _ in range(3)] == [
        ["READY=1", "WATCHDOG=1", "STATUS=offline: Connection refused"],
        ["WATCHDOG=1", "STATUS=online"],
        ["WATCHDOG=1", "STATUS=online"],
    ]


def test_ready_is_said_until_systemd_takes_it(systemd: socket.socket) -> None:
    """Its queue may be full at the first sign; a start without this word ends in a timeout."""
    filled = 0
    with suppress(BlockingIOError):
        while True:  # each message from a socket of its own: the queue is full, and not what one may send
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                other.settimeout(0.0)
                other.sendto(b"of others", systemd.getsockname())
            filled += 1
    supervisor = Supervisor(_environment(systemd))
    supervisor.beat("online", "", 0.0)
    assert {systemd.recv(1000) for _ in range(filled)} == {b"of others"}
    for now_s in (10.0, 20.0):
        supervisor.beat("online", "", now_s)
    assert systemd.recv(1000) == b"READY=1\nWATCHDOG=1\nSTATUS=online"
    assert systemd.recv(1000) == b"WATCHDOG=1\nSTATUS=online"


def test_words_of_many_lines_are_one_line(systemd: socket.socket) -> None:
    """What a server says must not become another assignment to systemd."""
    Supervisor(_environment(systemd)).beat("failing", "401\nMAINPID=1", 0.0)
    assert systemd.recv(1000).decode().endswith("\nSTATUS=failing: 401 MAINPID=1")


def test_an_abstract_address_is_understood() -> None:
    """Systemd may give either kind."""
    name = f"smartmeter-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0{name}")
        sock.settimeout(20.0)
        Supervisor({"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": "30000000"}).beat("online", "", 0.0)
        assert sock.recv(1000).startswith(b"READY=1\n")


def test_a_systemd_that_is_gone_is_no_error(tmp_path: Path) -> None:
    """It may be restarting."""
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "none"), "WATCHDOG_USEC": "30000000"}).beat("online", "", 0.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (written("online", "", 100.0), (True, "online")),
        (written("disabled", "", 100.0), (True, "disabled")),
        (written("stale", "no valid telegram", 100.0), (False, "stale: no valid telegram")),
        (written("online", "HTTP 401", 100.0), (False, "online: HTTP 401")),
        (written("online", "", 81.0), (True, "online")),
        (written("online", "", 79.0), (False, "no sign of life for 31 s")),  # three signs of life are missing
        (written("online", "", 1000.0), (False, "no sign of life for 890 s")),  # before the machine started anew
        ("", (False, "the file is damaged")),
        ("[]", (False, "the file is damaged")),
        ('{"status": "online"}', (False, "the file is damaged")),
        ('{"status": "online", "trouble": "", "monotonic_s": null}', (False, "the file is damaged")),
    ],
)
def test_the_file_is_judged_by_what_it_says_and_by_its_age(text: str, expected: tuple[bool, str]) -> None:
    """Only a service that works, and said so a moment ago, is healthy."""
    assert judged(text, 110.0) == expected


def _health_check(folder: Path) -> tuple[int, str]:
    check = subprocess.run(
        [sys.executable, "-m", "common.health_check"],
        cwd=REPOSITORY,
        env={**os.environ, "RUNTIME_DIRECTORY": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not check.stderr
    return check.returncode, check.stdout.strip()


def test_the_health_check_says_that_a_service_does_not_run_yet(tmp_path: Path) -> None:
    """Without a file there is no health."""
    code, words = _health_check(tmp_path)
    assert code == 1
    assert words.endswith("No such file or directory: the service does not run yet")


@pytest.mark.broker
def test_the_health_of_a_service_is_that_of_its_promise(broker: Broker, tmp_path: Path) -> None:
    """A csv_logger that writes is healthy; a reader without a telegram is not, and says why; one that rests is."""
    mqtt = f"[mqtt]\nhost = {broker.host}\nport = {broker.port}\n"
    for service, more, code, words in (
        ("csv_logger", "[csv]\nmin_free_mb = 0\n", 0, "online"),
        ("reader", f"[serial]\nport = {tmp_path}/none\n", 1, "stale: its port is away: it does not exist"),
        ("influx_bridge", "[influx]\nenabled = no\n", 0, "disabled"),
        ("relay_controller", "[load:boiler]\ndriver = none\n", 0, "online"),
    ):
        file = tmp_path / "config.ini"
        file.write_text(mqtt + more, encoding="utf-8")
        with running([service, "-c", str(file)], tmp_path / "log", RUNTIME_DIRECTORY=str(tmp_path)):
            eventually(lambda: _is_so(tmp_path, code, words), what=service)  # noqa: B023 -- called in this round


def _is_so(folder: Path, code: int, words: str) -> bool:
    found, said = _health_check(folder)
    return found == code and said.startswith(words)


def test_without_a_broker_no_service_is_healthy(tmp_path: Path) -> None:
    """The reason is the broker's."""
    file = tmp_path / "config.ini"
    file.write_text("[mqtt]\nport = 1\n", encoding="utf-8")
    with running(["csv_logger", "-c", str(file)], tmp_path / "log", RUNTIME_DIRECTORY=str(tmp_path)):
        eventually(lambda: _health_check(tmp_path) == (1, "offline: Connection refused"))


@pytest.mark.parametrize(
    ("watcher", "ends"),
    [
        ({"RUNTIME_DIRECTORY": "{folder}"}, True),  # a container
        ({"RUNTIME_DIRECTORY": "{folder}", "WATCHDOG_USEC": "9000000", "WATCHDOG_PID": "1"}, True),  # of somebody else
        ({"RUNTIME_DIRECTORY": "{folder}", "WATCHDOG_USEC": "9000000"}, False),  # systemd ends it
        ({}, False),  # a terminal, where nobody would start it again
    ],
)
def test_a_main_loop_that_hangs_ends_where_only_that_brings_it_back(
    watcher: dict[str, str], *, ends: bool, tmp_path: Path
) -> None:
    """The process says where it hung, and ends with an exit code that makes Docker restart it."""
    environment = {name: value.format(folder=tmp_path) for name, value in watcher.items()}
    program = (
        "import time\nfrom common.supervisor import Supervisor\n"
        f"Supervisor({environment}, 0.3).beat('online', '', time.monotonic())\n"
        f"time.sleep({20 if ends else 1})\n"
    )
    hung = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=30
    )
    assert hung.returncode == (1 if ends else 0)
    assert ("Timeout" in hung.stderr and 'File "<string>", line 4' in hung.stderr) == ends


@pytest.mark.broker
def test_a_frozen_service_feeds_no_watchdog(broker: Broker, systemd: socket.socket, tmp_path: Path) -> None:
    """Signs of life come while it works, and none while it is stopped."""
    file = tmp_path / "config.ini"
    file.write_text(f"[mqtt]\nhost = {broker.host}\nport = {broker.port}\n", encoding="utf-8")
    with running(["csv_logger", "-c", str(file)], tmp_path / "log", None, **_environment(systemd, 0.6)) as service:
        while b"STATUS=online" not in systemd.recv(1000):
            pass
        os.kill(service.process.pid, signal.SIGSTOP)
        eventually(lambda: _is_frozen(service.process.pid), what="the service to stand still")
        try:
            systemd.settimeout(0.0)
            _drain(systemd)
            time.sleep(1.0)  # that nothing happens takes time
            with pytest.raises(BlockingIOError):
                systemd.recv(1000)
        finally:
            os.kill(service.process.pid, signal.SIGCONT)
        systemd.settimeout(20.0)
        assert b"WATCHDOG=1" in systemd.recv(1000)


def _is_frozen(pid: int) -> bool:
    """Tell whether none of its threads runs any more."""
    states = [stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


def _drain(sock: socket.socket) -> None:
    try:
        while sock.recv(1000):
            pass
    except BlockingIOError:
        return


def test_the_file_is_json(tmp_path: Path) -> None:
    """Whoever looks at it can read it."""
    Supervisor({"RUNTIME_DIRECTORY": str(tmp_path), "WATCHDOG_USEC": "30000000"}).beat("online", "", 5.0)
    assert json.loads((tmp_path / "health").read_text()) == {"status": "online", "trouble": "", "monotonic_s": 5.0}
    assert list(tmp_path.iterdir()) == [tmp_path / "health"]
