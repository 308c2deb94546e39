"""Numbers as text that every reader of CSV and of line protocol understands."""

from decimal import Decimal


def decimal_text(value: float) -> str:
    """Give the shortest decimal form that reads back as the same number: with a point, never with an exponent (1e-05)."""
    text = repr(value)
    return text if "e" not in text else format(Decimal(text), "f")
