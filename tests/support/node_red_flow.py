"""The flow of docs/node-red, with settings filled in, and what its nodes say."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually

FLOW = REPOSITORY / "docs" / "node-red" / "smartmeter.json"
_TIMEOUT_S = 20.0
# A node beside those of the flow: it keeps what the flow's nodes say, and tells it to who asks.
_KEEP = """\
const told = context.get("told") || { heard: [], statuses: {}, errors: [] };
if (msg.error) told.errors.push(msg.error.message);
else if (msg.status) told.statuses[msg.status.source.id] = msg.status.text || "";
else if (msg.req) return { ...msg, payload: told };
else told.heard.push({ topic: msg.topic, payload: msg.payload, alarm: msg.alarm });
context.set("told", told);
"""
_LISTENED_TO = ("alarm", "totals-out")


class Address(Protocol):
    """Where a broker is."""

    @property
    def host(self) -> str:
        """Its name or address."""

    @property
    def port(self) -> int:
        """Its port for MQTT."""


def flow_nodes() -> list[dict[str, Any]]:
    """Give the nodes of the flow as it is imported."""
    nodes: list[dict[str, Any]] = json.loads(FLOW.read_text(encoding="utf-8"))
    return nodes


@dataclass
class Flow:
    """The flow as it runs in a Node-RED, for the meter `base`."""

    url: str
    base: str
    prefix: str  # of the ids of its nodes

    def data(self) -> dict[str, Any]:
        """Give what its page shows."""
        return dict(self._get("smartmeter/data").json())

    def is_there(self) -> bool:
        """Tell whether it runs already."""
        try:
            return bool(self.data()["base"] == self.base)
        except requests.RequestException:
            return False

    def page(self) -> requests.Response:
        """Give its page."""
        return self._get("smartmeter")

    def choose(self, load: object, command: object) -> tuple[int, str]:
        """Press a button of the page; give the answer's code and words."""
        answer = requests.post(f"{self.url}/smartmeter/load", json={"load": load, "command": command}, timeout=_TIMEOUT_S)
        return answer.status_code, answer.json()["text"]

    def press(self, button: str) -> None:
        """Press the button of a node of the flow."""
        requests.post(f"{self.url}/inject/{self.prefix}{button}", timeout=_TIMEOUT_S).raise_for_status()

    def status(self, node: str) -> str:
        """Give the text under a node."""
        return str(self._told()["statuses"].get(f"{self.prefix}{node}", ""))

    def heard(self, topic: str) -> list[dict[str, Any]]:
        """Give what went out of the nodes `alarm` and `totals` on a topic."""
        return [message for message in self._told()["heard"] if message["topic"].startswith(topic)]

    def errors(self) -> list[str]:
        """Give the errors of all nodes."""
        return list(self._told()["errors"])

    def wait_for(self, condition: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """Wait until the page's data meet a condition; give them."""
        newest: dict[str, Any] = {}

        def met() -> object:
            newest.update(self.data())
            return condition(newest)

        eventually(met, what=what)
        return newest

    def wait_for_status(self, node: str, part: str) -> None:
        """Wait until the text under a node has these words."""
        eventually(lambda: part in self.status(node), what=f"{part!r} under {node}")

    def _told(self) -> dict[str, Any]:
        return dict(self._get(f"{self.prefix}told").json())

    def _get(self, path: str) -> requests.Response:
        answer = requests.get(f"{self.url}/{path}", timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return answer


def settled_nodes(flow: Flow, broker: Address, login: tuple[str, str] | None, stale_after: float) -> list[dict[str, Any]]:
    """Give the nodes with ids of this flow's own, its settings filled in as a user does, and with the node that keeps."""
    nodes: list[dict[str, Any]] = json.loads(FLOW.read_text(encoding="utf-8").replace('"smartmeter-', f'"{flow.prefix}'))
    tab, server = nodes[0], nodes[1]
    values = {"SMARTMETER_TOPIC": flow.base, "STALE_AFTER": str(stale_after)}
    for variable in tab["env"]:
        variable["value"] = values.get(variable["name"], variable["value"])
    server |= {"broker": broker.host, "port": str(broker.port)}
    if login:
        server["credentials"] = dict(zip(("user", "password"), login, strict=True))
    listened_to = {f"{flow.prefix}{name}" for name in _LISTENED_TO}
    for node in nodes:
        for wire in node.get("wires", []):
            if listened_to & set(wire):
                wire.append(f"{flow.prefix}keep")
    return nodes + _keepers(flow.prefix, tab["id"])


def _keepers(prefix: str, tab: str) -> list[dict[str, Any]]:
    def node(name: str, kind: str, target: str, **more: object) -> dict[str, Any]:
        wires = [[f"{prefix}{target}"]] if target else []
        return {"id": f"{prefix}{name}", "type": kind, "z": tab, "name": "", "x": 0, "y": 0, "wires": wires} | more

    return [
        node("all-statuses", "status", "keep", scope=None),
        node("all-errors", "catch", "keep", scope=None, uncaught=False),
        node("asked", "http in", "keep", url=f"/{prefix}told", method="get"),
        node("keep", "function", "kept", func=_KEEP, outputs=1),
        node("kept", "http response", ""),
    ]
