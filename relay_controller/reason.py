"""One sentence with the numbers: why a load is in this state, and what it waits for.

off: surplus 1,230 W, needs more than 1,500 W for 60 s (0 s so far)
on: by hand, for 3,540 s more
"""

from math import ceil

from relay_controller.conditions import Comparison, Condition, Values
from relay_controller.decide import LoadState, Mode, State
from relay_controller.load import Load, OnStale

_LIMITS = {"<": "less than {}", "<=": "{} or less", ">": "more than {}", ">=": "{} or more", "=": "{}", "!=": "not {}"}
_EXACT_S = 120.0  # longer times are told in full minutes, so that the sentence does not change every second
_HOURS_FROM_S = 7200.0


def reason_of(load: Load, state: State, now_s: float) -> str:
    """Give the sentence about a load; `now_s` is the monotonic clock's time."""
    one = state.loads[load.name]
    why = _why(load, one, state, now_s)
    if load.shadow and not state.is_stopped:
        return f"off: in shadow mode, would be {_word(on=one.on)}: {why}"
    return f"{_word(on=one.on and not load.shadow)}: {why}"


def _why(load: Load, one: LoadState, state: State, now_s: float) -> str:
    if state.is_stopped:
        return "the relay controller was stopped"
    if one.mode is not Mode.AUTO:
        return f"by hand, for {_duration(ceil(one.manual_until_s - now_s), up=True)} more"
    condition = load.off_when if one.auto_on else load.on_when
    if condition is None:
        return "no rules, waits for a command"
    if state.reading is None:
        return _stale(load, one, "", state.last_fresh_s, now_s)
    missing = load.missing(state.values(load.name))
    if missing and now_s >= one.fresh_until_s:
        return _stale(load, one, f" with {', '.join(missing)}", one.last_fresh_s, now_s)
    return "; ".join([_waited_for(condition, load, state, now_s), *_hindrances(load, one, state, now_s)])


def _stale(load: Load, one: LoadState, missing: str, since_s: float | None, now_s: float) -> str:
    held = "held, " if load.on_stale is OnStale.HOLD and one.on else ""
    return f"{held}no fresh telegram{missing} {'yet' if since_s is None else f'since {_duration(now_s - since_s)}'}"


def _waited_for(condition: Condition, load: Load, state: State, now_s: float) -> str:
    one = state.loads[load.name]
    since_s, delay_s = (one.off_since_s, load.off_delay_s) if one.auto_on else (one.on_since_s, load.on_delay_s)
    text = _condition(condition, "off at" if one.auto_on else "needs", state.values(load.name))
    if delay_s == 0:
        return text
    held_s = 0.0 if since_s is None else min(now_s - since_s, delay_s)
    return f"{text} for {_number(delay_s)} s ({int(held_s)} s so far)"


def _hindrances(load: Load, one: LoadState, state: State, now_s: float) -> list[str]:
    """Tell what else the rules wait for, once their condition holds."""
    if (one.off_since_s if one.auto_on else one.on_since_s) is None:
        return []
    hindrances = []
    if not one.auto_on and one.off_since_s is not None:
        hindrances.append("off_when holds too")
    if left_s := one.min_time_left_s(load, now_s):
        hindrances.append(f"{'min_on' if one.auto_on else 'min_off'} lasts {_duration(ceil(left_s), up=True)} more")
    if left_s := state.settle_left_s(now_s, shadow=load.shadow):
        hindrances.append(f"the last switch settles for {ceil(left_s)} s more")
    return hindrances


def _condition(condition: Condition, wording: str, values: Values) -> str:
    return "; or ".join(
        "; and ".join(_comparison(comparison, wording, values) for comparison in all_of) for all_of in condition.alternatives
    )


def _comparison(comparison: Comparison, wording: str, values: Values) -> str:
    value, limit, unit = values(comparison.field), comparison.limit(values), comparison.unit
    limit_text = "missing" if limit is None else _quantity(limit, unit)
    if isinstance(comparison.right, str):
        limit_text = f"{comparison.right} ({limit_text})"
    value_text = "missing" if value is None else _quantity(value, unit)
    return f"{comparison.field} {value_text}, {wording} {_LIMITS[comparison.operator].format(limit_text)}"


def _quantity(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    text = f"{round(value, 3) + 0.0:,.3f}"  # + 0.0 turns -0.0 into 0.0
    return text.rstrip("0").rstrip(".")


def _duration(seconds: float, *, up: bool = False) -> str:
    """Give a time in steps that grow with it, rounded down, or up."""
    step_s = 1 if seconds <= _EXACT_S else 60 if seconds <= _HOURS_FROM_S else 3600
    steps = ceil(seconds / step_s) if up else int(seconds / step_s)
    return f"{steps} h" if seconds > _HOURS_FROM_S else f"{steps * step_s:,} s"


def _word(*, on: bool) -> str:
    return "on" if on else "off"
