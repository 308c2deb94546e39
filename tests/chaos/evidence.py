"""What the broker acknowledged, and which of it may be missing in the end all the same. Times are monotonic seconds.

A telegram that the broker acknowledged must arrive, if the broker did not forget it: it lived on, or saved its store
afterwards, before it was killed (`autosave_interval`). What it forgot the reader sends again, if it is there to do so: it
was not killed too before it had a sound connection for long enough. Two dead at once is more than the promise covers
("whichever one process is killed"). Such telegrams are forgiven, and counted.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

RESEND_S = 8.0  # of a sound connection in which the reader sends again for sure: it begins after 3 s, on a slow machine


@dataclass(slots=True)
class Connection:
    """A connection of the reader to the broker: of the reader's `reader`th life to the broker's `broker`th."""

    reader: int
    broker: int
    opened_s: float
    closed_s: float = float("inf")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The broker acknowledged the telegram of that time stamp, on a connection."""

    timestamp: str
    at_s: float
    connection: Connection


@dataclass(slots=True)
class Evidence:
    """What was seen on the line between reader and broker, and what was done to both."""

    connections: list[Connection] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    broker_deaths_s: dict[int, float] = field(default_factory=dict)  # by life
    reader_deaths_s: dict[int, float] = field(default_factory=dict)
    disturbed: list[tuple[float, float]] = field(default_factory=list)  # in which reader, line or broker stood still

    def acknowledged(self) -> set[str]:
        """Give the time stamps of all telegrams that the broker acknowledged."""
        return {one.timestamp for one in self.acknowledgements}

    def forgiven(self, saved_after_s: float, end_s: float) -> set[str]:
        """Give those that may be missing. The broker has saved what it acknowledged `saved_after_s` before; `end_s` is now."""
        last: dict[str, Acknowledgement] = {}
        kept: set[str] = set()
        for one in self.acknowledgements:
            death_s = self.broker_deaths_s.get(one.connection.broker)
            if death_s is None or death_s - one.at_s > saved_after_s:
                kept.add(one.timestamp)
            last[one.timestamp] = one
        return {timestamp for timestamp, one in last.items() if timestamp not in kept and not self._could_resend(one, end_s)}

    def oldest_s(self, timestamps: AbstractSet[str]) -> float:
        """Give how long before the broker's end the oldest of these was acknowledged that it then forgot; 0 without any."""
        ages = (
            self.broker_deaths_s[one.connection.broker] - one.at_s
            for one in self.acknowledgements
            if one.timestamp in timestamps and one.connection.broker in self.broker_deaths_s
        )
        return max(ages, default=0.0)

    def _could_resend(self, forgotten: Acknowledgement, end_s: float) -> bool:
        """Tell whether the reader's life that had it was connected to a later life of the broker for long enough."""
        before = forgotten.connection
        later = (one for one in self.connections if one.reader == before.reader and one.broker > before.broker)
        return any(self._sound_s(one, end_s) >= RESEND_S for one in later)

    def _sound_s(self, connection: Connection, end_s: float) -> float:
        """Give the seconds in which a connection was there and nothing stood still."""
        deaths_s = (
            self.reader_deaths_s.get(connection.reader, end_s),
            self.broker_deaths_s.get(connection.broker, end_s),
        )
        start_s, stop_s = connection.opened_s, min(connection.closed_s, *deaths_s)
        still_s = sum(max(0.0, min(end, stop_s) - max(begin, start_s)) for begin, end in self.disturbed)
        return stop_s - start_s - still_s
