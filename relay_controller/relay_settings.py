"""The relay behind a load, from its `[load:NAME]` section, and what cannot work in it."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from common.sections import LoadSettings
from relay_controller.load import Pin, RemoteRelay

_SHORTEST_LEASE_S = 10.0  # a renewal every third of it, and repeats every 5 s, must not flood a small relay


def relay_of(settings: LoadSettings) -> Pin | RemoteRelay | None:
    """Give the relay; None where nothing is switched."""
    if settings.driver == "gpio" and settings.pin is not None:
        return Pin(settings.pin, settings.active_low)
    if settings.driver == "mqtt":
        return RemoteRelay(
            command_topic=settings.command_topic,
            on_payload=settings.on_payload,
            off_payload=settings.off_payload,
            state_topic=settings.state_topic,
            state_key=settings.state_key,
            state_on=settings.state_on,
            state_off=settings.state_off,
            lease_s=settings.lease,
        )
    return None


def relay_problems(settings: LoadSettings) -> Iterator[str]:
    """Give every problem of one load's relay, beginning with its key."""
    if settings.driver == "gpio" and settings.pin is None:
        yield 'pin: expected a BCM pin number because driver is gpio, got ""'
    yield from _lease_problems(settings)
    if settings.driver == "mqtt":
        yield from _command_problems(settings)
        yield from _state_problems(settings)


def own_topics(settings: LoadSettings, base_topic: str) -> Iterator[str]:
    """Find topics of ours, under `base_topic`, in the place of a relay's: our own messages would come back to us."""
    for key, topic in (("command_topic", settings.command_topic), ("state_topic", settings.state_topic)):
        if settings.driver == "mqtt" and topic.startswith(f"{base_topic}/"):
            yield f'{key}: expected a topic of the relay, not one of our own under {base_topic}, got "{topic}"'


def shared_relays(loads: Mapping[str, LoadSettings], source: str) -> Iterator[str]:
    """Find relays that two loads would switch against each other; `source` is the name of the config file."""
    told: set[tuple[str, str]] = set()
    for (first, one), (second, other) in combinations(loads.items(), 2):
        for key, value in _shared(one, other):
            if (second, key) in told:
                continue
            told.add((second, key))
            yield f'{source}: [load:{second}] {key}: expected one that load {first} does not use, got "{value}"'


def _shared(one: LoadSettings, other: LoadSettings) -> Iterator[tuple[str, int | str]]:
    if one.driver == other.driver == "gpio" and one.pin is not None and one.pin == other.pin:
        yield "pin", one.pin
    if one.driver == other.driver == "mqtt":
        # Channels of one device may share a topic, with commands, or keys of the state, of their own.
        words, others = ({text.casefold() for text in (load.on_payload, load.off_payload)} for load in (one, other))
        if one.command_topic and one.command_topic == other.command_topic and words & others:
            yield "command_topic", one.command_topic
        if one.state_topic and (one.state_topic, one.state_key) == (other.state_topic, other.state_key):
            yield "state_topic", one.state_topic
        # What switches the one would be heard as the state of the other.
        if one.command_topic and one.command_topic == other.state_topic:
            yield "state_topic", other.state_topic
        if one.state_topic and one.state_topic == other.command_topic:
            yield "command_topic", other.command_topic


def _lease_problems(settings: LoadSettings) -> Iterator[str]:
    if settings.lease == 0:
        return
    got = f'got "{settings.lease:.10g}"'
    if settings.driver != "mqtt":
        yield f"lease: expected 0 because driver is {settings.driver}, {got}"
    elif settings.on_stale == "on":
        yield f"lease: expected 0 because on_stale is on: a relay with a lease ends in off, {got}"
    elif settings.lease < _SHORTEST_LEASE_S:
        yield f"lease: expected 0, or at least {_SHORTEST_LEASE_S:.0f} s, {got}"


def _command_problems(settings: LoadSettings) -> Iterator[str]:
    if not settings.command_topic:
        yield 'command_topic: expected a topic because driver is mqtt, got ""'
    elif settings.command_topic == settings.state_topic:
        yield f'state_topic: expected another topic than command_topic, got "{settings.state_topic}"'
    if settings.on_payload.casefold() == settings.off_payload.casefold():
        yield f'off_payload: expected another text than on_payload, got "{settings.off_payload}"'


def _state_problems(settings: LoadSettings) -> Iterator[str]:
    """Look at the three keys that say how to read `state_topic`."""
    texts = {"state_key": settings.state_key, "state_on": settings.state_on, "state_off": settings.state_off}
    if not settings.state_topic:
        for key, text in texts.items():
            if text:
                yield f'{key}: expected nothing because state_topic is empty, got "{text}"'
        return
    if "" in settings.state_key.split(".") and settings.state_key:
        yield f'state_key: expected a key, or keys joined by dots, got "{settings.state_key}"'
    on_key, on = ("state_on", settings.state_on) if settings.state_on else ("on_payload", settings.on_payload)
    off_key, off = ("state_off", settings.state_off) if settings.state_off else ("off_payload", settings.off_payload)
    if on.casefold() == off.casefold() and (on_key, off_key) != ("on_payload", "off_payload"):
        key, text, other = (off_key, off, on_key) if settings.state_off else (on_key, on, off_key)
        yield f'{key}: expected another text than {other}, got "{text}"'
