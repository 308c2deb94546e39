"""The command `python -m reader capture`, as a user runs it: from files, pipes and a real pseudo-terminal."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from common.sections import SerialSettings
from reader.anonymise import anonymised
from reader.serial_port import open_port
from tests.support.processes import REPOSITORY, clean_environment, wait_for_end
from tests.support.replay import Cable
from tests.support.telegrams import telegram
from tests.support.waiting import eventually

GOOD, OTHER, WRONG, CUT = (telegram(name) for name in ("be-emucs-1.7.1", "nl-dsmr-5.0", "be-wrong-checksum", "be-cut"))
NOISE = b"000.1*kW)\r\n!ABCD\r\n"
LEFT_OUT = "1 left out, which --all keeps; the last one: checksum mismatch: telegram says 8272, computed 8273"
FAST = 10_000_000
PROMISED_END_S = 1.0


@dataclass(frozen=True)
class Done:
    """What is left of it: exit code, standard output, and the lines on stderr."""

    exit_code: int
    output: bytes
    told: list[str]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "reader", "capture", *arguments]


def _capture(*arguments: str, standard_input: bytes = b"") -> Done:
    done = subprocess.run(
        _command(*arguments),
        cwd=REPOSITORY,
        env=clean_environment(),
        input=standard_input,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode().splitlines())


@contextmanager
def _running(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        _command(*arguments),
        cwd=REPOSITORY,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _stopped(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> Done:
    """Ask it to end; fail if it takes longer than promised."""
    process.send_signal(number)
    exit_code = wait_for_end(process, PROMISED_END_S)
    assert process.stdout is not None
    assert process.stderr is not None
    return Done(exit_code, process.stdout.read(), process.stderr.read().decode().splitlines())


def _waits_for_port(process: subprocess.Popen[bytes], cable: Cable) -> None:
    assert process.stderr is not None
    assert process.stderr.readline().decode() == f"reading {cable.link}; Ctrl-C ends it\n"


def _heeds_signals(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether it has begun to catch SIGTERM."""
    status = Path("/proc", str(process.pid), "status").read_text(encoding="ascii")
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.fixture
def stream(tmp_path: Path) -> str:
    """Give a file with noise, a good telegram, a rejected one and another good one."""
    file = tmp_path / "stream"
    file.write_bytes(NOISE + GOOD + WRONG + OTHER)
    return str(file)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """Give the cable of a meter."""
    with Cable(tmp_path / "meter") as cable:
        yield cable


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Give settings with that port."""
    file = tmp_path / "config.ini"
    file.write_text(f"[serial]\nport = {tmp_path / 'meter'}\n", encoding="utf-8")
    return str(file)


def test_good_telegrams_of_a_file_come_out_as_they_are(stream: str) -> None:
    """Without the noise between them; nothing is left of a rejected one but a remark."""
    assert _capture(stream) == Done(0, GOOD + OTHER, [f"2 telegrams; {LEFT_OUT}"])
    assert _capture("-f", stream) == Done(0, GOOD + OTHER, [f"2 telegrams; {LEFT_OUT}"])


def test_standard_input_and_several_files_are_taken(stream: str) -> None:
    """In their order."""
    assert _capture("-", standard_input=NOISE + GOOD) == Done(0, GOOD, ["1 telegram"])
    assert _capture("-", stream, standard_input=OTHER).output == OTHER + GOOD + OTHER


def test_all_keeps_rejected_telegrams_too(stream: str) -> None:
    """Whole ones with a wrong checksum, and cut ones."""
    assert _capture("--all", stream) == Done(0, GOOD + WRONG + OTHER, ["3 telegrams"])
    cut = CUT.rstrip(b"\r\n") + b"\r\n"
    assert _capture("--all", "-", standard_input=CUT + GOOD + CUT).output == cut + GOOD + cut


def test_anonymise_masks_identifications(stream: str) -> None:
    """Of rejected ones too; what comes out is decoded as what went in, and rejected where that was."""
    assert _capture("--anonymise", stream).output == anonymised(GOOD) + anonymised(OTHER)
    masked = _capture("--anonymise", "--all", stream).output
    assert masked == anonymised(GOOD) + anonymised(WRONG) + anonymised(OTHER)
    assert _capture("-", standard_input=masked).output == anonymised(GOOD) + anonymised(OTHER)


def test_count_ends_it(stream: str) -> None:
    """After that many that are kept."""
    assert _capture("--count", "1", stream) == Done(0, GOOD, ["1 telegram"])
    assert _capture("--count", "2", "--all", stream) == Done(0, GOOD + WRONG, ["2 telegrams"])


def test_a_new_file_is_written_and_an_old_one_never(stream: str, tmp_path: Path) -> None:
    """Somebody may need what is in it."""
    output = tmp_path / "report.txt"
    told = [f"2 telegrams; {LEFT_OUT}; written to {output}"]
    assert _capture(stream, "-o", str(output)) == Done(0, b"", told)
    assert output.read_bytes() == GOOD + OTHER
    assert _capture(stream, "-o", str(output), "--count", "1") == Done(
        1, b"", [f"{output}: exists already, and is not overwritten"]
    )
    assert output.read_bytes() == GOOD + OTHER


def test_a_file_of_no_telegrams_is_a_failure_and_leaves_no_output(tmp_path: Path) -> None:
    """So that a second try may use the name."""
    output = tmp_path / "report.txt"
    assert _capture("-", "-o", str(output), standard_input=NOISE) == Done(1, b"", ["0 telegrams"])
    assert not output.exists()


def test_what_cannot_be_read_costs_that_file_only(stream: str, tmp_path: Path) -> None:
    """The others are kept; the exit code is 1."""
    assert _capture(str(tmp_path / "none"), str(tmp_path), stream) == Done(
        1,
        GOOD + OTHER,
        [f"2 telegrams; {LEFT_OUT}", f"{tmp_path}/none: No such file or directory", f"{tmp_path}: Is a directory"],
    )


@pytest.mark.parametrize(
    ("path", "problem"),
    [("none/report.txt", "No such file or directory"), (".", "exists already, and is not overwritten")],
)
def test_an_output_that_cannot_be_made_is_told(path: str, problem: str, stream: str, tmp_path: Path) -> None:
    """Before anything is read."""
    output = tmp_path / path
    assert _capture(stream, "-o", str(output)) == Done(1, b"", [f"{output}: {problem}"])


def test_an_output_that_is_full_is_told(stream: str) -> None:
    """The telegram that did not fit is not lost without a word."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            _command(stream),
            cwd=REPOSITORY,
            env=clean_environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == "cannot write to standard output: No space left on device"


def test_settings_are_wanted_for_a_port_only(tmp_path: Path) -> None:
    """Wrong ones are told with exit code 2."""
    none = str(tmp_path / "none.ini")
    assert _capture("-c", none) == Done(
        2, b"", [f"{none}: No such file or directory; begin with: cp config.sample.ini config.ini"]
    )
    strict = tmp_path / "strict.ini"
    strict.write_text("[meter]\nrequire_checksum = yes\n", encoding="utf-8")
    assert _capture("-c", str(strict), "-", standard_input=GOOD[:-6] + b"\r\n").exit_code == 1
    strict.write_text("[serial]\nport = gopher://meter\n", encoding="utf-8")
    done = _capture("-c", str(strict))
    assert done.exit_code == 2
    assert done.told[0].startswith(f"{strict}: [serial] port")


@pytest.mark.parametrize(
    "arguments", [("--count", "0"), ("--count", "x"), ("--seconds", "0"), ("--seconds", "nan"), ("--new",)]
)
def test_wrong_usage_is_told(arguments: tuple[str, ...]) -> None:
    """With exit code 2."""
    assert _capture(*arguments).exit_code == 2


def test_the_port_is_captured_until_the_count_is_reached(cable: Cable, config: str, tmp_path: Path) -> None:
    """A telegram that had begun before is noise; at once after the last wanted one it ends."""
    output = tmp_path / "report.txt"
    with _running("-c", config, "-o", str(output), "--anonymise", "--count", "2") as process:
        _waits_for_port(process, cable)
        cable.send(GOOD[99:] + GOOD + OTHER, FAST)
        assert process.wait(20.0) == 0
        assert process.stderr is not None
        assert process.stderr.read().decode() == f"2 telegrams; written to {output}\n"
    assert output.read_bytes() == anonymised(GOOD) + anonymised(OTHER)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_with_what_is_there(number: signal.Signals, cable: Cable, config: str, tmp_path: Path) -> None:
    """Whole telegrams; one that is half received is no fault."""
    output = tmp_path / "report.txt"
    with _running("-c", config, "-o", str(output)) as process:
        _waits_for_port(process, cable)
        cable.send(GOOD + OTHER[:99], FAST)
        eventually(lambda: output.read_bytes() == GOOD)
        assert _stopped(process, number) == Done(0, b"", [f"1 telegram; written to {output}"])
    assert output.read_bytes() == GOOD


def test_what_comes_instead_of_telegrams_is_told(cable: Cable, config: str, tmp_path: Path) -> None:
    """And no empty file stays."""
    output = tmp_path / "report.txt"
    with _running("-c", config, "-o", str(output), "--seconds", "1") as process:
        _waits_for_port(process, cable)
        cable.send(bytes(1000), FAST)
        assert process.wait(20.0) == 1
        assert process.stderr is not None
        assert process.stderr.read().decode().startswith("0 telegrams; only zeros come from the port")
    assert not output.exists()


def test_a_silent_port_ends_when_asked_to(cable: Cable, config: str) -> None:
    """Promptly, and says that nothing came."""
    with _running("-c", config) as process:
        _waits_for_port(process, cable)
        done = _stopped(process)
    assert (done.exit_code, done.output) == (0, b"")
    assert done.told[0].startswith("0 telegrams; nothing comes from the port")


def test_a_port_that_another_program_reads_is_one_line(cable: Cable, config: str, tmp_path: Path) -> None:
    """Both would get half of each telegram."""
    output = tmp_path / "report.txt"
    with closing(open_port(SerialSettings(port=str(cable.link)))):
        done = _capture("-c", config, "-o", str(output))
    assert (done.exit_code, len(done.told)) == (1, 1)
    assert done.told[0].startswith(f"cannot read {cable.link}: another program reads it")
    assert not output.exists()


def test_while_it_captures_no_other_program_gets_the_port(cable: Cable, config: str) -> None:
    """Neither a second capture."""
    with _running("-c", config) as process:
        _waits_for_port(process, cable)
        done = _capture("-c", config)
        assert done.told[0].startswith(f"cannot read {cable.link}: another program reads it")
        assert _stopped(process).exit_code == 0


def test_an_absent_port_is_one_line(config: str, tmp_path: Path) -> None:
    """It does not wait for it: somebody stands there."""
    done = _capture("-c", config)
    assert (done.exit_code, len(done.told)) == (1, 1)
    assert done.told[0].startswith(f"cannot read {tmp_path}/meter: it does not exist; serial ports here: ")


def test_a_port_that_is_pulled_out_ends_it_with_what_is_there(cable: Cable, config: str) -> None:
    """It is a failure, but nothing is lost."""
    with _running("-c", config) as process:
        _waits_for_port(process, cable)
        cable.send(GOOD, FAST)
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(len(GOOD)) == GOOD
        cable.pull()
        assert process.wait(20.0) == 1
        told = process.stderr.read().decode().splitlines()
    assert told[0] == "1 telegram"
    assert told[1].startswith(f"cannot read {cable.link}: it is gone")


def test_a_pipe_that_nobody_writes_to_does_not_hold_it(tmp_path: Path) -> None:
    """Neither standard input nor a named pipe; a signal ends the wait."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for source in ("-", str(pipe)):
        with _running("--all", source) as process:
            eventually(partial(_heeds_signals, process))
            assert _stopped(process) == Done(0, b"", ["0 telegrams"])


def test_a_reader_that_takes_nothing_does_not_hold_it(tmp_path: Path) -> None:
    """The pipe behind it is full; a signal ends the wait."""
    file = tmp_path / "long"
    file.write_bytes(500 * GOOD)
    with _running(str(file)) as process:
        assert process.stdout is not None
        assert process.stdout.read(len(GOOD)) == GOOD
        process.send_signal(signal.SIGTERM)
        assert wait_for_end(process, PROMISED_END_S) == 0


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    """`reader capture FILE | head -1`."""
    file = tmp_path / "long"
    file.write_bytes(500 * GOOD)
    with _running(str(file)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(len(GOOD)) == GOOD
        process.stdout.close()
        assert (process.wait(20.0), process.stderr.read()) == (0, b"")


def test_each_telegram_is_written_as_soon_as_it_is_there() -> None:
    """`tail -f file | reader capture - | ...`."""
    with _running("-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for one in (GOOD, OTHER):
            process.stdin.write(one)
            process.stdin.flush()
            assert process.stdout.read(len(one)) == one
