"""What a database has of many meters: each one's points, and how old the newest of them is, watched all the time."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import urllib3

_SERIES = "electricity_net_power"  # every telegram has it
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Look:
    """The time of the newest point of each meter at a moment: Unix times in seconds."""

    at_s: float
    newest_s: dict[str, float]


@dataclass
class MeterPoints:
    """The points of a database, which `with` watches: of all meters, or of one. Meters are told by the tag `meter`."""

    url: str
    looks: list[Look] = field(default_factory=list)
    meter: str = ".+"

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Watch no longer."""
        self._over.set()
        self._thread.join()

    def stored(self) -> dict[str, Counter[int]]:
        """Give how often each time (Unix, in seconds) of each meter is in the database."""
        self._ask("/internal/force_flush")
        found: dict[str, Counter[int]] = {}
        for line in self._ask("/api/v1/export", **{"match[]": f'{_SERIES}{{meter=~"{self.meter}"}}'}).splitlines():
            series = json.loads(line)
            times = found.setdefault(series["metric"]["meter"], Counter())
            times.update(time_ms // 1000 for time_ms in series["timestamps"])
        return found

    def ages_s(self, meters: Iterable[str], begin_s: float, end_s: float) -> Iterator[float]:
        """Give how old the newest point of each meter was at each look between two moments; of none, since the begin."""
        meters = list(meters)
        for look in list(self.looks):
            if begin_s <= look.at_s <= end_s:
                yield from (look.at_s - look.newest_s.get(meter, begin_s) for meter in meters)

    def back_s(self, meters: Iterable[str], since_s: float) -> float:
        """Give the seconds from a moment until each meter had a point of after it; infinity if that never was."""
        meters = list(meters)
        for look in list(self.looks):
            if look.at_s > since_s and all(look.newest_s.get(meter, 0.0) > since_s for meter in meters):
                return look.at_s - since_s
        return float("inf")

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            self._ask("/internal/force_flush")
            at_s = time.time()
            answer = json.loads(self._ask("/api/v1/query", query=f'timestamp({_SERIES}{{meter=~"{self.meter}"}})', nocache="1"))
            newest_s = {one["metric"]["meter"]: float(one["value"][1]) for one in answer["data"]["result"]}
            self.looks.append(Look(at_s, newest_s))

    def _ask(self, path: str, **fields: str) -> bytes:
        return urllib3.request("GET", f"{self.url}{path}", fields=fields).data
