"""What Flux does with times: adding, cutting, windows; in UTC, or on the clock of a place."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.flux.language import Duration

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def location(name: str) -> dict[str, Any]:
    """Give a place as Flux has it."""
    return {"zone": name, "offset": Duration(0, timedelta())}


def add(d: Duration, to: datetime, location: dict[str, Any] | None = None) -> datetime:
    """Give a time so much later; months on the clock of the place."""
    local = to.astimezone(_zone(location))
    month = local.year * 12 + local.month - 1 + d.months
    clock = local.replace(year=month // 12, month=month % 12 + 1, tzinfo=None) if d.months else local.replace(tzinfo=None)
    if not d.months:
        return to + d.rest
    return clock.replace(tzinfo=_zone(location)).astimezone(UTC) + d.rest


def truncate(t: datetime, unit: Duration, location: dict[str, Any] | None = None) -> datetime:
    """Give the begin of the month on the clock of the place."""
    assert unit == Duration(1, timedelta()), "the model only cuts to months"
    begin = t.astimezone(_zone(location)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begin.astimezone(UTC)


def shifted(time: datetime, by: Duration) -> datetime:
    """Give a time so much later."""
    return add(by, time)


def windows(
    start: datetime, stop: datetime, every: Duration, offset: Duration | None, location: dict[str, Any] | None
) -> Iterator[tuple[datetime, datetime]]:
    """Give the windows of a range; the first and the last are cut to it."""
    begin = _first_window(start, every, offset.rest if offset else timedelta(), location)
    while begin < stop:
        end = _next_window(begin, every, location)
        yield max(begin, start), min(end, stop)
        begin = end


def every(step: timedelta, start: datetime, stop: datetime) -> Iterator[datetime]:
    """Give times from `start` to before `stop`."""
    for number in range((stop - start) // step):
        yield start + number * step


def _first_window(start: datetime, every: Duration, offset: timedelta, location: dict[str, Any] | None) -> datetime:
    if location is not None:
        assert every == Duration(0, timedelta(days=1)), "the model has days of a place only"
        return start.astimezone(_zone(location)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    return start - (start - _EPOCH - offset) % every.rest


def _next_window(begin: datetime, every: Duration, location: dict[str, Any] | None) -> datetime:
    if location is None:
        return begin + every.rest
    zone = _zone(location)
    day = begin.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    return day.replace(tzinfo=zone).astimezone(UTC)


def _zone(location: dict[str, Any] | None) -> ZoneInfo:
    return ZoneInfo(location["zone"] if location else "UTC")
