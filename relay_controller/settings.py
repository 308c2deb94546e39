"""From the `[load:NAME]` sections, whose values common has parsed, to the plant, and what cannot work in them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from common.sections import LoadSettings, RelaySettings
from relay_controller.conditions import parse_condition
from relay_controller.load import Load, OnStale, Pin, Plant, RemoteRelay


def plant_of(loads: Mapping[str, LoadSettings], relay: RelaySettings) -> Plant:
    """Give the plant of all enabled loads; the others are left alone, whatever their keys say.

    Raises ValueError for settings that `problems_of` finds something wrong with.
    """
    plant = [_load(name, settings) for name, settings in _enabled(loads).items()]
    return Plant(tuple(sorted(plant, key=lambda load: load.priority)), relay.settle)


def problems_of(loads: Mapping[str, LoadSettings], source: str) -> Iterator[str]:
    """Give every problem of the enabled loads, one line each; `source` is the name of the config file."""
    enabled = _enabled(loads)
    for name, settings in enabled.items():
        for problem in (*_relay_problems(settings), *_rule_problems(settings)):
            yield f"{source}: [load:{name}] {problem}"
    yield from _shared_relays(enabled, source)


def _enabled(loads: Mapping[str, LoadSettings]) -> dict[str, LoadSettings]:
    return {name: settings for name, settings in loads.items() if settings.enabled}


def _load(name: str, settings: LoadSettings) -> Load:
    return Load(
        name=name,
        relay=_relay(settings),
        on_when=parse_condition(settings.on_when) if settings.on_when else None,
        off_when=parse_condition(settings.off_when) if settings.off_when else None,
        on_delay_s=settings.on_delay,
        off_delay_s=settings.off_delay,
        min_on_s=settings.min_on,
        min_off_s=settings.min_off,
        power_w=settings.power or 0.0,
        priority=settings.priority,
        on_stale=OnStale(settings.on_stale),
        manual_timeout_s=settings.manual_timeout,
        shadow=settings.shadow,
    )


def _relay(settings: LoadSettings) -> Pin | RemoteRelay | None:
    if settings.driver == "gpio" and settings.pin is not None:
        return Pin(settings.pin, settings.active_low)
    if settings.driver == "mqtt":
        return RemoteRelay(settings.command_topic or "", settings.on_payload, settings.off_payload, settings.state_topic or "")
    return None


def _relay_problems(settings: LoadSettings) -> Iterator[str]:
    if settings.driver == "gpio" and settings.pin is None:
        yield 'pin: expected a BCM pin number because driver is gpio, got ""'
    if settings.driver != "mqtt":
        return
    if not settings.command_topic:
        yield 'command_topic: expected a topic because driver is mqtt, got ""'
    elif settings.command_topic == settings.state_topic:
        yield f'state_topic: expected another topic than command_topic, got "{settings.state_topic}"'
    if settings.on_payload.casefold() == settings.off_payload.casefold():
        yield f'off_payload: expected another text than on_payload, got "{settings.off_payload}"'


def _rule_problems(settings: LoadSettings) -> Iterator[str]:
    for key, text, other, other_text in (
        ("on_when", settings.on_when, "off_when", settings.off_when),
        ("off_when", settings.off_when, "on_when", settings.on_when),
    ):
        if other_text and not text:
            yield f'{key}: expected a condition because {other} has one, got ""'
        try:
            if text:
                parse_condition(text)
        except ValueError as error:
            yield f'{key}: {error}, got "{text}"'


def _shared_relays(loads: Mapping[str, LoadSettings], source: str) -> Iterator[str]:
    """Find relays that two loads would switch against each other."""
    users: defaultdict[tuple[str, int | str], list[str]] = defaultdict(list)
    for name, settings in loads.items():
        if settings.driver == "gpio" and settings.pin is not None:
            users["pin", settings.pin].append(name)
        if settings.driver == "mqtt" and settings.command_topic:
            users["command_topic", settings.command_topic].append(name)
    for (key, value), (first, *others) in users.items():
        for name in others:
            yield f'{source}: [load:{name}] {key}: expected one that load {first} does not use, got "{value}"'
