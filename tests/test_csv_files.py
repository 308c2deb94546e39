"""csv_logger.files and its drivers: real files, and what is left of them after crashes, clashes and full disks."""

import errno
import gzip
import os
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.payload import Reading
from common.sections import CsvSettings
from csv_logger.columns import FIRST
from csv_logger.files import CsvFiles
from csv_logger.rotation import Moment

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=ZoneInfo("Europe/Brussels"))
HEADER = ",".join(FIRST)
WIP = ".wip__smartmeter_20260131_120000.csv"
COMPLETE = "smartmeter_20260131_120000.csv"


@pytest.fixture(autouse=True)
def _in_brussels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process have the zone of the tests."""
    with monkeypatch.context() as change:
        change.setenv("TZ", "Europe/Brussels")
        time.tzset()
        yield
    time.tzset()


def at(seconds: float = 0.0) -> Moment:
    """Give the moment some seconds after noon."""
    return Moment(NOON + timedelta(seconds=seconds), 1000.0 + seconds)


def reading(second: int, **fields: object) -> Reading:
    """Give a reading whose timestamp is its number."""
    received = datetime(2026, 1, 31, 11, 0, tzinfo=UTC)
    return Reading("home", received, 1, {"timestamp": stamp(second), **fields})


def stamp(second: int) -> str:
    """Give the timestamp of a reading."""
    return (NOON + timedelta(seconds=second)).isoformat()


def row(second: int, columns: int = 22) -> str:
    """Give the line of a reading without other values."""
    return stamp(second) + "," * (columns - 1)


def lines(*texts: str) -> bytes:
    """Give the bytes of a file."""
    return "".join(f"{text}\r\n" for text in texts).encode()


def settings(folder: Path, **changes: Any) -> CsvSettings:
    """Give settings that write each row at once and keep files plain."""
    return replace(CsvSettings(file_path=folder, write_every=1, compress=False, min_free_mb=0), **changes)


def feed(files: CsvFiles, seconds: range, *, make_safe: bool = True, **fields: object) -> None:
    """Take a reading in each second, and do what is due."""
    for second in seconds:
        files.add(reading(second, **fields), at(second))
        files.work(at(second), make_safe=make_safe)


def compress_all(files: CsvFiles) -> None:
    """Do all pieces of compression."""
    while files.compressor.has_work:
        files.compressor.step()


def contents(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder but the one with the columns and the lock."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if not p.name.startswith((".columns__", ".lock__"))}


def crash(files: CsvFiles) -> None:
    """Leave everything as a killed process does: its lock ends with it."""
    if files._file:
        files._file.close()
    files.close()


def test_rows_are_on_the_disk_in_order_of_arrival(tmp_path: Path) -> None:
    """Under the header, in the open file."""
    files = CsvFiles(settings(tmp_path / "new" / "folder"), at())
    for second in (0, 2, 1):
        files.add(reading(second), at(second))
    files.work(at(2), make_safe=True)
    assert contents(tmp_path / "new" / "folder") == {WIP: lines(HEADER, row(0), row(2), row(1))}
    assert (files.rows, files.file, files.waiting) == (3, WIP, 0)


def test_without_rows_there_is_no_file(tmp_path: Path) -> None:
    """A file begins with its first row."""
    files = CsvFiles(settings(tmp_path), at())
    files.work(at(1), make_safe=True)
    files.finish(at(2))
    assert contents(tmp_path) == {}
    assert files.file is None


def test_a_clean_stop_writes_what_waits_and_completes_the_file(tmp_path: Path) -> None:
    """So that a user sees it."""
    files = CsvFiles(settings(tmp_path), at())
    feed(files, range(3), make_safe=False)
    assert contents(tmp_path) == {}
    files.finish(at(3))
    assert contents(tmp_path) == {COMPLETE: lines(HEADER, row(0), row(1), row(2))}


def test_rows_wait_until_they_are_made_safe(tmp_path: Path) -> None:
    """All together, to spare an SD card."""
    files = CsvFiles(settings(tmp_path), at())
    feed(files, range(6), make_safe=False)
    assert (files.rows, files.waiting) == (0, 6)
    files.work(at(6), make_safe=True)
    assert (files.rows, files.waiting) == (6, 0)


def test_no_header_if_none_is_wanted(tmp_path: Path) -> None:
    """`write_header = no`."""
    files = CsvFiles(settings(tmp_path, write_header=False), at())
    feed(files, range(2))
    assert contents(tmp_path) == {WIP: lines(row(0), row(1))}


def test_a_file_has_max_lines_rows(tmp_path: Path) -> None:
    """A name that is taken gives the next free second."""
    files = CsvFiles(settings(tmp_path, max_lines=2), at())
    for second in range(5):
        files.add(reading(second), at())
    files.work(at(), make_safe=True)
    assert contents(tmp_path) == {
        ".wip__smartmeter_20260131_120002.csv": lines(HEADER, row(4)),
        "smartmeter_20260131_120000.csv": lines(HEADER, row(0), row(1)),
        "smartmeter_20260131_120001.csv": lines(HEADER, row(2), row(3)),
    }


def test_a_full_file_is_complete_at_once(tmp_path: Path) -> None:
    """It does not wait for the next telegram."""
    files = CsvFiles(settings(tmp_path, max_lines=2), at())
    feed(files, range(2))
    assert contents(tmp_path) == {COMPLETE: lines(HEADER, row(0), row(1))}


def test_max_age_ends_a_file_without_a_telegram(tmp_path: Path) -> None:
    """After the rows that wait are in it."""
    files = CsvFiles(settings(tmp_path, max_age=30.0), at())
    feed(files, range(2))
    feed(files, range(2, 3), make_safe=False)
    assert files.seconds_left(at(3)) == 27
    files.work(at(30), make_safe=False)
    assert contents(tmp_path) == {COMPLETE: lines(HEADER, row(0), row(1), row(2))}


def test_without_max_age_only_midnight_ends_a_file(tmp_path: Path) -> None:
    """0 means no limit, as for max_lines."""
    files = CsvFiles(settings(tmp_path, max_age=0.0), at())
    feed(files, range(1))
    files.work(at(43_199), make_safe=True)
    assert list(contents(tmp_path)) == [WIP]
    files.work(at(43_200), make_safe=True)
    assert list(contents(tmp_path)) == [COMPLETE]


def test_midnight_ends_a_file_without_a_telegram(tmp_path: Path) -> None:
    """Rows of before that wait belong to the day before."""
    files = CsvFiles(settings(tmp_path), at())
    files.add(reading(0), at(43_190))
    files.work(at(43_190), make_safe=False)
    files.add(reading(1), at(43_200))
    files.add(reading(2), at(43_201))
    files.finish(at(43_202))
    assert contents(tmp_path) == {
        "smartmeter_20260131_235950.csv": lines(HEADER, row(0)),
        "smartmeter_20260201_000000.csv": lines(HEADER, row(1), row(2)),
    }


def test_only_a_new_field_begins_a_new_file(tmp_path: Path) -> None:
    """A value that is missing once is an empty cell."""
    files = CsvFiles(settings(tmp_path), at())
    feed(files, range(1))
    feed(files, range(1, 2), net_power=5)
    feed(files, range(2, 3))
    files.finish(at(3))
    assert contents(tmp_path) == {
        COMPLETE: lines(HEADER, row(0)),
        "smartmeter_20260131_120001.csv": lines(f"{HEADER},net_power", f"{row(1, 23)}5", row(2, 23)),
    }


def test_columns_are_kept_across_restarts(tmp_path: Path) -> None:
    """A meter that sent a field will send it again."""
    first = CsvFiles(settings(tmp_path), at())
    feed(first, range(1), net_power=5)
    first.finish(at(1))
    first.close()
    second = CsvFiles(settings(tmp_path), at(2))
    feed(second, range(2, 3))
    assert contents(tmp_path)[".wip__smartmeter_20260131_120002.csv"] == lines(f"{HEADER},net_power", row(2, 23))


def test_damaged_columns_are_moved_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Said, never overwritten, and begun anew."""
    for name in (".columns__smartmeter_.json", ".columns__smartmeter_.json.broken1"):
        (tmp_path / name).write_text("damaged", encoding="utf-8")
    files = CsvFiles(settings(tmp_path), at())
    feed(files, range(1))
    assert contents(tmp_path) == {WIP: lines(HEADER, row(0))}
    assert (tmp_path / ".columns__smartmeter_.json.broken2").read_text(encoding="utf-8") == "damaged"
    assert "is .columns__smartmeter_.json.broken2 now, and the columns begin anew" in caplog.text


# Duplicates.


def test_two_telegrams_of_one_timestamp_are_one_row_the_first(tmp_path: Path) -> None:
    """The broker may send one twice, and backfill does."""
    files = CsvFiles(settings(tmp_path), at())
    files.add(reading(0, net_power=5), at())
    files.add(reading(0, net_power=6), at())
    files.work(at(), make_safe=True)
    assert contents(tmp_path) == {WIP: lines(f"{HEADER},net_power", f"{row(0, 23)}5")}
    assert (files.rows, files.duplicates) == (1, 1)


@pytest.mark.parametrize("compress", [False, True])
def test_a_timestamp_of_before_the_restart_is_not_written_again(tmp_path: Path, *, compress: bool) -> None:
    """Neither one of the newest complete file nor one of the open file."""
    wanted = settings(tmp_path, max_lines=3, compress=compress)
    before = CsvFiles(wanted, at())
    feed(before, range(5))
    compress_all(before)
    crash(before)
    after = CsvFiles(wanted, at(5))
    for second in range(6):
        after.add(reading(second), at(5))
    assert (after.duplicates, after.waiting) == (5, 1)


@pytest.mark.parametrize("compress", [False, True])
def test_no_timestamp_is_written_again_after_several_short_files(tmp_path: Path, *, compress: bool) -> None:
    """Stops, new columns and max_lines make them: as many are read as are needed."""
    before = CsvFiles(settings(tmp_path, max_lines=2, compress=compress), at())
    feed(before, range(9))
    before.finish(at(9))
    compress_all(before)
    before.close()
    assert len(contents(tmp_path)) == 5
    after = CsvFiles(settings(tmp_path), at(10))
    for second in range(10):
        after.add(reading(second), at(10))
    assert (after.duplicates, after.waiting) == (9, 1)


def test_a_damaged_file_does_not_end_the_search(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and those before it are read."""
    (tmp_path / "smartmeter_20260131_110000.csv").write_bytes(lines(HEADER, row(0)))
    for number, data in enumerate((gzip.compress(lines(HEADER, row(1)))[:-9], b"", b"no gzip at all")):
        (tmp_path / f"smartmeter_20260131_11000{number + 1}.csv.gz").write_bytes(data)
    files = CsvFiles(settings(tmp_path), at())
    files.add(reading(0), at())
    assert (files.duplicates, files.waiting) == (1, 0)
    assert [message.split(",")[0] for message in caplog.messages] == [
        f"cannot read {tmp_path}/smartmeter_20260131_11000{number}.csv.gz" for number in (3, 1)
    ]


def write_day(folder: Path, name: str, *seconds: int) -> None:
    """Put a complete file there."""
    (folder / name).write_bytes(lines(HEADER, *(row(second) for second in seconds)))


def test_no_more_files_are_read_than_are_needed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The newest one began more than some hours ago: the damaged one before it is opened only for an old telegram."""
    (tmp_path / "smartmeter_20260131_000000.csv.gz").write_bytes(b"damaged")
    write_day(tmp_path, "smartmeter_20260131_060000.csv", -3600)
    files = CsvFiles(settings(tmp_path), at())
    files.add(reading(0), at())
    assert caplog.messages == []
    files.add(replace(reading(-8 * 3600), received=at(-8 * 3600).local), at())
    assert len(caplog.messages) == 1


def test_a_live_telegram_never_makes_files_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the reader's clock says: its time is newer than that of every row."""
    (tmp_path / "smartmeter_20260131_000000.csv.gz").write_bytes(b"damaged")
    write_day(tmp_path, "smartmeter_20260131_060000.csv", -3600)
    files = CsvFiles(settings(tmp_path), at())
    for number, received in enumerate(
        (at(-8 * 3600).local, datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC))
    ):
        files.add(replace(reading(number), received=received), at())
    assert (files.waiting, caplog.messages) == (3, [])


def test_a_telegram_that_comes_again_after_days_gets_no_second_row(tmp_path: Path) -> None:
    """A broker that was killed sends again what it had saved: files are read as far back as it was received."""
    day_s = 86_400
    for day in range(1, 9):
        write_day(tmp_path, f"smartmeter_202601{31 - day}_120000.csv", -day * day_s)
    files = CsvFiles(settings(tmp_path), at())
    for day in range(1, 9):
        for second in (-day * day_s, -day * day_s + 1):
            files.add(replace(reading(second), received=at(second).local), at())
    assert (files.duplicates, files.waiting) == (8, 8)


def test_messages_older_than_any_broker_keeps_make_nobody_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A wrong clock would make a start read years of files."""
    (tmp_path / "smartmeter_20250101_000000.csv.gz").write_bytes(b"damaged")
    write_day(tmp_path, "smartmeter_20260130_120000.csv", -3600)
    files = CsvFiles(settings(tmp_path), at())
    files.add(replace(reading(-7000), received=datetime(1970, 1, 1, tzinfo=UTC), recorded=True), at())
    files.add(replace(reading(-7001), received=at(-17 * 86_400).local), at())
    assert (files.waiting, caplog.messages) == (2, [])


def test_a_file_that_is_deleted_meanwhile_is_not_missed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """keep_days does that."""
    write_day(tmp_path, "smartmeter_20260130_000000.csv", -36 * 3600)
    write_day(tmp_path, "smartmeter_20260131_060000.csv", -3600)
    files = CsvFiles(settings(tmp_path), at())
    (tmp_path / "smartmeter_20260130_000000.csv").unlink()
    files.add(replace(reading(-36 * 3600), received=at(-36 * 3600).local), at())
    assert (files.waiting, caplog.messages) == (1, [])


def test_a_damaged_file_without_line_ends_takes_little_memory(tmp_path: Path) -> None:
    """A power cut can leave zeros; compressed they are small, and read they are not."""
    (tmp_path / f"{COMPLETE}.gz").write_bytes(gzip.compress(lines(HEADER, row(0)) + bytes(100_000_000), 1))
    tracemalloc.start()
    files = CsvFiles(settings(tmp_path), at())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    files.add(reading(0), at())
    assert files.duplicates == 1
    assert most < 10_000_000


def test_a_file_that_is_compressed_meanwhile_is_still_read(tmp_path: Path) -> None:
    """Under its new name."""
    write_day(tmp_path, "smartmeter_20260131_000000.csv", -10 * 3600)
    write_day(tmp_path, "smartmeter_20260131_060000.csv", -3600)
    files = CsvFiles(settings(tmp_path, compress=True), at())
    compress_all(files)
    files.add(replace(reading(-10 * 3600), received=at(-10 * 3600).local), at())
    assert files.duplicates == 1


def test_a_start_with_a_clock_that_is_not_set_knows_the_last_rows(tmp_path: Path) -> None:
    """1970, and the meter tells the right time."""
    write_day(tmp_path, "smartmeter_20260131_060000.csv", -3600, -2)
    (tmp_path / WIP).write_bytes(lines(HEADER, row(-1)))
    then = Moment(datetime(1970, 1, 1, 1, 0, tzinfo=NOON.tzinfo), 5.0)
    files = CsvFiles(settings(tmp_path), then)
    for second in (-3600, -2, -1, 0):
        files.add(replace(reading(second), received=datetime(1970, 1, 1, tzinfo=UTC)), then)
    files.work(then, make_safe=True)
    files.work(then, make_safe=True)
    assert (files.duplicates, files.rows) == (3, 1)
    assert files.file is not None
    assert files.file.startswith(".wip__smartmeter_20260131_")


# Clocks.


def test_a_clock_that_is_set_late_makes_no_odd_names(tmp_path: Path) -> None:
    """The rows of before go under the meter's time, in one file, and the jump of the clock changes nothing."""
    files = CsvFiles(settings(tmp_path), at())
    unset = Moment(datetime(1970, 1, 1, 1, 0, tzinfo=NOON.tzinfo), 1000.0)
    for second in range(3):
        files.add(reading(second), unset)
        files.work(unset, make_safe=True)
    feed(files, range(3, 5))
    assert contents(tmp_path) == {WIP: lines(HEADER, *(row(second) for second in range(5)))}


def test_a_wrong_clock_deletes_nothing(tmp_path: Path) -> None:
    """Neither before the first reading, nor when it is decades ahead of the meter."""
    write_day(tmp_path, "smartmeter_20260130_120000.csv", -86_400)
    ahead = Moment(datetime(2106, 1, 1, 1, 0, tzinfo=NOON.tzinfo), 1000.0)
    files = CsvFiles(settings(tmp_path, keep_days=2), ahead)
    files.work(ahead, make_safe=True)
    files.add(reading(0), ahead)
    files.work(ahead, make_safe=True)
    assert "smartmeter_20260130_120000.csv" in contents(tmp_path)


def test_a_host_that_was_decades_ahead_hides_no_rows(tmp_path: Path) -> None:
    """Its file has the latest name for ever; what came before and after it is found all the same."""
    write_day(tmp_path, "smartmeter_20260130_080000.csv", -28 * 3600)
    write_day(tmp_path, "smartmeter_21060101_000000.csv", -26 * 3600)
    write_day(tmp_path, "smartmeter_20260130_120000.csv", -24 * 3600)
    write_day(tmp_path, "smartmeter_20260131_110000.csv", -3600)
    files = CsvFiles(settings(tmp_path), at())
    for hours in (28, 26, 24, 1):
        files.add(replace(reading(-hours * 3600), received=at(-hours * 3600).local), at())
    assert (files.duplicates, files.waiting) == (4, 0)


def test_a_host_that_was_ahead_for_some_hours_hides_no_rows(tmp_path: Path) -> None:
    """A file of before the clock was set back has rows that were received later, as it seems, than the next file was begun."""
    write_day(tmp_path, "smartmeter_20260131_010000.csv", -11 * 3600, -4 * 3600)  # received at 8:00, the host said 11:30
    write_day(tmp_path, "smartmeter_20260131_081000.csv", -3 * 3600)
    files = CsvFiles(settings(tmp_path), at())
    files.add(replace(reading(-4 * 3600), received=at(-1800).local), at())
    assert files.duplicates == 1


def test_a_clock_that_is_set_around_midnight_loses_no_row(tmp_path: Path) -> None:
    """Forward, back, and forward again: each jump over midnight ends a file, and names are never taken twice."""
    files = CsvFiles(settings(tmp_path), at())
    for second, jump_s in enumerate((43_190, 43_230, 43_190, 43_230)):
        files.add(reading(second), at(jump_s))
        files.work(at(jump_s), make_safe=True)
    files.finish(at(43_231))
    assert contents(tmp_path) == {
        "smartmeter_20260131_235950.csv": lines(HEADER, row(0)),
        "smartmeter_20260131_235951.csv": lines(HEADER, row(2)),
        "smartmeter_20260201_000030.csv": lines(HEADER, row(1)),
        "smartmeter_20260201_000031.csv": lines(HEADER, row(3)),
    }


def test_a_flood_of_a_broker_that_waits_for_nobody_is_not_taken(tmp_path: Path) -> None:
    """What is sent with QoS 0 would fill the memory while the disk is full; it says when it is enough, and drops nothing."""
    files = CsvFiles(settings(tmp_path, min_free_mb=1_000_000_000), at(), waiting_bytes=len(lines(row(0))) * 3)
    fullness = []
    for second in range(3):
        feed(files, range(second, second + 1))
        fullness.append(files.is_full)
    assert fullness == [False, False, True]
    assert (files.waiting, files.seconds_left(at(3))) == (3, 2)


# Summer time: the zone is Europe/Brussels, the days have 23 and 25 hours.


def local(text: str) -> Moment:
    """Give a moment by its local time, as `datetime.astimezone` does; the monotonic clock shows the seconds since 1970."""
    time = datetime.fromisoformat(text)
    return Moment(time, time.timestamp())


@pytest.mark.parametrize(
    ("begun", "before_midnight", "midnight", "name"),
    [
        ("2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00", "2026-03-30T00:00:00+02:00", "20260329_000000"),
        ("2026-10-25T00:00:00+02:00", "2026-10-25T23:59:59+01:00", "2026-10-26T00:00:00+01:00", "20261025_000000"),
    ],
)
@pytest.mark.parametrize("restarts", [False, True])
def test_a_file_has_the_whole_local_day(
    tmp_path: Path, begun: str, before_midnight: str, midnight: str, name: str, *, restarts: bool
) -> None:
    """Of 23 or of 25 hours, after a crash in it too; then its age counts by what passed, not by what clocks show."""
    wanted = settings(tmp_path, max_age=90_001.0)  # 25 hours and a second
    files = CsvFiles(wanted, local(begun))
    files.add(reading(0), local(begun))
    files.work(local(begun), make_safe=True)
    for hour in range(1, 24):
        now = Moment(local(begun).local + timedelta(hours=hour), local(begun).monotonic_s + 3600 * hour)
        if now.monotonic_s > local(before_midnight).monotonic_s:
            break
        now = Moment(now.local.astimezone(), now.monotonic_s)
        if restarts:
            crash(files)
            files = CsvFiles(wanted, now)
        assert 0 < files.seconds_left(now) <= 3600
        files.work(now, make_safe=True)
        assert files.file == f".wip__smartmeter_{name}.csv"
    files.work(local(before_midnight), make_safe=True)
    assert files.file == f".wip__smartmeter_{name}.csv"
    files.work(local(midnight), make_safe=True)
    assert list(contents(tmp_path)) == [f"smartmeter_{name}.csv"]


def test_after_a_restart_on_a_long_day_the_age_is_what_passed(tmp_path: Path) -> None:
    """From 1:00 in summer time to 4:00 in winter time four hours pass."""
    wanted = settings(tmp_path, max_age=4 * 3600.0)
    before = CsvFiles(wanted, local("2026-10-25T01:00:00+02:00"))
    before.add(reading(0), local("2026-10-25T01:00:00+02:00"))
    before.work(local("2026-10-25T01:00:00+02:00"), make_safe=True)
    crash(before)
    after = CsvFiles(wanted, local("2026-10-25T03:59:50+01:00"))
    assert after.file == ".wip__smartmeter_20261025_010000.csv"
    assert after.seconds_left(local("2026-10-25T03:59:50+01:00")) == 10
    crash(after)
    assert CsvFiles(wanted, local("2026-10-25T04:00:00+01:00")).file is None


# Crashes.


def test_after_a_crash_the_open_file_is_gone_on_with(tmp_path: Path) -> None:
    """On the same day, with the same columns."""
    crash_after = CsvFiles(settings(tmp_path), at())
    feed(crash_after, range(2))
    crash(crash_after)
    files = CsvFiles(settings(tmp_path), at(5))
    feed(files, range(5, 6))
    assert contents(tmp_path) == {WIP: lines(HEADER, row(0), row(1), row(5))}


@pytest.mark.parametrize("torn", [b"2026-01", b"2026-01-31T12:00:02+01:00,1.5\r", b'2026,"a\r\nb\r\n', b"\0" * 100])
def test_a_torn_last_line_is_dropped(tmp_path: Path, torn: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What a crash cut off is no row, and is said."""
    (tmp_path / WIP).write_bytes(lines(HEADER, row(0)) + torn)
    files = CsvFiles(settings(tmp_path), at(5))
    feed(files, range(5, 6))
    assert contents(tmp_path) == {WIP: lines(HEADER, row(0), row(5))}
    assert f"its last {len(torn)} bytes are dropped" in caplog.text


def test_wherever_a_kill_cuts_the_file_each_row_is_there_once(tmp_path: Path) -> None:
    """At each byte of the last two rows: what was whole stays, what was torn is written when its telegram comes again."""
    before = CsvFiles(settings(tmp_path / "before"), at())
    feed(before, range(4), text_message='a,"b"\r\nc')
    crash(before)
    columns = (tmp_path / "before" / ".columns__smartmeter_.json").read_bytes()
    whole = (tmp_path / "before" / WIP).read_bytes()
    rest = whole.split(stamp(2).encode(), 1)[1]
    for cut in range(len(whole) - len(rest) - len(stamp(2)), len(whole) + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / ".columns__smartmeter_.json").write_bytes(columns)
        (folder / WIP).write_bytes(whole[:cut])
        after = CsvFiles(settings(folder), at())
        feed(after, range(4), text_message='a,"b"\r\nc')
        crash(after)
        assert contents(folder) == {WIP: whole}, cut


@pytest.mark.parametrize(
    ("changes", "restart_s", "before"),
    [
        ({}, 86_400, lines(HEADER, row(0))),  # another day
        ({"max_age": 60.0}, 60, lines(HEADER, row(0))),  # too old
        ({"max_lines": 1}, 5, lines(HEADER, row(0))),  # full
        ({}, 5, lines("timestamp,other", f"{stamp(0)},1")),  # other columns
        ({"write_header": False}, 5, lines(HEADER, row(0))),  # a header where none is wanted
        ({}, 5, lines(row(0))),  # none where one is wanted
        ({"write_header": False}, 5, lines(f"{stamp(0)},1")),  # fewer columns
    ],
)
def test_an_open_file_that_may_not_be_gone_on_with_is_completed(
    tmp_path: Path, changes: dict[str, object], restart_s: int, before: bytes
) -> None:
    """As it is, without its torn line."""
    (tmp_path / WIP).write_bytes(before + b"torn")
    files = CsvFiles(settings(tmp_path, **changes), at(restart_s))
    assert contents(tmp_path) == {COMPLETE: before}
    assert files.file is None


@pytest.mark.parametrize("before", [b"", lines(HEADER), lines("timestamp,other"), b"timest"])
def test_an_open_file_without_rows_is_removed(tmp_path: Path, before: bytes) -> None:
    """It has nothing to tell."""
    (tmp_path / WIP).write_bytes(before)
    CsvFiles(settings(tmp_path), at(5))
    assert contents(tmp_path) == {}


def test_without_header_the_number_of_columns_counts(tmp_path: Path) -> None:
    """A list with commas in it is one cell."""
    wanted = settings(tmp_path, write_header=False)
    before = CsvFiles(wanted, at())
    feed(before, range(1), mbus=[{"channel": 1, "type": 3}])
    crash(before)
    files = CsvFiles(wanted, at(5))
    assert files.file == WIP


def test_of_several_open_files_the_newest_is_gone_on_with(tmp_path: Path) -> None:
    """The others are completed."""
    for name in (WIP, ".wip__smartmeter_20260131_110000.csv"):
        (tmp_path / name).write_bytes(lines(HEADER, row(0)))
    files = CsvFiles(settings(tmp_path), at(5))
    assert files.file == WIP
    assert list(contents(tmp_path)) == [WIP, "smartmeter_20260131_110000.csv"]


def test_a_damaged_file_is_completed_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An odd quote would make all that follows one torn line: too much to drop."""
    damaged = lines(HEADER, '"') + lines(row(0)) * 10_000
    (tmp_path / WIP).write_bytes(damaged)
    CsvFiles(settings(tmp_path), at(5))
    assert contents(tmp_path) == {COMPLETE: damaged}
    assert "it is completed as it is" in caplog.text


def test_a_folder_that_another_process_writes_to_is_refused_untouched(tmp_path: Path) -> None:
    """Two services would tear each other's lines and delete each other's half made files."""
    first = CsvFiles(settings(tmp_path), at())
    before = {WIP: lines(HEADER, row(0)) + b"being writ", f".tmp__{COMPLETE}.gz": b"half"}
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(BlockingIOError):
        CsvFiles(settings(tmp_path), at(5))
    assert contents(tmp_path) == before
    first.close()
    CsvFiles(settings(tmp_path), at(5))
    assert contents(tmp_path) == {WIP: lines(HEADER, row(0))}


def test_another_prefix_may_be_written_to_the_same_folder(tmp_path: Path) -> None:
    """By the service of another meter."""
    for prefix in ("smartmeter_", "smartmeter_garage_"):
        feed(CsvFiles(settings(tmp_path, file_prefix=prefix), at()), range(1))
    assert list(contents(tmp_path)) == [WIP, ".wip__smartmeter_garage_20260131_120000.csv"]


def test_a_complete_file_is_never_overwritten(tmp_path: Path) -> None:
    """Neither plain nor compressed, whoever put it there."""
    files = CsvFiles(settings(tmp_path), at())
    feed(files, range(1))
    (tmp_path / COMPLETE).write_bytes(b"of the user")
    (tmp_path / "smartmeter_20260131_120001.csv.gz").write_bytes(b"of the user too")
    files.finish(at(1))
    assert contents(tmp_path) == {
        COMPLETE: b"of the user",
        "smartmeter_20260131_120001.csv.gz": b"of the user too",
        "smartmeter_20260131_120002.csv": lines(HEADER, row(0)),
    }


# Compression and age.


def test_complete_files_are_compressed(tmp_path: Path) -> None:
    """Piece by piece, as what is due without news."""
    files = CsvFiles(settings(tmp_path, compress=True, max_lines=10_000), at())
    for second in range(10_000):
        files.add(reading(second), at())
    files.work(at(), make_safe=True)
    expected = lines(HEADER, *(row(second) for second in range(10_000)))
    assert list(contents(tmp_path)) == [".tmp__smartmeter_20260131_120000.csv.gz", COMPLETE]
    assert files.seconds_left(at()) == 0
    compress_all(files)
    assert list(contents(tmp_path)) == [f"{COMPLETE}.gz"]
    assert gzip.decompress((tmp_path / f"{COMPLETE}.gz").read_bytes()) == expected


def test_an_interrupted_compression_is_done_again(tmp_path: Path) -> None:
    """The half made file is removed, the plain one is still there."""
    (tmp_path / COMPLETE).write_bytes(lines(HEADER, row(0)))
    (tmp_path / f".tmp__{COMPLETE}.gz").write_bytes(b"half")
    files = CsvFiles(settings(tmp_path, compress=True), at(5))
    assert list(contents(tmp_path)) == [COMPLETE]
    compress_all(files)
    assert list(contents(tmp_path)) == [f"{COMPLETE}.gz"]


def test_a_plain_file_beside_its_compressed_one_is_deleted(tmp_path: Path) -> None:
    """A crash came between the two steps."""
    (tmp_path / COMPLETE).write_bytes(lines(HEADER, row(0)))
    (tmp_path / f"{COMPLETE}.gz").write_bytes(gzip.compress(lines(HEADER, row(0))))
    compress_all(CsvFiles(settings(tmp_path, compress=True), at(5)))
    assert list(contents(tmp_path)) == [f"{COMPLETE}.gz"]


@pytest.mark.parametrize("other", [b"", gzip.compress(lines(HEADER, row(1)))])
def test_a_compressed_file_with_other_contents_is_not_overwritten(
    tmp_path: Path, other: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Both stay, and it is said."""
    before = {COMPLETE: lines(HEADER, row(0)), f"{COMPLETE}.gz": other}
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)
    compress_all(CsvFiles(settings(tmp_path, compress=True), at(5)))
    assert contents(tmp_path) == before
    assert f"cannot compress {tmp_path / COMPLETE}: {COMPLETE}.gz is there already, with other contents" in caplog.text


def test_a_compression_that_is_abandoned_leaves_the_plain_file(tmp_path: Path) -> None:
    """At a stop in the middle of it."""
    files = CsvFiles(settings(tmp_path, compress=True), at())
    feed(files, range(1))
    files.finish(at(1))
    files.compressor.step()
    files.compressor.abandon()
    assert contents(tmp_path) == {COMPLETE: lines(HEADER, row(0))}


def test_a_damaged_compressed_file_does_not_keep_the_service_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its timestamps are not known, which is said."""
    (tmp_path / f"{COMPLETE}.gz").write_bytes(gzip.compress(lines(HEADER, row(0)))[:-9])
    CsvFiles(settings(tmp_path), at(5))
    assert "cannot read" in caplog.text


def test_old_files_of_this_prefix_are_deleted(tmp_path: Path) -> None:
    """By the date in the name; open files, other prefixes and files of the user stay."""
    gone = ["smartmeter_20260128_235959.csv", "smartmeter_20250101_000000.csv.gz"]
    kept = [
        "smartmeter_20260129_000000.csv",
        "smartmeter_garage_20250101_000000.csv",
        "smartmeter_20250101.csv",
        "smartmeter_20250101_000000.csv.bak",
    ]
    for name in gone + kept:
        (tmp_path / name).write_bytes(lines(HEADER, row(0)))
    files = CsvFiles(settings(tmp_path, keep_days=2), at())
    files.work(at(), make_safe=True)
    assert contents(tmp_path).keys() >= {*gone, *kept}  # what the meter says is not known yet
    feed(files, range(5, 6))
    begun = "smartmeter_20260131_120005.csv"
    assert sorted(contents(tmp_path)) == sorted([f".wip__{begun}", *kept])
    feed(files, range(86_400, 86_401))
    assert sorted(contents(tmp_path)) == sorted([begun, ".wip__smartmeter_20260201_120000.csv", *kept[1:]])


def test_nothing_is_deleted_unless_asked(tmp_path: Path) -> None:
    """keep_days = 0 keeps for ever."""
    (tmp_path / "smartmeter_19990101_000000.csv").write_bytes(b"")
    CsvFiles(settings(tmp_path), at()).work(at(), make_safe=True)
    assert list(contents(tmp_path)) == ["smartmeter_19990101_000000.csv"]


# Full disks.


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 256 kB, where we may."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "small", str(disk)], capture_output=True, check=False)
    if mounting.returncode:
        pytest.skip(f"cannot mount a small disk: {mounting.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_rows_wait_while_the_disk_is_full(small_disk: Path) -> None:
    """The file stays whole, and when there is room again every row is written once."""
    files = CsvFiles(settings(small_disk), at())
    feed(files, range(100))
    disk = os.statvfs(small_disk)
    (small_disk / "other").write_bytes(b"x" * (disk.f_bavail - 1) * disk.f_frsize)
    feed(files, range(100, 1000))
    assert [files.obstacle, files.waiting + files.rows] == ["No space left on device", 1000]
    assert 0 < files.rows < 1000
    assert (small_disk / WIP).read_bytes() == lines(HEADER, *(row(second) for second in range(files.rows)))
    (small_disk / "other").unlink()
    files.work(at(1010), make_safe=True)
    assert [files.obstacle, files.waiting] == [None, 0]
    files.finish(at(1011))
    assert contents(small_disk) == {COMPLETE: lines(HEADER, *(row(second) for second in range(1000)))}


def test_a_write_that_stops_in_the_middle_leaves_whole_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where no disk can be mounted: the system call itself keeps a quota."""
    quota, pwrite = [len(lines(HEADER, row(0), row(1))) + 10], os.pwrite

    def sparing_pwrite(descriptor: int, data: bytes, offset: int) -> int:
        if offset >= quota[0]:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        return pwrite(descriptor, data[: quota[0] - offset], offset)

    monkeypatch.setattr(os, "pwrite", sparing_pwrite)
    files = CsvFiles(settings(tmp_path), at())
    feed(files, range(4))
    assert [files.obstacle, files.rows, files.waiting] == ["Disk quota exceeded", 2, 2]
    assert contents(tmp_path) == {WIP: lines(HEADER, row(0), row(1))}
    quota[0] = 1_000_000
    files.work(at(10), make_safe=True)
    assert contents(tmp_path) == {WIP: lines(HEADER, row(0), row(1), row(2), row(3))}


def test_a_disk_that_is_full_at_the_start_is_waited_for(small_disk: Path) -> None:
    """Not even the columns can be kept."""
    (small_disk / "other").write_bytes(b"x" * os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize)
    files = CsvFiles(settings(small_disk), at())
    feed(files, range(3), net_power=5)
    assert files.obstacle == "No space left on device"
    (small_disk / "other").unlink()
    files.work(at(10), make_safe=True)
    assert (small_disk / WIP).read_bytes() == lines(f"{HEADER},net_power", *(f"{row(second, 23)}5" for second in range(3)))


def test_room_for_others_is_left(tmp_path: Path) -> None:
    """`min_free_mb`, with what is missing in words."""
    files = CsvFiles(settings(tmp_path, min_free_mb=1_000_000_000), at())
    feed(files, range(3))
    assert files.obstacle == "less than 1000000000 MB free (min_free_mb)"
    assert files.seconds_left(at(3)) == 2
    assert contents(tmp_path) == {}


def test_rows_that_cannot_be_written_at_the_end_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With the reason; nobody acknowledges them."""
    files = CsvFiles(settings(tmp_path, min_free_mb=1_000_000_000), at())
    feed(files, range(3))
    files.finish(at(3))
    assert "3 rows are not written: less than 1000000000 MB free (min_free_mb); the broker sends them again" in caplog.text


def test_a_flood_is_written_before_it_is_too_much(tmp_path: Path) -> None:
    """A group that is too large for the memory is written earlier."""
    files = CsvFiles(settings(tmp_path), at(), waiting_bytes=len(lines(row(0))) * 10)
    feed(files, range(50), make_safe=False)
    assert (files.waiting < 10, files.rows > 40) == (True, True)
    files.finish(at(50))
    assert files.rows == 50


def test_a_disk_that_becomes_read_only_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a damaged SD card does."""
    files = CsvFiles(settings(tmp_path), at())
    feed(files, range(1))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EROFS, os.strerror(errno.EROFS))))
        feed(files, range(1, 2))
        assert (files.obstacle, files.waiting) == ("Read-only file system", 1)
    files.work(at(10), make_safe=True)
    assert contents(tmp_path) == {WIP: lines(HEADER, row(0), row(1))}


# Disks that cannot be written to.


def test_a_write_that_cannot_be_taken_back_is_taken_back_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even what was half written can be cut off; it is done before the next rows."""
    files = CsvFiles(settings(tmp_path), at())
    feed(files, range(2))
    pwrite, ftruncate, is_read_only = os.pwrite, os.ftruncate, [True]

    def failing_pwrite(descriptor: int, data: bytes, offset: int) -> int:
        if is_read_only[0] and offset > len(lines(HEADER, row(0), row(1))):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return pwrite(descriptor, data[:-5] if is_read_only[0] else data, offset)

    def failing_ftruncate(descriptor: int, size: int) -> None:
        if is_read_only[0]:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        ftruncate(descriptor, size)

    monkeypatch.setattr(os, "pwrite", failing_pwrite)
    monkeypatch.setattr(os, "ftruncate", failing_ftruncate)
    feed(files, range(2, 4))
    assert [files.obstacle, files.rows, files.waiting] == ["Read-only file system", 2, 2]
    assert contents(tmp_path) == {WIP: lines(HEADER, row(0), row(1)) + lines(row(2))[:-5]}
    is_read_only[0] = False
    files.work(at(10), make_safe=False)
    assert [files.obstacle, files.waiting] == [None, 0]
    assert contents(tmp_path) == {WIP: lines(HEADER, *map(row, range(4)))}


def test_a_file_that_was_renamed_before_the_disk_failed_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second attempt does not rename it again."""
    files = CsvFiles(settings(tmp_path, max_lines=2), at())
    feed(files, range(1))
    fsync, is_full = os.fsync, [True]

    def failing_fsync(descriptor: int) -> None:
        if is_full[0] and os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112 -- a link of the system's
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing_fsync)
    feed(files, range(1, 2))
    assert files.obstacle == "No space left on device"
    is_full[0] = False
    files.work(at(10), make_safe=False)
    assert [files.obstacle, files.file] == [None, None]
    assert contents(tmp_path) == {COMPLETE: lines(HEADER, row(0), row(1))}


@pytest.fixture
def no_root() -> Iterator[None]:
    """Let this process have the rights of nobody, if it has those of root."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_a_folder_without_rights_is_refused(no_root: None) -> None:
    """Whether it is there or would have to be made."""
    del no_root
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        for path in (Path(folder), Path(folder, "missing", "too")):
            with pytest.raises(PermissionError):
                CsvFiles(settings(path), at())
        Path(folder).chmod(0o755)
