"""Messages of the broker become lines for the database, each point once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.intake import Arrived, live_payload, own_reading
from common.payload import PayloadError
from common.topics import Topics
from influx_bridge.points import Point, points_of, switch_point, time_of
from influx_bridge.selection import Selection

_REMEMBERED = 20_000  # points; of one meter that sends every second more than five hours
_REMEMBERED_OF_MANY = 100_000  # 20 MB; of a thousand meters more than what is under way, not acknowledged, when a line breaks
_LIVE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Taken:
    """The lines of a message that are new. `live` tells that somebody may be looking at a dashboard that waits for them."""

    lines: tuple[bytes, ...]
    live: bool


_NOTHING = Taken((), live=False)


class Intake:
    """Knows what was taken lately: a telegram may come on `telegram`, again on `backfill`, or twice after a broken connection.

    What is older than its memory is written once more; then InfluxDB's rule helps, that equal points are one.
    """

    def __init__(self, selection: Selection, *, meter_tag: bool, remembered: int | None = None) -> None:
        """`meter_tag` adds the tag meter=NAME; NAME is the one of the topic."""
        self._selection = selection
        self._base = selection.topics.base
        self._meter_tag = meter_tag
        self._remembered = remembered or (_REMEMBERED_OF_MANY if selection.is_many else _REMEMBERED)
        self._recent: dict[bytes, None] = {}  # identities, the one that was seen last at the end

    def remember(self, lines: Iterable[bytes]) -> None:
        """Count lines as taken, oldest first: those of the queue file after a start."""
        for line in lines:
            self._is_new(Point(line))

    def unknown(self, lines: Iterable[bytes]) -> list[bytes]:
        """Give those of some lines that were not taken before; now they are."""
        return [line for line in lines if self._is_new(Point(line))]

    def take(self, topic: str, message: Arrived, now: datetime) -> Taken:
        """Give the lines of a message that were not given before.

        Of meters that are not selected there are none. It is live on `telegram`, and as a switch, if it was made less than a
        minute ago: the broker keeps them for a bridge that is away. Raises PayloadError for a message that is not ours.
        """
        meter = topic.removeprefix(f"{self._base}/").partition("/")[0]
        if not self._selection.takes(meter):
            return _NOTHING
        topics = Topics(self._base, meter)
        tags = {"meter": meter} if self._meter_tag else {}
        if topic in {topics.telegram, topics.backfill}:
            reading = own_reading(message, meter)
            told: datetime | None = reading.received
            points = list(points_of(reading, tags))
        else:
            load = topics.load_name(topic, "switch")
            if load is None:
                raise PayloadError("not a topic of ours")
            points = [switch_point(load, live_payload(message), tags)]
            told = time_of(points[0].line)
        live = topic != topics.backfill and told is not None and abs(now - told) < _LIVE
        return Taken(tuple(point.line for point in points if self._is_new(point)), live)

    def _is_new(self, point: Point) -> bool:
        # A gas meter repeats its value for hours: what is seen again goes to the end, far from being forgotten.
        identity = point.identity
        is_new = self._recent.pop(identity, self) is self
        self._recent[identity] = None
        if len(self._recent) > self._remembered:
            del self._recent[next(iter(self._recent))]
        return is_new
