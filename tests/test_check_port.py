"""`python -m reader --check` at ports that are not as they should be: real pseudo-terminals, sockets and processes."""

import errno
import json
import os
import socket
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
import serial

from common.check import Check
from common.remedies import Place, Remedies
from common.sections import SerialSettings
from common.settings import Config
from common.settings_file import load_config
from reader.check import check_port
from reader.household import Household
from reader.reader import NO_PORT
from reader.telegram_writer import render
from tests.support.broker import Broker
from tests.support.encryption import encrypted
from tests.support.own_speed import meter_with_speed
from tests.support.processes import running
from tests.support.telegrams import telegram
from tests.support.waiting import eventually, free_port

TELEGRAM = telegram("be-emucs-1.7.1")


def _config(folder: Path, port: str, more: str = "", mqtt_port: int | None = None) -> Config:
    file = folder / "config.ini"
    file.write_text(f"[serial]\nport = {port}\n{more}[mqtt]\nport = {mqtt_port or free_port()}\n", encoding="utf-8")
    config = load_config(str(file), (SerialSettings,))
    assert isinstance(config, Config), config
    return config


@contextmanager
def _meter(sent: bytes) -> Iterator[str]:
    """Send bytes again and again on a pseudo-terminal."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    name, over = os.ttyname(slave), Event()

    def send() -> None:
        while not over.wait(0.05):
            try:
                os.write(master, sent)
            except BlockingIOError:  # nobody reads yet
                continue

    thread = Thread(target=send)
    thread.start()
    try:
        yield name
    finally:
        over.set()
        thread.join()
        os.close(slave)
        os.close(master)


@contextmanager
def _server_of_one() -> Iterator[tuple[int, list[object]]]:
    """Serve a port on the network, as ser2net does: give its number, and the list that counts connections."""
    over, connections = Event(), list[object]()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def serve() -> None:
            with ExitStack() as stack:
                while not over.is_set():
                    try:
                        connections.append(stack.enter_context(server.accept()[0]))
                    except TimeoutError:
                        continue

        thread = Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], connections
        finally:
            over.set()
            thread.join()


def _problem(config: Config, listen_s: float = 1.5) -> Check:
    *_, check = check_port(config, listen_s)
    assert check.level == "problem", check
    return check


def test_another_speed_is_found_and_named(tmp_path: Path) -> None:
    """An old Dutch meter at a port that is set for a new one, and the other way round: the answer is what to write."""
    with meter_with_speed(TELEGRAM, 9600) as port:
        check = _problem(_config(tmp_path, port))
    assert check.found == "the meter sends 9600 7E1, the port reads 115200 8N1"
    assert check.mend == "set [serial] baudrate = 9600, bytesize = 7, parity = E, stopbits = 1"
    with meter_with_speed(TELEGRAM, 115_200) as port:
        check = _problem(_config(tmp_path, port, "baudrate = 9600\n"))
    assert check.found == "the meter sends 115200 8N1, the port reads 9600 8N1"
    assert check.mend == "set [serial] baudrate = 115200, bytesize = 8, parity = N, stopbits = 1"


def test_a_speed_that_is_none_of_the_usual_is_told_as_what_it_sounds_like(tmp_path: Path) -> None:
    """Also where the port cannot be set to each of them."""
    with meter_with_speed(TELEGRAM, 19_200) as port:
        check = _problem(_config(tmp_path, port), 1.0)
    assert (check.found, "the speed is wrong" in check.mend) == ("no valid telegram in 1 s: the bytes are no text", True)


def test_an_encrypted_meter_is_known_at_once(tmp_path: Path) -> None:
    """No other speed would change it."""
    with _meter(encrypted(TELEGRAM)) as port:
        check = _problem(_config(tmp_path, port))
    assert check.found == "no valid telegram in 2 s: the telegrams are encrypted"
    assert check.mend == "ask the grid operator for the key and set [serial] decryption_key"


def test_silence_is_told_with_what_to_look_at(tmp_path: Path) -> None:
    """It is the same at each speed: none is tried in vain."""
    with _meter(b"") as port:
        check = _problem(_config(tmp_path, port))
    assert check.found == "no valid telegram in 2 s: nothing comes from the port"
    assert "request line (pin 2)" in check.mend


def test_the_clocks_of_meter_and_machine_are_compared(tmp_path: Path) -> None:
    """A fresh telegram is well; the one of a meter in another zone is a whole number of hours away."""
    now = datetime.now(UTC).astimezone()
    fresh = render(Household(seed=1, start=now).step())
    with _meter(fresh) as port:
        _, clock = check_port(_config(tmp_path, port), 5.0)
    assert clock.level == "ok"
    with _meter(TELEGRAM) as port:
        _, clock = check_port(_config(tmp_path, port), 5.0)
    assert clock.level == "warning"


@pytest.mark.parametrize(
    ("port", "found"),
    [
        ("socket://127.0.0.1:{free}", "nothing listens there (connection refused)"),
        ("rfc2217://127.0.0.1:{free}", "nothing listens there (connection refused)"),
        ("socket://no-such-host.invalid:2000", "no such host ("),
    ],
)
def test_a_port_on_the_network_says_why_it_cannot_be_read(port: str, found: str, tmp_path: Path) -> None:
    """Refused, no such host; and which setting names it."""
    check = _problem(_config(tmp_path, port.format(free=free_port())))
    assert check.found.startswith(found)
    assert "[serial] port = " in check.mend


@pytest.mark.filterwarnings("ignore:set:DeprecationWarning")  # pyserial sets up its thread as of old
def test_a_server_that_speaks_no_rfc_2217_is_told_with_the_other_kind_of_address(tmp_path: Path) -> None:
    """It takes the connection, and answers nothing to what pyserial asks."""
    with _server_of_one() as (number, _):
        check = _problem(_config(tmp_path, f"rfc2217://127.0.0.1:{number}"))
    assert "RFC2217" in check.found
    assert check.mend == f"[serial] port = socket://127.0.0.1:{number}, for a server without RFC 2217"


def test_a_server_that_is_there_again_is_told_with_a_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was away when the port was opened, and is there when it is asked why."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("timed out")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with _server_of_one() as (number, _):
        check = _problem(_config(tmp_path, f"socket://127.0.0.1:{number}"))
    assert check.found == "timed out"
    assert check.mend.startswith("start the program that serves the port there anew")


@pytest.mark.parametrize(
    ("place", "mend"),
    [(Place.CONTAINER, "device_cgroup_rules"), (Place.SYSTEM, "DeviceAllow={port} rw"), (Place.CHECKOUT, "--device {port}")],
)
def test_a_device_that_is_forbidden_is_told_with_who_allows_it(
    place: Place, mend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a control group: rights of the file are not what is missing."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    monkeypatch.setattr("reader.check.remedies", lambda: Remedies(place))
    with _meter(b"") as port:
        check = _problem(_config(tmp_path, port))
    assert check.found == "the reader may not use this device"
    assert mend.format(port=port) in check.mend


def test_a_port_that_our_own_reader_has_is_judged_by_what_that_says(tmp_path: Path) -> None:
    """In the file for its supervisor; nothing is taken away from it."""
    runtime = tmp_path / "run"
    runtime.mkdir()
    with _meter(b"") as port:
        config = _config(tmp_path, port)
        file = str(tmp_path / "config.ini")
        with running(["reader", "-c", file], tmp_path / "log") as reader:
            reader.wait_for_log("reading ")
            (check,) = check_port(config)
            process = reader.process.pid
        assert (check.level, check.found) == (
            "ok",
            f"the running reader has it (process {process}); stop it to listen here",
        )
        with running(["reader", "-c", file], tmp_path / "log", RUNTIME_DIRECTORY=str(runtime)) as reader:
            reader.wait_for_log("reading ")
            eventually((runtime / "health").exists, what="the file for the supervisor")
            answers = tmp_path / "answers"
            arguments = ["reader", "-c", file, "--check", "--json"]
            with running(arguments, tmp_path / "log2", output=answers, RUNTIME_DIRECTORY=str(runtime)) as asked:
                assert asked.ends() == 1
    check = Check(**json.loads(answers.read_text())["checks"][-1])
    assert check.level == "ok"  # what is wrong is the broker, and told as that
    assert check.found.startswith("the running reader has it (process ")
    assert check.found.endswith("; see the broker")


def test_a_server_that_our_own_reader_has_gets_no_second_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take one only, or throw the reader off for the new one."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    with _server_of_one() as (number, connections):
        config = _config(tmp_path, f"socket://127.0.0.1:{number}")
        with running(["reader", "-c", str(tmp_path / "config.ini")], tmp_path / "log", RUNTIME_DIRECTORY=str(tmp_path)):
            eventually((tmp_path / "health").exists, what="the file for the supervisor")
            eventually(lambda: connections, what="the reader")
            (check,) = check_port(config)
        assert len(connections) == 1
    assert (check.what, check.level) == (f"port socket://127.0.0.1:{number}", "ok")
    assert check.found.startswith("the running reader has it, and is offline: ")


@pytest.mark.broker
def test_a_server_that_is_away_is_told_beside_the_running_reader_too(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader has no connection that could be lost, so the check may try one of its own."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    config = _config(tmp_path, f"socket://127.0.0.1:{free_port()}", mqtt_port=broker.port)
    with running(["reader", "-c", str(tmp_path / "config.ini")], tmp_path / "log", RUNTIME_DIRECTORY=str(tmp_path)):
        eventually(lambda: NO_PORT in (tmp_path / "health").read_text() if (tmp_path / "health").exists() else False)
        check = _problem(config)
    assert check.found == "nothing listens there (connection refused)"
