"""`make cluster`: the proof that houses lose nothing behind a broker of three nodes, one of which dies.

Prints what happens as it happens, and a table. Exit code 1: something was lost or doubled, or a part cannot be had. Logs and
settings of all parts stay under build/cluster.
"""

import os
import shutil
import sys
import time

from tests.cluster.places import CUT_OFF, METERS_OF_BLOCK
from tests.cluster.play import Outcome, play
from tests.cluster.town import running_town
from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY

_FOLDER = REPOSITORY / "build" / "cluster"


def main() -> int:
    """Play, and print the table; give the exit code."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    begun_s = time.monotonic()
    try:
        with running_town(_FOLDER, f"smartmeter-cluster-{os.getpid()}") as town:
            outcome = play(town, lambda line: print(f"{time.monotonic() - begun_s:5.0f} s  {line}", flush=True))
    except PartMissing as reason:
        print(f"cluster: {reason}", file=sys.stderr)
        return 1
    print(table(outcome))
    verdict = outcome.verdict
    return 1 if verdict.lost or verdict.doubled or verdict.foreign or not verdict.published else 0


def table(outcome: Outcome) -> str:
    """Give the table as text."""
    verdict = outcome.verdict
    rows = (
        (f"telegrams of {METERS_OF_BLOCK} meters in a block and 4 houses", f"{verdict.published}"),
        ("in the database", f"{verdict.stored}"),
        ("lost", f"{verdict.lost}"),
        ("doubled", f"{verdict.doubled}"),
        ("nobody published", f"{verdict.foreign}"),
        ("until three nodes were a cluster", f"{outcome.cluster_s:.0f} s"),
        ("processor time of the three nodes for each telegram", f"{outcome.cpu_ms:.2f} ms"),
        ("a meter's newest point in the database: at most so old, in calm", f"{outcome.calm_oldest_s:.1f} s"),
        (
            f"... with {outcome.killed_node} killed, with which the first bridge was connected",
            f"{outcome.killed_oldest_s:.1f} s",
        ),
        ("from the kill until every meter had a later point", f"{outcome.fail_over_s:.1f} s"),
        (f"from the end of its cut until {CUT_OFF.name} had a later point", f"{outcome.cut_off_back_s:.1f} s"),
        ("... the others' newest point meanwhile at most so old", f"{outcome.others_oldest_s:.1f} s"),
        ("until the last telegram was written", f"{outcome.drained_s:.1f} s"),
    )
    return "\n".join(f"{what:<82} {found:>10}" for what, found in rows)


if __name__ == "__main__":
    sys.exit(main())
