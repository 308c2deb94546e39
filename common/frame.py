r"""The outer shape of a telegram: checksum, identification, lines, brackets. What they mean is not known here.

/FLU5\253769484_A CRLF CRLF { code 1*( "(" value ")" ) CRLF } ! checksum CRLF      (DSMR 5.0.2 section 6.2, P1 grammar)
"""

import re
from dataclasses import dataclass, field

from common.crc import crc16_arc

_CODE = re.compile(r"([0-9]{1,3}-[0-9]{1,3}):([0-9]{1,3})[.:]([0-9]{1,3})[.:]([0-9]{1,3})(?:[*.]([0-9]{1,3}))?", re.ASCII)
_NOT_USED = "255"  # what a group of a code is that says nothing
_CHECKSUM_DIGITS = re.compile(rb"[0-9A-Fa-f]{4}")


class TelegramError(ValueError):
    """The telegram as a whole is rejected: not a telegram, cut, or with a wrong checksum."""


class ChecksumError(TelegramError):
    """The checksum is there and wrong: bytes were lost or changed on the way."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its reduced OBIS code A-B:C.D.E, the texts between its brackets, itself, and what is wrong with it.

    `place` is where its text stands in the frame, None if it stands there in several parts.
    """

    code: str
    groups: list[str]
    text: str
    problem: str = ""
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """A telegram whose checksum is right, or which has none. `identification` is its first line without the slash."""

    identification: str
    lines: list[Line]
    has_checksum: bool


def opened(frame: bytes) -> Frame:
    """Check a telegram, from `/` to the end of the checksum line, and take it apart. Raises TelegramError."""
    body, has_checksum = checked(frame)
    return dissected(body, has_checksum=has_checksum)


def checked(frame: bytes) -> tuple[bytes, bool]:
    """Give the bytes from `/` to and with the `!`, and whether a checksum says that they are right. Raises TelegramError."""
    end = frame.rfind(b"\n!") + 2
    if not frame.startswith(b"/") or end == 1:
        raise TelegramError('not a telegram: expected "/" at its start and a line with "!" at its end')
    body, told = frame[:end], frame[end:].strip()
    if not told:
        return body, False
    computed = crc16_arc(body)
    if told != b"%04X" % computed:
        _compare(told, computed)
    return body, True


def dissected(body: bytes, *, has_checksum: bool) -> Frame:
    """Take a telegram apart that was checked."""
    (identification, _), *texts = _texts(body)
    return Frame(identification, [_line(text, place) for text, place in texts], has_checksum)


def reduced(code: str) -> str | None:
    """Give A-B:C.D.E of a printed code, without the group F (`*255`, `.255`); None if it is none.

    Another F, a value of the past, stays: A-B:C.D.E*F. An E of 255 is 0: EasyMeter's Q3D prints 1-0:1.7.255 for 1-0:1.7.0.
    """
    match = _CODE.fullmatch(code)
    if match is None:
        return None
    medium, c, d, e, f = match.groups(_NOT_USED)
    return f"{medium}:{c}.{d}.{'0' if e == _NOT_USED else e}" + ("" if f == _NOT_USED else f"*{f}")


def groups_of(rest: str) -> list[str]:
    """Split what follows the first bracket of a line into the texts between brackets that stand side by side.

    Brackets may nest (`((ER11))`); text behind the last group is ignored. Raises ValueError where one never closes.
    """
    side_by_side = rest[:-1].split(")(")
    if rest.endswith(")") and rest.count("(") + 1 == rest.count(")") == len(side_by_side):
        return side_by_side
    groups: list[str] = []
    depth, start = 1, 0
    for position, character in enumerate(rest):
        if character == "(":
            depth += 1
            start = position + 1 if depth == 1 else start
        elif character == ")":
            depth -= 1
            if depth == 0:
                groups.append(rest[start:position])
        elif depth == 0:
            break
    if not groups or depth > 0:
        raise ValueError("expected a value in brackets that close")
    return groups


def _compare(told: bytes, computed: int) -> None:
    """Compare checksums, however the hex digits are written. Raises TelegramError."""
    if _CHECKSUM_DIGITS.fullmatch(told) is None:
        raise TelegramError(f"expected a checksum of four hex digits, got {told[:20].decode('latin-1')!r}")
    if int(told, 16) != computed:
        raise ChecksumError(f"checksum mismatch: telegram says {told.decode().upper()}, computed {computed:04X}")


def _texts(body: bytes) -> list[tuple[str, int | None]]:
    """Split into lines without line ends and trailing blanks, each with its place in the frame, the identification first.

    A line that opens a bracket continues the one before.
    """
    texts: list[tuple[str, int | None]] = []
    place = 1  # behind the slash
    for raw in body[1:-1].decode("latin-1").split("\n"):
        text = raw.rstrip("\r \t")
        if text.startswith("(") and len(texts) > 1:
            texts[-1] = texts[-1][0] + text, None  # DSMR 2 and 3: the gas reading
        elif text or not texts:
            texts.append((text, place))
        place += len(raw) + 1
    return texts


def _line(text: str, place: int | None) -> Line:
    name, _, rest = text.partition("(")
    code = reduced(name.strip())
    if code is None:
        return Line("", [], text, "no OBIS code", place)
    try:
        return Line(code, groups_of(rest), text, "", place)
    except ValueError as error:
        return Line(code, [], text, str(error), place)
