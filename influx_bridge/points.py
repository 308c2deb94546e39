"""Telegrams and the switches of loads become points, as lines of InfluxDB's line protocol (contract, section 2).

    electricity total_consumption_day=301.548,actual_tariff=2i,net_power=-120.0 1698923748
    gas total_gas_consumption=12.345 1698923700
    load,load=boiler load_on=1i 1698923748

Times are Unix seconds. Numbers are floats, `actual_tariff` and `load_on` integers: a field that changes its type is refused
by InfluxDB for ever. Text and lists are left out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.decimal_text import decimal_text
from common.obis import FIELDS, MEDIA, Form
from common.payload import MAX_PAYLOAD_BYTES, PayloadError, Reading, moment

_EPOCH, _SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1)
_LAST_TIME_S = (2**63 - 1) // 10**9  # InfluxDB keeps nanoseconds in 64 bits
_SHOWN_TIME_S = 253_402_300_799  # the end of the year 9999: later ones are no datetime
_TAG_ESCAPES = str.maketrans({character: f"\\{character}" for character in "\\ ,="})
_LOAD_ON = {"ON": 1, "OFF": 0}


@dataclass(frozen=True, slots=True)
class Point:
    """One line, without its line end."""

    line: bytes

    @property
    def identity(self) -> bytes:
        """Of points with one identity only the first is to be written.

        That of a telegram is its time. An M-Bus meter's value comes again in every telegram until the next one: there it is
        the whole line, as with a switch.
        """
        parts = self.line.rsplit(b" ", 2)
        is_telegram = len(parts) > 1 and parts[0].partition(b",")[0] == b"electricity"
        return b"%b %b" % (parts[0], parts[-1]) if is_telegram else self.line


def points_of(reading: Reading, tags: Mapping[str, str]) -> Iterator[Point]:
    """Give the points of a telegram: electricity, and what the meters on the M-Bus told.

    Raises PayloadError for a tag that no line can carry.
    """
    fields, tag_text = reading.fields, _tag_text(tags)
    # What the telegram carries is looked up in the table, not the other way round: a hundred fields of it are mostly absent.
    found = sorted((_PLACES[name], name, value) for name, value in fields.items() if name in _PLACES)
    values = [f"{name}={_TEXTS[place](value)}" for place, name, value in found if isinstance(value, int | float)]
    if values:
        yield Point(f"electricity{tag_text} {','.join(values)} {_unix_s('timestamp', reading.timestamp)}".encode())
    for medium, field, stamp_field in _MEDIA:
        value, stamp = reading.number(field), fields.get(stamp_field)
        if value is not None and isinstance(stamp, str):
            yield Point(f"{medium}{tag_text} {field}={_float(value)} {_unix_s(stamp_field, stamp)}".encode())


def switch_point(load: str, payload: bytes, tags: Mapping[str, str]) -> Point:
    """Give the point of a load's `switch` message, {"time", "state", "mode", "reason"}.

    Raises PayloadError for what is not ours.
    """
    try:
        message = json.loads(payload) if len(payload) <= MAX_PAYLOAD_BYTES else None
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, nested without end
        raise PayloadError(f"not JSON: {error}") from None
    time, state = (message.get("time"), message.get("state")) if isinstance(message, dict) else (None, None)
    if not isinstance(time, str) or not isinstance(state, str) or state not in _LOAD_ON:
        raise PayloadError('expected "time", and ON or OFF as "state"')
    return Point(f"load{_tag_text({**tags, 'load': load})} load_on={_LOAD_ON[state]}i {_unix_s('time', time)}".encode())


def time_of(line: bytes) -> datetime | None:
    """Give the time of a line, UTC; None if it is not a whole line."""
    digits = line.rpartition(b" ")[2]
    return _EPOCH + int(digits) * _SECOND if digits.isdigit() and int(digits) <= _SHOWN_TIME_S else None


def tag_value(text: str) -> str:
    r"""Escape a tag's value: `\`, blank, comma and equals sign get a `\` before them.

    Raises PayloadError for what has no escape: an empty value, line ends and other control characters.
    """
    if not text or not text.isprintable():
        raise PayloadError(f"not a name that a tag can have: {text[:40]!r}")
    return text.translate(_TAG_ESCAPES)


def _tag_text(tags: Mapping[str, str]) -> str:
    """Give what comes behind the measurement: the tags, sorted, as InfluxDB stores them fastest."""
    return "".join([f",{name}={tag_value(tags[name])}" for name in sorted(tags)])


def _unix_s(name: str, iso: str) -> int:
    time_s = (moment(name, iso) - _EPOCH) // _SECOND
    if not 0 <= time_s <= _LAST_TIME_S:
        raise PayloadError(f'"{name}" is not a time that InfluxDB can keep: {iso[:40]!r}')
    return time_s


def _float(value: float) -> str:
    return decimal_text(float(value))


def _integer(value: float) -> str:
    return f"{int(value)}i"


_ELECTRICITY = tuple(field for field in FIELDS if field.numeric and not field.medium)
_PLACES = {field.name: place for place, field in enumerate(_ELECTRICITY)}  # values come in the order of the table
_TEXTS = tuple(_integer if field.form is Form.TARIFF else _float for field in _ELECTRICITY)
_MEDIA = tuple((medium.name, f"total_{medium.name}_consumption", f"{medium.name}_timestamp") for medium in MEDIA)
