"""What a telegram changes before anything is decided: what is known, the day, and since when each condition holds."""

from dataclasses import replace
from datetime import datetime
from math import inf

from relay_controller.conditions import Condition, Values
from relay_controller.counters import next_due
from relay_controller.events import Telegram
from relay_controller.guarantee import LOW_TARIFF, low_tariff_ends_s
from relay_controller.load import Load, Plant
from relay_controller.load_state import LoadState
from relay_controller.quarter import quarter_after
from relay_controller.situation import Situation
from relay_controller.state import State, draws_of

_MINUTE_S = 60


def informed(plant: Plant, before: State, measured: State, telegram: Telegram, now_s: float) -> State:
    """Take in a telegram: what is known now, which day it is, and since when each condition holds."""
    reading, last = telegram.reading, before.last
    at_s = datetime.fromisoformat(reading.timestamp).timestamp()
    minute = int(at_s // _MINUTE_S)
    if last is None or minute != last.minute:
        wall = datetime.fromtimestamp(minute * _MINUTE_S, plant.zone)
        month = f"{wall:%Y-%m}"
        ones = [(load.name, _at_minute(wall, load, before, now_s)) for load in plant.loads]
        before = before.with_loads(plant, ones)
    else:
        wall, month = last.wall, last.month
    quarter = quarter_after(before.quarter, reading, at_s, month) if plant.needs_quarter else None
    draws = measured.draws
    if last is None or telegram.learned_w != last.learned_w:
        draws = draws_of(plant, measured.loads, telegram.learned_w)
    situation = Situation(
        reading=reading,
        arrived_s=now_s,
        fresh_until_s=now_s + telegram.fresh_for_s,
        at_s=at_s,
        minute=minute,
        wall=wall,
        month=month,
        net_power_w=reading.number("net_power"),
        draws=draws,
        quarter=quarter,
        limit_kw=None if plant.peak is None or quarter is None else quarter.limit_kw(plant.peak),
        learned_w=telegram.learned_w,
    )
    tariff, low_began_s, low_ended_s = situation.tariff, before.low_began_s, before.low_ended_s
    if tariff != before.tariff and tariff is not None and before.tariff is not None:
        low_began_s = at_s if tariff == LOW_TARIFF else low_began_s
        low_ended_s = at_s if before.tariff == LOW_TARIFF else low_ended_s
    after = State(
        loads=before.loads,
        last=situation,
        is_fresh=True,
        settled_s=before.settled_s,
        shed_in=before.shed_in,
        quarter=quarter or before.quarter,
        draws=draws if before.loads is measured.loads else draws_of(plant, before.loads, telegram.learned_w),
        tariff=tariff,
        low_began_s=low_began_s,
        low_ended_s=low_ended_s,
        loads_due_s=before.loads_due_s,
    )
    changed = {}
    for load in plant.loads:
        one = _observed(plant, load, before, situation)
        if one is not before.loads[load.name]:
            changed[load.name] = one
    return after.with_loads(plant, changed.items()) if changed else after


def _at_minute(wall: datetime, load: Load, before: State, now_s: float) -> LoadState:
    """Bring a load to the minute: its hours, and the counters of the day and of the guarantee that are running."""
    one = before.loads[load.name]
    after = replace(one, open_s=load.hours.closes_in_s(wall))
    due_at_s = None
    if load.min_on_per_day_s:
        due = next_due(wall, load.by_min)
        due_at_s = due.timestamp()
        low_ends_s = low_tariff_ends_s(due_at_s, wall.timestamp(), before.low_began_s, before.low_ended_s)
        after = replace(after, closed_s=load.hours.closed_s(wall, due), low_ends_s=low_ends_s)
    after = replace(after, counters=one.counters.at(wall.date(), due_at_s, now_s))
    return one if after == one else after


def _observed(plant: Plant, load: Load, before: State, situation: Situation) -> LoadState:
    """Note since when the conditions of a load hold, and whether the telegram has all that they need.

    Without all of it the load may not go on; it may go off until what was known last is too old.
    """
    one, now_s = before.loads[load.name], situation.arrived_s
    if not load.has_rules:
        return one
    values = situation.values(load.name)
    knows_all = not load.missing(values, is_guarded=plant.peak is not None)
    if not knows_all and one.blind_from_s == -inf:
        return one
    on_since_s = _since(load.on_when, values, one.on_since_s, now_s) if knows_all else None
    off_since_s = _since(load.off_when, values, one.off_since_s, now_s)
    blind_from_s, seen_s = one.blind_from_s, one.seen_s
    if knows_all:
        blind_from_s = None
    elif blind_from_s is None and before.last is not None:
        blind_from_s, seen_s = before.last.fresh_until_s, before.last.arrived_s
    if on_since_s == one.on_since_s and off_since_s == one.off_since_s and blind_from_s == one.blind_from_s:
        return one
    return replace(one, on_since_s=on_since_s, off_since_s=off_since_s, blind_from_s=blind_from_s, seen_s=seen_s)


def _since(condition: Condition | None, values: Values, since_s: float | None, now_s: float) -> float | None:
    if condition is None or not condition.holds(values):
        return None
    return now_s if since_s is None else since_s
