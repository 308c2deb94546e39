"""What is found at the ends, held against what had to arrive: nothing lost, nothing doubled, every value equal."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import datetime

from common.obis import BY_NAME, MEDIA

Sent = Mapping[str, Mapping[str, object]]  # time stamp -> fields of the telegram
_NUMERIC = frozenset(name for name, one in BY_NAME.items() if one.numeric and not one.medium)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at the ends: rows as {column: cell}, points as {"time_s": Unix time, FIELD: value} by measurement."""

    rows: Sequence[Mapping[str, str]]
    points: Mapping[str, Sequence[Mapping[str, object]]]
    rejected: AbstractSet[tuple[str, int]] = frozenset()  # points that the database refused for good: measurement, Unix time
    damage: Sequence[str] = ()  # what could not be read


@dataclass(slots=True)
class Verdict:
    """The counts of one run, and what is wrong in words."""

    telegrams: int = 0  # sent on the cable
    acknowledged: int = 0
    forgiven: int = 0  # acknowledged, and missing as they may
    rows: int = 0
    points: int = 0
    rejected: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0  # with another value, or never sent
    problems: list[str] = field(default_factory=list)

    def __add__(self, other: "Verdict") -> "Verdict":
        """Add the counts up."""
        return Verdict(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def tell(self, what: str, which: Iterable[object]) -> int:
        """Take note of a problem with some of many; give how many."""
        all_of_them = sorted(map(str, which))
        if all_of_them:
            more = f" and {len(all_of_them) - _SHOWN} more" if len(all_of_them) > _SHOWN else ""
            self.problems.append(f"{len(all_of_them)} {what}: {', '.join(all_of_them[:_SHOWN])}{more}")
        return len(all_of_them)


def judge(sent: Sent, acknowledged: AbstractSet[str], forgiven: AbstractSet[str], found: Found) -> Verdict:
    """Compare. Telegrams are named by their time stamps: what was acknowledged must be there, if it is not forgiven."""
    verdict = Verdict(len(sent), len(acknowledged), rows=len(found.rows), points=len(found.points.get("electricity", ())))
    verdict.problems.extend(found.damage)
    must = acknowledged - forgiven
    _judge_rows(sent, must, found, verdict)
    _judge_points(sent, must, found, verdict)
    verdict.forgiven = len((acknowledged & forgiven) - arrived(sent, found))
    return verdict


def _judge_rows(sent: Sent, must: AbstractSet[str], found: Found, verdict: Verdict) -> None:
    counts = Counter(row["timestamp"] for row in found.rows)
    verdict.lost += verdict.tell("telegrams have no row", must - counts.keys())
    verdict.doubled += verdict.tell("rows are doubled", (stamp for stamp, count in counts.items() if count > 1))
    verdict.wrong += verdict.tell("rows were never sent", counts.keys() - sent.keys())
    known = [row for row in found.rows if row["timestamp"] in sent]
    wrong = {row["timestamp"] for row in known if not _is_row_of(row, sent[row["timestamp"]])}
    verdict.wrong += verdict.tell("rows have other values", wrong)


def _judge_points(sent: Sent, must: AbstractSet[str], found: Found, verdict: Verdict) -> None:
    expected = dict(point for fields_ in sent.values() for point in points_of(fields_))
    needed = {key for stamp in must for key, _ in points_of(sent[stamp])}
    stored: dict[tuple[str, int], list[dict[str, object]]] = {}
    for measurement, points in found.points.items():
        for point in points:
            values = {name: value for name, value in point.items() if name != "time_s"}
            stored.setdefault((measurement, int(str(point["time_s"]))), []).append(values)
    missing = needed - stored.keys()
    verdict.rejected = len(missing & found.rejected)
    verdict.lost += verdict.tell("points are not in the database", missing - found.rejected)
    verdict.doubled += verdict.tell("points are doubled", (key for key, values in stored.items() if len(values) > 1))
    verdict.wrong += verdict.tell("points were never sent", stored.keys() - expected.keys())
    wrong = (key for key, values in stored.items() if key in expected and expected[key] not in values)
    verdict.wrong += verdict.tell("points have other values", wrong)


def arrived(sent: Sent, found: Found) -> set[str]:
    """Give the time stamps of telegrams that are both in a row and in a point."""
    stored = {int(str(point["time_s"])) for point in found.points.get("electricity", ())}
    return {row["timestamp"] for row in found.rows if row["timestamp"] in sent and _unix_s(row["timestamp"]) in stored}


def points_of(values: Mapping[str, object]) -> list[tuple[tuple[str, int], dict[str, object]]]:
    """Give the points of a telegram as ((measurement, Unix time), fields): electricity, and each M-Bus meter's reading."""
    electricity = {name: value for name, value in values.items() if name in _NUMERIC}
    points = [(("electricity", _unix_s(values["timestamp"])), electricity)]
    for medium in MEDIA:
        name, stamp = f"total_{medium.name}_consumption", values.get(f"{medium.name}_timestamp")
        if name in values and stamp is not None:
            points.append(((medium.name, _unix_s(stamp)), {name: values[name]}))
    return points


def _is_row_of(row: Mapping[str, str], values: Mapping[str, object]) -> bool:
    return values.keys() <= row.keys() | _NOT_IN_ROWS and all(_is_cell_of(cell, values.get(name)) for name, cell in row.items())


_NOT_IN_ROWS = frozenset({"other"})


def _is_cell_of(cell: str, value: object) -> bool:
    if value is None:
        return not cell
    if isinstance(value, str):
        return cell == value
    try:
        return bool(json.loads(cell) == value)  # numbers and lists
    except ValueError:
        return False


def _unix_s(stamp: object) -> int:
    return int(datetime.fromisoformat(str(stamp)).timestamp())
