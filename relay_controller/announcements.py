"""What the world hears of a load, and when: state, mode, shadow, reason, and the `switch` message (contract, section 3)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf

from common.outgoing import Outgoing
from common.topics import Topics
from relay_controller.load import Plant
from relay_controller.reason import reason_of
from relay_controller.state import State

_SWITCH_EVERY_S = 60.0
_REASON_EVERY_S = 5.0  # where only numbers in it changed: surplus and countdowns would cost a message per second
_NUMBERS = re.compile(r"-?[0-9][0-9.,]*")


class Announcements:
    """Gives the messages about all loads that are due. `now_s` is the monotonic clock's time."""

    def __init__(self, topics: Topics, plant: Plant) -> None:
        self._topics = topics
        self._plant = plant
        self.forget()

    def forget(self) -> None:
        """Let everything be told again: the broker is another one, or lost its memory."""
        self._told: dict[str, _Told] = {}

    def due(self, state: State, remarks: Mapping[str, str], now: datetime, now_s: float) -> Iterator[Outgoing]:
        """Give what changed, and each load's `switch` message at each switch and once a minute.

        `remarks` tells what is wrong with a load's relay, if anything is; `now` is the host's time in UTC.
        """
        for load in self._plant.loads:
            one, remark = state.loads[load.name], remarks.get(load.name)
            reason = reason_of(self._plant, load, state, now_s)
            on = _on_off(on=one.on)
            view = _View("OFF" if load.shadow else on, one.mode.value, on if load.shadow else None)
            yield from self._news(load.name, view, f"{reason}; {remark}" if remark else reason, now, now_s)

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until a message is due although nothing changed."""
        told_s = [told.switch_s for told in self._told.values()]
        return max(0.0, min(told_s) + _SWITCH_EVERY_S - now_s) if told_s else 0.0

    def _news(self, load: str, view: "_View", reason: str, now: datetime, now_s: float) -> Iterator[Outgoing]:
        told = self._told.setdefault(load, _Told())
        for what, payload, before in (
            ("state", view.state, told.view.state),
            ("mode", view.mode, told.view.mode),
            ("shadow", view.shadow, told.view.shadow),
        ):
            if payload is not None and payload != before:
                yield Outgoing(self._topics.load(load, what), payload, qos=1, retain=True)
        if told.is_news(reason, now_s):
            told.reason, told.reason_words, told.reason_s = reason, _words(reason), now_s
            yield Outgoing(self._topics.load(load, "reason"), reason, qos=0, retain=True)
        if view.state != told.view.state or now_s - told.switch_s >= _SWITCH_EVERY_S:
            told.switch_s = now_s
            time = now.isoformat(timespec="milliseconds")
            message = {"time": time, "state": view.state, "mode": view.mode, "reason": reason}
            yield Outgoing(self._topics.load(load, "switch"), json.dumps(message, ensure_ascii=False), qos=1, retain=False)
        told.view = view


@dataclass(frozen=True, slots=True)
class _View:
    """The payloads of a load's topics; None where there is none."""

    state: str | None = None
    mode: str | None = None
    shadow: str | None = None


@dataclass(slots=True)
class _Told:
    """What was told of a load, and when."""

    view: _View = _View()
    reason: str = ""
    reason_words: str = ""
    reason_s: float = -inf
    switch_s: float = -inf

    def is_news(self, reason: str, now_s: float) -> bool:
        """Tell whether a reason is worth a message: other words are at once, other numbers after a while."""
        if reason == self.reason:
            return False
        return now_s - self.reason_s >= _REASON_EVERY_S or _words(reason) != self.reason_words


def _words(reason: str) -> str:
    return _NUMBERS.sub("", reason)


def _on_off(*, on: bool) -> str:
    return "ON" if on else "OFF"
