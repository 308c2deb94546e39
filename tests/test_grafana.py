"""Grafana's dashboards: they are what their source makes, every query is Flux, and everything in them exists."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from common.obis import FIELDS
from scripts.dashboards.look import unit
from tests.support.flux.parser import Parser, flux_parser
from tests.support.grafana import FOLDER, Range, choices, dashboards, panels_of, queries_of, sent
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY

Node = dict[str, Any]
DASHBOARDS = dashboards()
PANELS = [(f"{name}: {panel['title']}", panel) for name, dashboard in DASHBOARDS.items() for panel in panels_of(dashboard)]
SHOWN = Range(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
CHOICES = [
    {"timezone": "Europe/Brussels", "limit": "2.5", "counters": counters}
    for counters in choices(DASHBOARDS["month"], "counters")
]
NOT_FIELDS = {"Time", "Value", "limit", "highest"}

every_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
every_panel = pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=[title for title, _ in PANELS])


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    """Run Flux's own parser for all tests of this file."""
    try:
        with flux_parser() as started:
            yield started
    except PartMissing as reason:
        do_without(reason)


def test_the_dashboards_are_what_their_source_makes(tmp_path: Path) -> None:
    """Whoever changes a query changes the source, and runs `make dashboards`."""
    subprocess.run([sys.executable, "-m", "scripts.dashboards", str(tmp_path)], cwd=REPOSITORY, check=True)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        file.name: file.read_text() for file in FOLDER.iterdir()
    }


@every_panel
def test_every_query_is_flux_and_begins_with_what_the_storage_does(panel: Node, parser: Parser) -> None:
    """It has no problem of syntax or types, and never takes a year of points into memory."""
    for query in queries_of(panel):
        for variables in CHOICES:
            assert not parser.parsed(sent(query, SHOWN, **variables)).problems
        begins = re.findall(r"r\._measurement == [^\n]*\n *\|> (\w+\(.*\))", query) + re.findall(
            r"points\(\) \|> (\w+\(\))", query
        )
        assert len(begins) >= query.count("from(bucket")
        for begin in begins:
            assert "location" not in begin, "InfluxDB has windows in local time from the rows in memory"
            # What is told once a minute may be counted from its points.
            assert re.search(r"^(first|last)\(\)$|fn: (last|mean),", begin) or ('"load"' in query and begin == "difference()")


@every_panel
def test_every_field_of_a_query_exists_and_has_the_unit_of_its_panel(panel: Node) -> None:
    """Whatever the variables are, a query asks for fields that influx_bridge writes, and for fields of one unit."""
    for query in queries_of(panel):
        for variables in CHOICES:
            fields = _fields(sent(query, SHOWN, **variables))
            units = {"none"} if fields == {"load_on"} else {unit(field) for field in fields}
            shown = panel["fieldConfig"]["defaults"]["unit"]
            if panel["type"] == "table":
                overrides = panel["fieldConfig"]["overrides"]
                shown = next(one["value"] for named in overrides for one in named["properties"] if one["value"] in units)
            assert units <= {shown} or fields == {"load_on"}


def _fields(query: str) -> set[str]:
    """Give the fields that a query asks for; at least one for each measurement in it."""
    written = {"load": {"load_on"}, "limit": {"limit"}}
    for field in FIELDS:
        if field.numeric:
            written.setdefault(field.medium or "electricity", set()).add(field.name)
    found: set[str] = set()
    for measurement, equal, pattern in re.findall(
        r'r\._measurement == "([a-z]+)" and r\._field (?:== "([a-z0-9_]+)"|=~ /(.+?)/\))', query
    ):
        matching = {name for name in written[measurement] if name == equal or (pattern and re.search(pattern, name))}
        assert matching, (measurement, equal or pattern)
        found |= matching
    assert query.count("r._measurement") == len(re.findall(r"r\._measurement == ", query))
    return found


@every_panel
def test_every_series_that_a_panel_names_is_asked_for(panel: Node) -> None:
    """A name, a colour or a unit is never for a series that cannot come."""
    asked = {name for query in queries_of(panel) for variables in CHOICES for name in _fields(sent(query, SHOWN, **variables))}
    named = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
    assert named <= asked | NOT_FIELDS
    assert panel["fieldConfig"]["defaults"]["noValue"]


@every_dashboard
def test_every_variable_that_is_used_exists_and_every_one_is_used(dashboard: Node) -> None:
    """`${name}` in a query, a name or a source."""
    used = {name for name in re.findall(r"\$\{([a-z_]+)[.:}]", json.dumps(dashboard)) if not name.startswith("__")}
    assert used == {variable["name"] for variable in dashboard["templating"]["list"]}


@every_dashboard
def test_panels_have_numbers_and_places_of_their_own(dashboard: Node) -> None:
    """None covers another, none stands over the edge, and no two have one title."""
    panels = [*dashboard["panels"], *(inner for row in dashboard["panels"] for inner in row.get("panels", []))]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        assert not (
            one["x"] < other["x"] + other["w"]
            and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"]
            and other["y"] < one["y"] + one["h"]
        )


def test_a_series_has_one_name_and_one_colour_on_all_dashboards() -> None:
    """Orange is drawn everywhere."""
    looks: dict[str, set[str]] = {}
    for _, panel in PANELS:
        for override in panel["fieldConfig"]["overrides"]:
            of = {one["id"]: one["value"] for one in override["properties"]}
            if override["matcher"]["options"] not in {"Time", "Value"}:
                looks.setdefault(override["matcher"]["options"], set()).add(json.dumps([of["displayName"], of["color"]]))
    assert {name: len(found) for name, found in looks.items()} == dict.fromkeys(looks, 1)
    colours = [found for name in ("total_consumption_day", "total_consumption_night") for found in looks[name]]
    assert len(set(colours)) == 2


def test_the_dashboards_know_each_other() -> None:
    """Each has an address of its own, and links to all."""
    assert len({dashboard["uid"] for dashboard in DASHBOARDS.values()}) == 4
    for dashboard in DASHBOARDS.values():
        assert dashboard["links"][0]["tags"] == dashboard["tags"] == ["smartmeter"]
