"""Grafana's side of the dashboards: what it makes of a query before it is sent, and of the answer."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.flux.tables import Stream
from tests.support.processes import REPOSITORY

FOLDER = REPOSITORY / "docs" / "grafana" / "dashboards"
BRUSSELS = ZoneInfo("Europe/Brussels")


@dataclass(frozen=True)
class Range:
    """What a dashboard shows."""

    start: datetime
    stop: datetime
    window: str = "1m0s"  # the width of a point, as Go writes a duration


@dataclass(frozen=True)
class Frame:
    """A series as a panel gets it."""

    name: str
    labels: dict[str, str]
    points: list[tuple[datetime, float | None]]


Ask = Callable[..., dict[str, Frame]]  # what tests.support.grafana_parts gives


def dashboards() -> dict[str, dict[str, Any]]:
    """Give the dashboards by name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def panels_of(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give its panels, those inside of rows too; not the rows."""
    for panel in dashboard["panels"]:
        yield from panel.get("panels", []) if panel["type"] == "row" else [panel]


def queries_of(panel: dict[str, Any]) -> list[str]:
    """Give the queries of a panel."""
    return [target["query"] for target in panel["targets"]]


def sent(query: str, shown: Range, **variables: str) -> str:
    """Give a query as it is sent, with the bucket `smartmeter`."""
    query = re.sub(r"\$\{([a-z]+):raw\}", lambda found: variables[found[1]], query)
    macros = {
        "v.timeRangeStart": _time(shown.start),
        "v.timeRangeStop": _time(shown.stop),
        "v.windowPeriod": shown.window,
        "v.defaultBucket": '"smartmeter"',
    }
    for macro, value in macros.items():
        query = query.replace(macro, value)
    return query


def frames(stream: Stream) -> list[Frame]:
    """Give the series that Grafana sees: a table is one if it has `_time` and `_value` beside its key, and no more."""
    found = []
    for table in stream:
        assert all(row.keys() == {"_time", "_value"} for row in table.rows), table.rows[0].keys()
        labels = {name: value for name, value in table.key.items() if not name.startswith("_")}
        found.append(Frame(table.key.get("_field", "Value"), labels, [(row["_time"], row["_value"]) for row in table.rows]))
    return found


def choices(dashboard: dict[str, Any], variable: str) -> list[str]:
    """Give what a variable may be set to."""
    found = next(one for one in dashboard["templating"]["list"] if one["name"] == variable)
    return [option["value"] for option in found["options"]]


def local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """Give a time on the wall in Brussels."""
    return datetime(year, month, day, hour, tzinfo=BRUSSELS).astimezone(UTC)


def values_of(frame: Frame) -> list[float | None]:
    """Give its values, without the last bits of sums."""
    return [None if value is None else round(value, 6) for _, value in frame.points]


def times_of(frame: Frame) -> list[str]:
    """Give its times on the wall in Brussels."""
    return [f"{time.astimezone(BRUSSELS):%Y-%m-%d %H:%M:%S}" for time, _ in frame.points]


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
