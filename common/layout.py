"""Where a telegram has its numbers: what the next one of its shape says is found there, without a look at the rest.

Two telegrams have one shape if they differ in few places only, and there in digits, none more and none less: in numbers that
are a field by themselves, the telegram's time, the readings of M-Bus meters. All between is the same text. Then the brackets,
signs and units of every line are those that the full reading (`common.interpretation`) accepted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from struct import Struct

from common.frame import Frame, Line
from common.interpretation import LineResult, Telegram, net_power_w
from common.mbus_lines import MbusLines
from common.obis import BY_NAME, FIELDS, Form
from common.quantity import base_of
from common.timestamps import RunningClock

_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?) *\*? *([A-Za-z][A-Za-z0-9]*)?", re.ASCII)
_MOST_DIGITS = 15  # a float keeps all numbers of so many
_STAMP = re.compile(r"[0-9]{12}[SWsw]?", re.ASCII)
_CONSUMPTION, _INJECTION = "actual_total_consumption", "actual_total_injection"  # of which net_power is made
_OF_MBUS = frozenset(field.name for field in FIELDS if field.medium or field.name == "mbus")
_NESTED = ("other", *(field.name for field in FIELDS if field.type is list))

# Of the fields whose line is a number and nothing else.
_NUMBER_FORMS = {field.name: field.form for field in FIELDS if field.form in {Form.NUMBER, Form.POWER_FACTOR}}

Span = tuple[int, int]  # begin and end of a place in the telegram
Fields = dict[str, object]
GoodLines = list[tuple[Line, LineResult]]


class Layout:
    """Made of a telegram and its full reading; reads other telegrams of its shape.

    `body` is the telegram from `/` to and with the `!`, `frame` the same taken apart.
    """

    def __init__(self, body: bytes, frame: Frame, telegram: Telegram) -> None:
        self.skipped = telegram.skipped
        self._size = len(body)
        self._has_checksum = frame.has_checksum
        self._clock = RunningClock(telegram.clock)
        fields = separate(telegram.fields)
        self._nested = [name for name in _NESTED if name in fields]
        good = [(line, result) for line, result in zip(frame.lines, telegram.lines, strict=True) if not result.reason]
        numbers = list(_numbers(good, fields))
        stamps = list(_stamps(good))
        self._mbus = MbusLines(frame.lines, [line for line, _ in good], telegram.clock)
        spans = sorted([*(span for span, _, _ in numbers), *stamps, *self._mbus.spans])
        order = {span: at for at, span in enumerate(spans)}
        self._numbers = [(order[span], name, exponent) for span, name, exponent in numbers]
        self._stamps = [order[span] for span in stamps]
        self._readings = [order[span] for span in self._mbus.spans]
        self._pieces = _cut(spans, len(body))
        pieces = self._pieces.unpack(body)
        texts, places = pieces[::2], pieces[1::2]
        self._texts = texts
        self._form = _form_of(places)
        self._newest = [places[at] for at in self._readings], fields  # readings of M-Bus meters, and fields with their values

    def fields_of(self, body: bytes, *, has_checksum: bool) -> Fields | None:
        """Give the fields of a telegram, exactly those that the full reading gives; None if only that can tell."""
        if len(body) != self._size or has_checksum is not self._has_checksum:
            return None
        pieces = self._pieces.unpack(body)
        places = pieces[1::2]
        if pieces[::2] != self._texts or _form_of(places) != self._form:
            return None
        readings, known = self._newest
        if readings != [places[at] for at in self._readings]:
            renewed = self._renewed([places[at] for at in self._readings])
            if renewed is None:
                return None
            known = renewed
        fields = separate(known, self._nested)
        for at, name, exponent in self._numbers:
            fields[name] = float(places[at] + exponent if exponent else places[at])
        for at in self._stamps:
            fields["timestamp"] = timestamp = self._clock.to_iso(places[at])
            if timestamp is None:
                return None
        if "net_power" in fields:
            fields["net_power"] = power_w = net_power_w(fields[_CONSUMPTION], fields.get(_INJECTION, 0.0))
            if power_w is None:
                return None
        return fields

    def _renewed(self, readings: list[bytes]) -> Fields | None:
        """Give the fields with what the M-Bus meters say now; None if they gave other fields before."""
        _, fields = self._newest
        try:
            changed = self._mbus.fields(readings)
        except ValueError:
            return None
        if list(changed) != [name for name in fields if name in _OF_MBUS]:
            return None
        fields = fields | changed
        self._newest = readings, fields
        return fields


def separate(fields: Mapping[str, object], nested: Iterable[str] = _NESTED) -> Fields:
    """Give a copy that shares nothing with the original that can be changed; of all fields those of `nested` are no scalars."""
    copy = dict(fields)
    for name in nested:
        value = copy.get(name)
        if isinstance(value, list):
            copy[name] = [row.copy() for row in value]
        elif isinstance(value, dict):
            copy[name] = value.copy()
    return copy


def _numbers(good: GoodLines, fields: Fields) -> Iterator[tuple[Span, str, bytes]]:
    """Find the numbers that are a field by themselves: place, name, and what their digits need for the field's unit, `e-3`."""
    for line, result in good:
        for name, value in result.fields.items():
            form = _NUMBER_FORMS.get(name)
            match = _NUMBER.fullmatch(line.groups[0]) if form and len(result.fields) == 1 else None
            if match is None or line.place is None or value != fields[name]:
                continue
            if name in (_CONSUMPTION, _INJECTION) and "net_power" not in fields:
                continue
            digits, unit = match.groups()
            if form is Form.POWER_FACTOR and "." not in digits:
                continue  # it may be in thousandths, or not
            if len(digits) <= _MOST_DIGITS:
                begin = line.place + line.text.index("(") + 1
                yield (begin, begin + len(digits)), name, _exponent(unit, BY_NAME[name].unit)


def _exponent(unit: str | None, wanted: str) -> bytes:
    """Give what the digits of a number in `unit` need behind them to be in another; a number without a unit is in that."""
    exponent = base_of(unit)[1] - base_of(wanted)[1] if unit and unit != wanted else 0
    return b"e%d" % exponent if exponent else b""


def _stamps(good: GoodLines) -> Iterator[Span]:
    """Find the telegram's time, if it has the usual form."""
    for line, result in good:
        if "timestamp" in result.fields and line.place is not None and _STAMP.fullmatch(line.groups[0]):
            begin = line.place + line.text.index("(") + 1
            yield begin, begin + len(line.groups[0])


def _form_of(places: Iterable[bytes]) -> bytes:
    return b"".join(places).translate(_DIGITS_ALIKE)


def _cut(spans: Iterable[Span], size: int) -> Struct:
    """Give what cuts `size` bytes into text and places, in turn; it begins and ends with a text."""
    edges = [0, *(edge for span in spans for edge in span), size]
    return Struct("".join(f"{end - begin}s" for begin, end in pairwise(edges)))
