"""Text that a meter prints as the hex digits of its ASCII codes: serial numbers, EAN codes, messages."""

_UNWRITTEN = "\xff"  # also as hex digits, seen in Hungarian messages


def text_of_hex(digits: str) -> str:
    """Turn hex digits into the text they stand for, without blanks around it.

    What is not hex of printable ASCII stays as it is: meters also send plain digits and masked or padded numbers.
    An unset identification, all blanks or all hyphens (`2D2D2D...`), gives an empty text, as does memory that was never
    written (bytes FFh).
    """
    decoded = digits
    try:
        if digits.isalnum():
            decoded = bytes.fromhex(digits).decode("latin-1")
    except ValueError:  # an odd number of digits, or not hex
        pass
    if not decoded.strip(_UNWRITTEN):
        return ""
    text = (decoded if decoded.isascii() and decoded.isprintable() else digits).strip()
    return text if text.strip("-") else ""
