"""The benchmarks, as far as no time is measured: their rows, their table, and the pace of the port that they feed."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.catalogue import BENCHMARKS
from benchmarks.port_pace import BYTE_S, PIECE_BYTES, pieces
from benchmarks.process_facts import Usage, memory_together_mb, pss_mb, usage
from benchmarks.row import Row, at_most, percentiles
from benchmarks.table import document, line_of, markdown
from tests.support.processes import REPOSITORY, clean_environment

_RESULTS = REPOSITORY / "benchmarks" / "RESULTS.md"


@given(st.integers(1, 3000))
def test_a_port_gives_every_byte_once_and_none_before_the_line_has_carried_it(length: int) -> None:
    """The pieces follow each other without a gap; each is due with its last byte, and the last with the telegram's end."""
    cut = list(pieces(length))
    assert [byte for piece in cut for byte in range(piece.begin, piece.end)] == list(range(length))
    assert all(piece.due_s == piece.end * BYTE_S for piece in cut)
    assert all(piece.end - piece.begin <= PIECE_BYTES for piece in cut)
    assert cut[-1].due_s == pytest.approx(length * 10 / 115_200)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([7.0], (7.0, 7.0)),
        ([3.0, 1.0, 2.0], (2.0, 3.0)),
        ([float(n) for n in range(100, 0, -1)], (50.0, 99.0)),
        ([float(n) for n in range(1, 501)], (250.0, 495.0)),
    ],
)
def test_percentiles_are_samples_that_were_measured(samples: list[float], expected: tuple[float, float]) -> None:
    """At the median half is not larger, at the 99th percentile 99 of 100 are not."""
    assert percentiles(samples) == expected


def test_percentiles_want_samples() -> None:
    """Of nothing there is no median."""
    with pytest.raises(ValueError, match="at least one sample"):
        percentiles([])


@pytest.mark.parametrize(
    ("value", "limit", "unit", "found", "goal", "holds"),
    [
        (3.597, 3.6, "ms", "3.6 ms", "<= 3.6 ms", True),
        (3.61, 3.6, "ms", "3.61 ms", "<= 3.6 ms", False),
        (59.96, 60, "MB", "60 MB", "<= 60 MB", True),
        (149_999.7, 150_000, "instructions", "150,000 instructions", "<= 150,000 instructions", True),
        (0.3, 0.3, "s", "0.3 s", "<= 0.3 s", True),
    ],
)
def test_a_row_tells_what_was_found_and_whether_that_is_little_enough(
    value: float, limit: float, unit: str, found: str, goal: str, *, holds: bool
) -> None:
    """The number stays as it was measured; the text has three digits."""
    row = at_most("what", value, limit, unit)
    assert (row.value, row.found, row.goal, row.holds) == (value, found, goal, holds)


def test_a_line_has_its_columns_at_fixed_places() -> None:
    """So that a table that grows line by line is a table."""
    lines = [line_of(Row("a", "1 ms", "<= 2 ms", holds=True)), line_of(Row("b" * 20, "17.5 MB", "", holds=False))]
    assert [line.index(word) for line, word in zip(lines, ("1 ms", "17.5 MB"), strict=True)] == [85, 85]
    assert lines[0].endswith(" yes")
    assert lines[1].endswith(" NO")


def test_json_has_the_numbers_and_whose_they_are() -> None:
    """A program that compares two machines needs no table."""
    text = document({"Python": "3.11"}, {"stack": [Row("a", "1 ms", "<= 2 ms", 1.0, "ms", holds=True, details={"p99": 1.5})]})
    assert json.loads(text) == {
        "machine": {"Python": "3.11"},
        "rows": [
            {
                "benchmark": "stack",
                "what": "a",
                "found": "1 ms",
                "goal": "<= 2 ms",
                "value": 1.0,
                "unit": "ms",
                "holds": True,
                "details": {"p99": 1.5},
            }
        ],
    }


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    """The kept table is Markdown."""
    assert "| stack | a \\| b | 1 |  |  |" in markdown({}, {"stack": [Row("a | b", "1", "")]}, {"stack": "what it means"})


def test_every_benchmark_is_there_and_has_its_rows_in_the_kept_results() -> None:
    """RESULTS.md is of a run of all of them, and says how to run them again."""
    kept = _RESULTS.read_text(encoding="utf-8")
    assert "`make bench`" in kept
    for name in BENCHMARKS:
        assert find_spec(f"benchmarks.{name}"), name
        assert f"\n| {name} | " in kept, name
        assert f"\n- `{name}`: " in kept, name
    assert sum(benchmark.minutes for benchmark in BENCHMARKS.values()) <= 15


def test_the_command_names_the_benchmarks_that_it_knows() -> None:
    """A wrong name is a wrong usage, and nothing is measured."""
    command = [sys.executable, "-m", "benchmarks", "decode", "decoed"]
    done = subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"no benchmark decoed; there are {', '.join(BENCHMARKS)}" in done.stderr


def test_a_process_that_works_is_seen_to_work() -> None:
    """Processor time and memory are those that Linux counts for a process and all its threads."""
    command = [sys.executable, "-c", "import sys; print(sum(range(10**6)), flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        seen, shared_mb, own_mb = usage(process.pid), pss_mb(process.pid), memory_together_mb([process.pid])
        twice_mb = memory_together_mb([process.pid, process.pid])
        process.communicate("")
    assert seen.cpu_ns > 1_000_000
    assert seen.wake_ups >= 0
    assert seen - seen == Usage(0, 0, 0)
    assert 0 < shared_mb <= own_mb < twice_mb < 2 * own_mb
