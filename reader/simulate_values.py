"""Values of the options of `python -m reader simulate`. Each raises ArgumentTypeError for what it does not take."""

from argparse import ArgumentTypeError
from contextlib import suppress
from datetime import datetime
from math import isfinite

from reader.fleet import METERS_MAX
from reader.sunshine import BRUSSELS

_YEARS = range(2002, 2069)  # YY in a telegram has no century
_LAST_PORT = 65_535


def speed(text: str) -> float:
    """Read telegrams per second; 0: as fast as they are taken."""
    with suppress(ValueError):
        number = float(text)
        if isfinite(number) and number >= 0:
            return number
    raise ArgumentTypeError(f"expected a number, 0 or more, got {text!r}")


def seed(text: str) -> int:
    """Read a seed."""
    with suppress(ValueError):
        return int(text)
    raise ArgumentTypeError(f"expected a whole number, got {text!r}")


def count(text: str) -> int:
    """Read a number of telegrams."""
    with suppress(ValueError):
        number = int(text)
        if number > 0:
            return number
    raise ArgumentTypeError(f"expected a whole number, 1 or more, got {text!r}")


def meters(text: str) -> int:
    """Read a number of meters."""
    if (number := count(text)) <= METERS_MAX:
        return number
    raise ArgumentTypeError(f"expected 1 to {METERS_MAX}, got {text!r}")


def start(text: str) -> datetime:
    """Read a time; without an offset it is Belgian time, and without a time midnight."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text).replace(microsecond=0)
        if moment.year in _YEARS:
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=BRUSSELS)
    raise ArgumentTypeError(f"expected a time as 2026-06-21T12:00:00 of the years 2002 to 2068, got {text!r}")


def address(text: str) -> tuple[str, int]:
    """Read host and port."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")  # [::1]:2000
    if host and port.isascii() and port.isdigit() and int(port) <= _LAST_PORT:
        return host, int(port)
    raise ArgumentTypeError(f"expected HOST:PORT, got {text!r}")
