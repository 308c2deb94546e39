"""Parsers of single values: the stripped text in, the value out, ValueError("expected ...") for a wrong one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from re import fullmatch
from typing import Any

from common.timestamps import clock_of

FOLLOW = "follow"  # a peak limit that is the peak which this month already has
_LAST_TCP_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Context:
    """What the parser of a value may need besides its text."""

    folder: PurePath  # of the config file: relative paths start there


Parser = Callable[[str, Context], Any]


def text(value: str, _: Context) -> str:
    """Any text, also none."""
    return value


def filled(value: str, _: Context) -> str:
    """Give a text that is not empty."""
    return _demand(value, bool(value), "a text")


def host(value: str, _: Context) -> str:
    """Give the name or address of a host."""
    return _demand(
        value, fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.:-]{0,252}[A-Za-z0-9_])?", value) and ".." not in value, "a host"
    )


def slug(value: str, _: Context) -> str:
    """Give a name that can be one level of a topic."""
    return _demand(value, fullmatch(r"[A-Za-z0-9_-]+", value), "a name of letters, digits, _ and -")


def topic(value: str, _: Context) -> str:
    """Give a topic, of one or more levels."""
    return _demand(value, fullmatch(r"[^$/+#\s][^+#\s]*(?<!/)", value), "a topic without wildcards and blanks")


def foreign_topic(value: str, _: Context) -> str:
    """Give a topic of somebody else's device: all that MQTT allows, also blanks and a slash at either end."""
    return _demand(value, fullmatch(r"[^$+#\0][^+#\0]*", value), "a topic without wildcards")


def zone(value: str, _: Context) -> str:
    """Give the name of a time zone."""
    try:
        clock_of(value)
    except (ValueError, KeyError, OSError):  # an unknown key, a path, a folder of the zone files
        raise ValueError("expected a time zone such as Europe/Brussels") from None
    return value


def yes_no(value: str, _: Context) -> bool:
    """Read yes or no, and what INI files have for them."""
    words = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
    _demand(value, value.lower() in words, "yes or no")
    return words[value.lower()]


def auto_yes_no(value: str, context: Context) -> bool | None:
    """Read yes or no, or None for `auto`."""
    if value.lower() == "auto":
        return None
    try:
        return yes_no(value, context)
    except ValueError:
        raise ValueError("expected auto, yes or no") from None


def key_128_bits(value: str, _: Context) -> bytes:
    """Give the 16 bytes of a key that is written as 32 hex digits."""
    return bytes.fromhex(_demand(value, fullmatch("[0-9A-Fa-f]{32}", value), "32 hex digits"))


def seconds(value: str, _: Context) -> float:
    """Give a time in seconds, 0 or more."""
    return _number(value, r"[0-9]{1,9}(\.[0-9]{1,3})?", "seconds")


def positive_seconds(value: str, context: Context) -> float:
    """Give a time in seconds, more than 0."""
    number = seconds(value, context)
    _demand(value, number > 0, "more than 0 seconds")
    return number


def auto_seconds(value: str, context: Context) -> float | None:
    """Give a time in seconds, or None for `auto`."""
    if value == "auto":
        return None
    try:
        return positive_seconds(value, context)
    except ValueError:
        raise ValueError("expected seconds or auto") from None


def whole(low: int, high: int, what: str) -> Parser:
    """Give the parser of a whole number from `low` to `high`."""

    def parse_whole(value: str, _: Context) -> int:
        matches = fullmatch(r"[0-9]{1,12}", value)
        _demand(value, matches and low <= int(value) <= high, f"{what} from {low} to {high}")
        return int(value)

    return parse_whole


def watts(value: str, _: Context) -> float:
    """Give a power in W."""
    return _number(value, r"[0-9]{1,7}(\.[0-9]{1,3})?", "a power in W, as a number")


def price(value: str, _: Context) -> float:
    """Give a price in EUR; what is injected may also cost."""
    return _number(value, r"-?[0-9]{1,6}(\.[0-9]{1,6})?", "a price in EUR, as a number")


def peak_limit(value: str, _: Context) -> float | str | None:
    """Give a quarter-hour peak in kW, `follow`, or None where it is left empty."""
    if not value or value.lower() == FOLLOW:
        return value.lower() or None
    return _number(value, r"[0-9]{1,4}(\.[0-9]{1,3})?", f"kW, as a number, or {FOLLOW}")


def choice(*words: str) -> Parser:
    """Give the parser of one of a few words, which are told as they are here, and given in lower case."""

    def parse_choice(value: str, _: Context) -> str:
        holds = value.lower() in {word.lower() for word in words}
        return _demand(value.lower(), holds, " or ".join((", ".join(words[:-1]), words[-1])))

    return parse_choice


def path(value: str, context: Context) -> PurePath:
    """Give a path; a relative one starts at the folder of the config file."""
    _demand(value, bool(value), "a path")
    return context.folder / value


def serial_port(value: str, _: Context) -> str:
    """Give the path of a serial port, or the address of one on the network."""
    if "://" in value:
        match = fullmatch(r"(socket|rfc2217)://[^/:?#\s]+:([0-9]{1,5})", value)
        _demand(value, match and 1 <= int(match[2]) <= _LAST_TCP_PORT, "socket://host:port or rfc2217://host:port")
    return _demand(value, bool(value), "a serial port")


def meters(value: str, _: Context) -> str:
    """Give `own`, `all`, or names of meters with * and ? in them, a blank between two."""
    names = value.replace(",", " ").split()
    well = names and all(fullmatch(r"[A-Za-z0-9_*?-]+", name) for name in names)
    alone = value.lower() if value.lower() in {"own", "all"} else " ".join(names)
    return _demand(alone, well, "own, all, or names of meters, in which * and ? may stand")


def optional(inner: Parser, empty: Any = None) -> Parser:
    """Give the parser of a value that may be left empty, which gives `empty`."""

    def parse_optional(value: str, context: Context) -> Any:
        return inner(value, context) if value else empty

    return parse_optional


def _number(value: str, pattern: str, what: str) -> float:
    _demand(value, fullmatch(pattern, value), what)
    return float(value)


def _demand(value: str, holds: object, what: str) -> str:
    if not holds:
        raise ValueError(f"expected {what}")
    return value
