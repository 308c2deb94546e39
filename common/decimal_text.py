"""Numbers as text that every reader of CSV and of line protocol understands."""


def decimal_text(value: float) -> str:
    """Give the shortest decimal form that reads back as the same number: with a point, never with an exponent (1e-05)."""
    text = repr(value)
    if "e" not in text:
        return text
    from decimal import Decimal  # noqa: PLC0415 -- no value of a meter comes here, and every service would load it

    return format(Decimal(text), "f")
