"""Which fields go to their own topics, and when (contract, section 3): on change, not too often, and now and then anyway."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from common.obis import BY_NAME

_JITTER_S = 0.1  # telegrams of every second do not come on the millisecond
_IN_TIME = 0.9  # a refresh that waited for the telegram after its time would come too late


@dataclass(frozen=True, slots=True)
class FieldUpdate:
    """One message: the name of the field, its value as text, and whether the broker keeps it."""

    name: str
    text: str
    retained: bool


@dataclass(slots=True)
class FieldUpdates:
    """Remembers what was published. `interval_s` is the least, `refresh_s` the most time between two updates of a field."""

    interval_s: float
    refresh_s: float
    _published: dict[str, tuple[str, float]] = field(default_factory=dict)  # name -> (text, when)

    def due(self, fields: Mapping[str, object], now_s: float) -> Iterator[FieldUpdate]:
        """Give the updates for the fields of a telegram that arrived at `now_s` of the monotonic clock."""
        for name, value in fields.items():
            known = BY_NAME.get(name)
            if known is None:
                continue  # `other` goes with the telegram only
            text = as_text(value)
            before, when_s = self._published.get(name, ("", float("-inf")))
            age_s = now_s - when_s
            if age_s >= self.refresh_s * _IN_TIME or (text != before and age_s >= self.interval_s - _JITTER_S):
                self._published[name] = (text, now_s)
                yield FieldUpdate(name, text, known.kind.retained)

    def forget(self) -> None:
        """Publish everything again: the broker may have lost what it kept."""
        self._published.clear()


def as_text(value: object) -> str:
    """Give a value as its topic shows it: numbers in shortest form, lists as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
