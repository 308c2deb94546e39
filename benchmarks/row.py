"""A line of the table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, what was found, and what was wanted."""

    what: str
    found: str
    goal: str
