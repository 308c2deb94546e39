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
from urllib.parse import urlencode
from urllib.request import urlopen

from testcontainers.core.container import DockerContainer

from tests.support.parts import container_or_binary
from tests.support.waiting import answers, eventually, free_port

IMAGE = "victoriametrics/victoria-metrics:latest"
_PORT = 8428
_OPTIONS = ("-retentionPeriod=100y", "-search.latencyOffset=0s")


@dataclass(frozen=True)
class Database:
    """A running database."""

    url: str

    def points(self, measurement: str) -> list[dict[str, object]]:
        """Give the points of a measurement in order of time: {"time_s": Unix time, FIELD: value, TAG: text}.

        A series that has the same time twice, which VictoriaMetrics keeps, gives two points.
        """
        with urlopen(f"{self.url}/internal/force_flush", timeout=10):
            pass
        query = urlencode({"match[]": f'{{__name__=~"{measurement}_.+"}}'})
        with urlopen(f"{self.url}/api/v1/export?{query}", timeout=30) as answer:
            series = [json.loads(line) for line in answer]
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
        eventually(lambda: answers(port), what="the database's port")
        yield Database(f"http://127.0.0.1:{port}")


@contextmanager
def _local(binary: str) -> Iterator[Database]:
    port = free_port()
    folder = tempfile.mkdtemp()
    command = [binary, f"-storageDataPath={folder}", f"-httpListenAddr=127.0.0.1:{port}", *_OPTIONS]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(port), what="the database's port")
        yield Database(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)
