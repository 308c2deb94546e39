"""The witness on the reader's line: writes down which telegrams the broker acknowledged, and on which connection."""

import json
import time
from collections.abc import Callable

from tests.chaos.evidence import Acknowledgement, Connection, Evidence
from tests.chaos.line import Tap
from tests.chaos.packets import Acknowledged, Packets, Published

_KINDS = ("telegram", "backfill")


class Witness:
    """Listens to connections; `lives` tells the present life of the reader and of the broker."""

    def __init__(self, lives: Callable[[], tuple[int, int]]) -> None:
        self.evidence = Evidence()
        self.live = self.again = 0  # messages that went out on `telegram` and on `backfill`
        self._lives = lives

    def tap(self) -> tuple[Tap, Tap, Callable[[], None]]:
        """Listen to a connection that begins now."""
        connection = Connection(*self._lives(), time.monotonic())
        self.evidence.connections.append(connection)
        outward, inward = Packets(), Packets()
        under_way: dict[int, str] = {}  # packet identifier -> time stamp

        def hear_out(piece: bytes) -> None:
            for packet in outward.feed(piece):
                kind = packet.topic.rpartition("/")[2] if isinstance(packet, Published) else ""
                if isinstance(packet, Published) and kind in _KINDS:
                    self.live += kind == "telegram"
                    self.again += kind == "backfill"
                    under_way[packet.packet_id] = json.loads(packet.payload)["timestamp"]

        def hear_in(piece: bytes) -> None:
            for packet in inward.feed(piece):
                if isinstance(packet, Acknowledged):
                    timestamp = under_way.pop(packet.packet_id, None)
                    if timestamp is not None and packet.well:
                        self.evidence.acknowledgements.append(Acknowledgement(timestamp, time.monotonic(), connection))

        def end() -> None:
            connection.closed_s = time.monotonic()

        return hear_out, hear_in, end
