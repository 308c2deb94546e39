"""The whole play as one project of Docker Compose: what runs, and what is done to it."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster.files import write_files
from tests.cluster.places import BLOCK, BRIDGES, CLUSTER, EVERYBODY, HOUSES, METERS_OF_BLOCK, NODES
from tests.support.compose import needs_compose
from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually, free_port

_RABBITMQ = "rabbitmq:4"
_IMAGE = "smartmeter-cluster"
_CONFIG = "/etc/smartmeter/config.ini"
_DEADLINE_S = 120.0


class Town:
    """Everything that runs. Names of services are those of `places`; a house's broker has the name of the house."""

    def __init__(self, folder: Path, name: str) -> None:
        """Write the files; nothing runs yet."""
        self._folder, self._name = folder, name
        self.password = write_files(folder)
        self.ports = {house.name: free_port() for house in EVERYBODY}
        self._database_port = free_port()
        self.database_url = f"http://127.0.0.1:{self._database_port}"
        (folder / "compose.json").write_text(json.dumps(self._project()), encoding="utf-8")

    def compose(self, *arguments: str) -> str:
        """Run a command of Compose; give what it says."""
        return _run("docker", "compose", "-p", self._name, "-f", str(self._folder / "compose.json"), *arguments)

    def build(self) -> None:
        """Build the image of our services."""
        self.compose("build", "--quiet", "image")

    def up(self, *services: str) -> None:
        """Start some services."""
        self.compose("up", "-d", "--no-build", *services)

    def form_cluster(self) -> float:
        """Start the nodes; give the seconds until they are one cluster that knows its users."""
        begun_s = time.monotonic()
        self.up(*NODES)
        eventually(lambda: all(self._is_whole(node) for node in NODES), _DEADLINE_S, "a cluster of three")
        return time.monotonic() - begun_s

    def nodes_by_user(self) -> dict[str, str]:
        """Give the node to which each user is connected: houses and bridges by their names."""
        said = self.rabbitmqctl(NODES[0], "list_mqtt_connections", "user", "pid")
        return {user: pid.partition("@")[2].partition(".")[0] for user, pid in (line.split() for line in said.splitlines())}

    def rabbitmqctl(self, node: str, *arguments: str) -> str:
        """Ask a node."""
        return self.compose("exec", "-T", node, "rabbitmqctl", "--silent", *arguments)

    def cpu_s(self, service: str) -> float:
        """Give the processor time that a container has used so far, by either version of cgroups."""
        files = ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpuacct/cpuacct.usage")
        words = self.compose("exec", "-T", service, "sh", "-c", f"cat {files[0]} 2>/dev/null || cat {files[1]}").split()
        return int(words[1]) / 1e6 if words[0] == "usage_usec" else int(words[0]) / 1e9

    def cut_off(self, house: str) -> None:
        """Take a house off the network on which the cluster is."""
        _run("docker", "network", "disconnect", f"{self._name}_world", self._container(house))

    def connect(self, house: str) -> None:
        """Put it back."""
        _run("docker", "network", "connect", f"{self._name}_world", self._container(house))

    def _container(self, service: str) -> str:
        return self.compose("ps", "-a", "-q", service).split()[0]

    def _is_whole(self, node: str) -> bool:
        try:
            status = json.loads(self.rabbitmqctl(node, "cluster_status", "--formatter", "json"))
        except (AssertionError, ValueError):  # it does not answer yet
            return False
        return len(status["running_nodes"]) == len(NODES)

    def _project(self) -> dict[str, Any]:
        services: dict[str, Any] = {"image": {"image": _IMAGE, "build": str(REPOSITORY), "profiles": ["build"]}}
        for node in NODES:
            services[node] = {
                "image": _RABBITMQ,
                "hostname": node,
                "environment": {"RABBITMQ_ERLANG_COOKIE": "of-this-play-only"},
                "volumes": [
                    f"{self._folder}/{file}:/etc/rabbitmq/{file}:ro"
                    for file in ("rabbitmq.conf", "enabled_plugins", "definitions.json")
                ],
                "networks": {"world": {"aliases": [CLUSTER]}},
            }
        services["database"] = {
            "image": "victoriametrics/victoria-metrics:latest",
            "command": ["-retentionPeriod=100y", "-search.latencyOffset=0s", "-influx.maxLineSize=1MB"],
            "ports": [f"127.0.0.1:{self._database_port}:8428"],
            "networks": ["world"],
        }
        for bridge in BRIDGES:
            services[bridge.name] = self._ours(bridge.name, "influx_bridge", "-c", _CONFIG) | {"networks": ["world"]}
        for house in EVERYBODY:
            access = self._folder / house.name / "access"
            owner = access.stat()
            services[house.name] = {
                "image": "eclipse-mosquitto:2",
                "user": f"{owner.st_uid}:{owner.st_gid}",
                "read_only": True,
                "tmpfs": ["/mosquitto/data:mode=1777"],
                "volumes": [
                    f"{REPOSITORY}/mosquitto/compose.conf:/mosquitto/config/mosquitto.conf:ro",
                    f"{access}:/mosquitto/access:ro",
                ],
                "ports": [f"127.0.0.1:{self.ports[house.name]}:1883"],
                "networks": ["home", "world"],
            }
        for house in HOUSES:
            services[f"{house.name}-meter"] = self._ours(house.name, "reader", "simulate", "--listen", "0.0.0.0:2000")
            services[f"{house.name}-reader"] = self._ours(house.name, "reader", "-c", _CONFIG)
        services["block-meters"] = self._ours(
            BLOCK.name, "reader", "simulate", "--mqtt", "--meters", str(METERS_OF_BLOCK), "-c", _CONFIG
        )
        # Docker leads a published port through the network that comes first: `home`, which is never cut.
        return {"services": services, "networks": {"home": {}, "world": {}}}

    def _ours(self, folder: str, *command: str) -> dict[str, Any]:
        return {
            "image": _IMAGE,
            "command": ["python3", "-m", *command],
            "volumes": [f"{self._folder}/{folder}/config.ini:{_CONFIG}:ro"],
            "healthcheck": {"disable": True},
            "networks": ["home"],
        }


@contextmanager
def running_town(folder: Path, name: str) -> Iterator[Town]:
    """Give a town in which nothing runs yet; everything of it is gone afterwards. Raises PartMissing where it cannot be had."""
    needs_compose()
    _need_image(_RABBITMQ)
    town = Town(folder, name)
    town.build()
    try:
        yield town
    finally:
        logs = town.compose("--profile", "*", "logs", "--no-color", "--timestamps")
        (folder / "log").write_text(logs, encoding="utf-8")
        town.compose("--profile", "*", "down", "--volumes", "--timeout", "2")


def _need_image(image: str) -> None:
    for command in (("docker", "image", "inspect", image), ("docker", "pull", "--quiet", image)):
        if not subprocess.run(command, capture_output=True, timeout=600, check=False).returncode:
            return
    raise PartMissing(f"the image {image} is not here and cannot be fetched")


def _run(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
    return ended.stdout
