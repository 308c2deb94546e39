"""`make chaos`: the proof that nothing is lost and nothing doubled, whatever is killed, pulled, frozen, filled or cut off.

    python -m tests.chaos --seconds 120 --seed 7 --seeds 20
    python -m tests.chaos --power-cut

Prints each seed, what happens as it happens, and a table. Exit code 1: a run failed; its logs stay under build/chaos.
Not root: no disk is filled, for that takes a small disk of its own; and no power is cut.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.play import Outcome
from tests.chaos.report import table
from tests.chaos.run import run
from tests.chaos.schedule import power_cut_schedule, schedule
from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY

BUILD = REPOSITORY / "build" / "chaos"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", allow_abbrev=False)
    parser.add_argument("--seed", type=int, default=1, help="of the first run (1)")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="so many runs, each with the next seed (1)")
    parser.add_argument("--seconds", type=float, default=120, help="of each run, besides its begin and its end (120)")
    parser.add_argument("--power-cut", action="store_true", help="with two power cuts in each run; root")
    parser.add_argument("--keep", action="store_true", help="keep the logs of good runs too")
    parser.add_argument("--folder", type=Path, default=BUILD, help="for the logs (build/chaos)")
    options = parser.parse_args(arguments)
    outcomes: list[tuple[str, Outcome]] = []
    try:
        for seed in range(options.seed, options.seed + options.seeds):
            outcome = _run(seed, options.seconds, options.folder, is_power_cut=options.power_cut, keep=options.keep)
            outcomes.append((str(seed), outcome))
    except PartMissing as reason:
        print(f"chaos: {reason}", file=sys.stderr)
        return 1
    print(table(outcomes))
    return 1 if any(outcome.verdict.problems for _, outcome in outcomes) else 0


def _run(seed: int, seconds: float, folder: Path, *, is_power_cut: bool, keep: bool) -> Outcome:
    """Play one seed; keep its logs if it failed."""
    logs = folder / f"{'power-' if is_power_cut else ''}{seed}"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    _say(f"seed {seed}, {seconds:.0f} s{', with power cuts' if is_power_cut else ''}")
    is_root = os.geteuid() == 0
    events = power_cut_schedule(seed, seconds) if is_power_cut else schedule(seed, seconds, small_disks=is_root)
    outcome = run(events, seed, logs, _say, is_power_cut=is_power_cut)
    for problem in outcome.verdict.problems:
        _say(f"seed {seed}: {problem}")
    if outcome.verdict.problems:
        _say(f"seed {seed} FAILED; logs: {logs}")
    elif not keep:
        shutil.rmtree(logs)
    return outcome


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
