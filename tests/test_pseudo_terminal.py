"""Simulated telegrams reach who opens a pseudo-terminal as a serial port, whole and in step."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import serial

from reader.pseudo_terminal import PseudoTerminal
from tests.support.taken import TELEGRAMS, from_port, open_port, take


@contextmanager
def terminal(link: Path) -> Iterator[PseudoTerminal]:
    """Make a pseudo-terminal for the length of a block."""
    with closing(PseudoTerminal(link)) as made:
        yield made


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
        port.write_timeout = 5.0
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
