"""The flow of docs/node-red and the loads: what it shows of them, and the commands that it sends."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.access import BROKERS, Access, broker_owner, guarded_broker
from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.node_red import NodeRed
from tests.support.node_red_house import FlowHouse, flow_house
from tests.support.parts import PartMissing, do_without
from tests.support.processes import running
from tests.support.waiting import eventually, free_port

SCRIPT = '<script>alert("x")</script>'


@pytest.fixture
def house(node_red: NodeRed, broker: Broker) -> Iterator[FlowHouse]:
    """Import the flow, for a house whose services run."""
    with flow_house(node_red, broker) as house:
        yield house


def test_loads_are_shown_with_their_reason(house: FlowHouse) -> None:
    """As text, whatever it is; one that was taken out of the settings goes."""
    house.flow.wait_for_status("loads", "boiler (auto) off: surplus 1,230 W")
    house.says(f"load/{SCRIPT.replace('/', '|')}/reason", SCRIPT)
    house.says("load/__proto__/reason", "odd")
    loads = house.flow.wait_for(lambda data: len(data["loads"]) == 3, "three loads")["loads"]
    assert {load["name"]: load["reason"] for load in loads} == {
        "boiler": "off: surplus 1,230 W, needs more than 1,500 W",
        SCRIPT.replace("/", "|"): SCRIPT,
        "__proto__": "odd",
    }
    for what in ("state", "mode", "reason"):
        house.says(f"load/boiler/{what}", "")
    house.flow.wait_for_status("loads", 'no load "boiler"')
    house.says("relay_controller/status", "offline")
    house.flow.wait_for_status("loads", "relay_controller is offline")
    assert house.flow.data()["controller"] == "offline"


def test_buttons_switch_the_load(house: FlowHouse) -> None:
    """Those of the editor and those of the page."""
    topic = f"{house.flow.base}/load/boiler/set"
    for button in ("on", "off", "auto"):
        house.flow.press(f"button-{button}")
    eventually(lambda: len(house.listener.payloads(topic)) == 3, what="three commands")
    assert house.flow.choose("boiler", "ON") == (202, "boiler: ON sent")
    eventually(lambda: house.listener.payloads(topic) == [b"ON", b"OFF", b"AUTO", b"ON"], what="a fourth command")
    assert not any(retained for heard, _, retained in house.listener.heard if heard == topic)


def test_a_command_is_obeyed_soon_or_never(house: FlowHouse, broker: Broker) -> None:
    """The broker keeps it for some seconds only, should relay_controller be away without a word."""
    lives: list[int] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.on_message = lambda _client, _data, message: lives.append(getattr(message.properties, "MessageExpiryInterval", 0))
    client.connect(broker.host, broker.port)
    client.subscribe(f"{house.flow.base}/load/boiler/set", 1)

    def pressed() -> object:
        house.flow.press("button-off")
        client.loop(0.1)
        return lives

    eventually(pressed, what="a command")
    client.disconnect()
    assert set(lives) <= {4, 5}


def test_a_command_that_nobody_can_obey_is_not_sent(house: FlowHouse) -> None:
    """No other words, no other topics, none for later; and none that another server's page asks for."""
    assert house.flow.choose("boiler", "on")[0] == 400
    assert house.flow.choose("boiler", ["ON"])[0] == 400
    others: tuple[object, ...] = ("heater", "boiler/set/#", "", None, {}, "../reader")
    for load in others:
        assert house.flow.choose(load, "ON")[0] == 404
    url, wish = f"{house.flow.url}/smartmeter/load", {"load": "boiler", "command": "ON"}
    strange = {"Origin": "http://example.org"}
    assert requests.post(url, json=wish, headers=strange, timeout=20).status_code == 403
    assert requests.post(url, data=wish, headers=strange, timeout=20).status_code == 403
    assert requests.get(f"{house.flow.url}/smartmeter/data", headers=strange, timeout=20).status_code == 403
    for body in ("", "null", "5", "{", "[]"):
        answer = requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=20)
        assert answer.status_code == 400
    house.says("relay_controller/status", "offline")
    house.flow.wait_for(lambda data: data["controller"] == "offline", "an offline controller")
    assert house.flow.choose("boiler", "ON") == (503, "not sent: relay_controller does not run")
    assert house.listener.payloads(f"{house.flow.base}/load/boiler/set") == []
    own = requests.get(f"{house.flow.url}/smartmeter/data", headers={"Origin": house.flow.url}, timeout=20)
    assert own.status_code == 200


def test_the_login_of_a_viewer_may_look_and_is_told_what_switching_needs(node_red: NodeRed, tmp_path: Path) -> None:
    """Without login there is no reading; with the role home a command goes through."""
    kind = BROKERS[0]
    access = Access(tmp_path, "", broker_owner(kind))
    access.do("set-up")
    logins = {role: (role, access.do("user", role, role)) for role in ("viewer", "home")}
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(guarded_broker(kind, access))
        except PartMissing as reason:
            do_without(reason)
        base = "smartmeter/home"
        stranger = FlowHouse(node_red.deploy(broker, topic=base), Listener(broker))
        stranger.wait_for_trouble("no connection to the broker")
        home = stack.enter_context(Listener(broker, login=logins["home"]))
        reader = stack.enter_context(Listener(broker, login=access.login("reader")))
        controller = stack.enter_context(Listener(broker, login=access.login("relay_controller")))
        reader.publish(f"{base}/reader/status", "online", retain=True)
        controller.publish(f"{base}/relay_controller/status", "online", retain=True)
        controller.publish(f"{base}/load/boiler/state", "OFF", retain=True)
        refusal = (403, "refused by the broker: its login needs ROLE=home")
        for role, answer in (("viewer", refusal), ("home", (202, "boiler: ON sent"))):
            flow = node_red.deploy(broker, topic=base, login=logins[role])
            flow.wait_for(lambda data: data["loads"] and data["controller"] == "online", "the load")
            FlowHouse(flow, reader).measure(net_power=9)
            FlowHouse(flow, reader).wait_for_power(9)
            assert flow.choose("boiler", "ON") == answer
            flow.wait_for_status("answer", answer[1])
        home.wait_for(f"{base}/load/boiler/set", b"ON")
        assert len(home.payloads(f"{base}/load/boiler/set")) == 1


def test_the_real_services_are_shown_and_switched(node_red: NodeRed, broker: Broker, tmp_path: Path) -> None:
    """Reader with the simulated meter and relay_controller: power is live, a button switches the load."""
    port, base = free_port(), "real"
    config = tmp_path / "config.ini"
    config.write_text(
        f"[mqtt]\nhost = {broker.host}\nport = {broker.port}\nbase_topic = {base}\n"
        f"[serial]\nport = socket://127.0.0.1:{port}\n[load:boiler]\ndriver = none\npower = 2000\n",
        encoding="utf-8",
    )
    flow = node_red.deploy(broker, topic=f"{base}/home")
    with ExitStack() as stack:
        meter = ["reader", "simulate", "--listen", f"127.0.0.1:{port}"]
        for name, command in {
            "meter": meter,
            "reader": ["reader", "-c", str(config)],
            "relays": ["relay_controller", "-c", str(config)],
        }.items():
            stack.enter_context(running(command, tmp_path / name))
        data = flow.wait_for(lambda data: data["live"] and data["loads"] and data["controller"] == "online", "the house")
        assert data["days"][0]["electricity"]["running"]
        assert data["days"][0]["gas"]["running"]
        assert flow.choose("boiler", "ON")[0] == 202
        flow.wait_for_status("loads", "boiler (on) on: by hand")
        assert flow.choose("boiler", "AUTO")[0] == 202
        flow.wait_for_status("loads", "boiler (auto) off: no rules")
    FlowHouse(flow, Listener(broker)).wait_for_trouble("does not run")
    assert flow.errors() == []
