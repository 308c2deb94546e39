"""The service as a process, with a real broker: what moves a relay, and what the world hears of it."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.payload import Reading, encode
from tests.support.broker import Broker
from tests.support.house import Houses
from tests.support.listener import Listener
from tests.support.processes import running
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker


def write_pins(folder: Path, at_output: str = "", at_setup: str = "") -> None:
    """Write a stand-in for RPi.GPIO that tells what it is asked, after some lines of Python that may raise an error."""
    package = folder / "RPi"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "GPIO.py").write_text(
        "import sys\nBCM = OUT = LOW = 0\nHIGH = 1\n"
        "setwarnings = setmode = lambda _: None\n"
        f"def setup(pin, *a, **k):\n{at_setup}    print('setup', (pin, *a), k, file=sys.stderr)\n"
        f"def output(pin, level):\n{at_output}    print('output', (pin, level), file=sys.stderr)\n",
        encoding="utf-8",
    )


def old_telegram(size: int) -> bytes:
    """Give a telegram of an hour ago with that many bytes, which takes longer to read than to receive."""
    received = datetime.now(UTC) - timedelta(hours=1)
    return encode(Reading("home", received, 1, {"net_power": -9000, "mbus": [{}] * (size // 3)}))


@contextmanager
def flood(broker: Broker, topic: str, payload: bytes) -> Iterator[None]:
    """Publish a message with QoS 0 again and again, as fast as the broker takes it (MQTT 3.1.1, sections 3.1 and 3.3)."""
    publish = len(topic).to_bytes(2, "big") + topic.encode() + payload
    length, digits = len(publish), bytearray()
    while length:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
    packet = b"\x30" + digits + publish
    ended = threading.Event()

    def send(client: socket.socket) -> None:
        while not ended.is_set():
            client.sendall(packet)

    with socket.create_connection((broker.host, broker.port), 10.0) as client:
        client.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")  # clean session, no name
        assert client.recv(4) == b"\x20\x02\x00\x00"
        sender = threading.Thread(target=send, args=(client,))
        sender.start()
        try:
            yield
        finally:
            ended.set()
            sender.join()


@pytest.fixture
def houses(broker: Broker, tmp_path: Path) -> Houses:
    """Give houses with a broker."""
    return Houses(broker, tmp_path)


def test_rules_switch_and_the_stop_is_safe(houses: Houses) -> None:
    """The whole story of a load: start, on by the rules, end."""
    with houses.house() as house:
        assert house.plug == [b"OFF"]
        house.send(-2000)
        house.wait_for_state(b"ON")
        assert house.listener.payloads(f"{house.load}/mode") == [b"auto"]
        house.listener.wait_for(f"{house.load}/reason", b"on: surplus 2,000 W, off at less than 0 W")
        switch = json.loads(eventually(lambda: house.listener.payloads(f"{house.load}/switch")[1:], what="a switch")[0])
        assert datetime.fromisoformat(switch.pop("time")).tzinfo is not None
        assert switch == {"state": "ON", "mode": "auto", "reason": "on: surplus 2,000 W, off at less than 0 W"}
        eventually(lambda: house.health() == {"switches": 1, "decisions": 1, "ignored": {}})
        eventually(lambda: house.plug == [b"OFF", b"ON"], what="the command, which waits for what is under way")
        assert house.service.stop() == 0
        house.wait_for_state(b"OFF")
        house.listener.wait_for(f"{house.load}/reason", b"off: the relay controller has ended")
        house.listener.wait_for(f"{house.base}/home/relay_controller/status", b"offline")
        assert house.plug == [b"OFF", b"ON", b"OFF"]


def test_without_telegrams_a_load_goes_off_in_time(houses: Houses) -> None:
    """Nothing but time makes it so."""
    with houses.house(stale_after=3.0) as house:
        house.send(-2000)
        house.wait_for_state(b"ON")
        house.wait_for_state(b"OFF")
        reasons = f"{house.load}/reason"
        eventually(lambda: house.listener.payloads(reasons)[-1].startswith(b"off: no fresh telegram for "))
        eventually(lambda: house.plug == [b"OFF", b"ON", b"OFF"])


def test_a_flood_of_old_telegrams_keeps_neither_a_load_on_nor_the_service_from_its_end(houses: Houses, broker: Broker) -> None:
    """What is ignored does not count, and what time makes due comes in between; at the end commands still go out."""
    lamp = "[load:lamp]\ndriver = mqtt\ncommand_topic = flooded-lamp/set"
    with (
        Listener(broker, "flooded-lamp/set") as bulb,
        houses.house(stale_after=2.0, more=lamp, topics="+/home/load/+/state") as house,
    ):
        bulb.wait_for("flooded-lamp/set", b"OFF")
        house.listener.publish(f"{house.base}/home/load/lamp/set", "ON")
        bulb.wait_for("flooded-lamp/set", b"ON")
        house.send(-2000)
        house.wait_for_state(b"ON")
        topic = f"{house.base}/home/telegram"
        with flood(broker, topic, old_telegram(55_000)), flood(broker, topic, old_telegram(54_000)):
            eventually(lambda: house.listener.payloads(f"{house.load}/state")[-1] == b"OFF", 4.0)
            assert bulb.payloads("flooded-lamp/set") == [b"OFF", b"ON"]
            assert house.service.stop() == 0
            eventually(lambda: bulb.payloads("flooded-lamp/set") == [b"OFF", b"ON", b"OFF"])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("OSError(5, 'gone')", "ERROR load a: cannot switch GPIO pin 17: [Errno 5] gone"),
        ("KeyError('a bug')", "KeyError: 'a bug'"),
    ],
)
def test_when_one_relay_fails_the_others_are_made_safe(houses: Houses, tmp_path: Path, error: str, said: str) -> None:
    """One that tells it, and one that crashes the service: exit code 1, and no load stays on."""
    write_pins(tmp_path, f"    if pin == 17 and level:\n        raise {error}\n")
    rules = "on_when = net_power < -5 kW\noff_when = net_power > 0 W\non_delay = 0\n"
    more = f"[load:a]\ndriver = gpio\npin = 17\n{rules}[load:b]\ndriver = gpio\npin = 27\n"
    with houses.house(more=more) as house:
        house.listener.publish(f"{house.base}/home/load/b/set", "ON")
        house.send(-2000)
        house.wait_for_state(b"ON")
        house.listener.wait_for(f"{house.base}/home/load/b/state", b"ON")
        eventually(lambda: house.plug == [b"OFF", b"ON"], what="the command, which waits for what is under way")
        house.send(-9000)
        assert house.service.ends() == 1
        house.wait_for_state(b"OFF")
        house.listener.wait_for(f"{house.base}/home/relay_controller/status", b"offline")
        assert house.plug == [b"OFF", b"ON", b"OFF"]
        assert house.service.log.rindex("output (27, 0)") > house.service.log.rindex("output (27, 1)")
        assert said in house.service.log


def test_a_pin_that_fails_at_the_start_is_waited_for(houses: Houses, tmp_path: Path) -> None:
    """Until then rules switch nothing; a person is obeyed where the relay works, and hears why where it does not."""
    mended = tmp_path / "mended"
    write_pins(tmp_path, "", f"    if pin == 17 and not open({str(mended)!r}).read():\n        raise RuntimeError('busy')\n")
    mended.touch()
    more = "[load:a]\ndriver = gpio\npin = 17\n[load:b]\ndriver = gpio\npin = 27\n"
    with houses.house(more=more) as house:
        status, why = f"{house.base}/home/relay_controller/status", "cannot use GPIO pin 17: busy"
        house.listener.wait_for(status, b"failing")
        house.listener.wait_for(f"{house.base}/home/load/a/reason", f"off: no rules, waits for a command; {why}".encode())
        house.wait_for_reason(f"; rules wait for load a: {why}")
        assert house.plug == [b"OFF"]
        house.send(-9000)
        house.listener.publish(f"{house.base}/home/load/a/set", "ON")
        house.listener.publish(f"{house.base}/home/load/b/set", "ON")
        house.service.wait_for_log("output (27, 1)")
        ignored = {"command to a relay that cannot be used": 1}
        house.wait_for_ignored(ignored)
        assert house.health() == {"switches": 1, "decisions": 0, "ignored": ignored, "failure": f"load a: {why}"}
        assert house.service.log.count(why) == 1
        assert house.plug == [b"OFF"]
        mended.write_text("yes", encoding="utf-8")
        house.listener.wait_for(status, b"online", 60.0)
        house.listener.publish(f"{house.base}/home/load/a/set", "ON")
        house.service.wait_for_log("output (17, 1)")
        house.send(-9000)
        house.wait_for_state(b"ON")
        assert house.service.stop() == 0


def test_a_service_that_waits_for_a_relay_can_be_stopped(broker: Broker, tmp_path: Path) -> None:
    """The others get their safe state all the same: a crash may have left them on."""
    write_pins(tmp_path, "    pass\n", "    if pin == 17:\n        raise RuntimeError('busy')\n")
    more = "[load:a]\ndriver = gpio\npin = 17\n[load:b]\ndriver = gpio\npin = 27\n"
    path = Houses(broker, tmp_path).settings("unopened", 60, more)
    with (
        Listener(broker, "unopened-plug/set") as listener,
        running(["relay_controller", "-c", str(path)], tmp_path / "log", PYTHONPATH=str(tmp_path)) as service,
    ):
        service.wait_for_log("ERROR load a: cannot use GPIO pin 17: busy; until it can be used rules switch nothing")
        assert service.stop() == 0
        listener.wait_for("unopened-plug/set", b"OFF")
        assert len(listener.heard) == 1
    assert "output (27, 0)" in service.log


def test_a_person_is_obeyed_without_a_meter_and_only_for_a_while(houses: Houses) -> None:
    """ON acts at once and ends by itself."""
    with houses.house(more="manual_timeout = 1") as house:
        house.listener.publish(f"{house.load}/set", "ON")
        house.listener.wait_for(f"{house.load}/state", b"ON")  # which may be over already
        house.listener.wait_for(f"{house.load}/mode", b"on")
        house.listener.wait_for(f"{house.load}/reason", b"on: by hand, for 1 s more")
        house.wait_for_state(b"OFF")
        eventually(lambda: house.listener.payloads(f"{house.load}/mode") == [b"auto", b"on", b"auto"])


def test_old_and_foreign_messages_move_nothing(houses: Houses) -> None:
    """They are counted; the next good telegram is acted upon."""
    with houses.house(before="ON") as house:
        house.send(-9000, age_s=300)
        house.send(-9000, meter="neighbour")
        house.listener.publish(f"{house.base}/home/telegram", b"garbage")
        house.listener.publish(f"{house.load}/set", "perhaps")
        house.listener.publish(f"{house.base}/home/load/unknown/set", "ON")
        house.wait_for_ignored(
            {"retained command": 1, "late": 1, "other meter": 1, "not a telegram": 1, "not a command": 1, "unknown load": 1}
        )
        assert house.listener.payloads(f"{house.load}/state") == [b"OFF"]
        house.send(-2000)
        house.wait_for_state(b"ON")


def test_a_relay_that_tells_its_state_is_believed(houses: Houses) -> None:
    """The reason says that it does not answer, until it does."""
    topic = "relay-state"
    with houses.house(more=f"state_topic = {topic}") as house:
        waiting = b"off: no fresh telegram yet; the relay does not answer"
        house.listener.wait_for(f"{house.load}/reason", waiting)
        assert house.plug == [b"OFF", b"OFF"]
        house.listener.publish(topic, "ON")
        house.listener.wait_for(f"{house.load}/reason", b"off: no fresh telegram yet; the relay says ON")
        house.listener.publish(topic, "off")
        reasons = house.load + "/reason"
        eventually(lambda: house.listener.payloads(reasons)[-1] == b"off: no fresh telegram yet")


def test_in_shadow_mode_the_relay_is_left_alone(houses: Houses) -> None:
    """Only the topic `shadow` moves."""
    with houses.house(more="shadow = yes") as house:
        house.send(-2000)
        house.listener.wait_for(f"{house.load}/shadow", b"ON")
        assert house.service.stop() == 0
        assert house.listener.payloads(f"{house.load}/state") == [b"OFF"]
        assert house.plug == []


def test_everything_is_told_again_after_the_broker_was_away(mortal_broker: Broker, tmp_path: Path) -> None:
    """And the relay gets its safe state, which it could not get in between; the service stops although nobody listens."""
    with Houses(mortal_broker, tmp_path).house(stale_after=3.0) as house:
        house.send(-2000)
        house.wait_for_state(b"ON")
        eventually(lambda: house.plug == [b"OFF", b"ON"])
        mortal_broker.stop()
        house.service.wait_for_log("no fresh telegram")
        house.service.process.send_signal(signal.SIGSTOP)  # until somebody listens
        mortal_broker.start()
        with Listener(mortal_broker, "#") as listener:
            house.service.process.send_signal(signal.SIGCONT)
            listener.wait_for(f"{house.base}-plug/set", b"OFF")
            listener.wait_for(f"{house.load}/state", b"OFF")
            eventually(lambda: listener.payloads(f"{house.load}/switch"))
            assert listener.payloads(f"{house.base}-plug/set") == [b"OFF"]
        mortal_broker.stop()
        assert house.service.stop() == 0


def test_wrong_loads_end_with_exit_code_2(broker: Broker, tmp_path: Path) -> None:
    """With the file, the section and the key; what is wrong for itself and what does not go together are told together."""
    wrong = "[load:b]\ndriver = gpio\nmin_on = 5 min\noff_when = 5 W < surplus\n[load:c]\ndriver = mqtt\non_when = surplus > 1"
    path = Houses(broker, tmp_path).settings("wrong", 60, wrong)
    for option in ([], ["--check"], ["--safe"]):
        with running(["relay_controller", "-c", str(path), *option], tmp_path / "log") as service:
            assert service.ends() == 2
            assert service.log.splitlines() == [
                f'{path}: [load:b] min_on: expected seconds, got "5 min"',
                f'{path}: [load:b] pin: expected a BCM pin number because driver is gpio, got ""',
                f'{path}: [load:b] on_when: expected a condition because off_when has one, got ""',
                f'{path}: [load:b] off_when: expected a field at character 1, not "5", got "5 W < surplus"',
                f'{path}: [load:c] command_topic: expected a topic because driver is mqtt, got ""',
                f'{path}: [load:c] on_when: expected a unit such as W at character 12, where it ends, got "surplus > 1"',
                f'{path}: [load:c] off_when: expected a condition because on_when has one, got ""',
            ]


def test_safe_needs_no_broker(tmp_path: Path) -> None:
    """A pin is set, with a stand-in for RPi.GPIO that tells what it is asked; a relay behind the broker cannot be."""
    write_pins(tmp_path)
    path = tmp_path / "config.ini"
    path.write_text(
        "[mqtt]\nport = 1\n[load:boiler]\ndriver = gpio\npin = 17\nactive_low = yes\n"
        "[load:plug]\ndriver = mqtt\ncommand_topic = plug/set\n"
        "[load:pump]\ndriver = mqtt\ncommand_topic = pump/set\nlease = 90\n",
        encoding="utf-8",
    )
    with running(["relay_controller", "-c", str(path), "--safe"], tmp_path / "log", PYTHONPATH=str(tmp_path)) as service:
        assert service.ends() == 0
    assert "setup (17, 0) {'initial': 1}\noutput (17, 1)\n" in service.log
    assert "load boiler: off" in service.log
    assert "load plug: cannot be switched off without the broker; let it end by itself (lease)" in service.log
    assert "load pump: cannot be switched off without the broker; its lease ends it within 90 s" in service.log


def test_without_a_gpio_library_the_service_says_so_and_waits(tmp_path: Path) -> None:
    """One clear line, also where there is no broker."""
    package = tmp_path / "RPi"
    package.mkdir()
    (package / "__init__.py").write_text('raise RuntimeError("only on a Raspberry Pi")', encoding="utf-8")
    path = tmp_path / "config.ini"
    path.write_text("[mqtt]\nport = 1\n[load:boiler]\ndriver = gpio\npin = 17\n", encoding="utf-8")
    with running(["relay_controller", "-c", str(path)], tmp_path / "log", PYTHONPATH=str(tmp_path)) as service:
        service.wait_for_log("load boiler: RPi.GPIO does not work on this machine: only on a Raspberry Pi; until")
        assert service.stop() == 0
    assert "Traceback" not in service.log


def test_without_an_enabled_load_the_service_rests(broker: Broker, tmp_path: Path) -> None:
    """It waits for the end like every disabled service."""
    path = tmp_path / "config.ini"
    path.write_text(f"[mqtt]\nhost = {broker.host}\nport = {broker.port}\n[load:a]\nenabled = no\n", encoding="utf-8")
    with running(["relay_controller", "-c", str(path)], tmp_path / "log") as service:
        service.wait_for_log("no load is enabled; nothing to do")
        assert service.stop() == 0
