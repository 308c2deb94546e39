"""A running relay controller in a house of its own on a broker: its settings, its meter, its relay, and what it says."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from common.payload import Reading, encode, lag_s
from tests.support.broker import Broker
from tests.support.listener import Listener
from tests.support.processes import Service, running
from tests.support.waiting import eventually

SETTINGS = """\
[mqtt]
host = {host}
port = {port}
base_topic = {base}
health_interval = 0.2
[meter]
stale_after = {stale_after}
[relay]
settle = 0
[load:boiler]
driver = mqtt
command_topic = {base}-plug/set
on_when = surplus > 1500 W
on_delay = 0
off_when = surplus < 0 W
off_delay = 0
power = 2000
min_on = {min_on}
min_off = {min_off}
{more}
"""
_bases = count(1)
_seqs = count(1)


@dataclass
class House:
    """A running service, a listener, and the topics of this test."""

    base: str
    service: Service
    listener: Listener

    @property
    def load(self) -> str:
        """The first part of the boiler's topics."""
        return f"{self.base}/home/load/boiler"

    @property
    def plug(self) -> list[bytes]:
        """The commands that the relay got."""
        return self.listener.payloads(f"{self.base}-plug/set")

    def send(
        self, net_power_w: int, *, age_s: float = 0.0, meter: str = "home", more: Mapping[str, object] | None = None
    ) -> None:
        """Publish a telegram; `more` are its other fields."""
        received = datetime.now(UTC) - timedelta(seconds=age_s)
        fields = {"net_power": net_power_w, **(more or {})}
        payload = encode(Reading(meter, received, next(_seqs), fields, lag_s(fields, received)))
        self.listener.publish(f"{self.base}/home/telegram", payload)

    def health(self) -> dict[str, object]:
        """Give the newest counters."""
        return dict(json.loads((self.listener.payloads(f"{self.base}/home/relay_controller/health") or [b"{}"])[-1]))

    def wait_for_state(self, state: bytes) -> None:
        """Wait until the newest state is this one."""
        eventually(lambda: self.listener.payloads(f"{self.load}/state")[-1:] == [state], what=f"state {state!r}")

    def reason(self) -> str:
        """Give the newest reason."""
        return (self.listener.payloads(f"{self.load}/reason") or [b""])[-1].decode()

    def wait_for_reason(self, part: str) -> None:
        """Wait until the newest reason has these words."""
        eventually(lambda: part in self.reason(), what=f"{part!r} in {self.reason()!r}")

    def wait_for_ignored(self, ignored: dict[str, int]) -> None:
        """Wait until health counts exactly these messages as ignored."""
        eventually(lambda: self.health().get("ignored") == ignored, what=f"{ignored} in {self.health()}")


class Houses:
    """Makes houses on one broker, each under a base topic of its own."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self._broker = broker
        self._folder = folder

    def settings(self, base: str, stale_after: float, more: str, *, min_on: int = 0, min_off: int = 0) -> Path:
        """Write a config file."""
        path = self._folder / "config.ini"
        host, port = self._broker.host, self._broker.port
        times = {"stale_after": stale_after, "min_on": min_on, "min_off": min_off}
        path.write_text(SETTINGS.format(host=host, port=port, base=base, more=more, **times), encoding="utf-8")
        return path

    @contextmanager
    def house(
        self,
        *,
        stale_after: float = 60.0,
        min_on: int = 0,
        min_off: int = 0,
        more: str = "",
        before: str = "",
        topics: str = "#",
    ) -> Iterator[House]:
        """Run a service; `before` is a command that stays retained on `set` from earlier, `topics` is what is listened to."""
        base = f"relays{next(_bases)}"
        path = self.settings(base, stale_after, more, min_on=min_on, min_off=min_off)
        with Listener(self._broker, topics) as listener:
            if before:
                listener.publish(f"{base}/home/load/boiler/set", before, retain=True)
            with running(["relay_controller", "-c", str(path)], self._folder / "log", PYTHONPATH=str(self._folder)) as service:
                house = House(base, service, listener)
                house.wait_for_state(b"OFF")
                if topics == "#" and "shadow = yes" not in more:
                    # It is told before it is done, and a relay that cannot have a command yet gets only the last one.
                    eventually(lambda: house.plug, what="the safe state at the relay")
                yield house
