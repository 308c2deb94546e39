"""When the memory is written, and what is said where it cannot be read or written."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from relay_controller.keeper import Keeper
from relay_controller.memory import Memory, Remembered
from relay_controller.memory_text import memory_from, text_of
from relay_controller.quarter import quarter_at
from tests.support.waiting import eventually

ONE = Remembered(day=date(2026, 6, 1), starts=3, on_s=1000.0, chosen_on=True, chosen_at=datetime(2026, 6, 1, 12, tzinfo=UTC))
MEMORY = Memory({"boiler": ONE}, quarter_at(1_780_315_200.0, 1.0, 0.5, "2026-06", 2.75))
UPTIME_S = 50_000.0  # the monotonic clock at the start


def ran(seconds: float) -> Memory:
    """Give the memory after the load ran for so long, without anything else."""
    return replace(MEMORY, loads={"boiler": replace(ONE, on_s=ONE.on_s + seconds)})


def started(starts: int) -> Memory:
    """Give the memory after so many starts."""
    return replace(MEMORY, loads={"boiler": replace(ONE, starts=starts)})


def in_file(path: Path) -> Memory | None:
    """Give what is in the file."""
    return memory_from(path.read_text(encoding="utf-8")) if path.exists() else None


def keep_all(path: Path, steps: Iterable[tuple[float, Memory]]) -> Memory | None:
    """Give what is in the file after the memories of some moments, in seconds since the first one."""
    keeper = Keeper(path)
    keeper.read()
    for seconds, memory in steps:
        keeper.keep(memory, UPTIME_S + seconds)
    keeper.close()
    return in_file(path)


def test_what_is_kept_is_read_at_the_next_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where there is no file yet, it is empty, and nothing is said about that."""
    keeper = Keeper(tmp_path / "data" / "state.json")
    assert keeper.read() == Memory()
    keeper.keep(MEMORY, UPTIME_S)
    keeper.close()
    after = Keeper(tmp_path / "data" / "state.json")
    assert after.read() == MEMORY
    after.close()
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([(0, MEMORY)], MEMORY, id="the first one"),
        pytest.param([(0, MEMORY), (1, started(4))], started(4), id="a start at once"),
        pytest.param([(0, MEMORY), (1, started(4)), (2, started(5))], started(5), id="and the next one"),
        pytest.param([(0, MEMORY), (1, ran(1)), (299, ran(299))], MEMORY, id="time that runs on is not written each second"),
        pytest.param([(0, MEMORY), (299, ran(299)), (300, ran(300))], ran(300), id="but after five minutes"),
        pytest.param([(0, MEMORY), (300, ran(300)), (599, ran(599))], ran(300), id="and not before another five"),
        pytest.param([(0, MEMORY), (300, ran(300)), (600, ran(600))], ran(600), id="but then"),
        pytest.param(
            [(0, MEMORY), (200, started(4)), (300, replace(started(4), quarter=None))],
            replace(started(4), quarter=None),
            id="what is essential does not wait for what was",
        ),
    ],
)
def test_what_happened_is_written_at_once_and_what_runs_on_now_and_then(
    tmp_path: Path, steps: list[tuple[float, Memory]], expected: Memory
) -> None:
    """A row per course of events: what is in the file at the end."""
    assert keep_all(tmp_path / "state.json", steps) == expected


def test_the_same_memory_is_not_written_again(tmp_path: Path) -> None:
    """Neither as it was read, nor as it was written, however old it is; not even at the end."""
    path = tmp_path / "state.json"
    path.write_text(text_of(MEMORY), encoding="utf-8")
    inode = path.stat().st_ino
    assert keep_all(path, [(0, MEMORY), (400, MEMORY), (90_000, MEMORY)]) == MEMORY
    keeper = Keeper(path)
    keeper.read()
    keeper.keep(MEMORY, UPTIME_S, is_last=True)
    keeper.close()
    assert path.stat().st_ino == inode


def test_the_last_time_counts_in_full(tmp_path: Path) -> None:
    """At the end every second is worth to be written."""
    keeper = Keeper(tmp_path / "state.json")
    keeper.keep(MEMORY, UPTIME_S)
    keeper.keep(ran(1), UPTIME_S + 1)
    keeper.keep(ran(2), UPTIME_S + 2, is_last=True)
    keeper.close()
    assert in_file(tmp_path / "state.json") == ran(2)


def test_it_is_worth_to_look_when_the_loads_are_others_or_time_has_passed(tmp_path: Path) -> None:
    """The same object is the same state; five minutes count from the last time that something was written."""
    keeper = Keeper(tmp_path / "state.json")
    loads, others = dict(MEMORY.loads), dict(MEMORY.loads)
    due = [keeper.is_due(loads, UPTIME_S)]
    keeper.keep(MEMORY, UPTIME_S)
    for seen, seconds in ((loads, 1), (others, 2), (others, 3), (others, 299), (others, 300), (loads, 301)):
        due.append(keeper.is_due(seen, UPTIME_S + seconds))
    keeper.keep(ran(301), UPTIME_S + 301)
    due.append(keeper.is_due(loads, UPTIME_S + 600))
    keeper.close()
    assert due == [True, False, True, False, False, True, True, False]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(b"", "Expecting value: line 1 column 1 (char 0)", id="empty"),
        pytest.param(text_of(MEMORY).encode()[:200], "", id="torn"),
        pytest.param(b"\0" * 500, "Expecting value: line 1 column 1 (char 0)", id="zeros"),
        pytest.param(b"\xff\xfe", "'utf-8' codec can't decode byte 0xff", id="not UTF-8"),
        pytest.param(b"{}", "expected version 1", id="something else"),
        pytest.param(b"[" * 900_000, "nested without end", id="nested"),
        pytest.param(b" " * 1_000_001, "it is too large", id="too large"),
        pytest.param(
            b'{"version": 1, "loads": {}, "quarter": {"month": [2026, 6], "at_s": 1' + b"0" * 400 + b"}}", "", id="huge"
        ),
    ],
)
def test_a_damaged_file_costs_the_counters_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes, said: str
) -> None:
    """One line in the log, an empty memory, and the next one is kept in its place."""
    path = tmp_path / "state.json"
    path.write_bytes(damage)
    keeper = Keeper(path)
    assert keeper.read() == Memory()
    keeper.keep(MEMORY, UPTIME_S)
    keeper.close()
    assert in_file(path) == MEMORY
    (message,) = caplog.messages
    assert message.startswith(f"counters begin anew: cannot read {path}: {said}")
    assert "\n" not in message


def test_a_file_that_cannot_be_read_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With the reason of the system, without the path twice."""
    (tmp_path / "state.json").mkdir()
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    for path in (tmp_path / "state.json", tmp_path / "data" / "state.json"):
        keeper = Keeper(path)
        assert keeper.read() == Memory()
        keeper.close()
    assert caplog.messages == [
        f"counters begin anew: cannot read {tmp_path}/state.json: Is a directory",
        f"counters begin anew: cannot read {tmp_path}/data/state.json: Not a directory",
    ]


def test_a_folder_that_cannot_be_written_is_said_once_an_hour(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And the loads go on; in between nothing is said."""
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    path = tmp_path / "data" / "deeper" / "state.json"
    keeper = Keeper(path)
    keeper.keep(MEMORY, UPTIME_S)
    eventually(lambda: keeper._writer.trouble)
    said = []
    for seconds in (1, 301, 3600, 3601, 3602, 7201):
        keeper.keep(ran(seconds), UPTIME_S + seconds)
        said.append(len(caplog.messages))
    keeper.close()
    assert said == [1, 1, 1, 2, 2, 3]
    assert set(caplog.messages) == {f"cannot keep the counters of the loads in {path}: Not a directory"}


def test_what_could_not_be_written_is_written_when_it_can_be(tmp_path: Path) -> None:
    """The folder is there again after ten minutes, and nothing has happened meanwhile."""
    folder = tmp_path / "data"
    folder.write_text("a file", encoding="utf-8")
    keeper = Keeper(folder / "state.json")
    keeper.keep(MEMORY, UPTIME_S)
    eventually(lambda: keeper._writer.trouble)
    folder.unlink()
    keeper.keep(MEMORY, UPTIME_S + 600)
    keeper.close()
    assert in_file(folder / "state.json") == MEMORY
