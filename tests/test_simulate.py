"""`reader simulate`: the seed's telegrams reach a real pseudo-terminal, real TCP clients and a real pipe, at their pace."""

import argparse
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from common.framing import Frame, Framer
from common.telegram import decode
from common.waiting import Stop
from reader.household import Household
from reader.simulate import SEEDED_START, _Source, add_arguments, simulate
from reader.tcp_server import TcpServer
from reader.telegram_writer import render
from tests.support.processes import REPOSITORY, clean_environment, wait_for_end
from tests.support.taken import from_port, open_port, take
from tests.support.waiting import eventually

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


def test_a_port_gives_the_telegrams_of_the_seed(tmp_path: Path) -> None:
    """Whole, in order and byte for byte; at the end the link is gone."""
    link, known = tmp_path / "meter", expected(200)
    with simulating("--port", link, "--seed", 7, "--speed", 0), open_port(link) as port:
        assert all(frame in known for frame in from_port(port, 50))
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


def test_an_address_in_use_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """One line and exit code 1."""
    with closing(TcpServer("127.0.0.1", 0)) as server:
        assert simulate(options("--listen", server.address), Stop()) == 1
        assert capsys.readouterr().err == f"cannot listen on {server.address}: Address already in use\n"


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
