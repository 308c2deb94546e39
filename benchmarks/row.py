"""A line of the table."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, what was found, and what was wanted.

    `value` is what was found as one number, in `unit`, for programs; `holds` tells whether the goal is reached, None where
    nobody set one. `details` are the numbers behind it, by name.
    """

    what: str
    found: str
    goal: str
    value: float | None = None
    unit: str = ""
    holds: bool | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def at_most(what: str, value: float, limit: float, unit: str, details: Mapping[str, object] | None = None) -> Row:
    """Give the row of a number that is to be small."""
    return Row(what, _text(value, unit), f"<= {_text(limit, unit)}", value, unit, value <= limit, details or {})


def percentiles(samples: list[float]) -> tuple[float, float]:
    """Give the median and the 99th percentile: of 500 samples that which 5 exceed. Raises ValueError for none."""
    if not samples:
        raise ValueError("expected at least one sample")
    ordered = sorted(samples)
    return ordered[(len(ordered) - 1) // 2], ordered[max(0, -(-len(ordered) * 99 // 100) - 1)]


def _text(value: float, unit: str) -> str:
    digits = 0 if value >= 1000 else 2 if value < 10 else 1  # noqa: PLR2004 -- three significant digits
    number = f"{value:,.{digits}f}"
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {unit}"
