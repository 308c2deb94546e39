"""A dashboard around its panels: where they stand, its variables, its range."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.dashboards.panels import Panel

_WIDTH = 24  # of a screen, in Grafana's columns
_ZONES = (
    "Europe/Brussels", "Europe/Amsterdam", "Europe/Luxembourg", "Europe/Paris", "Europe/Berlin", "Europe/Vienna",
    "Europe/Zurich", "Europe/Stockholm", "Europe/Oslo", "Europe/Copenhagen", "Europe/Helsinki", "Europe/Vilnius",
    "Europe/Budapest", "Europe/Zagreb", "Europe/Lisbon", "Europe/London", "UTC",
)  # fmt: skip
_COUNTERS = {"day and night": "(_day|_night|_tariff_[345])", "one register": "_?"}


@dataclass(frozen=True)
class Row:
    """Panels beside each other: their height, and each with its width; with a title they are shown when it is clicked."""

    height: int
    panels: Sequence[tuple[int, Panel]]
    title: str = ""


def dashboard(name: str, title: str, rows: Sequence[Row], *, start: str, stop: str, refresh: str) -> dict[str, Any]:
    """Give Grafana's JSON of a dashboard."""
    panels = _placed(rows)
    return {
        "uid": f"smartmeter-{name}",
        "title": title,
        "tags": ["smartmeter"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        # The zone of the clock on the wall, and of "today"; the variable of the same name that of days in queries.
        "timezone": _ZONES[0],
        "weekStart": "monday",
        "time": {"from": start, "to": stop},
        "refresh": refresh,
        "timepicker": {},
        "links": [_links()],
        "annotations": {"list": []},
        "templating": {"list": [one for one in _VARIABLES if _is_used(one, panels)]},
        "panels": panels,
    }


def _placed(rows: Sequence[Row]) -> list[Panel]:
    placed: list[Panel] = []
    number, y = 1, 0
    for row in rows:
        x = 0
        inside: list[Panel] = []
        if row.title:
            placed.append(_title_row(number, y, row.title, inside))
            number, y = number + 1, y + 1
        for width, panel in row.panels:
            (inside if row.title else placed).append({"id": number, **panel, "gridPos": _place(x, y, width, row.height)})
            number, x = number + 1, x + width
        y += row.height
    return placed


def _title_row(number: int, y: int, title: str, panels: list[Panel]) -> Panel:
    return {
        "id": number,
        "type": "row",
        "title": title,
        "collapsed": True,
        "panels": panels,
        "gridPos": _place(0, y, _WIDTH, 1),
    }


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _links() -> dict[str, object]:
    """Give the way to the other dashboards."""
    return {
        "type": "dashboards",
        "title": "smartmeter",
        "tags": ["smartmeter"],
        "icon": "dashboard",
        "tooltip": "",
        "asDropdown": False,
        "includeVars": True,
        "keepTime": False,
        "targetBlank": False,
    }


def _is_used(variable: dict[str, Any], panels: Sequence[Panel]) -> bool:
    return variable["type"] == "datasource" or f"${{{variable['name']}:raw}}" in str(panels)


def _choice(name: str, label: str, values: dict[str, str]) -> dict[str, Any]:
    options = [{"text": text, "value": value, "selected": not n} for n, (text, value) in enumerate(values.items())]
    query = ", ".join(text if text == value else f"{text} : {value}" for text, value in values.items())
    current = {"text": options[0]["text"], "value": options[0]["value"]}
    return {"type": "custom", "name": name, "label": label, "query": query, "current": current, "options": options}


_VARIABLES = (
    {"type": "datasource", "name": "datasource", "label": "InfluxDB", "query": "influxdb",
        "current": {"text": "InfluxDB", "value": "smartmeter"}},
    {
        "type": "textbox", "name": "limit", "label": "Limit in kW", "query": "2.5",
        "current": {"text": "2.5", "value": "2.5"}, "options": [{"text": "2.5", "value": "2.5", "selected": True}],
    },
    _choice("counters", "Counters", _COUNTERS),
    _choice("timezone", "Time zone", {zone: zone for zone in _ZONES}),
)  # fmt: skip
