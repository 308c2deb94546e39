"""What a service wants Home Assistant to know, and which messages about it are still to be sent."""

from collections.abc import Iterable, Iterator, Mapping

from common.outgoing import Outgoing


class Announced:
    """The discovery messages of one service: those that stand, and those that wait to be sent."""

    def __init__(self) -> None:
        self._standing: dict[str, str] = {}  # topic -> payload, as it shall be
        self._waiting: dict[str, str] = {}  # topic -> payload, in the order in which they are sent

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to send."""
        return bool(self._waiting)

    def want(self, configs: Mapping[str, str]) -> None:
        """Let these be announced too, {topic: payload}; what stands already is not sent again."""
        news = {topic: payload for topic, payload in configs.items() if self._standing.get(topic) != payload}
        self._standing |= news
        self._waiting |= news

    def remove(self, topics: Iterable[str]) -> None:
        """Take entities away, also such as were announced before this process began."""
        for topic in topics:
            self._standing.pop(topic, None)
            self._waiting[topic] = ""

    def again(self) -> None:
        """Send everything once more: the broker may have forgotten it, or Home Assistant has just started."""
        self._waiting |= self._standing

    def due(self, at_most: int) -> Iterator[Outgoing]:
        """Give the next messages; those that are given are taken as sent."""
        for topic in list(self._waiting)[:at_most]:
            yield Outgoing(topic, self._waiting.pop(topic), qos=1, retain=True)
