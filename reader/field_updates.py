"""Which fields go to their own topics, and when (contract, section 3): on change, not too often, and now and then anyway."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

from common.obis import BY_NAME

_JITTER_S = 0.1  # telegrams of every second do not come on the millisecond
_IN_TIME = 0.9  # a refresh that waited for the telegram after its time would come too late
_NEVER_S = float("-inf")

_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once, not for each value


class FieldUpdate(NamedTuple):
    """One message: the name of the field, its value as text, and whether the broker keeps it."""

    name: str
    text: str
    retained: bool


@dataclass(slots=True)
class _Published:
    """What was published of a field last, and when."""

    is_retained: bool
    value: object = None
    text: str = ""
    when_s: float = _NEVER_S


@dataclass(slots=True)
class FieldUpdates:
    """Remembers what was published. `interval_s` is the least, `refresh_s` the most time between two updates of a field."""

    interval_s: float
    refresh_s: float
    _published: dict[str, _Published] = field(default_factory=dict)  # by name, of fields that the table knows

    def due(self, fields: Mapping[str, object], now_s: float) -> Iterator[FieldUpdate]:
        """Give the updates for the fields of a telegram that arrived at `now_s` of the monotonic clock."""
        least_s, most_s = self.interval_s - _JITTER_S, self.refresh_s * _IN_TIME
        for name, value in fields.items():
            last = self._published.get(name) or self._begun(name)
            if last is None:
                continue  # `other` goes with the telegram only
            age_s = now_s - last.when_s
            is_over = age_s >= most_s
            # Most values are the same as before, and none of them needs to become text.
            if not is_over and (age_s < least_s or _is_same(value, last.value)):
                continue
            text = as_text(value)
            if is_over or text != last.text:
                last.value, last.text, last.when_s = value, text, now_s
                yield FieldUpdate(name, text, last.is_retained)

    def forget(self) -> None:
        """Publish everything again: the broker may have lost what it kept."""
        self._published.clear()

    def _begun(self, name: str) -> _Published | None:
        known = BY_NAME.get(name)
        if known is None:
            return None
        return self._published.setdefault(name, _Published(known.kind.retained))


def as_text(value: object) -> str:
    """Give a value as its topic shows it: numbers in shortest form, lists as JSON."""
    if isinstance(value, str):
        return value
    if type(value) is float and isfinite(value):
        return repr(value)  # as JSON has it
    return _as_json(value)


def _is_same(value: object, before: object) -> bool:
    """Tell whether two values are sure to have the same text: 1, 1.0 and True are equal, and so are 0.0 and -0.0."""
    if value is before:
        return True
    kind = type(value)
    if kind is not type(before):
        return False
    if kind is float:
        return value == before and (value != 0 or repr(value) == repr(before))
    if isinstance(value, list) and isinstance(before, list):
        return len(value) == len(before) and all(map(_is_same, value, before))
    if isinstance(value, dict) and isinstance(before, dict):
        return [*value] == [*before] and all(map(_is_same, value.values(), before.values()))
    return value == before
