"""dsmr_parser's reading of a telegram (https://github.com/ndokter/dsmr_parser, MIT), all its specifications together.

Its `parse` keeps only the first line of a kind and wants to be told the dialect; so each line goes through each parser of
each specification that would take it.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from dsmr_parser import telegram_specifications as specifications
from dsmr_parser.exceptions import ParseError
from dsmr_parser.objects import MBusObject, ProfileGenericObject

from tests.peers.told import Row, Told

_NAMES = (
    "V2_2", "V4", "V5", "BELGIUM_FLUVIUS", "LUXEMBOURG_SMARTY", "MSN", "SWEDEN", "Q3D", "SAGEMCOM_T210_D_R", "ISKRA_IE",
    "EON_HUNGARY",
)  # fmt: skip
_OBJECTS: list[tuple[re.Pattern[str], Any]] = [
    (re.compile(entry["obis_reference"], re.DOTALL | re.MULTILINE), entry["value_parser"])
    for name in _NAMES
    for entry in getattr(specifications, name)["objects"]
]
_CODE = re.compile(r"(\d+-\d+:\d+\.\d+\.\d+)")


def told(frame: bytes) -> Iterator[Told]:
    """Give all that any specification reads; one code may come in several forms."""
    text = frame.decode("latin-1") + "\r\n"
    seen: set[Told] = set()
    for pattern, parser in _OBJECTS:
        for line in pattern.findall(text):
            code = _CODE.match(line)
            try:
                parsed = parser.parse(line)
            except (ParseError, ValueError, InvalidOperation, IndexError):
                continue  # a line of another dialect
            if code is None:
                continue
            item = _told(code[1], parsed, line.partition("\r\n")[0].rstrip())
            if item not in seen:
                seen.add(item)
                yield item


def _told(code: str, parsed: Any, line: str) -> Told:
    if isinstance(parsed, list):  # the months' peaks
        return Told(code, tuple((row.datetime, row.occurred, _decimal(row.value)) for row in parsed), line=line)
    if isinstance(parsed, ProfileGenericObject):
        rows: list[Row] = [(row.datetime, None, _decimal(row.value)) for row in parsed.buffer]
        return Told(code, tuple(rows), line=line)
    if isinstance(parsed, MBusObject):
        return Told(code, _decimal(parsed.value), parsed.unit or "", parsed.datetime, line)
    value = parsed.value
    is_number = isinstance(value, int | Decimal)
    return Told(code, _decimal(value) if is_number else value, parsed.unit or "", line=line)


def _decimal(value: Any) -> Decimal:
    return Decimal(value)
