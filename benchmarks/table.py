"""The rows as text: for a terminal while they come, for programs, and for RESULTS.md."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from benchmarks.row import Row

_WHAT, _FOUND, _GOAL = 84, 44, 24  # columns
_HOLDS = {True: "yes", False: "NO", None: ""}

HEADER = f"{'what':<{_WHAT}} {'found':<{_FOUND}} {'goal':<{_GOAL}} holds"


def line_of(row: Row) -> str:
    """Give a row for a terminal; what is too long for its column moves the rest."""
    return f"{row.what:<{_WHAT}} {row.found:<{_FOUND}} {row.goal:<{_GOAL}} {_HOLDS[row.holds]}".rstrip()


def document(machine: Mapping[str, str], rows: Mapping[str, Sequence[Row]]) -> str:
    """Give everything as JSON: {"machine": {...}, "rows": [{"benchmark": NAME, "what": ..., "value": ..., ...}]}."""
    lines = [{"benchmark": name, **asdict(row)} for name, ones in rows.items() for row in ones]
    return json.dumps({"machine": machine, "rows": lines}, indent=1, ensure_ascii=False)


def markdown(machine: Mapping[str, str], rows: Mapping[str, Sequence[Row]], meanings: Mapping[str, str]) -> str:
    """Give the text of RESULTS.md. `meanings` tells of each benchmark what its rows mean."""
    return "\n".join(_markdown_lines(machine, rows, meanings)) + "\n"


def _markdown_lines(
    machine: Mapping[str, str], rows: Mapping[str, Sequence[Row]], meanings: Mapping[str, str]
) -> Iterable[str]:
    yield from (
        "# What was measured",
        "",
        "`make bench` measures anew and writes this file. `make bench ARGS=--json` prints JSON;",
        '`make bench ARGS="decode latency"` measures only these, and the file stays as it is.',
        "Figures are of the machine below: compare ratios, and runs on one machine.",
        "Telegrams are those of the simulated household, of which none repeats; their checksums are right.",
        "",
        "| machine | |",
        "|---|---|",
    )
    yield from (f"| {_cell(name)} | {_cell(value)} |" for name, value in machine.items())
    yield from ("", "| benchmark | what | found | goal | holds |", "|---|---|---|---|---|")
    for name, ones in rows.items():
        for row in ones:
            yield f"| {name} | {_cell(row.what)} | {_cell(row.found)} | {_cell(row.goal)} | {_HOLDS[row.holds]} |"
    yield from ("", "## What the rows mean", "")
    yield from (f"- `{name}`: {meaning}" for name, meaning in meanings.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
