"""A real Node-RED, without its editor's user."""

import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.support.node_red_flow import Address, Flow, settled_nodes
from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.waiting import eventually, free_port

PROGRAM = REPOSITORY / "build" / "node-red" / "node_modules" / "node-red" / "red.js"
_TIMEOUT_S = 20.0
_SETTINGS = """\
module.exports = {{
    uiHost: "127.0.0.1",
    uiPort: {port},
    flowFile: "flows.json",
    credentialSecret: false,
    contextStorage: {{ default: {{ module: "{store}", config: {{ flushInterval: 1 }} }} }},
    externalModules: {{ autoInstall: false, palette: {{ allowInstall: false }} }},
    telemetry: {{ enabled: false }},
    editorTheme: {{ tours: false }},
    logging: {{ console: {{ level: "info", metrics: false, audit: false }} }},
}};
"""


@dataclass
class NodeRed:
    """A Node-RED on a port of its own; it may be stopped and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    _flows: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start it, and wait until its flows run."""
        command = ["node", str(PROGRAM), "--userDir", str(self.folder), "--settings", str(self.folder / "settings.js")]
        ran_before = self.log.count("Started flows") if (self.folder / "log").exists() else 0
        with (self.folder / "log").open("ab") as log:
            environment = clean_environment(NODE_RED_HOME=str(PROGRAM.parent))
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=environment)
        eventually(lambda: self.log.count("Started flows") > ran_before, 120.0, "the start of Node-RED")

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30.0)
            self._process = None

    def node_types(self) -> Mapping[str, str]:
        """Give the module of each type of node that it has."""
        answer = requests.get(f"{self.url}/nodes", headers={"Accept": "application/json"}, timeout=_TIMEOUT_S)
        return {one: node_set["module"] for node_set in answer.json() for one in node_set["types"]}

    def deploy(
        self, broker: Address, *, login: tuple[str, str] | None = None, stale_after: float = 60.0, topic: str | None = None
    ) -> Flow:
        """Import the flow anew in place of what is there, with its settings filled in as a user does."""
        self._flows += 1
        flow = Flow(self.url, f"nodered{self._flows}/home" if topic is None else topic, f"flow{self._flows}-")
        nodes = settled_nodes(flow, broker, login, stale_after)
        answer = requests.post(
            f"{self.url}/flows",
            json={"flows": nodes},
            headers={"Node-RED-API-Version": "v2", "Node-RED-Deployment-Type": "full"},
            timeout=_TIMEOUT_S,
        )
        assert answer.status_code == requests.codes.ok, answer.text
        eventually(flow.is_there, what="the flow's own page")
        return flow


@contextmanager
def running_node_red(folder: Path, store: str = "memory") -> Iterator[NodeRed]:
    """Run a Node-RED that keeps its context in `store`. Raises PartMissing where there is none."""
    if shutil.which("node") is None:
        raise PartMissing("no node on PATH: sudo apt install nodejs npm")
    if not PROGRAM.exists():
        raise PartMissing("no Node-RED under build/: scripts/get-node-red gets it")
    node_red = NodeRed(folder)
    (folder / "settings.js").write_text(_SETTINGS.format(port=node_red.port, store=store), encoding="utf-8")
    try:
        node_red.start()
        yield node_red
    finally:
        node_red.stop()
