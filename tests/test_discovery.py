"""What reader and relay_controller announce to Home Assistant, as processes with a real broker."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.telegram import decode
from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.processes import Service, running
from tests.support.replay import Cable
from tests.support.telegrams import telegram
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker

SETTINGS = """\
[meter]
name = {meter}
[serial]
port = {port}
[mqtt]
host = {host}
port = {mqtt_port}
[homeassistant]
prefix = ha-{meter}
discovery = {discovery}
{loads}
"""
BOILER, PUMP = "[load:boiler]\n", "[load:pump]\nshadow = yes\n"
TELEGRAM = telegram("be-emucs-2.1")
SHOWN = set(decode(TELEGRAM)) - {"mbus", "peak_demand_history", "other"} | {"connection", "rejected_telegrams"}


class Home:
    """A meter of this test's own on the broker, and what Home Assistant would find of it."""

    def __init__(self, broker: Broker, folder: Path, meter: str, cable: Cable) -> None:
        self._broker, self._folder, self.meter, self.cable = broker, folder, meter, cable

    @contextmanager
    def service(self, name: str, *, loads: str = "", discovery: str = "yes") -> Iterator[Service]:
        """Run a service until it says that it is connected, and further on."""
        config = self._folder / "config.ini"
        text = SETTINGS.format(
            meter=self.meter,
            port=self.cable.link,
            host=self._broker.host,
            mqtt_port=self._broker.port,
            discovery=discovery,
            loads=loads,
        )
        config.write_text(text, encoding="utf-8")
        with running([name, "-c", str(config)], self._folder / "log") as service:
            service.wait_for_log("connected to the broker")
            yield service
            assert service.stop() == 0

    def show_the_meter(self) -> None:
        """Let the reader announce all of it, and end."""
        with self.service("reader"):
            self.cable.send(TELEGRAM)
            eventually(lambda: {entity.partition("/")[2] for entity in self.announced()} >= SHOWN, what="all entities")

    def announced(self) -> dict[str, dict[str, object]]:
        """Give what the broker keeps for Home Assistant, {component/entity: payload}."""
        with Listener(self._broker, f"ha-{self.meter}/#") as listener:
            listener.publish(f"ha-{self.meter}/end", "")  # comes behind everything that is kept
            listener.wait_for(f"ha-{self.meter}/end", b"")
        kept = [(topic.split("/"), payload) for topic, payload, is_retained in listener.heard if is_retained]
        return {f"{levels[1]}/{levels[3]}": json.loads(payload) for levels, payload in kept}

    def kept_of_loads(self) -> set[str]:
        """Give what the broker keeps of loads, as boiler/state."""
        with Listener(self._broker, f"smartmeter/{self.meter}/load/#") as listener:
            listener.publish(f"smartmeter/{self.meter}/load/end", "")
            listener.wait_for(f"smartmeter/{self.meter}/load/end", b"")
        return {"/".join(topic.split("/")[3:]) for topic, _, is_retained in listener.heard if is_retained}


@pytest.fixture
def home(broker: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    """Give one on a cable."""
    with Cable(tmp_path / "meter") as cable:
        yield Home(broker, tmp_path, f"discovery{abs(hash(request.node.name))}", cable)


def _names(home: Home) -> set[str]:
    return {entity.partition("/")[2] for entity in home.announced()}


def _loads(home: Home) -> set[str]:
    return {entity for entity in home.announced() if "/load_" in entity}


def _told(listener: Listener) -> int:
    return sum(topic.endswith("/config") for topic, _, _ in list(listener.heard))


def test_the_meter_is_announced_with_its_first_telegram_and_again_when_home_assistant_starts(
    broker: Broker, home: Home
) -> None:
    """Everything that the telegram has, within seconds; a second telegram brings nothing new."""
    with home.service("reader"), Listener(broker, f"ha-{home.meter}/#") as listener:
        assert home.announced() == {}
        home.cable.send(TELEGRAM)
        eventually(lambda: _names(home) == SHOWN, what="all entities")
        eventually(lambda: _told(listener) == len(SHOWN), what="each once")
        listener.publish(f"ha-{home.meter}/status", "online")
        eventually(lambda: _told(listener) >= 2 * len(SHOWN), what="all of them again")
    assert _told(listener) == 2 * len(SHOWN)


def test_a_reader_with_discovery_switched_off_takes_the_meter_away(home: Home) -> None:
    """What an earlier one announced; the loads are not its own. Switched on again it is all back."""
    home.show_the_meter()
    with home.service("relay_controller", loads=BOILER):
        eventually(lambda: _names(home) == {*SHOWN, "load_boiler"}, what="the load too")
    with home.service("reader", discovery="no"):
        eventually(lambda: _names(home) == {"load_boiler"}, what="only the load")
    home.show_the_meter()
    assert _names(home) == {*SHOWN, "load_boiler"}


def test_loads_are_announced_as_they_are_and_go_with_their_settings(home: Home) -> None:
    """One of two goes, then the last one, whose service has nothing to do any more; nothing is kept of them."""
    home.show_the_meter()
    with home.service("relay_controller", loads=BOILER + PUMP):
        both = {f"{one}/load_boiler" for one in ("switch", "select", "sensor")} | {
            "sensor/load_pump",
            "binary_sensor/load_pump",
        }
        eventually(lambda: _loads(home) == both, what="both loads")
        eventually(lambda: {"pump/state", "pump/shadow", "boiler/mode"} <= home.kept_of_loads(), what="their states")
    with home.service("relay_controller", loads=BOILER):
        eventually(lambda: _loads(home) == {one for one in both if "boiler" in one}, what="only the boiler")
        eventually(lambda: home.kept_of_loads() == {"boiler/state", "boiler/mode", "boiler/reason"}, what="only the boiler's")
    with home.service("relay_controller", loads=BOILER, discovery="no"):
        eventually(lambda: _loads(home) == set(), what="nothing")
        assert home.kept_of_loads() == {"boiler/state", "boiler/mode", "boiler/reason"}
    with home.service("relay_controller") as service:
        eventually(lambda: home.kept_of_loads() == set(), what="nothing")
        service.wait_for_log("no load is enabled; nothing to do")


def test_recorded_telegrams_announce_nothing(broker: Broker, home: Home, tmp_path: Path) -> None:
    """They are old, and of whatever meter."""
    file = tmp_path / "recorded.txt"
    file.write_bytes(TELEGRAM)
    with home.service("reader"):
        config = str(tmp_path / "config.ini")
        with (
            Listener(broker, f"smartmeter/{home.meter}/telegram") as listener,
            running(["reader", "-c", config, "-f", str(file), "--speed", "0"], tmp_path / "log2") as player,
        ):
            assert player.ends() == 0
            eventually(lambda: listener.heard, what="the telegram")
        assert home.announced() == {}
