"""The stack as `docker compose up` runs it: it works, it comes back, and nobody may do more than he must."""

import csv
import io
import json
import os
import pty
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser
from urllib3.exceptions import HTTPError

from tests.support.browser import tab
from tests.support.compose import IMAGE, SERVICES, Project, composed
from tests.support.database import IMAGE as DATABASE_IMAGE
from tests.support.database import Database
from tests.support.listener import Listener
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually, free_port

pytest_plugins = ("tests.support.page_parts",)

TELEGRAM = "smartmeter/home/telegram"
IMAGE_MB_MAX = 180


@dataclass
class Address:
    """Where the broker listens on this machine."""

    host: str
    port: int


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Run `docker compose --profile demo up` for all tests of this file."""
    try:
        with composed(tmp_path_factory.mktemp("compose")) as project:
            project.run("--profile", "demo", "up", "-d")
            yield project
    except PartMissing as reason:
        do_without(reason)


@pytest.fixture(scope="module")
def login(stack: Project) -> tuple[str, str]:
    """Make a login as a user makes one, for somebody who only looks."""
    return "watcher", stack.answer("make", "--no-print-directory", "user", "NAME=watcher", "ROLE=viewer").strip()


def _listener(stack: Project, login: tuple[str, str], topics: str = "smartmeter/#") -> Listener:
    return Listener(Address("127.0.0.1", stack.port), topics, login)


def _rows(stack: Project) -> list[dict[str, str]]:
    """Read all rows, those of complete files first and then of the open one, as csv_logger sees them."""
    program = (
        "import glob, gzip\n"
        "for name in sorted(glob.glob('/data/*.csv*')) + sorted(glob.glob('/data/.wip__*')):\n"
        "    print((gzip.open if name.endswith('.gz') else open)(name, 'rt', newline='').read(), end='')\n"
    )
    text = stack.in_service("csv_logger", "python3", "-c", program)
    rows = list(csv.DictReader(io.StringIO(text)))
    return [row for row in rows if row["timestamp"] != "timestamp"]


def test_the_demo_gives_telegrams_and_rows(stack: Project, login: tuple[str, str]) -> None:
    """One command, and the simulated meter's telegrams are on the broker and in the CSV files."""
    with _listener(stack, login) as listener:
        eventually(lambda: len(listener.payloads(TELEGRAM)) > 2, 60.0, "telegrams")
        listener.wait_for("smartmeter/home/reader/status", b"online", 60.0)
    assert json.loads(listener.payloads(TELEGRAM)[0])["meter"] == "home"
    eventually(lambda: _rows(stack), 60.0, "rows")


def test_the_demo_shows_live_values(stack: Project) -> None:
    """Whoever has run the one command sees what the house draws or injects."""
    eventually(lambda: re.search(r"(draws|injects) [0-9,]+ W .* kW .* m³", stack.log("watch")), 60.0, "values")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_killed_is_back(service: str, stack: Project, login: tuple[str, str]) -> None:
    """Docker starts it again, and it works as before."""
    restarts = stack.container(service)["RestartCount"]
    stack.kill(service)
    stack.wait_until_restarted(service, restarts)
    eventually(lambda: stack.health(service)[1] in {"online", "disabled"}, 60.0, f"{service} is healthy")
    with _listener(stack, login) as listener:
        eventually(lambda: listener.payloads(TELEGRAM), 60.0, "a telegram")


def test_a_broker_that_is_killed_is_back(stack: Project, login: tuple[str, str]) -> None:
    """All services find it again, rows go on, and none is there twice."""
    restarts = stack.container("mosquitto")["RestartCount"]
    before = {row["timestamp"] for row in _rows(stack)}
    stack.kill("mosquitto")
    stack.wait_until_restarted("mosquitto", restarts)
    eventually(lambda: _takes(stack, login) == "Success", 60.0, "the broker")
    eventually(lambda: {row["timestamp"] for row in _rows(stack)} > before, 60.0, "more rows")
    times = [datetime.fromisoformat(row["timestamp"]) for row in _rows(stack)]
    assert len(set(times)) == len(times)


@pytest.mark.parametrize("service", [*SERVICES, "mosquitto", "web"])
def test_a_container_may_do_nothing_but_its_work(service: str, stack: Project) -> None:
    """No root, no capability, no way to more; nothing can be written outside volumes; memory and logs have a bound."""
    container = stack.container(service)
    status = dict(
        line.split(":", maxsplit=1)
        for line in stack.in_service(service, "cat", "/proc/1/status").splitlines()
        if line.count(":") == 1
    )
    users = {int(user) for user in status["Uid"].split()}
    assert users == ({1883} if service == "mosquitto" else {990})
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")} == {0}
    assert status["NoNewPrivs"].strip() == "1"
    host = container["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert 0 < host["Memory"] <= 256 * 1024**2
    assert 0 < host["PidsLimit"] <= 64
    assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    for folder in ("/", "/opt/smartmeter", "/etc", "/usr", "/login", "/mosquitto/access"):
        said = stack.in_service(service, "touch", f"{folder}/x", expected=1)
        assert "Read-only" in said or "No such" in said or "Permission denied" in said


def test_no_process_of_the_stack_is_root(stack: Project) -> None:
    """Not only the first one of each container."""
    for service in (*SERVICES, "mosquitto", "web", "simulator"):
        listed = stack.call("docker", "top", stack.container(service)["Id"], "-eo", "uid,pid").splitlines()
        assert not [line for line in listed[1:] if line.split()[0] == "0"], service


def test_only_the_reader_gets_serial_ports_and_only_relay_controller_the_pins(stack: Project) -> None:
    """And nobody any other device."""
    rules = {service: stack.container(service)["HostConfig"]["DeviceCgroupRules"] or [] for service in SERVICES}
    assert rules == {
        "reader": ["c 188:* rw", "c 166:* rw", "c 204:* rw", *(f"c 4:{minor} rw" for minor in (64, 65, 66, 67))],
        "csv_logger": [],
        "influx_bridge": [],
        "relay_controller": ["c 254:* rw"],
    }
    mounts = {service: {one["Destination"] for one in stack.container(service)["Mounts"]} for service in SERVICES}
    assert {service for service, targets in mounts.items() if "/dev" in targets} == {"reader", "relay_controller"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a device node")
@pytest.mark.parametrize(
    ("major", "minor", "opener"),
    [(188, 250, "reader"), (166, 250, "reader"), (204, 250, "reader"), (254, 250, "relay_controller"), (10, 250, None)],
)
def test_a_device_is_open_to_the_one_who_needs_it(major: int, minor: int, opener: str | None, stack: Project) -> None:
    """By its number. Whether there is a device behind these nodes only finds out who may open them."""
    node = Path("/dev", f"smartmeter-test-{os.getpid()}-{major}")
    os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    node.chmod(0o666)
    program = f"import os\ntry: os.open({str(node)!r}, os.O_RDWR)\nexcept OSError as error: print(error.strerror)"
    try:
        said = {service: stack.in_service(service, "python3", "-c", program).strip() for service in SERVICES}
    finally:
        node.unlink()
    refusal = {"reader": "Operation not permitted", "relay_controller": "Operation not permitted"}
    absence = {"csv_logger": "No such file or directory", "influx_bridge": "No such file or directory"}
    refused = {service: words for service, words in said.items() if words in {*refusal.values(), *absence.values()}}
    assert refused == {service: words for service, words in (refusal | absence).items() if service != opener}


def test_what_is_stored_waits_for_what_is_read_and_switched(stack: Project) -> None:
    """On a machine that has no time for all."""
    shares = {service: stack.container(service)["HostConfig"]["CpuShares"] for service in SERVICES}
    assert shares == {"reader": 2048, "csv_logger": 204, "influx_bridge": 204, "relay_controller": 2048}


@pytest.mark.parametrize("service", ["reader", "relay_controller"])
def test_memory_that_this_machine_shares_does_not_come_with_its_devices(service: str, stack: Project) -> None:
    """All of /dev is there, but a file in /dev/shm would be a way from one container to another."""
    name = f"smartmeter-test-{os.getpid()}"
    shared = Path("/dev/shm", name)  # noqa: S108 -- it is about that folder
    stack.in_service(service, "touch", str(shared))
    assert not shared.exists()


def test_a_secret_of_env_reaches_the_service_that_needs_it_and_no_other(stack: Project) -> None:
    """Also with a database of one's own beside the cloud, whose token is another."""
    secrets = {
        "SMARTMETER_INFLUX_TOKEN": "cloud",
        "SMARTMETER_SERIAL_DECRYPTION_KEY": "00" * 16,
        "SMARTMETER_MQTT_PASSWORD": "of another broker",
    }
    try:
        stack.set_env(**secrets)
        configured = json.loads(stack.run("--profile", "influx", "config", "--format", "json"))["services"]
        told = {
            (service, name)
            for service, one in configured.items()
            for name, value in (one.get("environment") or {}).items()
            if value in secrets.values()
        }
    finally:
        stack.set_env()
    assert told == {("influx_bridge", "SMARTMETER_INFLUX_TOKEN"), ("reader", "SMARTMETER_SERIAL_DECRYPTION_KEY")}
    assert "SMARTMETER_INFLUX_TOKEN_FILE" in configured["influx_bridge_local"]["environment"]


def test_a_service_has_its_own_password_only_and_nobody_else_can_read_it(stack: Project) -> None:
    """Mode 0600, its own volume; what the broker keeps are hashes."""
    passwords = {service: stack.in_service(service, "cat", "/login/password").strip() for service in SERVICES}
    assert len(set(passwords.values())) == len(SERVICES)
    assert all(len(password) >= 20 for password in passwords.values())
    for service in SERVICES:
        assert stack.in_service(service, "stat", "-c", "%a %u", "/login/password").strip() == "600 990"
        said = stack.log(service) + json.dumps(stack.container(service))
        assert not [password for password in passwords.values() if password in said]
    listed = stack.in_service("mosquitto", "cat", "/mosquitto/access/passwords")
    assert not [password for password in passwords.values() if password in listed]
    assert stack.in_service("mosquitto", "stat", "-c", "%a %u", "/mosquitto/access/passwords").strip() == "600 1883"
    said = stack.log("credentials")
    assert not [password for password in passwords.values() if password in said]


def test_the_image_has_no_password_and_is_small(stack: Project) -> None:
    """Passwords are made at the first start, in volumes."""
    image: dict[str, Any] = json.loads(stack.call("docker", "image", "inspect", IMAGE))[0]
    assert image["Size"] / 1e6 <= IMAGE_MB_MAX
    assert image["Config"]["User"] == "smartmeter"
    assert image["Config"]["StopSignal"] == "SIGTERM"
    assert image["Config"]["Healthcheck"]["Test"] == ["CMD", "python3", "-m", "common.health_check"]
    found = stack.call("docker", "run", "--rm", "--network", "none", IMAGE, "find", "/login", "/run/smartmeter", "/data")
    assert found.split() == ["/login", "/run/smartmeter", "/data"]


def test_the_image_knows_the_authorities_of_the_internet() -> None:
    """For InfluxDB Cloud; an image of Debian alone has none, and the one that this machine begins with may have some."""
    lines = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").rpartition("FROM debian:trixie-slim\n")[2]
    assert "ca-certificates" in lines.split()


def test_the_library_of_the_pins_works_without_rights(stack: Project) -> None:
    """It makes a pipe where it may write, and knows the board from what `make devices` found."""
    limits = ("--rm", "--read-only", "--cap-drop", "ALL", "--network", "none", "--tmpfs", "/run/smartmeter:uid=990")
    board = ("-e", "RPI_LGPIO_REVISION=c03111", "-e", "RPI_LGPIO_CHIP=0")
    program = "import RPi.GPIO as pins; print(pins.RPI_INFO['TYPE'])"
    assert stack.call("docker", "run", *limits, *board, IMAGE, "python3", "-c", program) == "Pi 4 Model B\n"


def _takes(stack: Project, login: tuple[str, str] | None, host: str = "127.0.0.1") -> str:
    """Try to connect; give the broker's answer, or why there is none."""
    answers: list[str] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(str(reason))
    if login:
        client.username_pw_set(*login)
    try:
        client.connect(host, stack.port, keepalive=5)
        while not answers:
            if client.loop(1.0) and not answers:
                return "closed"
    except OSError as error:
        return str(error)
    finally:
        client.disconnect()
        client.loop(0.1)
    return answers[0]


def test_nobody_gets_in_without_his_password(stack: Project, login: tuple[str, str]) -> None:
    """Right, wrong, none, and an unknown name."""
    assert _takes(stack, login) == "Success"
    for wrong in ((login[0], "wrong"), None, ("nobody", login[1]), ("reader", ""), ("admin", "admin")):
        assert _takes(stack, wrong) == "Not authorized", wrong


def _other_addresses() -> list[str]:
    """Give the addresses of this machine by which others reach it."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    addresses = [address for address in found if ":" not in address]
    assert addresses
    return addresses


def test_the_broker_is_reachable_from_this_machine_only(stack: Project) -> None:
    """At any other address of this machine, as others would come, nobody listens."""
    for address in _other_addresses():
        with pytest.raises(ConnectionRefusedError), socket.create_connection((address, stack.port), 5.0):
            pass
    assert stack.container("mosquitto")["HostConfig"]["PortBindings"] == {
        "1883/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]
    }
    assert stack.container("web")["HostConfig"]["PortBindings"] == {
        "8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(stack.web_port)}]
    }
    for service in (*SERVICES, "simulator"):
        assert not stack.container(service)["HostConfig"]["PortBindings"]


def test_one_line_opens_the_broker_to_others(stack: Project) -> None:
    """Who asks for it; nobody else but who has a login gets in then either."""
    with _settings(stack, MQTT_BIND="0.0.0.0"):
        for address in _other_addresses():
            eventually(lambda: _takes(stack, None, address) == "Not authorized", 60.0, f"an answer at {address}")  # noqa: B023


def test_a_port_that_is_taken_is_told_and_another_one_helps(stack: Project) -> None:
    """By a broker that was here before; the line is that of `docs/troubleshooting.md`."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stack.set_env(MQTT_PORT=str(port))
        try:
            said = stack.run("--profile", "demo", "up", "-d", expected=1)
        finally:
            _back_to_normal(stack)
    assert "address already in use" in said
    assert f":{port}" in said


# --- The live page ---


def _get(stack: Project, path: str) -> HTTPResponse:
    """Ask the server of the page; give its answer, read to the end."""
    connection = HTTPConnection("127.0.0.1", stack.web_port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer


def test_the_page_comes_with_nothing_around_it(stack: Project) -> None:
    """One file; no list of others, no way out of its folder, no word about the server; it may not be shown in a frame."""
    eventually(lambda: _web_check(stack) == "online", 60.0, "the page")
    answer = _get(stack, "/")
    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/html; charset=utf-8")
    for header, wanted in (
        ("Content-Security-Policy", "frame-ancestors 'none'"),
        ("Content-Security-Policy", "default-src 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    ):
        assert wanted in (answer.getheader(header) or "")
    assert answer.getheader("Server") is None
    for path in ("/www/", "/mosquitto/", "/../mosquitto/web.conf", "/%2e%2e/mosquitto/web.conf", "/mqtt/x"):
        assert _get(stack, path).status in {400, 404}, path


def test_a_browser_sees_the_house(stack: Project, login: tuple[str, str], browser: Browser) -> None:
    """With the login in the address, over the way to the broker that comes with the page."""
    address = f"http://127.0.0.1:{stack.web_port}/#user={login[0]}&password={login[1]}"
    with tab(browser, address) as opened:
        opened.page.locator("#now-number").filter(has_text=re.compile(r"\d")).wait_for(timeout=60_000)
        assert opened.complaints == []
        asked = {urlsplit(one).netloc for one in opened.requests if not one.startswith("data:")}
        assert asked == {f"127.0.0.1:{stack.web_port}"}


def _web_check(stack: Project) -> str:
    return stack.in_service("web", "python3", "-m", "mosquitto.web_check", expected=None).strip()


def test_a_broker_at_another_address_is_found_again(stack: Project) -> None:
    """Its server asks for the address once; the health check sees that it is another one, and lets it start anew."""
    eventually(lambda: _web_check(stack) == "online", 60.0, "the way to the broker")
    restarts = stack.container("web")["RestartCount"]
    broker, network = stack.container("mosquitto")["Id"], f"{stack.name}_default"
    stack.call("docker", "stop", "--time", "1", broker)
    other = stack.answer("docker", "run", "--detach", "--network", network, IMAGE, "sleep", "600").strip()  # takes the address
    try:
        stack.call("docker", "start", broker)
        assert "another address" in eventually(lambda: _moved(stack), 60.0, "what the check says")
        stack.wait_until_restarted("web", restarts)
        eventually(lambda: _web_check(stack) == "online", 60.0, "the way to the broker")
    finally:
        stack.call("docker", "rm", "--force", other)


def _moved(stack: Project) -> str:
    words = _web_check(stack)
    return words if words != "online" and "does not answer" not in words else ""


def test_rows_and_passwords_survive_down_and_up(stack: Project, login: tuple[str, str]) -> None:
    """`docker compose down` takes the containers, not what is in the volumes."""
    eventually(lambda: _rows(stack), 60.0, "rows")
    rows = _rows(stack)
    password = stack.in_service("reader", "cat", "/login/password")
    stack.run("--profile", "demo", "down", "--timeout", "10")
    stack.run("--profile", "demo", "up", "-d")
    assert stack.in_service("reader", "cat", "/login/password") == password
    assert _rows(stack)[: len(rows)] == rows
    eventually(lambda: _takes(stack, login) == "Success", 60.0, "the broker")
    eventually(lambda: len(_rows(stack)) > len(rows), 60.0, "more rows")


def test_without_a_port_the_others_run_and_the_reader_says_what_it_waits_for(stack: Project) -> None:
    """A cable that is not there yet is no reason for anything else to stop."""
    with _settings(stack, SERIAL_PORT="/dev/smartmeter-is-not-there"):
        eventually(lambda: "it does not exist" in stack.log("reader"), 60.0, "the reason")
        assert stack.container("reader")["State"]["Running"]
        eventually(lambda: stack.health("reader")[1].startswith("stale: "), 60.0, "the reader is stale")
        for service in ("csv_logger", "relay_controller", "influx_bridge"):
            eventually(lambda: stack.health(service)[1] in {"online", "disabled"}, 60.0, service)  # noqa: B023


# A person may wait two minutes for the word `unhealthy`, a test not.
_IMPATIENT = "".join(f"  {service}: {{healthcheck: {{interval: 1s, start_period: 1s, retries: 1}}}}\n" for service in SERVICES)


def test_docker_knows_who_does_not_keep_his_promise(stack: Project) -> None:
    """A reader without a cable, a bridge that cannot write; the others do what they can."""
    override = stack.folder / "docker-compose.override.yml"
    override.write_text(f"services:\n{_IMPATIENT}", encoding="utf-8")
    database = {"ENABLED": "yes", "URL": "http://127.0.0.1:1", "ORG": "home", "TOKEN": "x"}
    lines = {f"SMARTMETER_INFLUX_{key}": value for key, value in database.items()}
    try:
        with _settings(stack, **lines):
            eventually(lambda: _seen(stack)["influx_bridge"] == "unhealthy", 60.0, "the bridge is unhealthy")
            eventually(lambda: _seen(stack)["reader"] == "healthy", 60.0, "the reader is healthy")
            stack.set_env(SERIAL_PORT="/dev/smartmeter-is-not-there")
            stack.run("--profile", "demo", "up", "-d")
            eventually(lambda: _seen(stack)["reader"] == "unhealthy", 60.0, "the reader is unhealthy")
            expected = {
                "reader": "unhealthy",
                "csv_logger": "healthy",
                "influx_bridge": "healthy",
                "relay_controller": "healthy",
            }
            eventually(lambda: _seen(stack) == expected, 60.0, "the others are healthy")
            override.unlink()
    finally:
        override.unlink(missing_ok=True)


def _seen(stack: Project) -> dict[str, str]:
    """Give what Docker thinks of each service."""
    return {service: str(stack.container(service)["State"]["Health"]["Status"]) for service in SERVICES}


_BOILER = "[load:boiler]\ndriver = gpio\npin = 17\n"


def test_without_pins_the_others_run_and_relay_controller_says_what_it_waits_for(stack: Project) -> None:
    """On a machine that has none; also with settings for a broker elsewhere, over TLS, beside which these run."""
    settings = stack.folder / "config.ini"
    settings.write_text(f"[mqtt]\nhost = broker.example.org\ntls = yes\nca_file = ca.crt\n{_BOILER}", encoding="utf-8")
    with _settings(stack, CONFIG_FILE="./config.ini"):
        why = "RPi.GPIO does not work on this machine"
        eventually(lambda: why in stack.health("relay_controller")[1], 60.0, "the reason")
        assert stack.container("relay_controller")["State"]["Running"]
        assert stack.log("relay_controller").count(f"load boiler: {why}") == 1
        for service in ("reader", "csv_logger", "influx_bridge"):
            eventually(lambda: stack.health(service)[1] in {"online", "disabled"}, 60.0, service)  # noqa: B023


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a name in /dev")
def test_a_cable_that_is_replugged_is_read_again(stack: Project, login: tuple[str, str]) -> None:
    """Docker shows a new device node, because the container has all of /dev and not the node of once."""
    port = Path("/dev", f"smartmeter-test-{os.getpid()}")
    with _settings(stack, SERIAL_PORT=str(port)):
        for plugging in ("plugged", "replugged"):
            with _meter_at(port), _listener(stack, login, TELEGRAM) as listener:
                eventually(lambda: listener.payloads(TELEGRAM), 60.0, f"telegrams after the cable was {plugging}")


# In place of InfluxDB, whose image cannot be had everywhere: what it must be given is the same.
_STAND_IN = f"""\
services:
  influxdb:
    image: {DATABASE_IMAGE}
    command: ["-httpListenAddr=:8086", "-storageDataPath=/tmp/database", "-retentionPeriod=100y", "-search.latencyOffset=0s"]
"""


def test_the_profile_influx_writes_to_a_database_on_this_machine(stack: Project) -> None:
    """One word more, and points arrive; password and token were made for it, and the bridge has the token only."""
    port = free_port()
    (stack.folder / "docker-compose.override.yml").write_text(_STAND_IN)
    profiles = ("--profile", "demo", "--profile", "influx")
    with _settings(stack, INFLUX_PORT=str(port)):
        try:
            stack.run(*profiles, "up", "-d")
            eventually(lambda: _points(port), 90.0, "points")
            for service, health in (("influx_bridge_local", "online"), ("influx_bridge", "disabled")):
                eventually(lambda: stack.health(service)[1] == health, 60.0, f"{service}: {health}")  # noqa: B023
            token = stack.in_service("influx_bridge_local", "cat", "/token/token")
            login = ("docker", "run", "--rm", "--user", "1000", "-v", f"{stack.name}_influx_login:/login:ro", IMAGE)
            assert stack.call(*login, "cat", "/login/token") == token
            assert len(stack.call(*login, "cat", "/login/password")) == 32
            container = stack.container("influxdb")
            assert container["Config"]["User"] == "1000:1000"
            assert container["HostConfig"]["PortBindings"]["8086/tcp"][0]["HostIp"] == "127.0.0.1"
            variables = dict(line.split("=", maxsplit=1) for line in container["Config"]["Env"])
            assert variables["DOCKER_INFLUXDB_INIT_MODE"] == "setup"
            assert {value for name, value in variables.items() if name.endswith("_FILE")} == {"/login/password", "/login/token"}
        finally:
            stack.run(*profiles, "rm", "--stop", "--force", "influxdb", "influx_bridge_local", "influx_login")
            (stack.folder / "docker-compose.override.yml").unlink()


def test_there_may_be_more_bridges_and_fewer_again(stack: Project, login: tuple[str, str]) -> None:
    """They count themselves; whichever of them Docker ends, the first place is taken in the end, and no other one is."""
    group = {"ENABLED": "yes", "URL": "http://127.0.0.1:9", "ORG": "o", "TOKEN": "t", "METER_TAG": "yes", "SHARED_GROUP": "g"}
    first, second = (f"smartmeter/home/influx_bridge/{name}" for name in ("status", "2/status"))
    up = ("--profile", "demo", "up", "-d", "--scale")
    with (
        _settings(stack, **{f"SMARTMETER_INFLUX_{key}": value for key, value in group.items()}),
        _listener(stack, login, "smartmeter/home/influx_bridge/#") as listener,
    ):
        stack.run(*up, "influx_bridge=2")
        for status in (first, second):
            listener.wait_for(status, b"online", 60.0)
        stack.run(*up, "influx_bridge=1")
        eventually(lambda: [listener.payloads(one)[-1] for one in (first, second)] == [b"online", b""], 120.0, "one bridge")


# In place of Grafana, for the same reason.
_GRAFANA_STAND_IN = f"""\
services:
  grafana:
    image: {IMAGE}
    pull_policy: never
    command: [sleep, infinity]
"""


def test_the_profile_grafana_has_what_grafana_needs_to_begin(stack: Project) -> None:
    """As the user of Grafana's image it reads its password, the token of the database here, and the dashboards, and no more."""
    (stack.folder / "docker-compose.override.yml").write_text(_GRAFANA_STAND_IN)
    profiles = ("--profile", "influx", "--profile", "grafana")
    try:
        stack.run(*profiles, "up", "-d", "grafana")
        files = ("/login/password", "/login/key", "/login/token", "/dashboards/today.json")
        password, key, token, today = (stack.in_service("grafana", "cat", file) for file in files)
        assert len(password) == len(key) == 32
        assert password != key
        login = ("docker", "run", "--rm", "--user", "1000", "-v", f"{stack.name}_influx_login:/login:ro", IMAGE)
        assert token == stack.call(*login, "cat", "/login/token")
        assert json.loads(today)["uid"] == "smartmeter-today"
        assert stack.in_service("grafana", "ls", "/etc/grafana/provisioning").split() == ["dashboards", "datasources"]
        for folder in ("/login", "/dashboards", "/etc/grafana/provisioning", "/usr"):
            stack.in_service("grafana", "touch", f"{folder}/x", expected=1)
        assert stack.container("grafana")["HostConfig"]["PortBindings"]["3000/tcp"][0]["HostIp"] == "127.0.0.1"
    finally:
        stack.run(*profiles, "rm", "--stop", "--force", "grafana", "grafana_login", "influx_login")
        (stack.folder / "docker-compose.override.yml").unlink()


def _points(port: int) -> list[dict[str, object]]:
    try:
        return Database(f"http://127.0.0.1:{port}").points("electricity")
    except HTTPError:  # it is not there yet
        return []


@contextmanager
def _meter_at(port: Path) -> Iterator[None]:
    """Run the simulated meter at a pseudo-terminal that has a name in /dev, readable for the group of serial ports."""
    master, slave = pty.openpty()
    os.chown(os.ttyname(slave), 0, 20)
    Path(os.ttyname(slave)).chmod(0o660)
    port.symlink_to(os.ttyname(slave))
    simulator = subprocess.Popen([sys.executable, "-m", "reader", "simulate"], cwd=REPOSITORY, stdout=master)
    try:
        yield
    finally:
        simulator.kill()
        simulator.wait()
        port.unlink()
        os.close(slave)
        os.close(master)


@contextmanager
def _settings(stack: Project, **env: str) -> Iterator[None]:
    """Run the stack with other lines in `.env` for a while."""
    stack.set_env(**env)
    stack.run("--profile", "demo", "up", "-d")
    try:
        yield
    finally:
        _back_to_normal(stack)


def _back_to_normal(stack: Project) -> None:
    """Run the stack with the usual lines in `.env` again, and wait until its page has found the broker."""
    stack.set_env()
    stack.run("--profile", "demo", "up", "-d")
    eventually(lambda: _web_check(stack) == "online", 60.0, "the stack")
