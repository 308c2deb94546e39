"""Whose telegrams a bridge writes: `[influx] meters`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from common.topics import Topics

OWN, ALL = "own", "all"
_ANY_METER = "+"  # one level of a topic
_WILDCARDS = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True)
class Selection:
    """Some meters by their names, or by patterns for them; `group` is who shares the work, empty for nobody."""

    topics: Topics  # of the own meter
    names: frozenset[str]  # of meters; patterns with * and ? if `pattern` is there
    pattern: re.Pattern[str] | None = None
    group: str = ""

    def subscriptions(self) -> Iterator[str]:
        """Give what to subscribe to: telegrams, live and late ones, and the switches of loads.

        Where names have wildcards that is every meter's: MQTT knows no part of a level.
        """
        shared = f"$share/{self.group}/" if self.group else ""
        for name in (_ANY_METER,) if self.pattern else sorted(self.names):
            meter = Topics(self.topics.base, name)
            yield from (shared + topic for topic in (meter.telegram, meter.backfill, meter.load("+", "switch")))

    @property
    def is_many(self) -> bool:
        """Whether it may be more than one meter."""
        return self.pattern is not None or len(self.names) > 1

    def takes(self, meter: str) -> bool:
        """Tell whether a meter is one of them; the broker may still send what was asked for before the settings changed."""
        return self.pattern.fullmatch(meter) is not None if self.pattern else meter in self.names


def selection_of(meters: str, topics: Topics, group: str = "") -> Selection:
    """Read `own`, `all`, or names separated by blanks, where * stands for any characters and ? for one."""
    names = frozenset((topics.meter,) if meters == OWN else ("*",) if meters == ALL else meters.split())
    if not any(map(_WILDCARDS.search, names)):
        return Selection(topics, names, group=group)
    return Selection(topics, names, re.compile("|".join(map(_expression, sorted(names)))), group)


def _expression(name: str) -> str:
    return re.escape(name).replace(r"\*", ".*").replace(r"\?", ".")
