"""A fixture that asks the queries of the dashboards: each runs, from Flux's own tree, in a small model of Flux's functions.

No server that runs Flux can be had for tests; the model is ours, after InfluxDB's descriptions of the functions.
"""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.support.flux.language import run
from tests.support.flux.parser import flux_parser
from tests.support.flux.tables import Table, library
from tests.support.grafana import Ask, Frame, Range, frames, sent
from tests.support.parts import PartMissing, do_without

_CHOSEN = {"timezone": "Europe/Brussels", "limit": "2.5", "counters": "(_day|_night)"}


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """Give what a query makes of points: {field or load: its series}; other choices than the usual ones by their names."""
    try:
        with flux_parser() as parser:

            def asked(
                query: str, points: list[Table], start: datetime, stop: datetime, window: str = "1m0s", **chosen: str
            ) -> dict[str, Frame]:
                script = parser.parsed(sent(query, Range(start, stop, window), **{**_CHOSEN, **chosen}))
                found = frames(run(script.tree, library(points, stop)))
                assert len({(one.name, str(one.labels)) for one in found}) == len(found), "one frame for each series"
                return {one.labels.get("load", one.name): one for one in found}

            yield asked
    except PartMissing as reason:
        do_without(reason)
