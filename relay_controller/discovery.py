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


def discovery_of(config: Config, plant: Plant) -> "LoadDiscovery":
    """Prepare what the settings say about announcements."""
    return LoadDiscovery(plant, names_of(config), wanted=config.section(HomeAssistantSettings).discovery)


class LoadDiscovery:
    """Announces all loads of the plant, at each connection and when Home Assistant has started."""

    def __init__(self, plant: Plant, discovery: Discovery, *, wanted: bool) -> None:
        """`wanted` is the setting `discovery`."""
        self._discovery = discovery
        self._loads = frozenset(load.name for load in plant.loads)
        self._shadows = frozenset(load.name for load in plant.loads if load.shadow)
        self._announced = Announced()
        if wanted:
            self._announced.want(entities_of(plant, discovery))

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
        if retained and payload and (is_config or load) and self._is_left_over(topic, load):
            self._announced.remove([topic])
        return is_config or load is not None

    def connected(self) -> None:
        """Announce everything again: the broker may have lost what it kept."""
        self._announced.again()

    def due(self) -> Iterator[Outgoing]:
        """Give the messages to send."""
        return self._announced.due(_AT_ONCE)

    def _load_of(self, topic: str) -> tuple[str, str] | None:
        """Give the load that a kept message is about, and what it tells."""
        for what in _KEPT:
            if name := self._discovery.topics.load_name(topic, what):
                return name, what
        return None

    def _is_left_over(self, topic: str, load: tuple[str, str] | None) -> bool:
        if load is None:
            return self._discovery.is_of_load(topic) and topic not in self._announced
        name, what = load
        return name not in (self._shadows if what == "shadow" else self._loads)
