r"""The outer shape of a telegram: checksum, identification, lines, brackets. What they mean is not known here.

/FLU5\253769484_A CRLF CRLF { code 1*( "(" value ")" ) CRLF } ! checksum CRLF      (DSMR 5.0.2 section 6.2, P1 grammar)
"""

import re
from dataclasses import dataclass

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
    """One line: its reduced OBIS code A-B:C.D.E, the texts between its brackets, itself, and what is wrong with it."""

    code: str
    groups: list[str]
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A telegram whose checksum is right, or which has none. `identification` is its first line without the slash."""

    identification: str
    lines: list[Line]
    has_checksum: bool


def opened(frame: bytes) -> Frame:
    """Check a telegram, from `/` to the end of the checksum line, and take it apart. Raises TelegramError."""
    end = frame.rfind(b"\n!") + 1
    if not frame.startswith(b"/") or end == 0:
        raise TelegramError('not a telegram: expected "/" at its start and a line with "!" at its end')
    told = frame[end + 1 :].strip()
    if told:
        if _CHECKSUM_DIGITS.fullmatch(told) is None:
            raise TelegramError(f"expected a checksum of four hex digits, got {told[:20].decode('latin-1')!r}")
        computed = crc16_arc(frame[: end + 1])
        if int(told, 16) != computed:
            raise ChecksumError(f"checksum mismatch: telegram says {told.decode().upper()}, computed {computed:04X}")
    identification, *texts = _texts(frame[1:end].decode("latin-1"))
    return Frame(identification, [_line(text) for text in texts], bool(told))


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
    if rest.endswith(")") and rest.count("(") == 0 and rest.count(")") == 1:
        return [rest[:-1]]
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


def _texts(body: str) -> list[str]:
    """Split into lines without line ends and trailing blanks; a line that opens a bracket continues the one before."""
    texts: list[str] = []
    for raw in body.split("\n"):
        text = raw.rstrip("\r \t")
        if text.startswith("(") and len(texts) > 1:
            texts[-1] += text  # DSMR 2 and 3: the gas reading
        elif text or not texts:
            texts.append(text)
    return texts


def _line(text: str) -> Line:
    name, _, rest = text.partition("(")
    code = reduced(name.strip())
    if code is None:
        return Line("", [], text, "no OBIS code")
    try:
        return Line(code, groups_of(rest), text)
    except ValueError as error:
        return Line(code, [], text, str(error))
