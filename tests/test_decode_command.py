"""The command `python -m reader decode`, as a user runs it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import REPOSITORY, clean_environment
from tests.support.telegrams import DECODABLE, FOLDER, expected, made_of, telegram

MISMATCH = "checksum mismatch: telegram says 8272, computed 8273"


def _run(*arguments: str, standard_input: bytes = b"", **variables: str) -> tuple[int, bytes, list[str]]:
    """Run it; give the exit code, the output, and the lines on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "reader", "decode", *arguments],
        cwd=REPOSITORY,
        env=clean_environment(**variables),
        input=standard_input,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.decode().splitlines()


def _decode(*arguments: str, standard_input: bytes = b"", **variables: str) -> tuple[int, list[object], list[str]]:
    """Run it; give the exit code, the objects of the output, and the lines on stderr."""
    exit_code, output, problems = _run(*arguments, standard_input=standard_input, **variables)
    return exit_code, [json.loads(line) for line in output.splitlines()], problems


def test_good_telegrams_of_files_are_one_object_each() -> None:
    """In the order of the files, with exit code 0."""
    files = [str(FOLDER / f"{name}.txt") for name in DECODABLE]
    assert _decode(*files) == (0, [expected(name) for name in DECODABLE], [])


def test_standard_input_is_read_where_no_file_is_named() -> None:
    """And where the file is a hyphen."""
    stream = telegram("nl-dsmr-5.0") + telegram("nl-dsmr-4.2")
    wanted = [expected("nl-dsmr-5.0"), expected("nl-dsmr-4.2")]
    assert _decode(standard_input=stream) == (0, wanted, [])
    assert _decode("-", standard_input=stream) == (0, wanted, [])


def test_a_rejected_telegram_is_a_line_with_its_place(tmp_path: Path) -> None:
    """The others are printed; the exit code is 1."""
    file = tmp_path / "stream"
    good, wrong, cut = telegram("be-emucs-1.7.1"), telegram("be-wrong-checksum"), telegram("be-cut")
    start = b"000.1*kW)\r\n!ABCD\r\n"
    file.write_bytes(start + good + wrong + cut + good + made_of("hello") + cut)
    places = [len(start + good), len(start + good + wrong), len(start + good + wrong + cut + good)]
    assert _decode(str(file)) == (
        1,
        2 * [expected("be-emucs-1.7.1")],
        [
            f"{file}: byte {places[0]}: {MISMATCH}",
            f"{file}: byte {places[1]}: cut off by the next telegram",
            f"{file}: byte {places[2]}: no line with an OBIS code",
            f"{file}: byte {places[2] + len(made_of('hello'))}: cut off by the end",
        ],
    )


def test_a_rejected_telegram_of_standard_input_names_it() -> None:
    """The same line without a file."""
    assert _decode(standard_input=telegram("be-wrong-checksum")) == (1, [], [f"standard input: byte 0: {MISMATCH}"])


@pytest.mark.parametrize("content", [b"", b"hello\r\n", b"\0" * 100_000])
def test_a_file_without_a_telegram_is_a_failure(content: bytes, tmp_path: Path) -> None:
    """Silence would look like success."""
    file = tmp_path / "empty"
    file.write_bytes(content)
    assert _decode(str(file)) == (1, [], [f"{file}: no telegram found"])


def test_a_file_that_cannot_be_read_costs_that_file_only(tmp_path: Path) -> None:
    """The next one is decoded; the exit code is 1."""
    good = str(FOLDER / "nl-dsmr-4.2.txt")
    assert _decode(str(tmp_path / "none"), str(tmp_path), good) == (
        1,
        [expected("nl-dsmr-4.2")],
        [f"{tmp_path}/none: No such file or directory", f"{tmp_path}: Is a directory"],
    )


def test_dialect_and_zone_come_from_the_settings(tmp_path: Path) -> None:
    """From a file with -c, from the environment, or the defaults; wrong ones are exit code 2."""
    stream = made_of("0-0:1.0.0(260701120000S)", "1-0:1.8.1(1*kWh)")
    config = tmp_path / "config.ini"
    config.write_text("[meter]\ndialect = dutch\n", encoding="utf-8")
    helsinki = {"SMARTMETER_METER_TIMEZONE": "Europe/Helsinki"}
    assert _decode("-c", str(config), standard_input=stream, **helsinki) == (
        0, [{"timestamp": "2026-07-01T12:00:00+03:00", "total_consumption_night": 1.0}], [],
    )  # fmt: skip
    config.write_text("[meter]\ndialect = german\n", encoding="utf-8")
    assert _decode("-c", str(config), standard_input=stream) == (
        2, [], [f'{config}: [meter] dialect: expected auto, belgian, dutch or lithuanian, got "german"'],
    )  # fmt: skip


def test_explain_shows_a_table_for_each_telegram_and_why_others_are_rejected(tmp_path: Path) -> None:
    """What is rejected is told on stderr as without it; the exit code is 1."""
    file = tmp_path / "stream"
    good = made_of("1-0:1.8.1(000301.548*kWh)", "1-0:2.7.0(x)", checksum=False)
    file.write_bytes(good + telegram("be-wrong-checksum") + telegram("be-cut"))
    place = f"{file}: byte {len(good)}"
    end = f"{file}: byte {len(good + telegram('be-wrong-checksum'))}"
    exit_code, output, problems = _run("--explain", str(file))
    assert (exit_code, problems) == (1, [f"{place}: {MISMATCH}", f"{end}: cut off by the end"])
    assert output.decode().splitlines() == [
        rf"{file}: byte 0: /SMT5\2TEST: no checksum",
        "code       field                  value    unit  meaning",
        "1-0:1.8.1  total_consumption_day  301.548  kWh   Energy drawn, day",
        "1-0:2.7.0  (skipped)              (x)            not a number: 'x'",
        "",
        rf"{place}: /FLU5\2SMARTMETER_A: rejected: {MISMATCH}",
        "",
        rf"{end}: /FLU5\2SMARTMETER_A: rejected: cut off by the end",
        "",
    ]


def test_explain_ends_well_where_all_are_good() -> None:
    """With a right checksum in the heading."""
    exit_code, output, problems = _run("--explain", standard_input=telegram("be-emucs-1.7.1"))
    assert (exit_code, problems) == (0, [])
    assert output.decode().startswith(r"standard input: byte 0: /FLU5\2SMARTMETER_A: checksum ")


def test_a_file_is_decoded_while_it_comes_in() -> None:
    """Each object is there as soon as its telegram is: `tail -f file | reader decode`."""
    with subprocess.Popen(
        [sys.executable, "-m", "reader", "decode"],
        cwd=REPOSITORY,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for name in ("nl-dsmr-5.0", "nl-dsmr-4.2"):
            process.stdin.write(telegram(name))
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == expected(name)


def test_ctrl_c_ends_it_quietly() -> None:
    """No traceback; exit code 0, as the contract has it for who is asked to stop."""
    with subprocess.Popen(
        [sys.executable, "-m", "reader", "decode"],
        cwd=REPOSITORY,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(telegram("nl-dsmr-5.0"))
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert (process.wait(20.0), process.stderr.read()) == (0, b"")


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    """`reader decode FILE | head -1`."""
    file = tmp_path / "long"
    file.write_bytes(500 * telegram("be-emucs-1.7.1"))
    read_end, write_end = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "reader", "decode", str(file)],
        cwd=REPOSITORY,
        env=clean_environment(),
        stdout=write_end,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(write_end)
        with os.fdopen(read_end, "rb") as output:
            assert json.loads(output.readline()) == expected("be-emucs-1.7.1")
        assert process.stderr is not None
        assert (process.wait(20.0), process.stderr.read()) == (0, b"")
