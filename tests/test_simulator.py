"""Simulated telegrams reach a real pseudo-terminal, real TCP clients and a real pipe, whole and in step."""

import argparse
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import serial

from common.framing import Frame, Framer
from common.telegram import decode
from common.waiting import Stop
from reader.household import Household
from reader.simulate import SEEDED_START, _Source, add_arguments, simulate
from reader.simulator import PseudoTerminal, SinkError, StandardOutput, TcpServer, wait
from reader.telegram_writer import render
from tests.support.processes import REPOSITORY, clean_environment, wait_for_end
from tests.support.waiting import eventually

TELEGRAMS = [b"/number %d\r\n\r\n%s\r\n!0000\r\n" % (number, b"x" * 1400) for number in range(100)]
SIMULATE = [sys.executable, "-m", "reader", "simulate"]


def options(*arguments: object) -> argparse.Namespace:
    """Parse the command's own options."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([str(argument) for argument in arguments])


@contextmanager
def simulating(*arguments: object) -> Iterator[Stop]:
    """Run the command in a thread for the length of a block; it must end within a second."""
    stop, codes = Stop(), list[int]()
    thread = Thread(target=lambda: codes.append(simulate(options(*arguments), stop)), daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.request()
        thread.join(1.0)
    assert codes == [0]


def expected(count: int) -> list[bytes]:
    """Give the first telegrams of seed 7."""
    household = Household(7, SEEDED_START)
    return [render(household.step(min(number, 1))) for number in range(count)]


def open_port(link: Path) -> serial.Serial:
    """Open a port as the reader does."""
    eventually(link.exists, what=f"{link}")
    return serial.Serial(str(link), 115_200, timeout=0.05, exclusive=True)


def take(read: Callable[[], bytes], count: int) -> list[bytes]:
    """Read telegrams until there are enough; what is not a telegram fails."""
    framer, frames = Framer(), list[bytes]()

    def has_enough() -> bool:
        for found in framer.feed(read()):
            assert isinstance(found, Frame), found
            frames.append(found.data + b"\r\n")
        return len(frames) >= count

    eventually(has_enough, what=f"{count} telegrams")
    return frames[:count]


def from_port(port: serial.Serial, count: int) -> list[bytes]:
    """Read telegrams from a port."""
    return take(lambda: bytes(port.read(4096)), count)


def stamp(telegram: bytes) -> datetime:
    """Give the time that a telegram tells."""
    return datetime.fromisoformat(str(decode(telegram)["timestamp"]))


def told_port(capfd: pytest.CaptureFixture[str]) -> int:
    """Give the port that a simulator with `--listen 127.0.0.1:0` found; nobody has connected to it yet."""
    told = eventually(lambda: re.findall(r"^listening on 127\.0\.0\.1:(\d+)\n", capfd.readouterr().err, re.MULTILINE))
    return int(told[0])


def connected(port: int) -> socket.socket:
    """Connect once: at speed 0 the first client gets the first telegrams, whoever it is."""
    return socket.create_connection(("127.0.0.1", port), timeout=20.0)


def connected_to(server: TcpServer) -> socket.socket:
    """Connect to a server that runs in this thread."""
    client = socket.create_connection(server._listener.getsockname(), timeout=20.0)
    count = len(server._clients)

    def has_taken_it_in() -> bool:
        server.serve()
        return len(server._clients) > count

    eventually(has_taken_it_in)
    return client


@contextmanager
def terminal(link: Path) -> Iterator[PseudoTerminal]:
    """Make a pseudo-terminal for the length of a block."""
    with closing(PseudoTerminal(link)) as made:
        yield made


def test_a_port_gives_the_telegrams_of_the_seed(tmp_path: Path) -> None:
    """Whole, in order and byte for byte; at the end the link is gone."""
    link, known = tmp_path / "meter", expected(200)
    with simulating("--port", link, "--seed", 7, "--speed", 0), open_port(link) as port:
        assert all(frame in known for frame in from_port(port, 50))
    assert not link.is_symlink()


def test_a_second_reader_on_the_port_is_refused(tmp_path: Path) -> None:
    """The simulator's own hold on the terminal does not stand in the way of an exclusive one."""
    with terminal(tmp_path / "meter"), open_port(tmp_path / "meter"), pytest.raises(serial.SerialException):
        open_port(tmp_path / "meter")


def test_a_terminal_that_nobody_reads_keeps_whole_telegrams_and_takes_on(tmp_path: Path) -> None:
    """Offering never blocks; later a reader finds nothing cut, and the newest telegrams."""
    with terminal(tmp_path / "meter") as meter, open_port(tmp_path / "meter") as port:
        for telegram in TELEGRAMS:
            meter.offer(telegram)
            meter.serve()

        def read() -> bytes:
            meter.serve()
            return bytes(port.read(4096))

        frames = take(read, 18)
    assert frames[0] == TELEGRAMS[0]  # the kernel's own store
    assert frames[-16:] == TELEGRAMS[-16:]


def test_a_reader_may_leave_and_come_back(tmp_path: Path) -> None:
    """Opening empties the terminal, which never leaves half a telegram in it."""
    with terminal(tmp_path / "meter") as meter:
        for number in range(0, 90, 10):
            for telegram in TELEGRAMS[number : number + 10]:
                meter.offer(telegram)
                meter.serve()
            with open_port(tmp_path / "meter") as port:
                meter.serve()
                assert from_port(port, 1)[0] in TELEGRAMS[: number + 10]


def test_what_a_reader_writes_is_forgotten(tmp_path: Path) -> None:
    """A meter does not listen; still nobody hangs who talks to it."""
    with terminal(tmp_path / "meter") as meter, open_port(tmp_path / "meter") as port:
        port.write_timeout = 0.05
        for _ in range(50):
            port.write(b"?" * 1000)
            meter.serve()
        meter.offer(TELEGRAMS[0])
        meter.serve()
        assert from_port(port, 1) == TELEGRAMS[:1]


def test_a_stale_link_is_replaced(tmp_path: Path) -> None:
    """One that leads nowhere, or to a terminal, is from a simulator that was killed."""
    link = tmp_path / "meter"
    for target in ("/nowhere/at/all", "/dev/pts/ptmx"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with terminal(link), open_port(link):
            assert str(link.readlink()).startswith("/dev/pts/")
        assert list(tmp_path.iterdir()) == []


def test_a_link_that_another_simulator_took_over_stays(tmp_path: Path) -> None:
    """Who ends removes its own link only."""
    link = tmp_path / "meter"
    first = PseudoTerminal(link)
    with terminal(link):
        first.close()
        assert link.is_symlink()
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("there", "problem"),
    [
        ("file", "cannot make {link}: File exists"),
        ("link to a file", "cannot make {link}: it is a link to {folder}/other, which is not ours"),
        ("no folder", "cannot make {link}: No such file or directory"),
    ],
)
def test_a_link_that_cannot_be_made_is_said(
    there: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 1; what is there stays."""
    link = tmp_path / "meter"
    if there == "file":
        link.write_text("precious")
    elif there == "link to a file":
        (tmp_path / "other").write_text("precious")
        link.symlink_to(tmp_path / "other")
    else:
        link = tmp_path / "missing" / "meter"
    assert simulate(options("--port", link), Stop()) == 1
    assert capsys.readouterr().err == problem.format(link=link, folder=tmp_path) + "\n"
    assert not link.exists() or link.read_text() == "precious"


def test_tcp_clients_get_the_same_telegrams(capfd: pytest.CaptureFixture[str]) -> None:
    """The address that was found is said in one line; every client begins with a whole telegram."""
    known = expected(2000)
    with simulating("--listen", "127.0.0.1:0", "--seed", 7, "--speed", 50):
        port = told_port(capfd)
        with connected(port) as first, connected(port) as second:
            for frames in (take(lambda: first.recv(4096), 20), take(lambda: second.recv(4096), 20)):
                begin = known.index(frames[0])
                assert frames == known[begin : begin + 20]


def test_as_fast_as_possible_loses_nothing_for_a_tcp_client(capfd: pytest.CaptureFixture[str]) -> None:
    """Speed 0 waits for the first client and then for its pace; with a count it ends when all is sent."""
    with (
        simulating("--listen", "127.0.0.1:0", "--seed", 7, "--speed", 0, "--count", 500),
        connected(told_port(capfd)) as client,
    ):
        assert take(lambda: client.recv(65_536), 500) == expected(500)
        assert client.recv(1) == b""


def test_a_slow_client_is_dropped_and_the_others_are_not() -> None:
    """What waits for one client is bounded."""
    with closing(TcpServer("127.0.0.1", 0)) as server:
        stop = Stop()
        with connected_to(server) as slow, connected_to(server) as quick:
            assert len(server._clients) == 2
            for telegram in TELEGRAMS * 100:
                server.offer(telegram)
                wait([server], stop, 0.0)
                assert sum(len(client.pending) for client in server._clients) <= 2 * 65_536
                received = 0
                while received < len(telegram):
                    received += len(quick.recv(65_536))
            assert len(server._clients) == 1
            while slow.recv(65_536):  # what it was sent before; then the end
                pass


def test_a_client_that_goes_is_forgotten_and_one_that_only_listens_is_not() -> None:
    """`nc` without input ends its own half at once, and reads on."""
    with closing(TcpServer("127.0.0.1", 0)) as server, connected_to(server) as listening:
        with connected_to(server):
            assert len(server._clients) == 2
        listening.shutdown(socket.SHUT_WR)

        def is_alone() -> bool:
            server.offer(TELEGRAMS[0])
            server.serve()
            return len(server._clients) == 1

        eventually(is_alone)
        assert take(lambda: listening.recv(4096), 1) == TELEGRAMS[:1]


def test_an_address_in_use_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """One line and exit code 1."""
    with closing(TcpServer("127.0.0.1", 0)) as server:
        assert simulate(options("--listen", server.address), Stop()) == 1
        assert capsys.readouterr().err == f"cannot listen on {server.address}: Address already in use\n"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 300])
def test_a_name_that_is_no_host_is_said(host: str) -> None:
    """It names the address."""
    with pytest.raises(SinkError, match=f"cannot listen on {host}:2000: "):
        TcpServer(host, 2000)


def test_port_and_address_may_be_combined(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Both carry the same household."""
    link, known = tmp_path / "meter", expected(1000)
    with (
        simulating("--port", link, "--listen", "127.0.0.1:0", "--seed", 7, "--speed", 50),
        open_port(link) as port,
        connected(told_port(capfd)) as client,
    ):
        assert from_port(port, 3)[0] in known
        assert take(lambda: client.recv(4096), 3)[0] in known


def test_standard_output_waits_for_its_reader() -> None:
    """A full pipe drops nothing and does not block; a reader that has gone ends it."""
    read_end, write_end = os.pipe()
    output = StandardOutput(write_end)
    written = 0
    while output.is_ready:
        output.offer(TELEGRAMS[0])
        output.serve()
        written += 1
    received = b""
    while len(received) < written * len(TELEGRAMS[0]):
        received += os.read(read_end, 65_536)
        output.serve()
    assert received == TELEGRAMS[0] * written
    os.close(read_end)
    output.offer(TELEGRAMS[0])
    with pytest.raises(BrokenPipeError):
        output.serve()
    os.close(write_end)


def test_a_full_disk_is_said() -> None:
    """It is no bug of ours, and ends with one line."""
    with Path("/dev/full").open("wb") as disk:
        output = StandardOutput(disk.fileno())
        output.offer(TELEGRAMS[0])
        with pytest.raises(SinkError, match="cannot write to standard output: No space left on device"):
            output.serve()


def test_the_same_seed_gives_the_same_bytes() -> None:
    """From 2026-06-21T12:00:00+02:00 on, as many as were asked for."""
    command = [*SIMULATE, "--seed", "7", "--speed", "0", "--count", "30"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, timeout=30)
    assert result.stdout == b"".join(expected(30))
    assert result.stderr == b""


def test_the_last_telegram_waits_for_a_slow_reader_too() -> None:
    """Standard output drops nothing, however long its reader takes."""
    command = [*SIMULATE, "--seed", "7", "--speed", "0", "--count", "60"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 20.0)[0]
        with pytest.raises(subprocess.TimeoutExpired):  # 64 KiB fit into the pipe
            process.wait(1.0)
        assert process.stdout.read() == b"".join(expected(60))
        assert process.wait(20.0) == 0


def test_a_start_may_be_chosen() -> None:
    """Without an offset it is Belgian time."""
    command = [*SIMULATE, "--start", "2026-01-31T23:59:59", "--speed", "0", "--count", "2"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, timeout=30)
    stamps = [stamp(frame.data) for frame in Framer().feed(result.stdout) if isinstance(frame, Frame)]
    assert [moment.isoformat() for moment in stamps] == ["2026-01-31T23:59:59+01:00", "2026-02-01T00:00:00+01:00"]


def test_telegrams_carry_the_real_time_and_keep_pace(tmp_path: Path) -> None:
    """One per second, each in the second that it tells."""
    arrivals = list[tuple[datetime, datetime]]()
    with simulating("--port", tmp_path / "meter"), open_port(tmp_path / "meter") as port:
        from_port(port, 1)  # opening the port may have emptied it
        for _ in range(3):
            arrivals.append((stamp(from_port(port, 1)[0]), datetime.now(UTC)))
    assert [(now - arrivals[0][0]).total_seconds() for now, _ in arrivals] == [0, 1, 2]
    assert all(0 <= (received - told).total_seconds() < 0.9 for told, received in arrivals)


@pytest.mark.parametrize("off", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400)])
def test_a_clock_that_was_set_is_followed(off: timedelta) -> None:
    """A machine that slept, or got its time late, goes on with the real time; a gap of hours is lived through."""
    source = _Source(options())
    source._household = Household(source._seed, datetime.now(UTC) + off)
    source._state = source._household.state()
    begin_s = time.monotonic()
    assert abs(stamp(source.take()) - datetime.now(UTC)) < timedelta(seconds=2)
    assert abs(source.due_in_s()) < 1 + time.monotonic() - begin_s


def test_speed_gives_that_many_telegrams_per_second() -> None:
    """The schedule does not drift: it counts from its begin."""
    begin_s = time.monotonic()
    command = [*SIMULATE, "--seed", "7", "--speed", "40", "--count", "41"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.read(1)
        first_s = time.monotonic()
        assert first + process.stdout.read() == b"".join(expected(41))
        took_s = time.monotonic() - first_s
    assert first_s - begin_s < 20
    assert 0.9 < took_s < 2.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("speed", ["0", "1", "0.001"])
def test_a_signal_ends_it_and_removes_the_link(number: signal.Signals, speed: str, tmp_path: Path) -> None:
    """In under a second, with exit code 0, whether anybody reads or not."""
    link = tmp_path / "meter"
    command = [*SIMULATE, "--port", str(link), "--speed", speed]
    with subprocess.Popen(command, cwd=REPOSITORY, env=clean_environment()) as process:
        eventually(link.exists)
        process.send_signal(number)
        assert wait_for_end(process, 1.0) == 0
    assert not link.is_symlink()


def test_a_pipe_whose_reader_goes_ends_it_quietly() -> None:
    """As in `simulate | head`."""
    command = [*SIMULATE, "--seed", "7", "--speed", "0"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(100)
        process.stdout.close()
        assert process.wait(20.0) == 0
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--speed", "-1"], "argument --speed: expected a number, 0 or more, got '-1'"),
        (["--speed", "nan"], "argument --speed: expected a number, 0 or more, got 'nan'"),
        (["--speed", "fast"], "argument --speed: expected a number, 0 or more, got 'fast'"),
        (["--seed", "x"], "argument --seed: expected a whole number, got 'x'"),
        (["--count", "0"], "argument --count: expected a whole number, 1 or more, got '0'"),
        (["--listen", "2000"], "argument --listen: expected HOST:PORT, got '2000'"),
        (["--listen", "localhost:65536"], "argument --listen: expected HOST:PORT, got 'localhost:65536'"),
        (["--start", "now"], "argument --start: expected a time as 2026-06-21T12:00:00 of the years 2002 to 2068, got 'now'"),
        (["--start", "1999-12-31"], "got '1999-12-31'"),
    ],
)
def test_wrong_values_are_refused(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2, the option, what was wanted and what came."""
    with pytest.raises(SystemExit) as end:
        options(*arguments)
    assert end.value.code == 2
    assert problem in capsys.readouterr().err
