"""The JSON of the topics `telegram` and `backfill`: the fields of one telegram, flat, and how it was received.

{"meter": "home", "received": "2026-01-31T11:15:49.012+00:00", "seq": 17, "lag_s": 1.012,
 "timestamp": "2026-01-31T12:15:48+01:00", "total_consumption_day": 301.548, ...}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime
from math import isfinite
from typing import NoReturn, TypeGuard

from common.obis import BY_NAME, Field

MAX_PAYLOAD_BYTES = 131_072  # eight times the longest telegram that the reader takes: JSON writes a control byte as six
_YEARS = range(MINYEAR + 1, MAXYEAR)  # in the first and the last one another zone may have no such time
_MAX_INTEGER = 2**63 - 1  # what InfluxDB stores; JSON knows no limit
# Of an integer the type alone tells too little; floats that are no numbers (NaN, 1e999) are refused before.
_TYPE_OF = {name: None if field.type is int else field.type for name, field in BY_NAME.items()}
_FLOATS = frozenset(name for name, field in BY_NAME.items() if field.type is float)
_TIMES = frozenset(name for name in BY_NAME if name == "timestamp" or name.endswith("_timestamp"))

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode  # made once, not for each payload


class PayloadError(ValueError):
    """A message that is not a telegram of ours."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A telegram as it goes over the broker."""

    meter: str
    received: datetime  # host time of the reader, UTC
    seq: int  # counts up from 1 at each start of the reader
    fields: Mapping[str, object]
    lag_s: float | None = None  # received minus the telegram's own time; None if the telegram has none
    recorded: bool = False  # from a file, not from a port

    @property
    def timestamp(self) -> str:
        """The time of the values, ISO 8601: the telegram's own, or `received` cut to the second where it has none."""
        timestamp = self.fields.get("timestamp")
        return timestamp if isinstance(timestamp, str) else self.received.isoformat(timespec="seconds")

    def number(self, field: str) -> float | None:
        """Give a numeric field's value, or None if the telegram does not carry it."""
        value = self.fields.get(field)
        return value if isinstance(value, int | float) else None


def lag_s(fields: Mapping[str, object], received: datetime) -> float | None:
    """Give the seconds between the telegram's own time and its reception; None if it has no time."""
    timestamp = fields.get("timestamp")
    if not isinstance(timestamp, str):
        return None
    return round((received - datetime.fromisoformat(timestamp)).total_seconds(), 3)


def fields_as_json(fields: Mapping[str, object]) -> str:
    """Give the fields of a telegram alone as one line of JSON."""
    return _encode(fields)


def encode(reading: Reading) -> bytes:
    """Turn a reading into the payload of `telegram`."""
    head: dict[str, object] = {
        "meter": reading.meter,
        "received": reading.received.isoformat(timespec="milliseconds"),
        "seq": reading.seq,
    }
    if reading.lag_s is not None:
        head["lag_s"] = reading.lag_s
    if reading.recorded:
        head["recorded"] = True
    return _encode({**head, **reading.fields}).encode()


def parse(payload: bytes) -> Reading:
    """Read a payload of `telegram` or `backfill`; keys that the table does not know are left out.

    Raises PayloadError for what is not ours: not JSON, a key missing, a field of the wrong type.
    """
    message = _object(payload)
    meter, received, seq = message.get("meter"), message.get("received"), message.get("seq")
    if not isinstance(meter, str) or not isinstance(received, str) or not _is_integer(seq):
        raise PayloadError('expected "meter", "received" and "seq"')
    lag = message.get("lag_s")
    if lag is not None and not _is_number(lag):
        raise PayloadError('"lag_s" is not a number')
    fields: dict[str, object] = {}
    for name, value in message.items():
        if type(value) is float and name in _FLOATS:  # as most are, and this is done for each value of each telegram
            fields[name] = value
        elif name in BY_NAME:
            if type(value) is not _TYPE_OF[name] and not _has_type_of(BY_NAME[name], value):
                raise PayloadError(f'"{name}" has the wrong type')
            if name in _TIMES:
                moment(name, str(value))
            fields[name] = value
    return Reading(meter, moment("received", received), seq, fields, lag, message.get("recorded") is True)


def moment(name: str, text: str) -> datetime:
    """Read the ISO 8601 time of the key `name`. Raises PayloadError for what is none, or has no offset."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or time.year not in _YEARS:
        raise PayloadError(f'"{name}" is not a time with its offset: {text[:40]!r}')
    return time


def _object(payload: bytes) -> dict[str, object]:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PayloadError(f"{len(payload)} bytes are too many for a telegram")
    try:
        message = _decode(payload.decode(json.detect_encoding(payload), "surrogatepass"))
        if b"\\u" in payload and b"\\ud" in payload.lower():
            json.dumps(message, ensure_ascii=False).encode()  # half a pair of surrogates is no text
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, NaN, 1e999, nested without end
        raise PayloadError(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise PayloadError("not a JSON object")
    return message


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError(f"{digits[:40]} is too large")
    return number


_decode = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite).decode  # made once, not for each payload


def _has_type_of(field: Field, value: object) -> bool:
    if field.type is float:
        return _is_number(value)
    if field.type is int:
        return _is_integer(value)
    return isinstance(value, field.type)


def _is_number(value: object) -> TypeGuard[float]:
    return _is_integer(value) or (isinstance(value, float) and isfinite(value))


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_INTEGER
