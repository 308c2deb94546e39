"""Rules that work against each other: a load that switches itself off by what it draws, and off_when where on_when holds.

`surplus` adds back what the load draws; every other power rises by the load's own when it goes on. An off_when whose
threshold is nearer than that to the one of on_when ends what on_when began, again and again. Both conditions are asked about
one household: a constant base power, all lower-priority loads off, and the first second of a quarter-hour, when
`peak_forecast` is what is drawn. Nothing changes between two thresholds, so that one base power of each stretch is enough.

What the household does not tell: a field that has nothing to do with power (tariff, voltage) may have any value where on_when
asks for it, but an alternative of off_when that asks for it cannot be judged; nor can one of either that asks for a power of
another kind (a current, another phase). An alternative that goes on however much is drawn is left out: shedding the load then
is what its off_when is for.
"""

from collections.abc import Iterable
from itertools import chain, pairwise

from common.quantity import base_of
from relay_controller.conditions import PEAK_FORECAST, PEAK_LIMIT, SURPLUS, Comparison, Condition, Values

_PHASES = ("l1", "l2", "l3")
# Field -> the quantity on whose axis its thresholds lie. Without the load, surplus is the net power with another sign.
_QUANTITIES = dict.fromkeys((SURPLUS, "net_power", "actual_total_consumption", "actual_total_injection"), "net power")
_QUANTITIES |= {f"actual_{phase}_{way}": f"net power of {phase}" for phase in _PHASES for way in ("consumption", "injection")}
_QUANTITIES |= {PEAK_FORECAST: PEAK_FORECAST, PEAK_LIMIT: PEAK_LIMIT}
_POWERS = frozenset({"W", "VA", "var", "A"})  # base units
_LIMIT_W = 1e9  # stands for the peak limit, whatever it is: no number of a condition is near it
_DIGITS = 6  # after the point; sums of decimal fractions are exact to that

AllOf = tuple[Comparison, ...]


def ping_pong(on_when: Condition, off_when: Condition, power_w: float) -> str | None:
    """Tell what is expected of an off_when that ends what on_when began, as the load draws `power_w`; None if it does not."""
    bases_w = _bases_w((on_when, off_when), power_w)
    for phase in ("", *_PHASES):
        endless = _values(phase, bases_w[-1])
        rules = [all_of for all_of in on_when.alternatives if not _may_hold(all_of, endless)]
        for base_w in bases_w:
            idle, running = _values(phase, base_w), _values(phase, base_w, power_w)
            if off_when.holds(idle):
                continue
            on_rules = [all_of for all_of in rules if _may_hold(all_of, idle)]
            for off_rule in off_when.alternatives:
                if all(one.holds(running) for one in off_rule) and any(_compare(on_rule, off_rule) for on_rule in on_rules):
                    return _too_near(off_rule, power_w)
    return None


def contradiction(on_when: Condition, off_when: Condition) -> str | None:
    """Tell what is expected of an off_when that holds at a surplus at which on_when does; None if it does not.

    The load would stay off there, whatever on_when says. Two conditions that only meet, `> 1500 W` and `< 1500 W`, are none:
    the surplus does not change when the load goes on, and what it does by itself the delays are for.
    """
    on_rules = [all_of for all_of in on_when.alternatives if any(one.field == SURPLUS for one in all_of)]
    off_rules = [all_of for all_of in off_when.alternatives if all(one.fields == (SURPLUS,) for one in all_of)]
    for base_w in sorted(_bases_w((on_when, off_when), 0.0), key=abs):
        idle = _values("", base_w)
        if any(_may_hold(all_of, idle) for all_of in on_rules) and any(_may_hold(all_of, idle) for all_of in off_rules):
            return f"a condition that does not hold where on_when does, as at a surplus of {0.0 - base_w:.15g} W"
    return None


def _values(phase: str, base_w: float, load_w: float = 0.0) -> Values:
    """Give what a meter tells of a household, or of one of its phases, that draws `base_w` without the load; + is drawn."""
    net_w = round(base_w + load_w, _DIGITS)
    drawn_kw, injected_kw = (round(max(0.0, power_w) / 1000, _DIGITS + 3) for power_w in (net_w, -net_w))
    known = {f"actual_{phase or 'total'}_consumption": drawn_kw, f"actual_{phase or 'total'}_injection": injected_kw}
    if not phase:
        known |= {"net_power": net_w, SURPLUS: -base_w, PEAK_FORECAST: drawn_kw, PEAK_LIMIT: _LIMIT_W / 1000}
    return known.get


def _bases_w(conditions: Iterable[Condition], power_w: float) -> list[float]:
    """Give, in order, every base power at which something may change, one between each two, and one beyond each end."""
    thresholds_w = {0.0}
    for one in chain.from_iterable(all_of for condition in conditions for all_of in condition.alternatives):
        if PEAK_LIMIT in one.fields:
            thresholds_w.add(_LIMIT_W)
        elif isinstance(one.right, float) and one.unit in {"W", "kW"}:
            thresholds_w.add(one.right * (1000 if one.unit == "kW" else 1))
    signed_w = [sign * threshold_w for threshold_w in thresholds_w for sign in (1, -1)]  # injection counts the other way
    changes_w = sorted({round(at_w - less_w, _DIGITS) for at_w in signed_w for less_w in (0.0, power_w)})
    between_w = [(low_w + high_w) / 2 for low_w, high_w in pairwise(changes_w)]
    return sorted([changes_w[0] - 1, *changes_w, *between_w, changes_w[-1] + 1])


def _may_hold(all_of: AllOf, values: Values) -> bool:
    """Tell whether all comparisons about a power hold; the others may."""
    return all(one.holds(values) for one in all_of if _is_about_power(one))


def _is_about_power(one: Comparison) -> bool:
    return bool(one.unit) and base_of(one.unit)[0] in _POWERS


def _compare(on_rule: AllOf, off_rule: AllOf) -> bool:
    """Tell whether all that the one compares the other compares too, so that there are thresholds to be set apart."""
    return {_compared(one) for one in off_rule} <= {_compared(one) for one in on_rule}


def _compared(one: Comparison) -> frozenset[str | None]:
    return frozenset(_QUANTITIES.get(field) for field in one.fields)


def _too_near(off_rule: AllOf, power_w: float) -> str:
    field = next(name for one in off_rule for name in one.fields if name not in {SURPLUS, PEAK_LIMIT})
    return (
        f"a threshold more than {power_w:.15g} W above that of on_when in {_QUANTITIES[field]}, "
        f"because {field} does not add back what the load draws (surplus does)"
    )
