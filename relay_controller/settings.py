"""From the `[load:NAME]` sections, whose values common has parsed, to the plant; every problem is reported together."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from common.sections import LoadSettings, RelaySettings
from common.settings import SettingsError
from relay_controller.conditions import Condition, parse_condition
from relay_controller.load import Load, OnStale, Pin, Plant, RemoteRelay


def plant_of(loads: Mapping[str, LoadSettings], relay: RelaySettings, source: str) -> Plant:
    """Give the plant of all enabled loads; the others are left alone, whatever their keys say.

    `source` is the name of the config file. Raises SettingsError.
    """
    problems: list[str] = []
    enabled = {name: settings for name, settings in loads.items() if settings.enabled}
    plant = [_load(name, settings, f"{source}: [load:{name}]", problems) for name, settings in enabled.items()]
    problems.extend(_shared_relays(enabled, source))
    if problems:
        raise SettingsError(problems)
    return Plant(tuple(sorted(plant, key=lambda load: load.priority)), relay.settle)


def _load(name: str, settings: LoadSettings, where: str, problems: list[str]) -> Load:
    problems.extend(f"{where} {problem}" for problem in _relay_problems(settings))
    for key, text, other, other_text in (
        ("on_when", settings.on_when, "off_when", settings.off_when),
        ("off_when", settings.off_when, "on_when", settings.on_when),
    ):
        if other_text and not text:
            problems.append(f'{where} {key}: expected a condition because {other} has one, got ""')
    return Load(
        name=name,
        relay=_relay(settings),
        on_when=_condition(f"{where} on_when", settings.on_when, problems),
        off_when=_condition(f"{where} off_when", settings.off_when, problems),
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


def _condition(where: str, text: str, problems: list[str]) -> Condition | None:
    if not text:
        return None
    try:
        return parse_condition(text)
    except ValueError as error:
        problems.append(f'{where}: {error}, got "{text}"')
        return None


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
