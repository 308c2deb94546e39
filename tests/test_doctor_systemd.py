"""The doctor on a machine where `make install` has run: each check runs with the rights and the login of its service."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from common.check import OK, PROBLEM
from tests.support.parts import PartMissing, do_without
from tests.support.systemd_host import SERVICES, Host, systemd_host
from tests.support.waiting import eventually

Checks = dict[str, dict[str, object]]
_PYTHON = "/opt/smartmeter/venv/bin/python"
_METER = "socket://127.0.0.1:2000"
_PASSWORDS = "/etc/mosquitto/smartmeter/passwords"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Give a machine with everything installed, and the simulated meter at a port of the network."""
    with ExitStack() as stack:
        try:
            host = stack.enter_context(systemd_host())
        except PartMissing as reason:
            do_without(reason)
        host.says("make install")
        host.says(f"systemd-run --quiet --unit=meter {_PYTHON} -m reader simulate --listen 127.0.0.1:2000")
        host.says(f"sed -i 's|^port = /dev/ttyUSB0|port = {_METER}|' /etc/smartmeter/config.ini")
        host.says("systemctl restart smartmeter.target")
        host.wait_until_all_run()
        yield host


def _examined(host: Host, user: str = "root") -> tuple[Checks, str]:
    answer = host.run("python3 -m doctor --json", user)
    assert answer.stdout.startswith("{"), answer
    found = json.loads(answer.stdout)
    checks: Checks = {str(check["what"]): check for check in found["checks"]}
    assert answer.returncode == any(check["level"] == PROBLEM for check in checks.values())
    return checks, found["installation"]


def _has_no_problem(host: Host) -> Checks:
    checks, installation = _examined(host)
    assert installation == "systemd"
    return {} if any(check["level"] == PROBLEM for check in checks.values()) else checks


def test_an_installation_that_works_is_well(host: Host) -> None:
    """Each service reaches the broker with its own login; the port is read by the check beside the reader."""
    checks = eventually(lambda: _has_no_problem(host), 60.0, "no problems")
    assert (checks["broker 127.0.0.1:1883"]["level"], checks["broker 127.0.0.1:1883"]["services"]) == (OK, list(SERVICES))
    assert checks["rights on the broker"]["level"] == OK
    assert checks["telegrams"]["found"] == "they arrive"
    assert checks["service reader"]["found"] == "it runs: online"
    assert checks["service influx_bridge"]["found"] == "it rests: it is not enabled in the settings"


def test_somebody_else_than_root_is_told_to_become_root(host: Host) -> None:
    """What can be seen without is told all the same."""
    checks, _ = _examined(host, "nobody")
    assert (checks["checks"]["level"], checks["checks"]["mend"]) == (PROBLEM, "sudo make doctor")
    assert checks["service csv_logger"]["level"] == OK


def test_a_login_that_the_broker_does_not_know_is_told(host: Host) -> None:
    """Of the one service that has it."""
    host.says(f"cp -p {_PASSWORDS} /root/passwords && sed -i '/^csv_logger:/d' {_PASSWORDS} && systemctl reload mosquitto")
    try:
        checks, _ = _examined(host)
    finally:
        host.says(f"cp -p /root/passwords {_PASSWORDS} && systemctl reload mosquitto")
    broker = checks["broker 127.0.0.1:1883"]
    assert (broker["level"], broker["services"], broker["mend"]) == (PROBLEM, ["csv_logger"], "sudo make install")
    assert str(broker["found"]).startswith("it refuses the login")


def test_an_occupied_port_of_the_broker_is_told(host: Host) -> None:
    """By the broker's unit that cannot start, and by each service that meets a stranger there."""
    host.says("systemctl stop mosquitto")
    host.says("systemd-run --quiet --unit=stranger python3 -m http.server --bind 127.0.0.1 1883")
    eventually(lambda: host.run("ss -Hltn 'sport = :1883'").stdout, what="the stranger")
    host.run("systemctl start mosquitto")
    try:
        checks, _ = _examined(host)
    finally:
        host.says("systemctl stop stranger")
        start = "systemctl reset-failed mosquitto; systemctl start mosquitto"  # it was tried often enough
        eventually(lambda: host.run(start).returncode == 0, what="the broker")
    assert checks["service mosquitto"]["level"] == PROBLEM
    assert "another program has its port 1883" in str(checks["service mosquitto"]["found"])
    assert checks["broker 127.0.0.1:1883"]["found"] == "something answers there, but not as a broker"
    assert checks["service reader"]["level"] == PROBLEM


def test_a_port_that_the_service_may_not_read_is_told(host: Host) -> None:
    """With its own rights, which are not root's; the device is a serial port by its number, and belongs to another group."""
    host.says("mknod /dev/ttyS77 c 4 64 && chmod 660 /dev/ttyS77 && chgrp games /dev/ttyS77")
    host.says(f"sed -i 's|^port = {_METER}|port = /dev/ttyS77|' /etc/smartmeter/config.ini")
    try:
        checks, _ = _examined(host)
    finally:
        host.says(f"sed -i 's|^port = /dev/ttyS77|port = {_METER}|' /etc/smartmeter/config.ini; rm /dev/ttyS77")
    port = checks["port /dev/ttyS77"]
    assert port["found"] == "no right to read it: smartmeter is not in its group games"
    assert str(port["mend"]).startswith("sudo usermod -aG games smartmeter")
