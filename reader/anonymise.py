r"""Takes the identifications out of a telegram, so that it can be shown to others and still decodes as before.

    0-0:96.1.1(3153414731313030303132333435)   the hex digits of 1SAG1100012345
    0-0:96.1.1(3041414130303030303030303031)   those of 0AAA0000000001

Serial numbers, EAN codes and device names keep their length and the kind of each character. A mask tells nothing of what
it hides: it is the count of such identifications in the telegram, so that different ones stay different. Which codes
carry them: DSMR 5.0.2 table 6.12, e-MUCS P1 2.1, Luxmetering P1 1.1.3, and for 0.0.x and 96.1.x IEC 62056-61.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase, digits

from common.crc import crc16_arc
from common.frame import reduced

_ID_CODE = re.compile(r"(?!0-0:96\.1\.4$)[0-9]+-[0-9]+:(?:96\.1|0\.0)\.[0-9]+|0-0:42\.0\.0")  # 0-0:96.1.4 is the version
_MESSAGE_CODE = re.compile(r"0-0:96\.13\.[0-9]+")

_BETWEEN_BRACKETS = re.compile(r"[^()]+")
_LONG_RUN = re.compile(r"[0-9A-Za-z]{14,}")  # a time stamp has 13; an EAN 18, the hex digits of a serial number 28 or more

# Manufacturer and speed, and then: after a backslash a type with up to nine digits, else perhaps a serial number.
_NAMED = re.compile(r"/[A-Za-z]{3}[0-9]")
_SERIAL_DIGITS = re.compile(r"(?<![0-9])[0-9]{7,}")
_SERIAL_DIGITS_OF_TYPE = re.compile(r"(?<![0-9])[0-9]{10,}")

_CHECKSUM = re.compile(rb"[0-9A-Fa-f]{4}")
_ALPHABETS = {character: alphabet for alphabet in (digits, ascii_uppercase, ascii_lowercase) for character in alphabet}


def anonymised(frame: bytes) -> bytes:
    """Mask the identifications of a telegram, whole or damaged; of any other bytes what looks like one.

    The length never changes, nor does any byte but those of identifications and of the checksum. That is changed as the
    masks demand: a right one stays right, and a wrong one stays wrong, by the same bits, because it shows the fault; without
    one there is none. Marks of an unset identification (empty, blanks, hyphens, zeros) stay. Twice gives the same as once.
    """
    end = frame.rfind(b"\n!") + 1 or len(frame)
    told = frame[end + 1 :].strip()
    has_checksum = _CHECKSUM.fullmatch(told) is not None
    computed = crc16_arc(frame[: end + 1])
    is_damaged = int(told, 16) != computed if has_checksum else bool(told) or end == len(frame)
    body = _masked(frame[:end].decode("latin-1"), is_damaged=is_damaged).encode("latin-1")
    if body == frame[:end]:
        return frame
    rest = frame[end:]
    if has_checksum:
        value = int(told, 16) ^ computed ^ crc16_arc(body + b"!")
        rest = rest.replace(told, (b"%04X" if told.isupper() or told.isdigit() else b"%04x") % value, 1)
    return body + rest


def _masked(body: str, *, is_damaged: bool) -> str:
    """Mask the lines of a telegram; in a damaged one also what is as long as an identification, wherever it stands."""
    masks = _Masks()
    lines = body.split("\n")
    code: str | None = None
    for number, line in enumerate(lines):
        if number == 0 and line.startswith("/"):
            lines[0] = _identification(line, masks)
            continue
        head, bracket, rest = line.partition("(")
        if head.rstrip("\r \t"):  # else it is empty, or opens with a bracket and goes on with the line before
            code = reduced(head.strip())
        if code and _ID_CODE.fullmatch(code):
            rest = _BETWEEN_BRACKETS.sub(masks.of, rest)
        elif code is None or (is_damaged and _MESSAGE_CODE.fullmatch(code) is None):
            head, rest = _LONG_RUN.sub(masks.of, head), _LONG_RUN.sub(masks.of, rest)
        lines[number] = head + bracket + rest
    return "\n".join(lines)


def _identification(line: str, masks: "_Masks") -> str:
    r"""Mask the serial number in `/KMP5 ZABF001587315111`; `/FLU5\253769484_A` has a type there."""
    named = _NAMED.match(line)
    start = named.end() if named else 1
    run = _SERIAL_DIGITS_OF_TYPE if line[start : start + 1] == "\\" else _SERIAL_DIGITS
    return line[:start] + run.sub(masks.of_digits, line[start:])


@dataclass(slots=True)
class _Masks:
    """Gives each identification of one telegram its mask; equal ones get equal masks, different ones different masks."""

    _given: dict[tuple[bool, str], str] = field(default_factory=dict)
    _counts: dict[tuple[bool, str], int] = field(default_factory=dict)  # kind and shape -> how many

    def of_digits(self, match: re.Match[str]) -> str:
        """Mask a number."""
        return self._mask(match[0], is_hex=False)

    def of(self, match: re.Match[str]) -> str:
        """Mask one identification, printed as it is or in hex digits."""
        printed = match[0]
        text = _text_of_hex(printed)
        if text is None:
            return self._mask(printed, is_hex=False)
        mask = self._mask(text, is_hex=True)
        in_hex = f"{{:02{'x' if printed.upper() != printed else 'X'}}}".format
        pairs = (printed[place : place + 2] for place in range(0, len(printed), 2))
        return "".join(pair if old == new else in_hex(ord(new)) for pair, old, new in zip(pairs, text, mask, strict=True))

    def _mask(self, text: str, *, is_hex: bool) -> str:
        if _is_unset(text, is_hex=is_hex):
            return text
        if (is_hex, text) in self._given:
            return self._given[is_hex, text]
        spell = _speller(text)
        kind = is_hex, spell(0)
        count = self._counts.get(kind, 0) + 1
        while _is_unset(mask := spell(count), is_hex=is_hex) or (not is_hex and _text_of_hex(mask) is not None):
            count += 1  # it would not be read as what it stands for
        self._counts[kind] = count
        self._given[is_hex, text] = mask
        return mask


def _speller(text: str) -> Callable[[int], str]:
    """Give what spells a number with characters of the kinds that `text` has at each place: 12 as 0AAA000012."""

    def spell(number: int) -> str:
        characters = list(text)
        for place in range(len(text) - 1, -1, -1):
            if (alphabet := _ALPHABETS.get(text[place])) is not None:
                number, rank = divmod(number, len(alphabet))
                characters[place] = alphabet[rank]
        return "".join(characters)

    return spell


def _is_unset(text: str, *, is_hex: bool) -> bool:
    """Tell a mark of an unset identification; `FFFF...`, not of hex digits, is memory that was never written."""
    signs = {character for character in text if character in _ALPHABETS}
    return signs <= {"0"} or (not is_hex and signs <= {"F", "f"})


def _text_of_hex(printed: str) -> str | None:
    """Give the printable ASCII text that hex digits stand for, as `common.text` reads it; None if they stand for none."""
    if not printed.isalnum():
        return None
    try:
        text = bytes.fromhex(printed).decode("ascii")
    except ValueError:
        return None
    return text if text.isprintable() else None
