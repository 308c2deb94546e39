"""What Home Assistant is told of the loads; and what the broker still keeps of loads that are gone is taken away."""

from collections.abc import Iterator

from common.announced import Announced
from common.homeassistant import BORN, Discovery, names_of
from common.outgoing import Outgoing
from common.sections import HomeAssistantSettings
from common.settings import Config
from relay_controller.entities import entities_of
from relay_controller.load import Plant

_KEPT = ("state", "mode", "shadow", "reason")
_AT_ONCE = 50
_METER_FIRST_S = 30.0  # then the loads are announced without it


def discovery_of(config: Config, plant: Plant, now_s: float) -> "LoadDiscovery":
    """Prepare what the settings say about announcements."""
    return LoadDiscovery(plant, names_of(config), now_s, wanted=config.section(HomeAssistantSettings).discovery)


class LoadDiscovery:
    """Announces all loads of the plant, at each connection and when Home Assistant has started.

    The meter comes first: Home Assistant 2024.3 puts a load behind it only if it knows it already. `now_s` is the monotonic
    clock.
    """

    def __init__(self, plant: Plant, discovery: Discovery, now_s: float, *, wanted: bool) -> None:
        """`wanted` is the setting `discovery`."""
        self._discovery = discovery
        self._loads = frozenset(load.name for load in plant.loads)
        self._shadows = frozenset(load.name for load in plant.loads if load.shadow)
        self._announced = Announced()
        self._entities = entities_of(plant, discovery) if wanted else {}
        self._meter_is_there = self._are_announced = False
        self._patient_until_s = now_s + _METER_FIRST_S

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Where Home Assistant tells that it has started, and where what the broker keeps of loads is found."""
        kept = (self._discovery.topics.load("+", what) for what in _KEPT)
        return (self._discovery.birth_topic, self._discovery.all_configs, *kept)

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> bool:
        """Take a message; gives whether it came on one of `subscriptions`."""
        if topic == self._discovery.birth_topic:
            if payload == BORN:
                self._announced.again()
            return True
        is_config, load = self._discovery.is_config(topic), self._load_of(topic)
        if is_config and payload and not self._discovery.is_of_load(topic):
            self._meter_is_there = True
        if retained and payload and (is_config or load) and self._is_left_over(topic, load):
            self._announced.remove([topic])
        return is_config or load is not None

    def connected(self) -> None:
        """Announce everything again: the broker may have lost what it kept."""
        self._announced.again()

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Give the messages to send."""
        if not self._are_announced and (self._meter_is_there or now_s >= self._patient_until_s):
            self._are_announced = True
            self._announced.want(self._entities)
        return self._announced.due(_AT_ONCE)

    def _load_of(self, topic: str) -> tuple[str, str] | None:
        """Give the load that a kept message is about, and what it tells."""
        for what in _KEPT:
            if name := self._discovery.topics.load_name(topic, what):
                return name, what
        return None

    def _is_left_over(self, topic: str, load: tuple[str, str] | None) -> bool:
        if load is None:
            return self._discovery.is_of_load(topic) and topic not in self._entities
        name, what = load
        return name not in (self._shadows if what == "shadow" else self._loads)
