"""Decodes written by hand, `expected/NAME.json` beside the telegrams: {"timestamp": ISO, "values": {code: [value, unit, ISO]}}.

The lists of month peaks and of failures have rows of stamps and a number in the place of the value; a repeated code has rows
of a stamp and a number; a pair of limits is a list of two numbers.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.peers.told import Row, Told

_PEAKS, _FAILURES = "0-0:98.1.0", "1-0:99.97.0"
_ZONE = ZoneInfo("Europe/Brussels")  # of stamps without offset


def told(path: Path) -> Iterator[Told]:
    """Give what a file says."""
    decode = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    if decode["timestamp"]:
        yield Told("0-0:1.0.0", _moment(decode["timestamp"]))
    for code, entry in decode["values"].items():
        yield from _entry(code, *entry)


def _entry(code: str, value: Any, unit: str | None, stamp: str | None = None) -> Iterator[Told]:
    unit = unit or ""
    if code in {_PEAKS, _FAILURES}:
        yield Told(code, tuple(map(_row, value)), unit)
    elif not isinstance(value, list):
        yield Told(code, value if isinstance(value, str) else Decimal(value), unit, _moment(stamp) if stamp else None)
    elif all(isinstance(part, list) for part in value):
        yield from (Told(code, Decimal(number), unit, _moment(row_stamp)) for row_stamp, number in value)
    else:
        yield from (Told(code, Decimal(number), unit) for number in value)


def _row(row: list[Any]) -> Row:
    *stamps, number = row
    moments = [_moment(stamp) if stamp else None for stamp in stamps]
    return moments[0], moments[1] if len(moments) > 1 else None, Decimal(number)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=_ZONE)
