"""A house with Home Assistant: a broker with logins and rights, a meter, the reader, loads, all as they are installed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.telegram import decode
from tests.support.access import LOCAL, Access, GuardedBroker, broker_owner, guarded_broker
from tests.support.home_assistant import HomeAssistant, State, running_home_assistant
from tests.support.listener import Listener
from tests.support.live_meter import LiveMeter, live_meter
from tests.support.processes import Service
from tests.support.waiting import eventually

NODE = "smartmeter_home"  # begins all our unique ids
READER, RELAYS = "reader", "relay_controller"
STALE_AFTER_S = 4.0
ALL_S = 60.0  # for all entities to come or go, on a busy machine

_SETTINGS = """\
[meter]
stale_after = {stale_after}
[serial]
port = {meter.port}
[mqtt]
port = {broker.port}
username = {login[0]}
password = {login[1]}
field_refresh = 2
health_interval = 1
[homeassistant]
discovery = {discovery}
[relay]
state_file = {folder}/relays.db
"""
_LOAD = """\
[load:{name}]
driver = none
power = 2000
on_when = surplus > 100000 W
off_when = surplus < -100000 W
shadow = {shadow}
"""
_HOME_ASSISTANT, _VIEWER = "homeassistant", "viewer"


@dataclass
class HomeAssistantHouse:
    """What runs in it. A load is in `loads` with whether it is in shadow mode."""

    folder: Path
    access: Access
    broker: GuardedBroker
    meter: LiveMeter
    assistant: HomeAssistant
    listener: Listener
    loads: dict[str, bool] = field(default_factory=lambda: {"boiler": False, "heat-pump": False, "car": True})
    services: dict[str, Service] = field(default_factory=dict)

    def start(self, name: str, *, discovery: str = "yes") -> None:
        """Start a service anew, with these settings; one that runs is asked to end."""
        self.stop(name)
        config = self.folder / f"{name}.ini"
        text = _SETTINGS.format(
            stale_after=STALE_AFTER_S,
            meter=self.meter,
            broker=self.broker,
            login=self.access.login(name),
            discovery=discovery,
            folder=self.folder,
        )
        loads = (_LOAD.format(name=load, shadow="yes" if shadow else "no") for load, shadow in self.loads.items())
        config.write_text("\n".join([text, *loads]), encoding="utf-8")
        self.services[name] = Service([name, "-c", str(config)], self.folder / f"{name}.log")

    def stop(self, name: str) -> None:
        """Ask a service to end, if it runs."""
        service = self.services.pop(name, None)
        if service is not None:
            service.stop()

    def kill(self, name: str) -> None:
        """End a service as a crash would."""
        service = self.services.pop(name)
        service.process.kill()
        service.process.wait()

    def fields(self) -> dict[str, object]:
        """Give the fields of the telegram that the meter sends."""
        return dict(decode(self.meter.telegram()))

    def registered(self) -> dict[str, dict[str, Any]]:
        """Give what the registry has of every entity, by what follows the meter's name in its unique id."""
        return {unique.removeprefix(f"{NODE}."): one for unique, one in self.assistant.entities().items()}

    def shown(self) -> dict[str, State]:
        """Give what every entity shows, by the same names; those that are switched off show nothing."""
        states = self.assistant.states()
        ids = {name: one["entity_id"] for name, one in self.registered().items()}
        return {name: states[entity_id] for name, entity_id in ids.items() if entity_id in states}

    def wait_until_all_is_there(self) -> None:
        """Wait until every entity has a value."""

        def missing() -> set[str]:
            shown = self.shown()
            wanted = {name for name, value in self.fields().items() if not isinstance(value, list)} - {"timestamp"}
            wanted |= {f"load_{name}_reason" for name in self.loads}
            return {name for name in wanted if name not in shown or shown[name].value in {"unavailable", "unknown"}}

        eventually(lambda: not missing(), ALL_S, "all entities")

    def close(self) -> None:
        """End the services."""
        for name in list(self.services):
            self.kill(name)


@contextmanager
def home_assistant_house(version: str, folder: Path) -> Iterator[HomeAssistantHouse]:
    """Run all of it for the length of a block. Raises PartMissing where there is no such Home Assistant or no broker."""
    with ExitStack() as stack:
        access = Access(folder, "", broker_owner(LOCAL))
        access.do("set-up")
        logins = {
            name: (name, access.do("user", name, role)) for name, role in ((_HOME_ASSISTANT, "home"), (_VIEWER, "viewer"))
        }
        broker = stack.enter_context(guarded_broker(LOCAL, access))
        meter = stack.enter_context(live_meter())
        listener = stack.enter_context(Listener(broker, login=logins[_VIEWER]))
        at_home = running_home_assistant(version, folder / "home-assistant", broker.port, logins[_HOME_ASSISTANT])
        assistant = stack.enter_context(at_home)
        house = HomeAssistantHouse(folder, access, broker, meter, assistant, listener)
        stack.callback(house.close)
        for name in (READER, RELAYS):
            house.start(name)
        yield house
