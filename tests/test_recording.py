"""Recordings on the disk: files and folders, plain and compressed, whole and torn."""

import gzip
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from common.sections import MeterSettings
from reader.sunshine import BRUSSELS
from reader.telegram_writer import render
from relay_controller.replay.recorded import Row, Unreadable
from relay_controller.replay.recording import Recording, RecordingError
from tests.support.recordings import fields_of, row, states_of, write_day, write_rows
from tests.support.telegrams import telegram

NOON = datetime(2026, 6, 21, 12, tzinfo=BRUSSELS)
RECORDING = Recording(MeterSettings(), frozenset({"l1_voltage"}))
HEADER = "timestamp,net_power\r\n"


def _at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def _line(minutes: int, net_power_w: int) -> str:
    return f"{_at(minutes).isoformat()},{net_power_w}\r\n"


def _powers(found: Iterable[Row | Unreadable]) -> list[float]:
    return [one.net_power_w for one in found if isinstance(one, Row)]


def test_a_file_of_csv_logger_gives_what_the_meter_told(tmp_path: Path) -> None:
    """Row by row, with lists and empty cells beside what is needed."""
    file = tmp_path / "day.csv"
    write_day(file, NOON, seed=3, seconds=60)
    states = list(states_of(NOON, seed=3, seconds=60))
    found = list(RECORDING.csv_rows([file]))
    assert _powers(found) == [state.power_w for state in states]
    fields = fields_of(states[0])
    kept = (
        "timestamp",
        "actual_tariff",
        "actual_tariff_name",
        "peak_demand_month",
        "peak_demand_month_timestamp",
        "l1_voltage",
    )
    assert found[0] == row(NOON, states[0].power_w, **{name: fields[name] for name in kept[1:]})


def test_telegrams_give_the_same_as_csv(tmp_path: Path) -> None:
    """Both kinds of a recording of one meter."""
    file, stream = tmp_path / "day.csv", tmp_path / "telegrams.txt"
    write_day(file, NOON, seed=3, seconds=100, every=10)
    stream.write_bytes(b"".join(render(state) for state in states_of(NOON, 3, 100, every=10)))
    assert list(RECORDING.telegram_rows([stream])) == list(RECORDING.csv_rows([file]))


def test_a_folder_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    """Whatever the names: complete, compressed and open files; not what is being made, and nothing twice."""
    (tmp_path / "z20260621.csv").write_text(HEADER + _line(1, 1))
    (tmp_path / "a20260622.csv").write_text(HEADER + _line(4, 4))
    (tmp_path / ".wip__a20260623.csv").write_text(HEADER + _line(5, 5) + _line(6, 6)[:-3])
    (tmp_path / "m.csv.gz").write_bytes(gzip.compress((HEADER + _line(2, 2) + _line(3, 3)).encode()))
    (tmp_path / "z20260621.csv.gz").write_bytes(b"half written")
    (tmp_path / ".tmp__m.csv.gz").write_bytes(b"half written")
    (tmp_path / ".wip__begun.csv").write_text("")
    (tmp_path / "notes.txt").write_text("not a recording")
    torn = Unreadable(f"{tmp_path}/.wip__a20260623.csv: line 3", "cut off by the end")
    found = list(RECORDING.csv_rows([tmp_path]))
    assert _powers(found) == [1, 2, 3, 4, 5]
    assert found[-1] == torn


def test_rows_that_cannot_be_read_cost_themselves_only(tmp_path: Path) -> None:
    """Each with its line; a header that comes again and empty lines are nothing."""
    file = tmp_path / "day.csv"
    wrong = "2026-06-21T12:02:00+02:00\r\n" + f'{_at(3).isoformat()},"1{"0" * 140_000}"\r\n' + "noon,5\r\n"
    file.write_bytes(
        (HEADER + _line(1, 1) + wrong + HEADER + "\r\n" + _line(7, 7)).encode() + b"\xff\xfe,1\r\n" + _line(9, 9).encode()
    )
    assert list(RECORDING.csv_rows([file])) == [
        row(_at(1), 1),
        Unreadable(f"{file}: line 3", "expected 2 cells, got 1"),
        Unreadable(f"{file}: line 4", "field larger than field limit (131072)"),
        Unreadable(f"{file}: line 5", "Invalid isoformat string: 'noon'"),
        row(_at(7), 7),
        Unreadable(f"{file}: line 9", "Invalid isoformat string: '\ufffd\ufffd'"),
        row(_at(9), 9),
    ]


def test_old_and_new_files_go_together(tmp_path: Path) -> None:
    """Each file has columns of its own."""
    (tmp_path / "1.csv").write_text(
        "timestamp,actual_total_consumption,actual_total_injection\r\n" + f"{_at(1).isoformat()},0.5,0\r\n"
    )
    write_rows(tmp_path / "2.csv", [{"timestamp": _at(2).isoformat(), "net_power": -7}])
    assert _powers(RECORDING.csv_rows([tmp_path / "2.csv", tmp_path / "1.csv"])) == [500, -7]


def test_telegrams_that_cannot_be_read_have_their_place(tmp_path: Path) -> None:
    """The byte of the slash."""
    file = tmp_path / "telegrams.txt.gz"
    good, wrong, old, cut = (telegram(name) for name in ("be-emucs-1.7.1", "be-wrong-checksum", "nl-dsmr-3.0", "be-cut"))
    file.write_bytes(gzip.compress(good + wrong + old + cut))
    found = list(RECORDING.telegram_rows([file]))
    assert [type(one) for one in found] == [Row, Unreadable, Unreadable, Unreadable]
    assert found[1:] == [
        Unreadable(f"{file}: byte {len(good)}", "checksum mismatch: telegram says 8272, computed 8273"),
        Unreadable(f"{file}: byte {len(good + wrong)}", "no time"),
        Unreadable(f"{file}: byte {len(good + wrong + old)}", "cut off by the end"),
    ]


def _damaged(path: Path) -> Path:
    path.write_bytes(gzip.compress((HEADER + _line(1, 1) * 1000).encode())[:-30])
    return path


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """It says which and why."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "plain.csv.gz").write_text(HEADER)
    (tmp_path / "headless.csv").write_text(_line(1, 1))
    for path, reason in (
        (tmp_path / "none.csv", f"cannot read {tmp_path}/none.csv: No such file or directory"),
        (tmp_path / "empty", f"cannot read {tmp_path}/empty: no CSV file in this folder"),
        (tmp_path / "plain.csv.gz", f"cannot read {tmp_path}/plain.csv.gz: Not a gzipped file (b'ti')"),
        (
            _damaged(tmp_path / "damaged.csv.gz"),
            f"cannot read {tmp_path}/damaged.csv.gz: Compressed file ended before the end-of-stream marker was reached",
        ),
        (
            tmp_path / "headless.csv",
            f'{tmp_path}/headless.csv: line 1: expected the names of columns, "timestamp" and "net_power" among them',
        ),
    ):
        with pytest.raises(RecordingError) as caught:
            list(RECORDING.csv_rows([path]))
        assert str(caught.value) == reason


def test_a_telegram_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A folder is none."""
    with pytest.raises(RecordingError, match=r"cannot read .*: Is a directory"):
        list(RECORDING.telegram_rows([tmp_path]))


def test_in_a_folder_only_files_with_the_prefix_count(tmp_path: Path) -> None:
    """A demo leaves its own beside them, of an invented household."""
    recording = Recording(MeterSettings(), frozenset(), "smartmeter_")
    for name in ("smartmeter_1.csv", ".wip__smartmeter_2.csv", "demo_1.csv", ".wip__demo_2.csv"):
        second = name[-5]
        text = f"timestamp,net_power\r\n2026-06-01T12:00:0{second}+02:00,{'-9000' if 'demo' in name else '100'}\r\n"
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert [row.net_power_w for row in recording.csv_rows([tmp_path]) if isinstance(row, Row)] == [100.0, 100.0]
    with pytest.raises(RecordingError, match="no CSV file whose name begins with other_ in this folder"):
        list(Recording(MeterSettings(), frozenset(), "other_").csv_rows([tmp_path]))
