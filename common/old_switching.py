"""The old `switch_on` and `switch_off`, percentages of `max_power`, as conditions on the surplus.

`switch_on` counts what is injected. `switch_off` does too, and below 0 what is drawn from the grid. Both are measured at the
meter, where the load itself counts once it is on; `surplus` adds back what it draws, so that it cannot switch itself off.
"""

from collections.abc import Callable, Mapping
from pathlib import PurePath
from re import fullmatch

from common.decimal_text import decimal_text
from common.values import Context, watts, yes_no

Given = Mapping[str, str]  # a section of the file: key -> text

_APART = 10.0  # percent between the two thresholds, at least: nearer ones would take turns
_CONTEXT = Context(PurePath())  # neither a power nor yes or no asks for it


def on_when(text: str, given: Given) -> str | None:
    """Give the condition that switches on, as `off_when` gives its own."""
    on = _percent("switch_on", text)
    _demand_pair(given, "switch_on", "switch_off", lambda: _condition(">", on, given))
    return _condition(">", on, given)


def off_when(text: str, given: Given) -> str | None:
    """Give the condition that switches off; None if it cannot be told because of another key, or need not be.

    Raises ValueError("expected ...") for what is wrong with this key, or missing beside it.
    """
    off = _percent("switch_off", text)
    _demand_pair(given, "switch_off", "switch_on", lambda: _beside_on_when(off, given))
    try:
        on = _percent("switch_on", given.get("switch_on", ""))
    except ValueError:
        return None
    return _condition("<", _surplus_percent(on, off), given)


def on_above(text: str, _: Given) -> str:
    """Give the condition of the older `max_inject`: what is injected, in W."""
    return f"surplus > {_watts_text(watts(text, _CONTEXT))} W"


def off_below(text: str, given: Given) -> str | None:
    """Give the condition of the older `max_consume`, what is drawn in W, for a load that draws `max_inject`.

    None if that cannot be told.
    """
    drawn_w = watts(text, _CONTEXT)
    try:
        return f"surplus < {_watts_text(watts(given.get('max_inject', ''), _CONTEXT) - drawn_w)} W"
    except ValueError:
        return None


def is_enabled(given: Given) -> bool:
    """Tell whether the load is controlled: without the key it is, but for one whose relay is none (`address`)."""
    if "address" in given and "driver" not in given:
        return False
    try:
        return yes_no(given.get("enabled", "yes"), _CONTEXT)
    except ValueError:
        return False


def _surplus_percent(on: float, off: float) -> float:
    """Give the surplus below which the load goes off; all in percent of what it draws.

    Where the words, taken as they are, make a load go off as soon as it is on (75 and 10 of the old sample do: on at 75 % it
    draws the other 25 %), a `switch_off` of 0 or more counts what would be injected without the load, as `switch_on` does.
    """
    highest = on - _APART
    at_meter = 100 + off
    if at_meter > highest and off >= 0:
        return min(off, highest)
    return min(at_meter, highest)


def _beside_on_when(off: float, given: Given) -> str | None:
    """Give the condition that switches off where `on_when` is there already; None if it is no plain one of ours."""
    match = fullmatch(r"surplus > (-?[0-9]+(?:\.[0-9]+)?) W", given["on_when"])
    power_w = _power_w(given)
    if match is None or not power_w:
        return None
    return _condition("<", _surplus_percent(100 * float(match[1]) / power_w, off), given)


def _condition(operator: str, percent: float, given: Given) -> str | None:
    try:
        power_w = _power_w(given)
    except ValueError:
        return None
    if power_w is None:
        if is_enabled(given):
            raise ValueError("expected max_power beside it, in W")
        return None
    return f"surplus {operator} {_watts_text(power_w * percent / 100)} W"


def _power_w(given: Given) -> float | None:
    power = given.get("power") or given.get("max_power") or ""
    return watts(power, _CONTEXT) if power else None


def _watts_text(power_w: float) -> str:
    return decimal_text(round(power_w, 3) + 0.0).removesuffix(".0")  # no -0


def _percent(key: str, text: str) -> float:
    pattern = r"[0-9]{1,4}(\.[0-9]{1,3})?"
    if fullmatch(pattern if key == "switch_on" else f"-?{pattern}", text) is None:
        raise ValueError("expected a percentage of max_power, as a number")
    return float(text)


def _demand_pair(given: Given, key: str, other: str, condition: Callable[[], str | None]) -> None:
    """Demand the other key beside this one: conditions come in pairs. `condition` is what this one becomes."""
    conditions = {"switch_on": "on_when", "switch_off": "off_when"}
    if conditions[other] in given:
        try:
            told = condition()
        except ValueError:
            told = None
        new = f"{conditions[key]} = {told}" if told else conditions[key]
        raise ValueError(f"expected {new} in its place, because {conditions[other]} is there")
    if other not in given and is_enabled(given):
        raise ValueError(f"expected {other} beside it")
