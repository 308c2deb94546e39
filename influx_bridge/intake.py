"""Messages of the broker become lines for the database, each point once."""

from common.intake import Arrived, live_payload, own_reading
from common.payload import PayloadError
from common.topics import Topics
from influx_bridge.points import Point, points_of, switch_point

_REMEMBERED = 20_000  # points; of one meter that sends every second more than five hours


class Intake:
    """Knows what was taken lately: a telegram may come on `telegram`, again on `backfill`, or twice after a broken connection.

    Its memory begins anew with each start; then InfluxDB's rule helps, that the last of two equal points stands.
    """

    def __init__(self, base_topic: str, *, meter_tag: bool, remembered: int = _REMEMBERED) -> None:
        """`meter_tag` adds the tag meter=NAME; NAME is the one of the topic."""
        self._base = base_topic
        self._meter_tag = meter_tag
        self._remembered = remembered
        self._recent: dict[bytes, None] = {}  # identities, the one that was seen last at the end

    def lines_of(self, topic: str, message: Arrived) -> list[bytes]:
        """Give the lines of a message that were not given before.

        Raises PayloadError for a message that is not ours.
        """
        return [point.line for point in self._points_of(topic, message) if self._is_new(point)]

    def _points_of(self, topic: str, message: Arrived) -> list[Point]:
        meter = topic.removeprefix(f"{self._base}/").partition("/")[0]
        topics = Topics(self._base, meter)
        tags = {"meter": meter} if self._meter_tag else {}
        if topic in {topics.telegram, topics.backfill}:
            return list(points_of(own_reading(message, meter), tags))
        load = topics.load_name(topic, "switch")
        if load is None:
            raise PayloadError("not a topic of ours")
        return [switch_point(load, live_payload(message), tags)]

    def _is_new(self, point: Point) -> bool:
        # A gas meter repeats its value for hours: what is seen again goes to the end, far from being forgotten.
        is_new = self._recent.pop(point.identity, self) is self
        self._recent[point.identity] = None
        if len(self._recent) > self._remembered:
            del self._recent[next(iter(self._recent))]
        return is_new
