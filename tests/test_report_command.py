"""The command `report`: files in, numbers, a page or a picture out, as a user runs it."""

import argparse
import gzip
import json
import os
import pty
import select
import signal
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from csv_logger.report.command import add_arguments, report
from reader.sunshine import BRUSSELS
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.recordings import write_day
from tests.support.report import lines_of, steady_rows
from tests.support.waiting import eventually

PREFIX = "smartmeter_"
_MOST_KB = 45_000  # Python with its modules takes 20, and the rows of a long recording another 45


def _run(*arguments: str) -> int:
    """Run it; give the exit code."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    try:
        return report(parser.parse_args(arguments))
    except SystemExit as end:
        return int(end.code or 0)


def _write(folder: Path, day: str, lines: list[bytes], name: str = PREFIX + "{}_000000.csv.gz") -> Path:
    """Write lines as a file of that day."""
    file = folder / name.format(day.replace("-", ""))
    data = b"\n".join(lines) + b"\n"
    file.write_bytes(gzip.compress(data, 1) if file.name.endswith(".gz") else data)
    return file


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Give a file with settings, whose folder of CSV files is `data`."""
    (tmp_path / "data").mkdir()
    file = tmp_path / "config.ini"
    file.write_text("[tariff]\ncapacity = 50\n")
    return str(file)


@pytest.fixture
def data(config: str) -> Path:
    """Give the folder of the settings, with two days: one compressed, one still open."""
    folder = Path(config).parent / "data"
    _write(folder, "2026-06-01", lines_of(steady_rows("2026-06-01T00:00:00", 1439)))
    _write(
        folder,
        "2026-06-02",
        lines_of(steady_rows("2026-06-02T00:00:00", 600, start_kwh=128.8)),
        f".wip__{PREFIX}{{}}_000000.csv",
    )
    return folder


def _answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    """Give the answer in JSON; nothing is said on stderr."""
    assert _run("--json", *arguments) == 0
    output, errors = capsys.readouterr()
    assert (output.count("\n"), errors) == (1, "")
    answer = json.loads(output)
    assert isinstance(answer, dict)
    return answer


def test_the_folder_of_the_settings_is_told(data: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As tables; compressed and open files are one recording, and a line that is being written is no damage."""
    with next(data.glob(".wip__*")).open("ab") as file:
        file.write(b"2026-06-02T10:0")
    assert _run("-c", config) == 0
    output, errors = capsys.readouterr()
    assert output.startswith("All of meter home, recorded from 2026-06-01 00:00 to 2026-06-02 10:00\n")
    assert "\nsum             40.80" in output
    assert "cannot be read" not in output
    assert errors == ""


def test_json_is_one_object_with_all_numbers(data: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is rounded to what a table shows."""
    answer = _answer(capsys, "-c", config, "--csv", str(data), "--year", "2026")
    assert list(answer) == [
        "meter", "period", "begin", "end", "rows", "duplicates", "unreadable", "units", "total", "months", "days", "pauses",
        "capacity", "notes",
    ]  # fmt: skip
    total = answer["total"]
    assert isinstance(total, dict)
    assert round(100 * (1440 + 601) / (365 * 1440), 6) <= total.pop("recorded_percent") <= 100  # of the year so far
    assert total == {
        "name": "2026",
        "amounts": {
            "drawn_kwh": 40.8, "drawn_day_kwh": 40.8, "drawn_night_kwh": None, "injected_kwh": None, "injected_day_kwh": None,
            "injected_night_kwh": None, "media": {},
        },
        "peak_kw": 1.2,
        "peak_end": "2026-06-01T00:15:00+02:00",
    }  # fmt: skip


def test_a_day_as_csv_logger_writes_it_is_told(tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The simulated household, with both tariffs, peaks and their history; the table of the counters' own differences."""
    file = tmp_path / "day.csv"
    write_day(file, datetime(2026, 6, 21, tzinfo=BRUSSELS), seed=3, every=30)
    answer = _answer(capsys, "-c", config, "--csv", str(file))
    rows = [line.split(",") for line in file.read_text().splitlines()[1:]]
    differences = [round(float(rows[-1][place]) - float(rows[0][place]), 3) for place in (1, 2, 3, 4)]
    total = answer["total"]
    assert isinstance(total, dict)
    names = ("drawn_day_kwh", "drawn_night_kwh", "injected_day_kwh", "injected_night_kwh")
    assert [total["amounts"][name] for name in names] == differences
    capacity = answer["capacity"]
    assert isinstance(capacity, dict)
    assert capacity["months"][-1]["month"] == "2026-06"
    assert capacity["mean_kw"] > 2.5


def test_only_the_files_of_the_month_are_read(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And those around it; others only where the meter does not tell a month's peak."""
    folder = Path(config).parent / "data"
    history = '"[{""month"":""2026-05"",""timestamp"":""2026-05-04T18:15:00+02:00"",""value"":5.0}]"'
    peaks = {
        "peak_demand_month": 4.0,
        "peak_demand_month_timestamp": "2026-06-02T18:15:00+02:00",
        "peak_demand_history": history,
    }
    for day, kw in (("2025-06-20", 9.0), ("2026-04-20", 3.0), ("2026-05-20", 6.0), ("2026-06-01", 1.0)):
        told = peaks if day.startswith("2026-06") else {}
        _write(folder, day, lines_of({**row, **told} for row in steady_rows(f"{day}T12:00:00", 60, kw=kw)))
    answer = _answer(capsys, "-c", config, "--month", "2026-06")
    capacity = answer["capacity"]
    assert isinstance(capacity, dict)
    assert [(month["month"], month["told_kw"], month["counted_kw"]) for month in capacity["months"]] == [
        ("2026-04", None, 3.0), ("2026-05", 5.0, 5.0), ("2026-06", 4.0, 4.0),
    ]  # fmt: skip
    assert answer["rows"] == 2 * 61


def test_a_page_and_a_picture_are_written(data: Path, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole, and nothing is left beside them; the table is told too."""
    page, picture = tmp_path / "june.html", tmp_path / "june.png"
    page.write_text("old")
    for option, file, head in (("--html", page, b"<!DOCTYPE html>"), ("--plot", picture, b"\x89PNG")):
        assert _run("-c", config, "--csv", str(data), option, str(file)) == 0
        assert file.read_bytes().startswith(head)
        assert "\nsum" in capsys.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.ini", "data", "june.html", "june.png"]


def test_what_is_no_plain_file_stays_what_it_is(
    data: Path, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A link leads to the file, and a pipe, as a device, is refused: root would make a file of /dev/null for everybody."""
    place, link, pipe = tmp_path / "web" / "june.html", tmp_path / "june.html", tmp_path / "pipe"
    place.parent.mkdir()
    link.symlink_to("web/june.html")
    os.mkfifo(pipe)
    assert _run("-c", config, "--csv", str(data), "--html", str(link)) == 0
    assert (link.is_symlink(), place.read_bytes()[:15], len(list(place.parent.iterdir()))) == (True, b"<!DOCTYPE html>", 1)
    capsys.readouterr()
    assert _run("-c", config, "--csv", str(data), "--html", str(pipe)) == 1
    problem = f"cannot write {pipe}: it is no plain file (for standard output: -)\n"
    assert (pipe.is_fifo(), *capsys.readouterr()) == (True, "", problem)


def test_a_full_disk_behind_standard_output_is_told_in_one_line(data: Path, config: str) -> None:
    """But a reader that has seen enough is no failure."""
    command = [sys.executable, "-m", "csv_logger", "report", "--csv", str(data), "-c", config, "--html", "-"]
    for shell, expected in (
        ('"$@" > /dev/full', (1, "cannot write to standard output: No space left on device\n")),
        ('"$@" | true; exit ${PIPESTATUS[0]}', (0, "")),
    ):
        done = subprocess.run(
            ["bash", "-c", shell, "-", *command],
            cwd=REPOSITORY, env=clean_environment(), capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr.decode()) == expected


def test_files_of_which_no_line_can_be_read_are_told_with_one_of_them(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody would know else why there is no reading."""
    lines = lines_of(steady_rows("2026-06-01T00:00:00", 9))
    file = _write(tmp_path, "2026-06-01", [line.replace(b",10", b",inf10") for line in lines])
    assert _run("-c", config, "--csv", str(file)) == 1
    assert capsys.readouterr().err == (
        f"no reading in {file}: {file.name}: 10 lines that cannot be read, left out; "
        "the first begins with '2026-06-01T00:00:00+02:00,inf100.000'\n"
    )


def test_a_page_goes_to_standard_output_too(data: Path, config: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Alone, for a container of which nothing stays; so does a picture."""
    for option, head, tail in (("--html", b"<!DOCTYPE html>", b"</html>\n"), ("--plot", b"\x89PNG", b"IEND\xaeB`\x82")):
        assert _run("-c", config, "--csv", str(data), option, "-") == 0
        output = capfdbinary.readouterr().out
        assert (output.startswith(head), output.endswith(tail)) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        pytest.param(["--month", "2026-13"], 2, 'argument --month: expected a month as 2026-10, got "2026-13"', id="no month"),
        pytest.param(["--month", "2026"], 2, 'expected a month as 2026-10, got "2026"', id="a year"),
        pytest.param(["--year", "26"], 2, 'argument --year: expected a year as 2026, got "26"', id="no year"),
        pytest.param(["--month", "2026-06", "--year", "2026"], 2, "not allowed with argument", id="both"),
        pytest.param(["--html", "a", "--plot", "b"], 2, "not allowed with argument", id="page and picture"),
        pytest.param(["-c", "/none.ini"], 2, "/none.ini: No such file or directory", id="no settings"),
        pytest.param(["--csv", "/none"], 1, "cannot read /none: No such file or directory", id="no file"),
        pytest.param(["--month", "2020-01"], 1, "no reading of 2020-01 in {data}", id="another month"),
        pytest.param(["--csv", "{config}"], 1, "no reading in {config}: config.ini: it begins with neither", id="no CSV"),
        pytest.param(["--html", "/none/page.html"], 1, "cannot write /none/page.html: no such folder", id="no folder"),
        pytest.param(["--plot", "{data}"], 1, "cannot write {data}: it is a folder", id="a folder"),
        pytest.param(["--html", "/proc/page.html"], 1, "cannot write /proc/page.html: ", id="a closed folder"),
        pytest.param(["--html", "x" * 300], 1, f"cannot write {'x' * 300}: File name too long", id="a long name"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    arguments: list[str], code: int, problem: str, data: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the exit code 2 for what was typed, 1 for what is there."""
    places = {"data": str(data), "config": config}
    assert _run("-c", config, *(argument.format(**places) for argument in arguments)) == code
    output, errors = capsys.readouterr()
    assert output == ""
    assert problem.format(**places) in errors.splitlines()[-1]
    assert code == 2 or len(errors.splitlines()) == 1


def test_a_folder_without_files_of_ours_is_told(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of another prefix, also a longer one, and half made ones are none."""
    folder = Path(config).parent / "data"
    for name in (
        "demo_20260601_000000.csv",
        "smartmeter_garage_20260601_000000.csv",
        ".tmp__smartmeter_20260601_000000.csv.gz",
    ):
        (folder / name).write_text("timestamp\r\n")
    assert _run("-c", config) == 1
    problem = f"cannot read {folder}: no CSV file whose name begins with smartmeter_ in this folder\n"
    assert capsys.readouterr().err == problem


def test_a_file_that_is_there_twice_counts_once(data: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Plain and compressed, as a crash may leave it."""
    _write(data, "2026-06-01", lines_of(steady_rows("2026-06-01T00:00:00", 1439)), PREFIX + "{}_000000.csv")
    answer = _answer(capsys, "-c", config)
    assert (answer["rows"], answer["duplicates"]) == (1440 + 601, 0)


def test_a_damaged_file_is_told_and_read_up_to_there(data: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Cut, or changed within: what was read of it before counts."""
    file = data / f"{PREFIX}20260601_000000.csv.gz"
    whole = file.read_bytes()
    for damaged, reason in (
        (whole[:-40], "Compressed file ended"),
        (whole[:-8] + bytes(8), "CRC check failed"),
        (b"no gzip at all", "Not a gzipped file"),
    ):
        file.write_bytes(damaged)
        assert _run("-c", config) == 0
        assert f"smartmeter_20260601_000000.csv.gz: damaged ({reason}" in " ".join(capsys.readouterr().out.split())


def test_a_torn_line_of_a_complete_file_is_counted(data: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """So is a file of noise without an end of line, which does not fill the memory."""
    lines = lines_of(steady_rows("2026-06-03T00:00:00", 9))
    torn = _write(data, "2026-06-03", lines, PREFIX + "{}_000000.csv")
    torn.write_bytes(torn.read_bytes()[:-5])
    (data / f"{PREFIX}20260604_000000.csv").write_bytes(lines[0] + b"\n" + b"x" * 3_000_000)
    answer = _answer(capsys, "-c", config)
    assert answer["unreadable"] == 1 + 3
    assert answer["rows"] == 1440 + 601 + 9 + 2


def test_without_matplotlib_a_picture_is_refused_at_once(data: Path, config: str, tmp_path: Path) -> None:
    """And it says how to get it; tables and pages need none."""
    stub = tmp_path / "matplotlib"
    stub.mkdir()
    (stub / "__init__.py").write_text("raise ModuleNotFoundError('no matplotlib here')")
    for output, expected in (
        ("--html", (0, "")),
        ("--plot", (1, "cannot draw: no matplotlib here; matplotlib comes with pip install --group plot\n")),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "csv_logger", "report", "--csv", str(data), "-c", config, output, str(tmp_path / "june")],
            cwd=REPOSITORY,
            env=clean_environment(PYTHONPATH=str(tmp_path)),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr.decode()) == expected
        assert bool(done.stdout) == (output == "--html")


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that takes seconds to read: 30 days, a row every five seconds."""
    folder = tmp_path_factory.mktemp("long")
    rows = b"\n".join(lines_of(steady_rows("2026-06-01T00:00:00", 1439, every_s=5)))
    for number in range(30):
        day = date(2026, 6, 1) + timedelta(days=number)
        _write(folder, day.isoformat(), [rows.replace(b"2026-06-01", day.isoformat().encode())])
    return folder


def test_ctrl_c_ends_it_and_leaves_nothing_half_made(long_recording: Path, config: str, tmp_path: Path) -> None:
    """Its bar shows how far it is, on a terminal; then it goes from the line."""
    page = tmp_path / "page.html"
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "csv_logger", "report", "--csv", str(long_recording), "-c", config, "--html", str(page)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=slave, stdout=subprocess.PIPE, env=clean_environment())
    seen = b""

    def has_bar() -> bool:
        nonlocal seen
        if select.select([master], [], [], 0)[0]:
            seen += os.read(master, 4096)
        return b"rows" in seen or process.poll() is not None

    try:
        eventually(has_bar, 60, "a bar on the terminal")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        os.close(slave)
        os.close(master)
    assert b"reading [" in seen
    assert (process.returncode, output) == (0, b"")
    assert not list(tmp_path.glob("*page*"))


def test_a_report_is_fast_and_takes_little_memory(long_recording: Path, config: str) -> None:
    """A year of a row each second takes 6 µs a row: here ten times that, for slow and busy machines. No row is kept."""
    before_s = sum(os.times()[2:4])  # of children
    command = f'ulimit -d {_MOST_KB} && exec "$0" -m csv_logger report --csv "$1" -c "$2" --json'
    arguments = ["bash", "-c", command, sys.executable, str(long_recording), config]
    done = subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, timeout=300, env=clean_environment(), check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["rows"] == 30 * 17_269
    assert (sum(os.times()[2:4]) - before_s) / (30 * 17_269) < 10 * 6e-6
