"""The command `replay`: files in, numbers and a plot out, as a user runs it."""

import argparse
import json
import struct
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from reader.sunshine import BRUSSELS
from reader.telegram_writer import render
from relay_controller.replay.command import add_arguments, replay
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.recordings import states_of, write_day, write_rows

MORNING = datetime(2026, 6, 21, 8, tzinfo=BRUSSELS)
SETTINGS = """
[peak]
limit = 2.5
[tariff]
consumption_day = 0.32
consumption_night = 0.27
injection = 0.04
capacity = 50
[load:boiler]
shadow = yes
on_when = surplus > 1200 W
off_when = surplus < 600 W
power = 1000
[load:lamp]
"""


def _run(*arguments: str) -> int:
    """Run it; give the exit code."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    try:
        return replay(parser.parse_args(arguments))
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Give a file with settings of a boiler, and of a lamp that only people switch."""
    file = tmp_path / "config.ini"
    file.write_text(SETTINGS)
    return str(file)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with a sunny morning of three hours, a row every ten seconds."""
    file = tmp_path_factory.mktemp("recording") / "smartmeter_20260621_080000.csv"
    write_day(file, MORNING, seed=3, seconds=10_800, every=10)
    return file


def test_a_morning_is_replayed_into_tables(morning: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was recorded, three ways to live, and the load; nothing is said on stderr."""
    assert _run("--csv", str(morning), "-c", config) == 0
    output, errors = capsys.readouterr()
    assert output.startswith("Replay from 2026-06-21 08:00 to 2026-06-21 11:00 (readings: 1,081; time counted: 3:00 h)\n")
    assert "house alone     without control        with control" in output
    assert "\nboiler  1,000 W" in output
    assert "\nlamp" not in output
    assert errors == ""


def test_json_is_one_object_with_all_numbers(morning: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The load uses the same with control and without, but more of it from the sun."""
    assert _run("--csv", str(morning), "-c", config, "--json", "--uncontrolled-from", "08:00") == 0
    output = capsys.readouterr().out
    report = json.loads(output)
    assert output.count("\n") == 1
    assert list(report) == [
        "recording", "house_alone", "without_control", "with_control", "loads", "without_price", "notes", "model",
    ]  # fmt: skip
    ways = ("house_alone", "without_control", "with_control")
    keys = ["drawn_day_kwh", "drawn_night_kwh", "injected_kwh", "energy_eur", "capacity_eur", "months"]
    assert [list(report[way]) for way in ways] == 3 * [keys]
    boiler = report["loads"]["boiler"]
    used = [boiler[way]["used_kwh"] for way in ("with_control", "without_control")]
    assert used[0] == used[1] > 1
    assert boiler["with_control"]["own_percent"] > boiler["without_control"]["own_percent"]
    balances = [round(report[way]["drawn_night_kwh"] - report[way]["injected_kwh"], 3) for way in ways]
    assert balances[1] == balances[2] == pytest.approx(balances[0] + used[0], abs=0.002)
    assert report["with_control"]["energy_eur"] < report["without_control"]["energy_eur"]
    assert report["with_control"]["months"][0]["month"] == "2026-06"


def test_telegrams_give_the_same_as_csv(tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both kinds of recordings of one meter."""
    file, stream = tmp_path / "day.csv", tmp_path / "telegrams.txt"
    write_day(file, MORNING, seed=3, seconds=1800, every=5)
    stream.write_bytes(b"".join(render(state) for state in states_of(MORNING, 3, 1800, every=5)))
    assert _run("--csv", str(file), "-c", config, "--json") == 0
    of_csv = capsys.readouterr().out
    assert _run("--telegrams", str(stream), "-c", config, "--json") == 0
    assert capsys.readouterr().out == of_csv


def test_several_recordings_are_one(morning: Path, tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of time, whatever the order of the arguments; what comes twice counts once."""
    later = tmp_path / "later.csv"
    write_day(later, datetime(2026, 6, 21, 10, 59, tzinfo=BRUSSELS), seed=3, seconds=600, every=10)
    assert _run("--csv", str(later), "--csv", str(morning.parent), "-c", config, "--json") == 0
    recording = json.loads(capsys.readouterr().out)["recording"]
    assert (recording["readings"], recording["out_of_order"], recording["gaps"]) == (1081 + 54, 7, 0)
    assert (recording["begin"], recording["end"]) == ("2026-06-21T08:00:00+02:00", "2026-06-21T11:09:00+02:00")


def test_rows_that_cannot_be_read_are_told_and_counted(tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, up to twenty."""
    file = tmp_path / "day.csv"
    wrong = "".join(f"{number},\r\n" for number in range(23))
    file.write_text(f"timestamp,net_power\r\n{MORNING.isoformat()},5\r\n{wrong}")
    assert _run("--csv", str(file), "-c", config, "--json") == 0
    output, errors = capsys.readouterr()
    assert json.loads(output)["recording"]["unreadable"] == 23
    assert errors.splitlines()[0] == f"{file}: line 3: Invalid isoformat string: '0'"
    assert errors.splitlines()[20:] == ["and 3 more that cannot be read"]


def test_fields_that_the_recording_never_has_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A load that waits for them would seem to be a bad rule."""
    file, config = tmp_path / "day.csv", tmp_path / "config.ini"
    write_rows(file, [{"timestamp": MORNING.isoformat(), "net_power": 5, "frequency": 50.1}])
    rules = "on_when = l1_voltage > 250 V or frequency > 50 Hz\noff_when = surplus < 0 W\n"
    config.write_text(f"[load:boiler]\npower = 1000\n{rules}")
    assert _run("--csv", str(file), "-c", str(config)) == 0
    assert "Load boiler: its conditions ask for l1_voltage, which the recording never has." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        pytest.param(
            "[load:boiler]\non_when = surplus > 1 kW\noff_when = surplus < 0 W\n"
            "[load:car]\nmin_on_per_day = 60\nby = 06:00\n[load:lamp]\n",
            [
                '[load:boiler] power: expected W, because replay adds it to what was recorded, got ""',
                '[load:car] power: expected W, because replay adds it to what was recorded, got ""',
            ],
            id="no power",
        ),
        pytest.param(
            "[load:boiler]\npower = much\non_when = sun > 1 kW\noff_when = surplus < 0 W\n[tariff]\ninjection = cheap\n",
            [
                '[tariff] injection: expected a price in EUR, as a number, got "cheap"',
                '[load:boiler] power: expected a power in W, as a number, got "much"',
                '[load:boiler] on_when: expected a known field at character 1, not "sun", got "sun > 1 kW"',
            ],
            id="wrong values",
        ),
    ],
)
def test_wrong_settings_are_told_all_together(
    settings: str, problems: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2, before anything is read."""
    config = tmp_path / "config.ini"
    config.write_text(settings)
    assert _run("--csv", "none.csv", "-c", str(config)) == 2
    assert capsys.readouterr().err.splitlines() == [f"{config}: {problem}" for problem in problems]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param([], "one of the arguments --csv --telegrams is required", id="no recording"),
        pytest.param(["--csv", "a", "--telegrams", "b"], "not allowed with argument", id="both kinds"),
        pytest.param(
            ["--csv", "a", "--uncontrolled-from", "25:00"],
            'argument --uncontrolled-from: expected a time of day as 06:00, not "25:00"',
            id="no time",
        ),
        pytest.param(["--csv", "a", "-c", "/none.ini"], "/none.ini: No such file or directory", id="no settings"),
    ],
)
def test_wrong_arguments_are_told(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2."""
    assert _run(*arguments) == 2
    assert problem in capsys.readouterr().err


def test_a_recording_that_cannot_be_read_is_a_failure(tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """So is one without a reading, and a plot that cannot be written."""
    empty, good = tmp_path / "empty.csv", tmp_path / "good.csv"
    empty.write_text("timestamp,net_power\r\n")
    good.write_text(f"timestamp,net_power\r\n{MORNING.isoformat()},5\r\n")
    for arguments, problem in (
        (("--csv", "/none.csv"), "cannot read /none.csv: No such file or directory"),
        (("--csv", str(empty)), f"no reading in {empty}"),
        (("--telegrams", str(empty), config), f"no reading in {empty}, {config}"),
        (("--csv", str(good), "--plot", "/none/day.png"), "cannot write /none/day.png: no such folder"),
        (("--csv", str(good), "--plot", str(tmp_path)), f"cannot write {tmp_path}: Is a directory"),
    ):
        assert _run(*arguments, "-c", config) == 1
        assert capsys.readouterr().err.splitlines() == [problem]


@pytest.mark.parametrize("peak", ["2.5", "follow", ""])
def test_a_plot_is_a_picture(peak: str, morning: Path, config: str, tmp_path: Path) -> None:
    """PNG, 1400 x 1000 pixels."""
    Path(config).write_text(SETTINGS.replace("limit = 2.5", f"limit = {peak}"))
    plot = tmp_path / "morning.png"
    assert _run("--csv", str(morning), "-c", config, "--plot", str(plot)) == 0
    head = plot.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:]) == (1400, 1000)


def test_a_plot_of_next_to_nothing_is_a_picture_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One reading and no load."""
    file, config, plot = tmp_path / "day.csv", tmp_path / "config.ini", tmp_path / "day.png"
    write_rows(file, [{"timestamp": MORNING.isoformat(), "net_power": 5}])
    config.write_text("")
    assert _run("--csv", str(file), "-c", str(config), "--plot", str(plot)) == 0
    assert plot.read_bytes()[:4] == b"\x89PNG"
    assert "No enabled load has rules" in capsys.readouterr().out


def test_without_matplotlib_a_plot_is_refused_at_once(tmp_path: Path, config: str) -> None:
    """And it says how to get it; the tables need none."""
    stub = tmp_path / "matplotlib"
    stub.mkdir()
    (stub / "__init__.py").write_text("raise ModuleNotFoundError('no matplotlib here')")
    file = tmp_path / "day.csv"
    file.write_text(f"timestamp,net_power\r\n{MORNING.isoformat()},5\r\n")
    for plot, expected in (
        ([], (0, "")),
        (["--plot", "day.png"], (1, "cannot draw: no matplotlib here; matplotlib comes with pip install --group plot\n")),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "relay_controller", "replay", "--csv", str(file), "-c", config, *plot],
            cwd=REPOSITORY,
            env=clean_environment(PYTHONPATH=str(tmp_path)),
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert (done.returncode, done.stderr.decode()) == expected
        assert bool(done.stdout) == (not plot)


def test_a_replay_is_fast(morning: Path, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A day of one reading per second takes less than 5 s; here ten times that, for slow and busy machines."""
    start_s = time.process_time()
    assert _run("--csv", str(morning), "-c", config, "--json") == 0
    spent_s = time.process_time() - start_s
    readings = json.loads(capsys.readouterr().out)["recording"]["readings"]
    assert spent_s / readings < 10 * 5 / 86_400
