"""What cannot work in the rules of a load, although each key is well-formed: told before it hurts."""

from collections.abc import Callable, Iterator
from itertools import product
from math import inf
from operator import or_
from typing import TypeVar

from common.sections import LoadSettings
from relay_controller.conditions import PEAK_LIMIT, parse_condition
from relay_controller.hours import DAY_MIN, WEEKDAYS, Hours, Window, parse_days, parse_time, parse_windows
from relay_controller.ping_pong import contradiction, ping_pong

T = TypeVar("T")
_DAY_S = DAY_MIN * 60
_WEEK_MIN = len(WEEKDAYS) * DAY_MIN


def rule_problems(settings: LoadSettings, *, has_peak_limit: bool) -> Iterator[str]:
    """Give every problem of a load's conditions and times, as `key: expected X, got "Y"`.

    `has_peak_limit`: whether `[peak] limit` is set. Windows of `between` that overlap or repeat are none: together they say
    when the load may be on, and each minute counts once.
    """
    yield from _condition_problems(settings, has_peak_limit=has_peak_limit)
    yield from _unreadable(settings)
    yield from _window_problems(settings)
    if settings.max_on_per_day and settings.max_on_per_day < settings.min_on:
        least = f"at least min_on ({_number(settings.min_on)} s), or 0 for no limit"
        yield f'max_on_per_day: expected {least}, got "{_number(settings.max_on_per_day)}"'
    yield from _guarantee_problems(settings)


def _condition_problems(settings: LoadSettings, *, has_peak_limit: bool) -> Iterator[str]:
    texts = {"on_when": settings.on_when, "off_when": settings.off_when}
    for (key, text), other in zip(texts.items(), reversed(texts), strict=True):
        if texts[other] and not text:
            yield f'{key}: expected a condition because {other} has one, got ""'
        problem = _problem(parse_condition, text) if text else None
        condition = _read(parse_condition, text)
        if problem:
            yield f'{key}: {problem}, got "{text}"'
        elif condition and PEAK_LIMIT in condition.fields and not has_peak_limit:
            yield f'{key}: expected [peak] limit to be set because {PEAK_LIMIT} is used, got "{text}"'
    on_when, off_when = (_read(parse_condition, text) for text in texts.values())
    if on_when and off_when:
        expected = contradiction(on_when, off_when) or ping_pong(on_when, off_when, settings.power or 0.0)
        if expected:
            yield f'off_when: expected {expected}, got "{off_when.text}"'


def _unreadable(settings: LoadSettings) -> Iterator[str]:
    parsers: tuple[tuple[str, str, Callable[[str], object]], ...] = (
        ("between", settings.between, parse_windows),
        ("days", settings.days, parse_days),
        ("by", settings.by, parse_time),
    )
    for key, text, parse in parsers:
        problem = _problem(parse, text) if text else None
        if problem:
            yield f'{key}: {problem}, got "{text}"'


def _window_problems(settings: LoadSettings) -> Iterator[str]:
    """Find times that do not fit into a window. Windows that touch are one, also over midnight."""
    hours = _hours(settings)
    if hours is None:
        return
    stretches_s = _stretches_s(hours)
    if min(stretches_s) < settings.min_on:
        key, text = ("between", settings.between) if settings.between else ("days", settings.days)
        yield f'{key}: expected windows of at least min_on ({_number(settings.min_on)} s), got "{text}"'
    longest_s = max(stretches_s)
    if longest_s < settings.on_delay:
        most = f"at most {_number(longest_s)} s because no window is longer"
        yield f'on_delay: expected {most}, got "{_number(settings.on_delay)}"'


def _guarantee_problems(settings: LoadSettings) -> Iterator[str]:
    least_s = settings.min_on_per_day
    if least_s and not settings.by:
        yield 'by: expected a time of day as 06:00 because min_on_per_day is set, got ""'
    if settings.by and not least_s:
        yield 'min_on_per_day: expected more than 0 seconds because by is set, got "0"'
    most_s, why = min(_most_in_a_day(settings))
    if least_s > most_s:
        yield f'min_on_per_day: expected at most {_number(most_s)} s because {why}, got "{_number(least_s)}"'


def _most_in_a_day(settings: LoadSettings) -> Iterator[tuple[float, str]]:
    """Give how long the load may be on in a day that ends at `by`, by each thing that limits it, and why."""
    yield _DAY_S, "a day has no more"
    if settings.max_on_per_day:
        yield settings.max_on_per_day, "max_on_per_day allows no more"
    hours, by_min = _hours(settings), _read(parse_time, settings.by)
    if hours is not None and by_min is not None and not hours.is_always:
        minutes = 2 * _open_minutes(hours)
        ends_min = range(_WEEK_MIN, 2 * _WEEK_MIN, DAY_MIN)
        open_min = max(sum(minutes[end_min + by_min - DAY_MIN : end_min + by_min]) for end_min in ends_min)
        yield 60.0 * open_min, "the windows of a day have no more"


def _stretches_s(hours: Hours) -> list[float]:
    """Give how long it stays open each time that it opens in a week: infinitely if it never closes."""
    minutes = b"" if hours.is_always else _open_minutes(hours)
    closed = minutes.find(0)
    if closed < 0:
        return [inf]
    from_closed = minutes[closed:] + minutes[:closed]
    return [60.0 * len(stretch) for stretch in from_closed.split(b"\0") if stretch]


def _open_minutes(hours: Hours) -> bytes:
    """Give the minutes of a week, from Monday's midnight: 1 where it is open, 0 where it is closed."""
    minutes = bytearray(_WEEK_MIN + DAY_MIN)  # a window of Sunday may end on Monday
    for weekday, window in product(hours.days, hours.windows or (Window(0, DAY_MIN),)):
        start_min = weekday * DAY_MIN + window.start_min
        minutes[start_min : start_min + window.length_min] = b"\1" * window.length_min
    monday = bytes(map(or_, minutes[:DAY_MIN], minutes[_WEEK_MIN:]))
    return monday + bytes(minutes[DAY_MIN:_WEEK_MIN])


def _hours(settings: LoadSettings) -> Hours | None:
    """Read `between` and `days`; None if one of them cannot be read."""
    windows, days = _read(parse_windows, settings.between), _read(parse_days, settings.days)
    return None if windows is None or days is None else Hours(windows, days)


def _read(parse: Callable[[str], T], text: str) -> T | None:
    """Parse a text; None if that cannot be done."""
    try:
        return parse(text)
    except ValueError:
        return None


def _problem(parse: Callable[[str], object], text: str) -> str | None:
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None


def _number(value: float) -> str:
    return f"{value:.15g}"
