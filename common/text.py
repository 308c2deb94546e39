"""Text that a meter prints as the hex digits of its ASCII codes: serial numbers, EAN codes, messages."""


def text_of_hex(digits: str) -> str:
    """Turn hex digits into the text they stand for, without blanks around it.

    What is not hex of printable ASCII stays as it is: meters also send plain digits and masked or padded numbers.
    An unset identification, all blanks or all hyphens (`2D2D2D...`), gives an empty text.
    """
    text = digits
    try:
        decoded = bytes.fromhex(digits).decode("ascii") if digits.isalnum() else digits
        text = decoded if decoded.isprintable() else digits
    except ValueError:  # an odd number of digits, not hex or not ASCII
        pass
    text = text.strip()
    return "" if text and not text.strip("-") else text
