"""The flow of docs/node-red in a real Node-RED: what it is made of, and that it needs nothing else."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.broker import Broker
from tests.support.node_red import NodeRed
from tests.support.node_red_flow import FLOW, flow_nodes
from tests.support.node_red_house import FlowHouse, flow_house
from tests.support.processes import REPOSITORY


@pytest.fixture
def house(node_red: NodeRed, broker: Broker) -> Iterator[FlowHouse]:
    """Import the flow, for a house whose services run."""
    with flow_house(node_red, broker) as house:
        yield house


def test_the_flow_is_what_its_parts_make() -> None:
    """Whoever changes docs/node-red/source runs scripts/node-red-flow.py."""
    made = subprocess.run(
        [sys.executable, "scripts/node-red-flow.py", "--print"], cwd=REPOSITORY, capture_output=True, check=True
    )
    assert made.stdout == FLOW.read_bytes()


def test_the_flow_has_no_login_and_one_place_for_its_settings() -> None:
    """It may be given to others, and only its tab says which meter and load."""
    nodes = flow_nodes()
    assert not any("credentials" in node or "password" in node for node in nodes)
    assert {variable["name"]: variable["value"] for variable in nodes[0]["env"]} == {
        "SMARTMETER_TOPIC": "smartmeter/home",
        "LOAD": "boiler",
        "STALE_AFTER": "60",
    }
    settled = [value for node in nodes[1:] for value in node.values() if isinstance(value, str)]
    assert not any("boiler" in value or value.startswith("smartmeter/") for value in settled)


def test_the_document_names_what_there_is() -> None:
    """Settings of the tab, nodes whose output it explains, keys of a day's total, files."""
    text = (REPOSITORY / "docs" / "node-red.md").read_text(encoding="utf-8")
    nodes = flow_nodes()
    rows = re.findall(r"^ *\| (.+?) \|", text, re.MULTILINE)
    assert {name.strip("`") for name in rows if name.isupper() or name.startswith("`")} - {"ALARM"} == {
        variable["name"] for variable in nodes[0]["env"]
    }
    outputs = {node["name"] for node in nodes if node["type"] == "debug"}
    assert outputs == set(rows) & outputs
    totals = next(node["func"] for node in nodes if node["id"] == "smartmeter-totals")
    assert set(re.findall(r"[a-z_]+_(?:kwh|m3|gj)\b", text)) == set(re.findall(r'"([a-z_]+_(?:kwh|m3|gj))"', totals))
    for name in re.findall(r"`(docs/[^`]+|scripts/[^`]+)`|\]\((.+?)\)", text):
        assert (REPOSITORY / (name[0] or f"docs/{name[1]}")).exists()


def test_every_node_is_of_node_reds_core(node_red: NodeRed, house: FlowHouse) -> None:
    """What Node-RED itself brings is enough; nothing is unknown, and nothing goes wrong at the start."""
    core = {kind for kind, module in node_red.node_types().items() if module == "node-red"}
    assert {node["type"] for node in flow_nodes()} <= core | {"tab", "group"}
    assert house.flow.status("topics") == house.flow.base
    assert "missing types" not in node_red.log
    assert "[error]" not in node_red.log


@pytest.mark.parametrize("topic", ["", "smartmeter/home/", "smartmeter/#"])
def test_a_wrong_topic_is_said_below_the_node(topic: str, node_red: NodeRed, broker: Broker) -> None:
    """And nothing is listened to."""
    flow = node_red.deploy(broker, topic=topic)
    flow.wait_for_status("topics", "SMARTMETER_TOPIC: expected a topic such as smartmeter/home")
    assert flow.errors() == []


def test_a_wrong_time_is_said_below_the_node(node_red: NodeRed, broker: Broker) -> None:
    """Without it no alarm would come."""
    node_red.deploy(broker, stale_after=0.0).wait_for_status("topics", "STALE_AFTER: expected seconds above 0")


def test_the_page_takes_nothing_from_elsewhere(house: FlowHouse) -> None:
    """One file, and a policy that lets it ask its own server only and be in no other page; texts are never written as HTML."""
    page = house.flow.page()
    policy = page.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert "//" not in page.text.replace("// ", "")
    assert "innerHTML" not in page.text
