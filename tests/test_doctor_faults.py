"""Faults that are planted for real, each found by the doctor, with what mends it: a user's own run of `python -m doctor`."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from common.check import OK, PROBLEM, WARNING
from doctor.installation import SERVICES
from tests.support.broker import Broker
from tests.support.encryption import encrypted
from tests.support.failing_cloud import Answer, failing_cloud
from tests.support.guarded_broker import PASSWORD, guarded_broker
from tests.support.listener import Listener, repeated
from tests.support.own_speed import meter_with_speed
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.telegrams import telegram
from tests.support.waiting import eventually, free_port

pytestmark = pytest.mark.broker
TELEGRAM = telegram("be-emucs-1.7.1")
LOGIN = f"username = reader\npassword = {PASSWORD}\n"
WEAK = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
LOAD = "on_when = surplus > 2200 W\noff_when = surplus < 1900 W\npower = 2000\n"


@dataclass
class Patient:
    """A settings file, and what stands around it; `stack` ends it all."""

    folder: Path
    broker: Broker
    stack: ExitStack
    sections: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    wrapped_in: list[str] = field(default_factory=list)

    def write(self) -> Path:
        """Write the settings; give their file."""
        sections = {"serial": f"port = {self.folder / 'no-port'}", "mqtt": f"port = {self.broker.port}"} | self.sections
        text = "".join(f"[{name}]\n{keys}\n" for name, keys in sections.items())
        file = self.folder / "config.ini"
        file.write_text(text, encoding="utf-8")
        return file

    def examine(self) -> list[dict[str, object]]:
        """Run the doctor; give its checks."""
        command = [*self.wrapped_in, sys.executable, "-m", "doctor", "-c", str(self.write()), "--json"]
        ended = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=clean_environment(**self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (1, "")
        checks: list[dict[str, object]] = json.loads(ended.stdout)["checks"]
        return checks


Plant = Callable[[Patient], None]


def wrong_password(patient: Patient) -> None:
    """Give another one than the broker knows."""
    broker = patient.stack.enter_context(guarded_broker())
    patient.sections["mqtt"] = f"port = {broker.port}\nusername = reader\npassword = of-yesterday"


def no_broker(patient: Patient) -> None:
    """Name a port at which nobody listens."""
    patient.sections["mqtt"] = f"port = {free_port()}"


def other_program(patient: Patient) -> None:
    """Let a web server have the broker's port."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    patient.stack.callback(thread.join)
    patient.stack.callback(server.server_close)
    patient.stack.callback(server.shutdown)
    patient.sections["mqtt"] = f"port = {server.server_port}"


def _tls(patient: Patient, host: str, made: datetime) -> None:
    broker = patient.stack.enter_context(guarded_broker(hosts=[host], made=made))
    patient.sections["mqtt"] = f"port = {broker.port}\ntls = yes\nca_file = {broker.ca_file}\n{LOGIN}"


def expired_certificate(patient: Patient) -> None:
    """Let nobody renew it for three years."""
    _tls(patient, "127.0.0.1", datetime.now(UTC) - timedelta(days=1000))


def certificate_for_another(patient: Patient) -> None:
    """Make it for another name of the broker's machine."""
    _tls(patient, "raspberrypi.local", datetime.now(UTC))


def missing_rights(patient: Patient) -> None:
    """Change the base topic, and not the broker's list of rights."""
    broker = patient.stack.enter_context(guarded_broker(base="of_before"))
    patient.sections["mqtt"] = f"port = {broker.port}\n{LOGIN}"


def _terminal(patient: Patient) -> str:
    master, slave = os.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    patient.stack.callback(os.close, master)
    patient.sections["serial"] = f"port = {name}"
    return name


def no_port(patient: Patient) -> None:
    """Pull the cable out."""
    patient.sections["serial"] = "port = /dev/ttyUSB77"


def closed_port(patient: Patient) -> None:
    """Let nobody read the port."""
    Path(_terminal(patient)).chmod(0)
    if os.geteuid() == 0:
        patient.wrapped_in = WEAK


def wrong_group(patient: Patient) -> None:
    """Give the port to a group in which the user is not."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to give a port to another user")
    port = Path(_terminal(patient))
    os.chown(port, 1, 20)
    port.chmod(0o660)
    patient.wrapped_in = [*WEAK, "setpriv", "--clear-groups"]


def held_port(patient: Patient) -> None:
    """Look at the port with another program."""
    with open(_terminal(patient), "rb", buffering=0, opener=lambda path, _: os.open(path, os.O_RDONLY | os.O_NOCTTY)) as port:
        process = patient.stack.enter_context(subprocess.Popen(["cat"], stdin=port, stdout=subprocess.DEVNULL))
    patient.stack.callback(process.kill)


def login_console(patient: Patient) -> None:
    """Offer a login on the port, as Raspberry Pi OS does."""
    raspi_config = patient.folder / "raspi-config"
    raspi_config.touch(0o755)
    patient.environment["PATH"] = str(patient.folder)
    number = _terminal(patient).removeprefix("/dev/")
    waits = ["agetty", "-c", "import sys; print(flush=True); sys.stdin.read()", "--noclear", number]
    process = subprocess.Popen(waits, executable=sys.executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    patient.stack.enter_context(process)
    patient.stack.callback(process.kill)
    assert process.stdout is not None
    process.stdout.readline()


def login_at_the_port(patient: Patient) -> None:
    """Let a telegram's line have been taken for a user's name, on a machine that is no Raspberry Pi."""
    with open(_terminal(patient), "rb", buffering=0, opener=lambda path, _: os.open(path, os.O_RDONLY | os.O_NOCTTY)) as port:
        waits = ["/bin/login", "-c", "import time; time.sleep(1000)", "-p", "--", "/ISK5"]
        process = patient.stack.enter_context(subprocess.Popen(waits, executable=sys.executable, stdin=port))
    patient.stack.callback(process.kill)
    patient.environment["PATH"] = str(patient.folder)


def wrong_speed(patient: Patient) -> None:
    """Take an old meter, and the settings of a new one."""
    patient.sections["serial"] = f"port = {patient.stack.enter_context(meter_with_speed(TELEGRAM, 9600))}"


def encrypted_meter(patient: Patient) -> None:
    """Leave its key out."""
    file = patient.folder / "telegrams"
    file.write_bytes(encrypted(TELEGRAM))
    port = free_port()
    serve = f"import socket,time\ns=socket.create_server(('127.0.0.1',{port}))\nprint(flush=True)\n"
    serve += f"c=s.accept()[0]\nwhile True: c.sendall(open({str(file)!r},'rb').read()); time.sleep(0.1)"
    process = subprocess.Popen([sys.executable, "-c", serve], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    patient.stack.enter_context(process)
    patient.stack.callback(process.kill)
    assert process.stdout is not None
    process.stdout.readline()
    patient.sections["serial"] = f"port = socket://127.0.0.1:{port}"


def _influx(patient: Patient, url: str) -> None:
    patient.sections["influx"] = f"enabled = yes\nurl = {url}\ntoken = wrong-token\norg = home"


def no_database(patient: Patient) -> None:
    """Name an address at which nobody listens."""
    _influx(patient, f"http://127.0.0.1:{free_port()}")


def wrong_token(patient: Patient) -> None:
    """Give one that the database does not know."""
    cloud = patient.stack.enter_context(failing_cloud(*[Answer(401, b"unauthorized access")] * 3))
    _influx(patient, cloud.url)


def wrong_bucket(patient: Patient) -> None:
    """Name one that the database has not."""
    cloud = patient.stack.enter_context(failing_cloud(*[Answer(404, b'{"message": "bucket \\"x\\" not found"}')] * 3))
    _influx(patient, cloud.url)


def full_disk(patient: Patient) -> None:
    """Demand that more stays free than there is."""
    patient.sections["csv"] = "min_free_mb = 1000000"


def no_pins(patient: Patient) -> None:
    """Wire a load to a pin, and take the library away."""
    package = patient.folder / "RPi"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError", encoding="ascii")
    patient.environment["PYTHONPATH"] = str(patient.folder)
    patient.sections["load:boiler"] = f"driver = gpio\npin = 17\n{LOAD}"


def wrong_setting(patient: Patient) -> None:
    """Misspell a key of the file."""
    patient.sections["csv"] = "keep_dyas = 30"


def missing_package(patient: Patient) -> None:
    """Let the reader not even start."""
    (patient.folder / "serial.py").write_text("raise ModuleNotFoundError(\"No module named 'serial'\")", encoding="ascii")
    patient.environment["PYTHONPATH"] = str(patient.folder)


def other_zone(patient: Patient) -> None:
    """Let telegrams arrive from a meter whose clock is two hours away."""
    sent = {"meter": "far-east", "received": "2026-11-26T12:00:01.250+00:00", "seq": 1, "lag_s": -7199.2}
    patient.stack.enter_context(repeated(patient.broker, "smartmeter/far-east/telegram", json.dumps(sent)))
    patient.sections["meter"] = "name = far-east"


FAULTS: list[tuple[Plant, str, str, str]] = [
    # what is planted, and then of what the doctor finds: what, found, mend
    (wrong_password, "broker ", "it refuses the login", "[mqtt] username and password"),
    (no_broker, "broker ", "nothing listens there", "mosquitto"),
    (other_program, "broker ", "not as a broker", "sudo ss -ltnp"),
    (expired_certificate, "broker ", "certificate has expired", "make certificates"),
    (certificate_for_another, "broker ", "certificate is for another host", "make certificates HOST=127.0.0.1"),
    (missing_rights, "rights on the broker", "may not write smartmeter/home/reader/check", "ACL"),
    (no_port, "port ", "it does not exist", "/dev/"),
    (closed_port, "port ", "no right to read it: it is open to nobody but its owner", "sudo chmod 660"),
    (wrong_group, "port ", "no right to read it: root is not in its group dialout", "sudo usermod -aG dialout root"),
    (held_port, "port ", "another program has it open: cat", "sudo kill"),
    (login_console, "port ", "another program has it open: agetty", "raspi-config"),
    (login_at_the_port, "port ", "another program has it open: /bin/login", "sudo systemctl mask --now serial-getty@"),
    (wrong_speed, "port ", "the meter sends 9600 7E1", "set [serial] baudrate = 9600, bytesize = 7, parity = E"),
    (encrypted_meter, "port ", "the telegrams are encrypted", "[serial] decryption_key"),
    (no_database, "InfluxDB ", "Connection refused", "[influx] url"),
    (wrong_token, "InfluxDB ", "HTTP 401", "[influx] token"),
    (wrong_bucket, "InfluxDB ", "HTTP 404: no such organisation or bucket", "correct [influx] url, org and bucket"),
    (full_disk, "CSV files in ", "nothing is written", "keep_days"),
    (no_pins, "GPIO", "RPi.GPIO is not installed", "--group gpio"),
    (wrong_setting, "settings", "unknown key, did you mean keep_days?", "edit "),
    (missing_package, "check of reader", "No module named 'serial'", "make venv"),
]


@pytest.fixture
def patient(broker: Broker, tmp_path: Path) -> Iterator[Patient]:
    """Give settings that are well but for a port; nobody waits for telegrams there."""
    with ExitStack() as stack:
        with Listener(broker) as listener:
            listener.publish("smartmeter/home/reader/status", "offline", retain=True)
        stack.callback(_forget, broker)
        yield Patient(tmp_path, broker, stack)


def _forget(broker: Broker) -> None:
    with Listener(broker) as listener:
        listener.publish("smartmeter/home/reader/status", "", retain=True)


@contextmanager
def _parts() -> Iterator[None]:
    try:
        yield
    except PartMissing as reason:
        do_without(reason)


@pytest.mark.parametrize(("plant", "what", "found", "mend"), FAULTS, ids=[plant.__name__ for plant, *_ in FAULTS])
def test_a_planted_fault_is_found(patient: Patient, plant: Plant, what: str, found: str, mend: str) -> None:
    """As a problem, with what was found and what mends it."""
    with _parts():
        plant(patient)
    checks = patient.examine()
    problems = [one for one in checks if one["level"] == PROBLEM and str(one["what"]).startswith(what)]
    assert any(found in str(one["found"]) and mend in str(one["mend"]) for one in problems), checks


def test_clocks_that_differ_are_a_warning(patient: Patient) -> None:
    """Of each service that hears telegrams, told once: rows go on, with wrong times."""
    other_zone(patient)
    clocks = [one for one in patient.examine() if one["what"] == "clock of the meter"]
    assert [(one["level"], one["found"]) for one in clocks] == [(WARNING, "2 h before this machine's")]
    assert str(clocks[0]["mend"]).startswith("set [meter] timezone")


def test_what_is_well_is_told_too(patient: Patient) -> None:
    """Once, with the services that say it."""
    checks = {str(one["what"]): one for one in patient.examine()}
    assert checks["installation"]["found"] == "this folder"
    everybody = ["reader", "relay_controller", "influx_bridge", "csv_logger"]
    assert (checks["settings"]["level"], checks["settings"]["services"]) == (OK, everybody)
    assert checks[f"broker 127.0.0.1:{patient.broker.port}"]["services"] == everybody
    assert checks["memory"]["services"] == []


def test_the_report_for_a_person_ends_with_the_problems(patient: Patient) -> None:
    """And their number; the exit code is 1."""
    patient.examine()
    command = [sys.executable, "-m", "doctor", "-c", str(patient.folder / "config.ini")]
    ended = subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=False)
    *_, before, mend, empty, last = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr, empty) == (1, "", "")
    assert before.startswith(f"problem  port {patient.folder / 'no-port'} [reader]: it does not exist")
    assert mend.startswith("         mend: ")
    assert last.startswith("1 problem")


def test_ctrl_c_ends_the_doctor_and_whom_it_asked(patient: Patient) -> None:
    """At once, without a traceback; the exit code is that of a program that was interrupted."""
    _terminal(patient)  # at which the reader listens in vain
    silent = patient.stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # keeps all checks waiting
    patient.sections["mqtt"] = f"port = {silent.getsockname()[1]}"
    file = patient.write()
    command = [sys.executable, "-m", "doctor", "-c", str(file)]
    doctor = subprocess.Popen(command, cwd=REPOSITORY, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    patient.stack.callback(doctor.kill)
    eventually(lambda: len(_asking(file)) == 1 + len(SERVICES), what="the checks")
    start_s = time.monotonic()
    doctor.send_signal(signal.SIGINT)
    output, said = doctor.communicate(timeout=20)
    assert (doctor.returncode, output, said) == (130, b"", b"")
    assert time.monotonic() - start_s < 5
    assert _asking(file) == []


def _asking(file: Path) -> list[str]:
    """Give the command lines of the processes with these settings."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(process.read_text(encoding="utf-8", errors="replace"))
    return [line for line in found if str(file) in line.split("\0")]
