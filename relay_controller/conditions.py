"""Conditions: `surplus > 1500 W and actual_tariff = 1 or l1_voltage >= 250 V`. Text in, something that holds or not out.

A comparison has a field on the left, and a number with its unit or another field on the right. `and` binds stronger
than `or`. Fields are the numeric ones of `common.obis`, and three that the controller computes: `surplus` (contract,
section 4), `peak_forecast` and `peak_limit` (`relay_controller.quarter`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from operator import eq, ge, gt, le, lt, ne
from typing import NoReturn

from common.obis import BY_NAME
from common.quantity import base_of, parse_quantity

SURPLUS = "surplus"
PEAK_FORECAST = "peak_forecast"
PEAK_LIMIT = "peak_limit"

Values = Callable[[str], float | None]  # field -> its value in its own unit, None if the telegram does not carry it

_COMPUTED = {SURPLUS: "W", PEAK_FORECAST: "kW", PEAK_LIMIT: "kW"}
_UNITS = _COMPUTED | {row.name: row.unit for row in BY_NAME.values() if row.numeric}
_OPERATORS: dict[str, Callable[[float, float], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "!=": ne}
_TOKEN = re.compile(
    r"\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_³]*)|(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<operator><=|>=|!=|<|>|=)|(?P<other>\S))",
    re.ASCII,
)
_KEYWORDS = frozenset({"and", "or"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field against a number in the field's unit, or against another field times 10 to the power of `exponent`."""

    field: str
    operator: str
    right: float | str
    exponent: int = 0

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it asks for."""
        return (self.field, self.right) if isinstance(self.right, str) else (self.field,)

    @property
    def unit(self) -> str:
        """The unit of the field; empty if it has none."""
        return _UNITS[self.field]

    def limit(self, values: Values) -> float | None:
        """Give the right side in the field's unit; None if it is a field that the telegram does not carry."""
        if isinstance(self.right, float):
            return self.right
        value = values(self.right)
        if value is None:
            return None
        # Dividing by a power of ten is exact to the last digit where multiplying by its inverse is not.
        power = float(10 ** abs(self.exponent))
        return value * power if self.exponent >= 0 else value / power

    def holds(self, values: Values) -> bool:
        """Tell whether it is known to be true: with a field that is missing it is neither true nor false."""
        value = values(self.field)
        if value is None:
            return False
        limit = self.right if isinstance(self.right, float) else self.limit(values)
        return limit is not None and _OPERATORS[self.operator](value, limit)


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition: it holds when all comparisons of one alternative hold. `fields` are those that it asks for."""

    text: str
    alternatives: tuple[tuple[Comparison, ...], ...]
    fields: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Gather the fields once: each telegram is asked for them."""
        names = frozenset(name for all_of in self.alternatives for comparison in all_of for name in comparison.fields)
        object.__setattr__(self, "fields", names)

    def holds(self, values: Values) -> bool:
        """Tell whether it is known to be true."""
        for all_of in self.alternatives:  # plain loops: each telegram asks each load twice
            for comparison in all_of:
                if not comparison.holds(values):
                    break
            else:
                return True
        return False

    def missing(self, values: Values) -> tuple[str, ...]:
        """Give the missing fields where every alternative has one, so that it could never hold; none where it could."""
        unknown = [name for name in self.fields if values(name) is None]
        if not unknown:
            return ()
        by_alternative = [
            [name for comparison in all_of for name in comparison.fields if name in unknown] for all_of in self.alternatives
        ]
        return tuple(dict.fromkeys(chain(*by_alternative))) if all(by_alternative) else ()


def parse_condition(text: str) -> Condition:
    """Parse a condition. Raises ValueError("expected ... at character N, ...")."""
    tokens = _Tokens(text)
    alternatives = [_all_of(tokens)]
    while tokens.skip("or"):
        alternatives.append(_all_of(tokens))
    if tokens.next.kind:
        _fail("and, or or the end", tokens.next)
    return Condition(text, tuple(alternatives))


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a condition."""

    kind: str  # word, number, operator, other, or empty at the end
    text: str
    place: int  # of its first character, counted from 1


class _Tokens:
    """The tokens of a text; `next` is the one to be read."""

    def __init__(self, text: str) -> None:
        self._rest = [
            _Token(match.lastgroup or "", match[match.lastgroup or 0], match.start(match.lastgroup or 0) + 1)
            for match in _TOKEN.finditer(text)
        ]
        self._rest.append(_Token("", "", len(text) + 1))

    @property
    def next(self) -> _Token:
        return self._rest[0]

    def take(self) -> _Token:
        return self._rest.pop(0) if self.next.kind else self.next

    def skip(self, keyword: str) -> bool:
        """Read the keyword if it comes next, and tell whether it did."""
        found = self.next.text.lower() == keyword
        if found:
            self.take()
        return found


def _all_of(tokens: _Tokens) -> tuple[Comparison, ...]:
    comparisons = [_comparison(tokens)]
    while tokens.skip("and"):
        comparisons.append(_comparison(tokens))
    return tuple(comparisons)


def _comparison(tokens: _Tokens) -> Comparison:
    field = _field(tokens.take())
    operator = tokens.take()
    if operator.kind != "operator":
        _fail(", ".join(_OPERATORS), operator)
    right = tokens.take()
    if right.kind == "number":
        return Comparison(field, operator.text, _number(right, tokens, _UNITS[field]))
    if right.kind != "word" or right.text.lower() in _KEYWORDS:
        _fail("a number or a field", right)
    return Comparison(field, operator.text, _field(right), _exponent(right, _UNITS[field]))


def _field(token: _Token) -> str:
    if token.kind != "word" or token.text.lower() in _KEYWORDS:
        _fail("a field", token)
    if token.text not in _UNITS:
        if token.text in BY_NAME:
            _fail("a field that is a number", token)
        from difflib import get_close_matches  # noqa: PLC0415 -- only for wrong settings

        nearest = get_close_matches(token.text, _UNITS, n=1)
        _fail("a known field", token, f", did you mean {nearest[0]}?" if nearest else "")
    return token.text


def _number(number: _Token, tokens: _Tokens, unit: str) -> float:
    """Read the unit that follows a number; give the number in `unit`."""
    has_unit = tokens.next.kind == "word" and tokens.next.text.lower() not in _KEYWORDS
    if has_unit != bool(unit):
        _fail(f"a unit such as {unit}" if unit else "a number without a unit", tokens.next)
    if not has_unit:
        return float(number.text)
    printed = tokens.take()
    try:
        return parse_quantity(f"{number.text} {printed.text}").to(unit)
    except ValueError:
        _fail(f"a unit such as {unit}", printed)


def _exponent(other: _Token, unit: str) -> int:
    """Give the power of ten that turns the other field's unit into `unit`."""
    base, exponent = base_of(unit) if unit else ("", 0)
    other_unit = _UNITS[other.text]
    other_base, other_exponent = base_of(other_unit) if other_unit else ("", 0)
    if base != other_base:
        _fail(f"a field in {unit}" if unit else "a field without a unit", other)
    return other_exponent - exponent


def _fail(wanted: str, token: _Token, hint: str = "") -> NoReturn:
    found = f'not "{token.text}"' if token.kind else "where it ends"
    raise ValueError(f"expected {wanted} at character {token.place}, {found}{hint}")
