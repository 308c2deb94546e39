"""From the settings, whose values common has parsed, to the plant, and what cannot work in them."""

import re
from collections.abc import Iterator, Mapping

from common.sections import (
    HomeAssistantSettings,
    LoadSettings,
    MeterSettings,
    MqttSettings,
    PeakSettings,
    RelaySettings,
    TariffSettings,
)
from common.settings import Config, SettingsError
from common.timestamps import clock_of
from relay_controller.conditions import Condition, parse_condition
from relay_controller.hours import parse_hours, parse_time
from relay_controller.load import Load, OnStale, PeakRule, Plant
from relay_controller.relay_settings import own_topics, relay_of, relay_problems, shared_relays
from relay_controller.rule_problems import rule_problems

_LONGEST_SETTLE_S = 600.0  # the peak guard waits for it, too

SECTIONS = (
    RelaySettings,
    PeakSettings,
    TariffSettings,
    LoadSettings,
    HomeAssistantSettings,
)  # of this service, besides those of every service


def plant_of(config: Config) -> Plant:
    """Give the plant of all enabled loads; the others are left alone, whatever their keys say.

    Raises ValueError for settings that `problems_of` finds something wrong with.
    """
    loads = [_load(name, settings) for name, settings in _enabled(config.loads).items()]
    return Plant(
        loads=tuple(sorted(loads, key=lambda load: load.priority)),
        settle_s=config.section(RelaySettings).settle,
        peak=_peak_rule(config.section(PeakSettings)),
        zone=clock_of(config.section(MeterSettings).timezone).zone,
    )


def plant_despite(wrong: SettingsError) -> Plant:
    """Give the plant of settings of which other sections are wrong.

    An empty one where a problem may be one of a load: a default in the place of what cannot be read may be the wrong level.
    """
    elsewhere = r"[^\n]*: \[(?!load)|SMARTMETER_(?!LOAD)"
    if wrong.config is None or not all(re.match(elsewhere, problem) for problem in wrong.problems):
        return Plant(())
    return plant_of(wrong.config)


def problems_of(config: Config) -> Iterator[str]:
    """Give every problem of the enabled loads and of the peak limit, one line each."""
    enabled, peak, settle_s = _enabled(config.loads), config.section(PeakSettings), config.section(RelaySettings).settle
    if settle_s > _LONGEST_SETTLE_S:
        yield f'{config.source}: [relay] settle: expected at most {_LONGEST_SETTLE_S:g} seconds, got "{settle_s:g}"'
    if isinstance(peak.limit, float) and peak.limit * 1000 <= peak.margin:
        yield f'{config.source}: [peak] limit: expected more than margin ({peak.margin:g} W), got "{peak.limit:g}"'
    base_topic = config.section(MqttSettings).base_topic
    for name, settings in enabled.items():
        relay = (*relay_problems(settings), *own_topics(settings, base_topic))
        rules = rule_problems(settings, has_peak_limit=peak.limit is not None)
        for problem in (*relay, *rules, *_limit_problems(settings, peak)):
            yield f"{config.source}: [load:{name}] {problem}"
    yield from shared_relays(enabled, config.source)


def _limit_problems(settings: LoadSettings, peak: PeakSettings) -> Iterator[str]:
    """Find a guaranteed time that a fixed peak limit would never let happen without sun."""
    if isinstance(peak.limit, float) and settings.min_on_per_day and settings.power is not None:
        room_w = peak.limit * 1000 - peak.margin
        if 0 < room_w < settings.power:
            most = f"at most what [peak] limit leaves ({room_w:g} W) because of min_on_per_day"
            yield f'power: expected {most}, got "{settings.power:g}"'


def _enabled(loads: Mapping[str, LoadSettings]) -> dict[str, LoadSettings]:
    return {name: settings for name, settings in loads.items() if settings.enabled}


def _load(name: str, settings: LoadSettings) -> Load:
    return Load(
        name=name,
        relay=relay_of(settings),
        on_when=_condition(settings.on_when),
        off_when=_condition(settings.off_when),
        on_delay_s=settings.on_delay,
        off_delay_s=settings.off_delay,
        min_on_s=settings.min_on,
        min_off_s=settings.min_off,
        hours=parse_hours(settings.between, settings.days),
        max_starts_per_day=settings.max_starts_per_day,
        max_on_per_day_s=settings.max_on_per_day,
        min_on_per_day_s=settings.min_on_per_day,
        by_min=parse_time(settings.by) if settings.by else 0,
        power_w=settings.power,
        priority=settings.priority,
        on_stale=OnStale(settings.on_stale),
        manual_timeout_s=settings.manual_timeout,
        shadow=settings.shadow,
    )


def _condition(text: str) -> Condition | None:
    return parse_condition(text) if text else None


def _peak_rule(settings: PeakSettings) -> PeakRule | None:
    if settings.limit is None:
        return None
    return PeakRule(settings.limit if isinstance(settings.limit, float) else None, settings.margin / 1000)
