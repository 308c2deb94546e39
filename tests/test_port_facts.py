"""What a machine tells of a serial port, on real pseudo-terminals; and what is made of it, as a table."""

import grp
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.check import Check, ok, problem, warning
from common.check_host import user_name
from common.holder import Holder
from common.port_holders import holders_of
from common.remedies import Place, Remedies
from reader.port_facts import facts_of, why_closed
from reader.port_judgement import PortFacts, by_reader, judge_port
from tests.support.waiting import eventually

USB = "/dev/ttyUSB0"
BY_ID = "/dev/serial/by-id/usb-FTDI_P1-if00-port0"
CONSOLE_OFF = "sudo raspi-config nonint do_serial_cons 1, then sudo reboot"
UART_ON = "sudo raspi-config nonint do_serial_hw 0, then sudo reboot"
GOOD = PortFacts(
    USB,
    exists=True,
    is_serial=True,
    may_open=True,
    user="pi",
    group="dialout",
    group_may_open=True,
    is_member=True,
    has_group=True,
)
CLOSED = replace(GOOD, may_open=False, has_group=False)
READER = Holder(7, "/opt/smartmeter/venv/bin/python -m reader -c /etc/smartmeter/config.ini")


@pytest.fixture
def terminal() -> Iterator[str]:
    """Give the name of a port that nobody uses."""
    master, slave = os.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    yield name
    os.close(master)


def test_a_free_port_has_no_holder_and_no_console(terminal: str) -> None:
    """It is there, it is serial, and it may be opened."""
    facts = facts_of(terminal, user_name())
    assert (facts.exists, facts.is_serial, facts.may_open, facts.console, facts.holders) == (True, True, True, "", ())


@pytest.mark.parametrize("path", ["/dev/null", __file__])
def test_what_is_no_port_is_known_without_opening_it(path: str) -> None:
    """Another device, a file."""
    facts = facts_of(path, user_name())
    assert (facts.exists, facts.is_serial) == (True, False)


def test_a_program_that_has_the_port_open_is_found_even_if_it_locks_nothing(terminal: str, tmp_path: Path) -> None:
    """By its name and number; also where the port has another name."""
    link = tmp_path / "meter"
    link.symlink_to(terminal)
    with subprocess.Popen(["sleep", "100"], stdin=os.open(terminal, os.O_RDONLY | os.O_NOCTTY)) as program:
        holders = facts_of(str(link), user_name()).holders
        program.kill()
    assert Holder(program.pid, "sleep 100") in holders


def test_a_file_that_a_program_closes_meanwhile_hides_no_other_one(terminal: str, tmp_path: Path) -> None:
    """It is gone between the list of them and the look at it."""
    folder = tmp_path / "7/fd"
    folder.mkdir(parents=True)
    (tmp_path / "7/cmdline").write_bytes(b"minicom\0")
    for number in range(8):
        (folder / str(number)).symlink_to(terminal if number == 4 else tmp_path / "closed")
    assert list(holders_of(Path(terminal), tmp_path)) == [Holder(7, "minicom")]


def test_a_login_that_waits_for_the_port_is_found(terminal: str) -> None:
    """A getty names the port on its command line, and may not have it open just now."""
    number = terminal.removeprefix("/dev/")
    waits = ["agetty", "-c", "import sys; sys.stdin.read()", "--noclear", number]
    with subprocess.Popen(waits, executable=sys.executable, stdin=subprocess.PIPE) as login:
        holders = eventually(lambda: facts_of(terminal, user_name()).holders)
        login.kill()
    assert [holder.process for holder in holders] == [login.pid]
    assert next(judge_port(facts_with(holders), Remedies(Place.CHECKOUT, has_raspi_config=True))).mend == CONSOLE_OFF


@pytest.mark.parametrize(
    "command",
    [["/sbin/agetty", "-o", "-p -- \\u", "--keep-baud", "115200,9600", "-", "vt220"], ["/bin/login", "-p", "--", "/ISK5"]],
)
def test_a_login_that_has_the_port_as_its_standard_input_is_found(command: list[str], terminal: str) -> None:
    """As newer versions of systemd start one; it becomes `login` when a line comes."""
    port = os.open(terminal, os.O_RDONLY | os.O_NOCTTY)
    acted = [command[0], "-c", "import time; time.sleep(100)", *command[1:]]
    with subprocess.Popen(acted, executable=sys.executable, stdin=port) as login:
        os.close(port)
        facts = eventually(lambda: facts_of(terminal, user_name()))
        login.kill()
    assert [holder.process for holder in facts.holders] == [login.pid]
    (check,) = judge_port(facts, Remedies(Place.SYSTEM, has_raspi_config=False))
    assert check.mend == f"sudo systemctl mask --now serial-getty@{Path(terminal).name}"


def facts_with(holders: tuple[Holder, ...]) -> PortFacts:
    """Give a good port with these holders."""
    return replace(GOOD, holders=holders)


@pytest.mark.parametrize(
    ("cmdline", "console"),
    [
        ("console=serial0,115200 console={} root=/dev/x", "console={}"),
        ("console={},115200 root=/dev/x", "console={},115200"),
        ("console=tty1 root=/dev/{}", ""),
    ],
)
def test_a_console_of_the_kernel_is_read_from_its_words(terminal: str, cmdline: str, console: str, tmp_path: Path) -> None:
    """A word of it names the device."""
    number = Path(terminal).name
    (tmp_path / "cmdline").write_text(cmdline.format(number), encoding="ascii")
    assert facts_of(terminal, user_name(), tmp_path).console == console.format(number)


@pytest.mark.parametrize(
    ("command", "is_reader"),
    [
        ("python -m reader", True),
        ("/opt/smartmeter/venv/bin/python -m reader -c /etc/smartmeter/config.ini", True),
        ("python -m reader capture -o x", False),
        ("python -m reader -c config.ini --check", False),
        ("python -m reader_of_mine", False),
        ("minicom -D /dev/ttyUSB0", False),
    ],
)
def test_our_own_reader_is_told_from_other_programs(command: str, is_reader: bool) -> None:  # noqa: FBT001 -- a table
    """Its commands are other programs: `capture` takes telegrams away from it."""
    assert Holder(1, command).is_reader is is_reader


def test_a_closed_port_is_explained_in_the_words_of_the_check(terminal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the group of the port and the user of this process; and with a restart where a service says it."""
    own = {0, os.getegid(), *os.getgroups(), *os.getgrouplist(user_name(), os.getegid())}
    number = next(one.gr_gid for one in grp.getgrall() if one.gr_gid not in own)
    real = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        status = real(path, follow_symlinks=follow_symlinks)
        if path != Path(terminal):
            return status
        return os.stat_result((status.st_mode | 0o060, *status[1:5], number, *status[6:]), {"st_rdev": status.st_rdev})

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("reader.port_facts.remedies", lambda: Remedies(Place.SYSTEM))
    user, group = user_name(), grp.getgrgid(number).gr_name
    assert why_closed(terminal) == (
        f"no right to read it: {user} is not in its group {group}; mend it with: sudo usermod -aG {group} {user}, "
        "then restart the service: sudo systemctl restart 'smartmeter@*'"
    )


def test_a_closed_port_with_a_login_begins_with_the_same_words(terminal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks through the log finds each port that is closed."""
    monkeypatch.setattr("reader.port_facts.facts_of", lambda *_: replace(CLOSED, group="tty"))
    assert why_closed(terminal).startswith("no right to read it: a login console has it (group tty); mend it with: sudo ")
    monkeypatch.setattr("reader.port_facts.facts_of", lambda *_: GOOD)
    assert why_closed(terminal) == "no right to read it"


def _wrong(found: str, mend: str) -> Check:
    return problem(f"port {USB}", found, mend)


JUDGED = [
    (GOOD, Place.CHECKOUT, []),
    (
        PortFacts(USB, exists=False, others=(BY_ID, USB)),
        Place.CHECKOUT,
        [_wrong(f"it does not exist; serial ports here: {BY_ID}, {USB}", f"[serial] port = {BY_ID}")],
    ),
    (
        PortFacts(USB, exists=False),
        Place.CONTAINER,
        [_wrong("it does not exist; serial ports here: none", "plug the P1 cable in, then: ls /dev/serial/by-id /dev/ttyUSB*")],
    ),
    (
        replace(GOOD, is_serial=False, others=(BY_ID,)),
        Place.CONTAINER,
        [_wrong("it is no serial port", f"SERIAL_PORT={BY_ID}")],
    ),
    (
        replace(CLOSED, is_member=False),
        Place.CHECKOUT,
        [_wrong("no right to read it: pi is not in its group dialout", "sudo usermod -aG dialout pi, then log in anew")],
    ),
    (
        replace(CLOSED, is_member=False, group="20"),
        Place.CONTAINER,
        [
            _wrong(
                "no right to read it: pi is not in its group 20",
                "make devices, then: docker compose up -d",
            )
        ],
    ),
    (
        CLOSED,
        Place.CHECKOUT,
        [_wrong("no right to read it: pi is in its group dialout, but not since this program was started", "log in anew")],
    ),
    (
        CLOSED,
        Place.SYSTEM,
        [
            _wrong(
                "no right to read it: pi is in its group dialout, but not since this program was started",
                "sudo systemctl restart smartmeter@reader",
            )
        ],
    ),
    (
        replace(CLOSED, group="root", group_may_open=False),
        Place.SYSTEM,
        [
            _wrong(
                "no right to read it: it is open to nobody but its owner (group root)",
                f"sudo chmod 660 {USB}, and look for a udev rule that closed it: grep -r tty /etc/udev/rules.d",
            )
        ],
    ),
    (replace(CLOSED, group="tty"), Place.SYSTEM, [_wrong("a login console has it (group tty)", CONSOLE_OFF)]),
    (
        replace(GOOD, console="console=serial0,115200"),
        Place.SYSTEM,
        [_wrong("the kernel writes its console to it (console=serial0,115200)", CONSOLE_OFF)],
    ),
    (
        PortFacts("/dev/serial0", exists=False, others=("/dev/ttyAMA0",)),
        Place.SYSTEM,
        [problem("port /dev/serial0", "it does not exist; serial ports here: /dev/ttyAMA0", UART_ON)],
    ),
    (
        PortFacts("/dev/ttyS0", exists=False, others=(USB,)),
        Place.SYSTEM,
        [problem("port /dev/ttyS0", f"it does not exist; serial ports here: {USB}", f"{UART_ON}; or [serial] port = {USB}")],
    ),
    (
        replace(GOOD, lasting_name=BY_ID),
        Place.CONTAINER,
        [warning("name of the port", "this name may be another device's after replugging", f"SERIAL_PORT={BY_ID}")],
    ),
    (replace(GOOD, port="/dev/serial0", lasting_name=BY_ID), Place.CHECKOUT, []),
    (facts_with((READER,)), Place.SYSTEM, []),
    (
        facts_with((Holder(9, "/usr/bin/minicom -D x"),)),
        Place.SYSTEM,
        [_wrong("another program has it open: /usr/bin/minicom -D x (process 9)", "end it: sudo kill 9")],
    ),
]


@pytest.mark.parametrize(
    ("facts", "found", "mend"),
    [
        (
            replace(CLOSED, group="tty", device="ttyS0"),
            "a login console has it (group tty)",
            "sudo systemctl mask --now serial-getty@ttyS0",
        ),
        (
            replace(GOOD, console="console=ttyS0,115200"),
            "the kernel writes its console to it (console=ttyS0,115200)",
            "take console=ttyS0,115200 out of the kernel's command line (/etc/default/grub; sudo update-grub), then reboot",
        ),
        (
            replace(GOOD, device="ttyS0", holders=(Holder(9, "/bin/login -p -- /ISK5"),)),
            "another program has it open: /bin/login -p -- /ISK5 (process 9)",
            "sudo systemctl mask --now serial-getty@ttyS0",
        ),
        (
            replace(GOOD, exists=False),
            "it does not exist; serial ports here: none",
            "plug the P1 cable in, then: ls /dev/serial/by-id /dev/ttyUSB*",
        ),
    ],
)
def test_a_machine_without_raspi_config_is_mended_by_other_commands(facts: PortFacts, found: str, mend: str) -> None:
    """As plain Debian, on a PC."""
    assert list(judge_port(facts, Remedies(Place.SYSTEM, has_raspi_config=False))) == [_wrong(found, mend)]


@pytest.mark.parametrize(("facts", "place", "wanted"), JUDGED)
def test_a_port_is_judged_before_it_is_opened(facts: PortFacts, place: Place, wanted: list[Check]) -> None:
    """Each problem with the command that mends it, at the place where it is typed."""
    assert list(judge_port(facts, Remedies(place))) == wanted


@pytest.mark.parametrize(
    ("well", "words", "wanted"),
    [
        (True, "online", ok(f"port {USB}", "the running reader has it (process 7), and hears telegrams")),
        (None, "", ok(f"port {USB}", "the running reader has it (process 7); stop it to listen here")),
        (
            False,
            "offline: Connection refused",
            ok(f"port {USB}", "the running reader has it (process 7), and is offline: Connection refused; see the broker"),
        ),
        (
            False,
            "stale: nothing comes",
            problem(
                f"port {USB}",
                "the running reader has it (process 7): stale: nothing comes",
                "to listen at other speeds too: sudo systemctl stop smartmeter@reader && sudo make doctor",
            ),
        ),
    ],
)
def test_a_port_that_our_reader_has_is_as_well_as_that_says(well: bool | None, words: str, wanted: Check) -> None:  # noqa: FBT001
    """It alone can listen there now."""
    assert by_reader(USB, READER, Remedies(Place.SYSTEM), well, words) == wanted
