"""`reader.serial_port`: real pseudo-terminals, real sockets, and pyserial's own RFC 2217 server."""

import errno
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import serial
from serial.rfc2217 import PortManager

from common.sections import SerialSettings
from common.waiting import wait_for
from reader import serial_port
from reader.pump import BACKLOG_BYTES
from reader.serial_port import (
    Opening,
    PortBusyError,
    PortGoneError,
    PortSettingsError,
    SerialPort,
    existing_ports,
    open_port,
)
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.replay import Cable
from tests.support.telegrams import telegram
from tests.support.waiting import eventually, free_port

TELEGRAM = telegram("be-emucs-1.7.1")
FAST = 10_000_000


def _received(port: SerialPort, count: int) -> bytes:
    """Read until that many bytes are there."""
    received = b""

    def enough() -> bool:
        nonlocal received
        if wait_for([port], 0.1):
            received += port.read()
        return len(received) >= count

    eventually(enough, what=f"{count} bytes")
    return received


def _gone(port: SerialPort) -> str:
    """Read until the port is gone; give what it says."""

    def gone() -> str:
        try:
            if wait_for([port], 0.1):
                port.read()
        except PortGoneError as error:
            return str(error.strerror)
        return ""

    return eventually(gone, what="the end of the port")


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """Give a pseudo-terminal."""
    with Cable(tmp_path / "meter") as cable:
        yield cable


def test_what_is_there_is_read_in_one_go(cable: Cable) -> None:
    """Not byte by byte, not line by line: a system call costs more than a telegram."""
    with closing(open_port(SerialSettings(port=str(cable.link)))) as port:
        cable.send(TELEGRAM, FAST)
        assert wait_for([port], 5.0) == [port]
        assert port.read() == TELEGRAM
        assert port.read() == b""


def test_bytes_of_any_value_pass_unchanged(cable: Cable) -> None:
    """No line discipline, no flow control, no end-of-file character."""
    data = bytes(range(256)) * 4
    with closing(open_port(SerialSettings(port=str(cable.link)))) as port:
        cable.send(data, FAST)
        assert _received(port, len(data)) == data


def test_a_port_that_is_pulled_out_is_gone(cable: Cable) -> None:
    """Also after the last bytes."""
    with closing(open_port(SerialSettings(port=str(cable.link)))) as port:
        cable.pull()
        assert _gone(port) in {"it is gone (Input/output error)", "it is gone (end of data)"}


def test_a_second_program_on_the_port_is_refused_and_told_who_has_it(cable: Cable) -> None:
    """By its command line and process number."""
    program = (
        "import sys; from common.sections import SerialSettings; from reader.serial_port import open_port\n"
        "port = open_port(SerialSettings(port=sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(cable.link)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(PortBusyError) as caught:
            open_port(SerialSettings(port=str(cable.link)))
        holder.communicate(b"")
    assert str(caught.value.strerror).startswith(f"another program reads it: {sys.executable} -c import sys")
    assert str(caught.value.strerror).endswith(f"{cable.link} (process {holder.pid})")
    open_port(SerialSettings(port=str(cable.link))).close()


def test_a_port_that_is_absent_is_told_with_those_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names that survive a replugging first."""
    names = [tmp_path / "by-id" / "usb-b", tmp_path / "by-id" / "usb-a", tmp_path / "ttyUSB1"]
    (tmp_path / "by-id").mkdir()
    for name in names:
        name.touch()
    monkeypatch.setattr(serial_port, "_PORT_PATTERNS", (f"{tmp_path}/by-id/*", f"{tmp_path}/ttyAMA*", f"{tmp_path}/ttyUSB*"))
    assert existing_ports() == [str(names[1]), str(names[0]), str(names[2])]
    with pytest.raises(PortGoneError) as caught:
        open_port(SerialSettings(port=str(tmp_path / "ttyUSB0")))
    assert caught.value.strerror == f"it does not exist; serial ports here: {names[1]}, {names[0]}, {names[2]}"


def test_where_there_is_no_port_it_says_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list would look like a mistake."""
    monkeypatch.setattr(serial_port, "_PORT_PATTERNS", (f"{tmp_path}/*",))
    with pytest.raises(PortGoneError, match=r"it does not exist; serial ports here: none$"):
        open_port(SerialSettings(port=str(tmp_path / "ttyUSB0")))


def test_the_places_of_ports_are_those_of_the_issue() -> None:
    """by-id, the Pi's own, USB."""
    patterns = serial_port._PORT_PATTERNS
    assert patterns[:4] == ("/dev/serial/by-id/*", "/dev/serial0", "/dev/ttyAMA*", "/dev/ttyUSB*")


def test_a_missing_right_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens the port finds the words: a service needs others than a person."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(PortGoneError, match=r"Errno 13. no right to read it; serial ports here: "):
        open_port(SerialSettings(port="/dev/ttyUSB0"))
    opening = Opening(SerialSettings(port="/dev/ttyUSB0"), lambda port: f"{port} is closed; mend it with: a group")
    assert wait_for([opening], 5.0) == [opening]
    with pytest.raises(PortGoneError, match=r"/dev/ttyUSB0 is closed; mend it with: a group; serial ports here: "):
        opening.result()


def test_what_is_no_serial_port_cannot_be_read(tmp_path: Path) -> None:
    """A file, for one."""
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(PortGoneError, match="Inappropriate ioctl for device"):
        open_port(SerialSettings(port=str(file)))


def test_settings_that_no_port_can_have_are_told_apart() -> None:
    """Trying again would not help."""
    with pytest.raises(PortSettingsError, match="invalid URL, protocol 'gopher' not known"):
        open_port(SerialSettings(port="gopher://meter:70"))


def test_a_port_on_the_network_is_read_until_it_hangs_up() -> None:
    """socket://host:port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with closing(open_port(SerialSettings(port=url))) as port:
            connection, _ = server.accept()
            with connection:
                connection.sendall(TELEGRAM)
                assert _received(port, len(TELEGRAM)) == TELEGRAM
            assert _gone(port) == "it is gone (end of data)"


def test_of_a_long_backlog_the_newest_minute_is_read() -> None:
    """A connection keeps what came while the reader was stopped; the rest is counted, and the last byte is the last one."""
    data = b"".join(b"%015d\n" % number for number in range(40_000))
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with closing(open_port(SerialSettings(port=url))) as port:
            connection, _ = server.accept()
            with connection:
                sending = threading.Thread(target=connection.sendall, args=(data,))
                sending.start()
                received = bytearray()

                def all_read() -> bool:
                    chunk = port.read()
                    assert len(chunk) <= BACKLOG_BYTES
                    received.extend(chunk)
                    return received.endswith(data[-16:])

                eventually(all_read)
                sending.join()
            assert len(received) + port.lost_bytes == len(data)


def test_a_port_on_the_network_that_nobody_serves_is_absent() -> None:
    """It may come back."""
    with pytest.raises(PortGoneError, match="Connection refused"):
        open_port(SerialSettings(port=f"socket://127.0.0.1:{free_port()}"))


class _WithoutModemLines(serial.Serial):
    """A pseudo-terminal has no modem lines."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass


@contextmanager
def _rfc2217_server(device: Path) -> Iterator[str]:
    """Serve a port to one client; end with the block."""
    stop_read, stop_write = os.pipe()

    def serve(listener: socket.socket, port: serial.Serial) -> None:
        connection, _ = listener.accept()
        with connection, closing(connection.makefile("wb", buffering=0)) as client:
            manager = PortManager(port, client)  # type: ignore[arg-type]  # its types are narrower than what it takes
            while True:
                ready, _, _ = select.select([connection.fileno(), port.fileno(), stop_read], [], [], 10.0)
                if stop_read in ready or not ready:
                    return
                if connection.fileno() in ready:
                    list(manager.filter(connection.recv(1024)))
                if port.fileno() in ready:
                    connection.sendall(b"".join(manager.escape(port.read(port.in_waiting))))

    with socket.create_server(("127.0.0.1", 0)) as listener, _WithoutModemLines(str(device), 9600) as port:
        server = threading.Thread(target=serve, args=(listener, port))
        server.start()
        try:
            yield f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            os.write(stop_write, b"x")
            server.join()
            os.close(stop_read)
            os.close(stop_write)


@pytest.mark.filterwarnings("ignore:set:DeprecationWarning")  # pyserial sets up its thread as of old
def test_a_port_of_an_rfc_2217_server_is_read_until_it_hangs_up(cable: Cable) -> None:
    """It has no file descriptor: a thread reads it, and `wait_for` works all the same; 0xFF passes unchanged."""
    data = TELEGRAM + b"\xff\xff\x00" + TELEGRAM
    with _rfc2217_server(cable.link) as url:
        port = open_port(SerialSettings(port=url))
        cable.send(data, FAST)
        assert _received(port, len(data)) == data
    assert _gone(port).startswith("it is gone (")
    port.close()


def test_a_port_without_descriptor_keeps_the_newest_bytes() -> None:
    """Memory is bounded when nobody reads for long."""
    source = serial.serial_for_url("loop://", timeout=0.1)
    data = bytes(number % 251 for number in range(BACKLOG_BYTES + 20_000))
    with closing(SerialPort(source)) as port:
        source.write(data)
        eventually(lambda: source.in_waiting == 0 and port._pump and port._pump._bytes.endswith(data[-10:]))
        assert port.read() == data[-BACKLOG_BYTES:]
        assert port.read() == b""


def test_a_port_is_opened_in_the_background(cable: Cable, tmp_path: Path) -> None:
    """What becomes readable says that the result is there: the port, or what went wrong."""
    opening = Opening(SerialSettings(port=str(cable.link)))
    assert wait_for([opening], 5.0) == [opening]
    with closing(opening.result()) as port:
        cable.send(TELEGRAM, FAST)
        assert _received(port, len(TELEGRAM)) == TELEGRAM
    for settings, kind in ((SerialSettings(port=str(tmp_path / "none")), PortGoneError),
                           (SerialSettings(port="gopher://x"), PortSettingsError),
                           (SerialSettings(port=str(cable.link), parity="z"), PortSettingsError)):  # fmt: skip
        opening = Opening(settings)
        assert wait_for([opening], 5.0) == [opening]
        with pytest.raises(kind):
            opening.result()
