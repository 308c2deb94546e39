"""What Home Assistant is told of the meter, and when: fields that it sends appear, those that are gone for a day disappear."""

from collections.abc import Iterator, Mapping

from common.announced import Announced
from common.homeassistant import BORN
from common.outgoing import Outgoing
from reader.entities import DEVICE_FIELDS, Entities

# A gas meter that cannot be read for hours keeps its entity: who loses it loses the name and the room that he gave it.
GONE_AFTER_S = 86_400.0
_PAUSE_S = 60.0  # between two telegrams; after it nobody knows since when a field is gone
_AT_ONCE = 10  # after a telegram: an old Pi has nothing else to do for a moment, but not for longer


class MeterDiscovery:
    """Announces the fields that the meter sends. All times are those of the monotonic clock."""

    def __init__(self, entities: Entities, now_s: float, *, wanted: bool = True, gone_after_s: float = GONE_AFTER_S) -> None:
        """Begin without knowing what was announced before; `wanted` is the setting `discovery`."""
        self._discovery = entities.discovery
        self._entities = entities
        self._fields_of = {topic: name for name, topic in self._entities.topics.items()}
        self._wanted = wanted
        self._gone_after_s = gone_after_s
        self._announced = Announced()
        self._present: frozenset[str] = frozenset()
        self._facts: dict[str, str] = {}  # of DEVICE_FIELDS, as they were told last
        self._told: tuple[object, ...] = ()  # what the last telegram told of them
        self._absent: dict[str, float] = {}  # field that was announced -> since when no telegram carries it
        self._seen_s = now_s  # the last telegram

    @property
    def subscriptions(self) -> tuple[str, str]:
        """Where Home Assistant tells that it has started, and where what was announced before is found."""
        return self._discovery.birth_topic, self._discovery.all_configs

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to send."""
        return self._announced.is_waiting

    def saw(self, fields: Mapping[str, object], now_s: float) -> None:
        """Take the fields of a good telegram."""
        if not self._wanted:
            return
        if now_s - self._seen_s > _PAUSE_S:
            self._absent = dict.fromkeys(self._absent, now_s)
        self._seen_s = now_s
        told = tuple(map(fields.get, DEVICE_FIELDS))
        if told != self._told or fields.keys() != self._present:
            self._told = told
            self._take(fields, now_s)
        if self._absent:
            self._forget_absent(now_s)

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take what came on one of `subscriptions`."""
        if topic == self._discovery.birth_topic:
            if payload == BORN:
                self._announced.again()
        elif retained and payload and self._is_ours(topic):
            self._found(topic)

    def connected(self) -> None:
        """Announce everything again: the broker may have lost what it kept."""
        self._announced.again()

    def due(self) -> Iterator[Outgoing]:
        """Give the next messages to send, a few at a time."""
        return self._announced.due(_AT_ONCE)

    def _take(self, fields: Mapping[str, object], now_s: float) -> None:
        """Take a telegram that has other fields than the one before, or tells another thing of the devices."""
        facts = self._facts | {name: str(fields[name]) for name in DEVICE_FIELDS if name in fields}
        if fields.keys() == self._present and facts == self._facts:
            return
        # The facts are in every announcement. A field that comes and goes all the time costs one of them each time.
        new = [name for name in fields if facts != self._facts or name not in self._present]
        gone = self._present - fields.keys()
        self._present, self._facts = frozenset(fields), facts
        self._announced.want(self._entities.of(new, facts))
        self._absent |= dict.fromkeys(gone, now_s)
        self._absent = {name: since_s for name, since_s in self._absent.items() if name not in self._present}

    def _is_ours(self, topic: str) -> bool:
        return self._discovery.is_config(topic) and not self._discovery.is_of_load(topic)

    def _found(self, topic: str) -> None:
        """Take note of what an earlier reader announced."""
        name = self._fields_of.get(topic)
        if not self._wanted or (name is None and topic not in self._entities.of((), {})):
            self._announced.remove([topic])  # switched off, or of another version
        elif name is not None and name not in self._present:
            self._absent.setdefault(name, self._seen_s)

    def _forget_absent(self, now_s: float) -> None:
        gone = [name for name, since_s in self._absent.items() if now_s - since_s >= self._gone_after_s]
        for name in gone:
            del self._absent[name]
        topics = self._entities.topics if gone else {}
        self._announced.remove(topics[name] for name in gone if name in topics)
