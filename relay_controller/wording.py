"""Numbers, times and conditions in words, for the sentence about a load."""

from math import ceil

from relay_controller.conditions import Comparison, Condition, Values

_LIMITS = {"<": "less than {}", "<=": "{} or less", ">": "more than {}", ">=": "{} or more", "=": "{}", "!=": "not {}"}
_EXACT_S = 120.0  # longer times are told in full minutes, so that the sentence does not change every second
_HOURS_FROM_S = 7200.0
_DAY_S = 86_400.0


def condition_text(condition: Condition, wording: str, values: Values) -> str:
    """Tell what a condition compares, with the numbers of now: `surplus 1,230 W, needs more than 1,500 W`."""
    return "; or ".join(
        "; and ".join(_comparison(comparison, wording, values) for comparison in all_of) for all_of in condition.alternatives
    )


def _comparison(comparison: Comparison, wording: str, values: Values) -> str:
    value, limit, unit = values(comparison.field), comparison.limit(values), comparison.unit
    limit_text = "missing" if limit is None else quantity(limit, unit)
    if isinstance(comparison.right, str):
        limit_text = f"{comparison.right} ({limit_text})"
    value_text = "missing" if value is None else quantity(value, unit)
    return f"{comparison.field} {value_text}, {wording} {_LIMITS[comparison.operator].format(limit_text)}"


def quantity(value: float, unit: str) -> str:
    """Give a number with its unit, if it has one."""
    return f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    """Give a number with at most three decimals."""
    text = f"{round(value, 3) + 0.0:,.3f}"  # + 0.0 turns -0.0 into 0.0
    return text.rstrip("0").rstrip(".")


def duration(seconds: float, *, up: bool = False) -> str:
    """Give a time in steps that grow with it, rounded down, or up."""
    step_s = 1 if seconds <= _EXACT_S else 60 if seconds <= _DAY_S else 3600
    rounded_s = step_s * (ceil(seconds / step_s) if up else int(seconds / step_s))
    if seconds <= _HOURS_FROM_S:
        return f"{rounded_s:,} s"
    hours, minutes = divmod(rounded_s // 60, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
