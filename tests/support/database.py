"""A real server that speaks InfluxDB's v2 write API: VictoriaMetrics, in a container or as a program of this machine.

Every test uses measurements or tags of its own: the server lives for a whole session.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count

import urllib3
from testcontainers.core.container import DockerContainer

from tests.support.parts import container_or_binary
from tests.support.waiting import eventually, free_port

IMAGE = "victoriametrics/victoria-metrics:latest"
_PORT = 8428
_questions = count(1)
_OPTIONS = ("-retentionPeriod=100y", "-search.latencyOffset=0s")


@dataclass(frozen=True)
class Database:
    """A running database."""

    url: str

    def points(self, measurement: str) -> list[dict[str, object]]:
        """Give the points of a measurement in order of time: {"time_s": Unix time, FIELD: value, TAG: text}.

        A series that has the same time twice, which VictoriaMetrics keeps, gives two points.
        """
        urllib3.request("GET", f"{self.url}/internal/force_flush")
        # It remembers for some seconds which series a question finds: so none is asked twice.
        question = f'{{__name__=~"{measurement}_.+|question_{next(_questions)}"}}'
        answer = urllib3.request("GET", f"{self.url}/api/v1/export", fields={"match[]": question})
        series = [json.loads(line) for line in answer.data.splitlines()]
        points: dict[tuple[object, ...], dict[str, object]] = {}
        for one in series:
            field = one["metric"].pop("__name__").removeprefix(f"{measurement}_")
            seen: dict[int, int] = {}
            for time_ms, value in zip(one["timestamps"], one["values"], strict=True):
                seen[time_ms] = seen.get(time_ms, 0) + 1
                key = (time_ms, seen[time_ms], *sorted(one["metric"].items()))
                points.setdefault(key, {"time_s": time_ms // 1000, **one["metric"]})[field] = value
        return [points[key] for key in sorted(points, key=repr)]


@contextmanager
def running_database() -> Iterator[Database]:
    """Run a database. Raises PartMissing where there is none."""
    with container_or_binary(_container, "victoria-metrics", _local) as database:
        yield database


@contextmanager
def _container() -> Iterator[Database]:
    port = free_port()
    container = DockerContainer(IMAGE).with_bind_ports(_PORT, port).with_command(list(_OPTIONS))
    with container:
        yield _ready(Database(f"http://127.0.0.1:{port}"))


@contextmanager
def _local(binary: str) -> Iterator[Database]:
    port = free_port()
    folder = tempfile.mkdtemp()
    command = [binary, f"-storageDataPath={folder}", f"-httpListenAddr=127.0.0.1:{port}", *_OPTIONS]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield _ready(Database(f"http://127.0.0.1:{port}"))
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def _ready(database: Database) -> Database:
    """Wait for an answer: a container engine takes connections before the server in it does."""

    def answers() -> bool:
        try:
            return urllib3.request("GET", f"{database.url}/health", retries=False, timeout=1.0).status == HTTPStatus.OK
        except urllib3.exceptions.HTTPError:
            return False

    eventually(answers, 60.0, "the database's health")
    return database
