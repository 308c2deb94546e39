"""The doctor on a machine where `make install` has run: each check runs with the rights and the login of its service."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from common.check import OK, PROBLEM
from tests.support.parts import PartMissing, do_without
from tests.support.systemd_host import SERVICES, Host, systemd_host
from tests.support.waiting import eventually

Checks = dict[str, dict[str, object]]
_PYTHON = "/opt/smartmeter/venv/bin/python"
_METER = "socket://127.0.0.1:2000"
_PASSWORDS = "/etc/mosquitto/smartmeter/passwords"
_CONFIG = "/etc/smartmeter/config.ini"


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


@contextmanager
def _drop_in(host: Host, service: str, lines: str) -> Iterator[None]:
    """Do what `systemctl edit` does, for the length of a block."""
    folder = f"/etc/systemd/system/smartmeter@{service}.service.d"
    host.write(f"{folder}/override.conf", f"[Service]\n{lines}")
    host.says("systemctl daemon-reload")
    try:
        yield
    finally:
        host.says(f"rm -r {folder} && systemctl daemon-reload")


@contextmanager
def _settings(host: Host, script: str, more: str = "") -> Iterator[None]:
    """Change the settings with a line of sed, and add to them, for the length of a block; no service is started anew."""
    host.says(f"cp -p {_CONFIG} /root/config.ini && sed -i '{script}' {_CONFIG} && printf '{more}' >> {_CONFIG}")
    try:
        yield
    finally:
        host.says(f"cp -p /root/config.ini {_CONFIG}")


def _well(host: Host) -> Checks:
    checks, installation = _examined(host)
    assert installation == "systemd"
    has_problem = any(check["level"] == PROBLEM for check in checks.values())
    return {} if has_problem or checks["telegrams"]["found"] != "they arrive" else checks


def test_an_installation_that_works_is_well(host: Host) -> None:
    """Each service reaches the broker with its own login; the port is read by the check beside the reader."""
    checks = eventually(lambda: _well(host), 120.0, "no problems, and telegrams")
    assert (checks["broker 127.0.0.1:1883"]["level"], checks["broker 127.0.0.1:1883"]["services"]) == (OK, list(SERVICES))
    assert checks["rights on the broker"]["level"] == OK
    assert checks["service reader"]["found"] == "it runs: online"
    assert checks["service influx_bridge"]["found"] == "it rests: it is not enabled in the settings"


def test_rights_that_a_new_load_misses_are_told_and_mended_by_what_the_doctor_says(host: Host) -> None:
    """The services' own logins work all the same; a certificate is watched once there is one."""
    what, certificate = "logins and rights of the broker", "certificate of the broker"
    load = "[load:heater]\ndriver = mqtt\ncommand_topic = cmnd/heater\n"
    with _settings(host, "", load):
        checks, _ = _examined(host)
        assert (checks[what]["level"], checks[what]["mend"]) == (PROBLEM, "sudo make install")
        assert checks[what]["found"] == "the rights are those of other settings: [load:heater] command_topic is new"
        assert checks["rights on the broker"]["level"] == OK
        assert certificate not in checks
        host.says("scripts/broker-access set-up && make certificates")
        checks, _ = _examined(host)
        assert (checks[what]["level"], checks[certificate]["level"]) == (OK, OK)
    host.says("scripts/broker-access set-up")


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
    eventually(lambda: host.run("ss -Hltn 'sport = :1883'").stdout, 60.0, "the stranger")
    host.run("systemctl start mosquitto")
    try:
        # It notices with the next telegram, a second later at most.
        status = "systemctl show --property StatusText smartmeter@reader"
        eventually(lambda: "offline" in host.says(status), 60.0, "the reader to notice")
        checks, _ = _examined(host)
    finally:
        host.says("systemctl stop stranger")
        start = "systemctl reset-failed mosquitto; systemctl start mosquitto"  # it was tried often enough
        eventually(lambda: host.run(start).returncode == 0, 60.0, "the broker")
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


def test_secrets_of_a_unit_are_used_and_told_to_nobody(host: Host) -> None:
    """A file of variables, a credential of the user's own, a token in the unit: the check has them, its answers have not."""
    host.write("/etc/smartmeter/influx.env", "SMARTMETER_INFLUX_ENABLED=yes\nSMARTMETER_INFLUX_URL=http://127.0.0.1:9\n")
    host.write("/etc/smartmeter/token", "TOPSECRET")
    lines = "EnvironmentFile=/etc/smartmeter/influx.env\nEnvironment=SMARTMETER_INFLUX_ORG=home\n"
    credential = "LoadCredential=token:/etc/smartmeter/token\nEnvironment=SMARTMETER_INFLUX_TOKEN_FILE=%d/token\n"
    literal = "SetCredential=token:TOPSECRET\nEnvironment=SMARTMETER_INFLUX_TOKEN_FILE=%d/token\n"
    for token in (credential, literal, "Environment=SMARTMETER_INFLUX_TOKEN=TOPSECRET\n"):
        with _drop_in(host, "influx_bridge", lines + token):
            checks, _ = _examined(host)
        assert "Connection refused" in str(checks["InfluxDB http://127.0.0.1:9"]["found"])
        assert checks["settings"]["level"] == OK
        assert "TOPSECRET" not in json.dumps(checks)


def test_a_check_that_crashes_tells_no_secret(host: Host) -> None:
    """It names the log; what a person could paste would have the token in it."""
    host.write("/opt/broken/influx_bridge/__init__.py", "raise KeyError('x')\n")
    with _drop_in(host, "influx_bridge", 'Environment=PYTHONPATH=/opt/broken "SMARTMETER_INFLUX_TOKEN=TOPSECRET"\n'):
        answer = host.run("python3 -m doctor")
    assert "check of influx_bridge [influx_bridge]: it ended with exit code 1 and said: KeyError: 'x'" in answer.stdout
    assert "mend: look at its log: journalctl -u smartmeter@influx_bridge -n 50" in answer.stdout
    assert "TOPSECRET" not in answer.stdout + answer.stderr


def test_the_library_of_the_pins_can_be_loaded_in_a_check(host: Host) -> None:
    """One that makes a pipe where it is started, as lgpio does; that this machine has no pins is another answer."""
    host.write("/opt/pins/RPi/__init__.py", "")
    host.write("/opt/pins/RPi/GPIO.py", "import os\nos.mkfifo('.lgd-nfy-3')\nlgpio = None\n")
    load = "[load:heater]\ndriver = gpio\npin = 17\npower = 2000\non_when = surplus > 2200 W\noff_when = surplus < 1900 W\n"
    with _settings(host, "", load), _drop_in(host, "relay_controller", "Environment=PYTHONPATH=/opt/pins\n"):
        checks, _ = _examined(host)
    assert checks["GPIO"]["found"] == "this machine has no /dev/gpiochip*"


def test_a_program_of_another_user_at_the_port_is_told(host: Host) -> None:
    """The service may not see it, and hears telegrams; so do both, half of them each."""
    host.says(f"systemd-run --quiet --unit=meter2 {_PYTHON} -m reader simulate --port /run/meter")
    eventually(lambda: host.run("test -e /run/meter").returncode == 0, 60.0, "the meter")
    port = host.says("chmod 666 $(readlink -f /run/meter) && readlink -f /run/meter")
    host.says(f"systemd-run --quiet --unit=thief sh -c 'exec sleep 1000 < {port}'")
    try:
        with _settings(host, f"s|^port = {_METER}|port = {port}|"):
            answer = json.loads(host.run("python3 -m doctor --json").stdout)["checks"]
    finally:
        host.says("systemctl stop thief meter2")
    found = {(check["level"], check["found"].partition(" (process")[0]) for check in answer if check["what"] == f"port {port}"}
    assert found == {(OK, "gives valid telegrams"), (PROBLEM, "another program has it open: sleep 1000")}


@pytest.mark.parametrize(("folder", "more"), [("/srv/csv", ""), ("/home/csv", "ProtectHome=no")])
def test_a_folder_outside_of_the_services_own_is_opened_by_what_the_doctor_says(folder: str, more: str, host: Host) -> None:
    """Owner and unit: one alone is not enough."""
    what, make = f"CSV files in {folder}", f"install -d -o smartmeter {folder}"
    with _settings(host, f"s|^file_path = .*|file_path = {folder}|"):
        check = _examined(host)[0][what]
        assert check["level"] == PROBLEM
        assert all(
            words in str(check["mend"]) for words in (f"sudo {make}", "systemctl edit", f"ReadWritePaths={folder}", more)
        )
        host.says(make)
        try:
            assert _examined(host)[0][what]["level"] == PROBLEM
            with _drop_in(host, "csv_logger", f"ReadWritePaths={folder}\n{more}\n"):
                assert _examined(host)[0][what]["level"] == OK
        finally:
            host.says(f"rm -rf {folder}")


def test_settings_that_the_services_may_not_read_are_opened_by_what_the_doctor_says(host: Host) -> None:
    """As after an editor that has written them anew as root."""
    host.says(f"chown root:root {_CONFIG} && chmod 600 {_CONFIG}")
    try:
        check = _examined(host)[0]["settings"]
        assert (check["level"], check["found"]) == (PROBLEM, f"{_CONFIG}: Permission denied")
        host.says(str(check["mend"]).replace("sudo ", ""))
        assert host.says(f"stat -c '%G %a' {_CONFIG}") == "smartmeter 640"
    finally:
        host.says(f"chgrp smartmeter {_CONFIG} && chmod 640 {_CONFIG}")
    assert _examined(host)[0]["settings"]["level"] == OK


def test_a_python_that_went_with_an_upgrade_is_brought_back_by_an_installation(host: Host) -> None:
    """The checks cannot be started; that of each service says so."""
    host.says(f"mv {_PYTHON} {_PYTHON}.gone")
    try:
        answer = json.loads(host.run("python3 -m doctor --json").stdout)["checks"]
    finally:
        host.says(f"mv {_PYTHON}.gone {_PYTHON}")
    checks = {check["what"]: check for check in answer}
    for service in SERVICES:
        check = checks[f"check of {service}"]
        assert (check["level"], check["mend"]) == (PROBLEM, "sudo make install"), check
        assert f"exec: {_PYTHON}: not found" in check["found"]


def test_a_masked_unit_is_told_with_what_unmasks_it(host: Host) -> None:
    """And its check is not run: of its rights and its login nothing is known then."""
    host.says("systemctl mask --now smartmeter@csv_logger")
    try:
        checks, _ = _examined(host)
    finally:
        host.says("systemctl unmask smartmeter@csv_logger && systemctl start smartmeter@csv_logger")
    assert checks["service csv_logger"]["found"] == "it is masked: systemd does not start it"
    assert str(checks["service csv_logger"]["mend"]).startswith("sudo systemctl unmask smartmeter@csv_logger")
    assert "csv_logger" not in str(checks["settings"]["services"])


def test_a_unit_with_a_slip_in_its_override_is_told(host: Host) -> None:
    """As one that takes the command away, and gives no other."""
    with _drop_in(host, "csv_logger", "ExecStart=\n"):
        check = _examined(host)[0]["service csv_logger"]
    assert (check["level"], check["found"]) == (PROBLEM, "systemd cannot use its unit (bad-setting)")
    assert str(check["mend"]).startswith("systemctl status smartmeter@csv_logger names the faulty line")


def test_services_without_telegrams_know_that_the_reader_does_not_run(host: Host) -> None:
    """Each login may read its status."""
    host.says("systemctl stop smartmeter@reader")
    try:
        checks, _ = _examined(host)
    finally:
        host.says("systemctl start smartmeter@reader")
    assert checks["telegrams"]["found"] == "none comes: the reader does not run"
    assert checks["telegrams"]["mend"] == "sudo systemctl start smartmeter@reader"


def test_a_doctor_that_is_root_leaves_nothing_in_the_checkout(host: Host) -> None:
    """`make clean` of its owner could not remove it."""
    host.says("find . -name __pycache__ -prune -exec rm -r {} +")
    host.run("make doctor")
    assert not host.says("find . -name __pycache__")
