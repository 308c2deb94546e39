"""Messages whose data is not safe yet: when to make it safe, and what to acknowledge then.

A broker has only so many messages under way that are not acknowledged (Mosquitto 20, and others have taken that number
over) and then sends no more until some are. So who has that many may wait for more only while they come one after the
other, as many as he asked for; and silence may mean that the broker waits.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

UNDER_WAY_MAX = 20  # messages
LULL_S = 0.01  # of a thousand meters with a telegram a second each the next one comes after 1 ms
QUIET_S = 3.0  # the slowest meters that send without being asked leave up to 10 s between two telegrams
_NEVER_S = 3600.0


class OfConnection(Protocol):
    """A receipt, which counts on the connection by which its message came."""

    @property
    def connection(self) -> int:
        """The number of that connection."""


Receipt = TypeVar("Receipt", bound=OfConnection)


@dataclass(slots=True)
class Unacknowledged(Generic[Receipt]):
    """The messages that are not safe yet, by their receipts, oldest first. Times are of the monotonic clock, in seconds.

    They are to be made safe when `group` messages have come together, or none came for 3 s, whichever is first; of a larger
    group when there are 20, and none came for 10 ms. Those of an earlier connection are forgotten: the broker sends them
    again, for days, should the disk be full for so long.
    """

    group: int = UNDER_WAY_MAX
    _receipts: list[Receipt | None] = field(default_factory=list)
    _last_s: float = 0.0
    _connection: int | None = None

    def __len__(self) -> int:
        """Count them."""
        return len(self._receipts)

    def add(self, receipts: Iterable[Receipt | None], now_s: float) -> None:
        """Take in the receipts of messages that came now; None is one that wants no acknowledgement."""
        for receipt in receipts:
            if receipt is not None and receipt.connection != self._connection:
                if self._connection is not None:
                    self._receipts.clear()
                self._connection = receipt.connection
            self._receipts.append(receipt)
        self._last_s = now_s

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until they are to be made safe; a long time if there are none."""
        if not self._receipts:
            return _NEVER_S
        if len(self._receipts) >= self.group:
            return 0.0
        quiet_s = QUIET_S if len(self._receipts) < UNDER_WAY_MAX else LULL_S
        return max(0.0, self._last_s + quiet_s - now_s)

    def release(self) -> list[Receipt]:
        """Give those that want to be acknowledged, and begin anew: all of them are safe."""
        released = [receipt for receipt in self._receipts if receipt is not None]
        self._receipts.clear()
        return released
