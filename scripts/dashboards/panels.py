"""The kinds of panels. Each gives Grafana's JSON of one, without its place and number."""

from collections.abc import Sequence
from typing import Any

Panel = dict[str, Any]
Override = dict[str, Any]

SOURCE = {"type": "influxdb", "uid": "${datasource}"}
_OPAQUE = 80


def time_series(title: str, queries: Sequence[str], unit: str, overrides: Sequence[Override], **custom: object) -> Panel:
    """Give curves over time; `custom` are field settings as Grafana names them."""
    settings = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 15,
        "showPoints": "never",
        "spanNulls": False,
        "axisSoftMin": 0,
        "barAlignment": 1,
        "barWidthFactor": 0.9,
        "stacking": {"mode": "none", "group": "A"},
    }
    options = {"legend": _legend(overrides), "tooltip": {"mode": "multi", "sort": "none"}}
    return _panel("timeseries", title, queries, _config(unit, overrides, **{**settings, **custom}), options)


def bars(title: str, query: str, unit: str, overrides: Sequence[Override], *, time_format: str, decimals: int = 1) -> Panel:
    """Give a bar of each series for each day or month."""
    time = {"matcher": {"id": "byName", "options": "Time"}, "properties": [{"id": "unit", "value": f"time:{time_format}"}]}
    config = _config(unit, [time, *overrides], fillOpacity=_OPAQUE, lineWidth=0, axisSoftMin=0)
    config["defaults"]["decimals"] = decimals
    options = {
        "xField": "Time",
        "orientation": "vertical",
        "stacking": "none",
        "showValue": "never",
        "barWidth": 0.9,
        "groupWidth": 0.8,
        "xTickLabelRotation": 0,
        "xTickLabelSpacing": 100,
        "fullHighlight": False,
        "legend": _legend(overrides),
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    panel = _panel("barchart", title, [query], config, options)
    # One frame for each series becomes one table, a row for each day.
    return panel | {"transformations": [{"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}}]}


def stat(
    title: str,
    queries: Sequence[str],
    unit: str,
    overrides: Sequence[Override],
    *,
    calc: str = "lastNotNull",
    decimals: int = 1,
) -> Panel:
    """Give one number for each series: its last one, or the `sum` of all."""
    config = _config(unit, overrides)
    config["defaults"]["decimals"] = decimals
    options = {
        "reduceOptions": {"values": False, "calcs": [calc], "fields": ""},
        "orientation": "auto",
        "textMode": "value" if len(overrides) == 1 else "value_and_name",
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
    }
    return _panel("stat", title, queries, config, options)


def table(title: str, query: str, unit: str, value_name: str) -> Panel:
    """Give times and values as rows."""
    names: dict[str, list[dict[str, object]]]
    names = {"Time": [{"id": "displayName", "value": "From"}, {"id": "unit", "value": "time:ddd D MMM, HH:mm"}]}
    names["Value"] = [{"id": "displayName", "value": value_name}, {"id": "unit", "value": unit}, {"id": "decimals", "value": 2}]
    overrides = [{"matcher": {"id": "byName", "options": name}, "properties": of} for name, of in names.items()]
    config = _config("none", overrides, align="left")
    return _panel("table", title, [query], config, {"showHeader": True, "cellHeight": "sm"})


def timeline(title: str, query: str) -> Panel:
    """Give for each load when it was on."""
    states = {"0": {"text": "off", "color": "#8E8E8E", "index": 0}, "1": {"text": "on", "color": "#56A64B", "index": 1}}
    # A point a minute may miss its minute; what is silent for longer is a gap.
    config = _config("none", [], fillOpacity=_OPAQUE, lineWidth=0, spanNulls=150_000)
    config["defaults"] |= {
        "displayName": "${__field.labels.load}",
        "mappings": [{"type": "value", "options": states}],
        "color": {"mode": "thresholds"},
        "thresholds": {"mode": "absolute", "steps": [{"color": "#8E8E8E", "value": None}, {"color": "#56A64B", "value": 1}]},
    }
    options = {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.8,
        "legend": _legend([]),
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return _panel("state-timeline", title, [query], config, options)


def per_load(panel: Panel) -> Panel:
    """Name the series of a panel after their loads."""
    panel["fieldConfig"]["defaults"] |= {"displayName": "${__field.labels.load}", "color": {"mode": "palette-classic-by-name"}}
    return panel


def stacked(panel: Panel) -> Panel:
    """Set the bars of a panel on each other."""
    panel["options"]["stacking"] = "normal"
    return panel


def without_data(panel: Panel, words: str) -> Panel:
    """Say in a panel what it means that there is nothing to show."""
    panel["fieldConfig"]["defaults"]["noValue"] = words
    return panel


def _config(unit: str, overrides: Sequence[Override], **custom: object) -> dict[str, Any]:
    defaults = {"unit": unit, "noValue": "no data", "custom": custom, "color": {"mode": "palette-classic"}}
    return {"defaults": defaults, "overrides": list(overrides)}


def _legend(overrides: Sequence[Override]) -> dict[str, object]:
    """Give a legend; of one series the title tells enough."""
    return {"showLegend": len(overrides) != 1, "displayMode": "list", "placement": "bottom", "calcs": []}


def _panel(kind: str, title: str, queries: Sequence[str], config: dict[str, Any], options: dict[str, Any]) -> Panel:
    targets = [{"refId": chr(ord("A") + n), "datasource": SOURCE, "query": query} for n, query in enumerate(queries)]
    return {
        "type": kind,
        "title": title,
        "datasource": SOURCE,
        "targets": targets,
        # A point is never narrower than a minute: of a day that is what a screen can show.
        "interval": "1m",
        "fieldConfig": config,
        "options": options,
    }
