"""The table of the runs: a row for each, and their sum."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.chaos.play import Outcome
from tests.chaos.schedule import BROKER, DATABASE, SERVICES
from tests.chaos.verdict import Verdict

_KILLED = (*SERVICES, BROKER, DATABASE)
_COLUMNS = (
    "seed",
    *_KILLED,  # how often each was killed
    "outages",
    "telegrams",
    "acknowledged",
    "forgiven",
    "oldest s",  # of those forgiven, before the end of the broker
    "rows",
    "points",
    "rejected",
    "lost",
    "doubled",
    "wrong",
    "drained s",
)


def table(outcomes: Sequence[tuple[str, Outcome]]) -> str:
    """Give the table as text: a row for each run, under each process how often it was killed."""
    rows = [_row(name, outcome) for name, outcome in outcomes]
    if len(outcomes) > 1:
        rows.append(_row("sum", _sum([outcome for _, outcome in outcomes])))
    return "\n".join(_line(cells) for cells in (_COLUMNS, *rows))


def _line(cells: Iterable[str]) -> str:
    return "  ".join(f"{cell:>{len(column)}}" for cell, column in zip(cells, _COLUMNS, strict=True))


def _row(name: str, outcome: Outcome) -> tuple[str, ...]:
    verdict = outcome.verdict
    before = (verdict.telegrams, verdict.acknowledged, verdict.forgiven)
    after = (verdict.rows, verdict.points, verdict.rejected, verdict.lost, verdict.doubled, verdict.wrong)
    return (
        name,
        *(str(outcome.kills.get(process, 0)) for process in _KILLED),
        str(outcome.outages),
        *map(str, before),
        f"{outcome.forgotten_s:.1f}",
        *map(str, after),
        f"{outcome.drained_s:.0f}",
    )


def _sum(outcomes: Sequence[Outcome]) -> Outcome:
    kills: Counter[str] = Counter()
    verdict = Verdict()
    for outcome in outcomes:
        kills.update(outcome.kills)
        verdict += outcome.verdict
    outages = sum(outcome.outages for outcome in outcomes)
    drained_s = sum(outcome.drained_s for outcome in outcomes)
    return Outcome(verdict, dict(kills), outages, drained_s, max(outcome.forgotten_s for outcome in outcomes))
