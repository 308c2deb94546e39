"""Runs a script in Flux from its tree, over functions that are given: what the language itself does, no more.

Values: numbers, text, booleans, datetimes, None for null, dicts for records, lists for arrays, patterns, durations, functions.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import add, eq, ge, gt, le, lt, mul, ne, sub, truediv
from typing import Any

Node = dict[str, Any]
Scope = dict[str, Any]
Native = Callable[..., Any]  # arguments by name; what is piped into it as `tables`

_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_MONTHS = {"mo": 1, "y": 12}
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge, "+": add, "-": sub, "*": mul, "/": truediv,
    "=~": lambda text, pattern: pattern.search(text) is not None,
}  # fmt: skip


@dataclass(frozen=True)
class Duration:
    """A length of time; months have none of their own."""

    months: int
    rest: timedelta

    def __neg__(self) -> "Duration":
        """Give it backwards."""
        return Duration(-self.months, -self.rest)


@dataclass(frozen=True)
class Function:
    """A function of the script."""

    node: Node
    scope: Scope

    def __call__(self, **arguments: Any) -> Any:
        """Give what it returns."""
        names = [param["key"]["name"] for param in self.node["params"]]
        assert arguments.keys() == set(names), f"wanted {names}, got {list(arguments)}"
        return evaluate(self.node["body"], {**self.scope, **arguments})


def run(tree: Node, library: Scope) -> Any:
    """Give the value of the last expression of a script. `library`: {name: function or value}, {package: {name: ...}}."""
    packages = {one["path"]["value"].rpartition("/")[2] for one in tree["imports"]}
    assert packages <= library.keys(), f"the model has no {packages - library.keys()}"
    own = {name: value for name, value in library.items() if not isinstance(value, dict) or name in packages}
    return _run_block(tree["body"], own)


def evaluate(node: Node, scope: Scope) -> Any:
    """Give the value of an expression."""
    return _KINDS[node["type"]](node, scope)


def _run_block(body: list[Node], scope: Scope) -> Any:
    scope, value = dict(scope), None
    for statement in body:
        if statement["type"] == "VariableAssignment":
            scope[statement["id"]["name"]] = evaluate(statement["init"], scope)
        else:
            value = evaluate(statement.get("argument") or statement["expression"], scope)
    return value


def _call(node: Node, scope: Scope, **piped: Any) -> Any:
    arguments = evaluate(node["arguments"][0], scope) if node.get("arguments") else {}
    callee = node["callee"]
    function = _member(callee, scope) if "object" in callee else scope[callee["name"]]
    return function(**piped, **arguments)


def _member(node: Node, scope: Scope) -> Any:
    record = evaluate(node["object"], scope)
    name = node["property"].get("name", node["property"].get("value"))
    return record.get(name)  # a column that is not there is null


def _object(node: Node, scope: Scope) -> dict[str, Any]:
    base = scope[node["with"]["name"]] if node.get("with") else {}
    return base | {one["key"].get("name", one["key"].get("value")): evaluate(one["value"], scope) for one in node["properties"]}


def _binary(node: Node, scope: Scope) -> Any:
    left, right = evaluate(node["left"], scope), evaluate(node["right"], scope)
    return None if left is None or right is None else _OPERATORS[node["operator"]](left, right)


def _logical(node: Node, scope: Scope) -> bool:
    left = bool(evaluate(node["left"], scope))
    return (
        (left and bool(evaluate(node["right"], scope)))
        if node["operator"] == "and"
        else left or bool(evaluate(node["right"], scope))
    )


def _unary(node: Node, scope: Scope) -> Any:
    value = evaluate(node["argument"], scope)
    return value is not None if node["operator"] == "exists" else -value


def _duration(node: Node, _: Scope) -> Duration:
    parts = [(one["magnitude"], one["unit"]) for one in node["values"]]
    months = sum(number * _MONTHS[unit] for number, unit in parts if unit in _MONTHS)
    return Duration(months, sum((number * _UNITS[unit] for number, unit in parts if unit in _UNITS), timedelta()))


_KINDS: Mapping[str, Callable[[Node, Scope], Any]] = {
    "ArrayExpression": lambda node, scope: [evaluate(one, scope) for one in node["elements"]],
    "BinaryExpression": _binary,
    "Block": lambda node, scope: _run_block(node["body"], scope),
    "BooleanLiteral": lambda node, _: node["value"],
    "CallExpression": _call,
    "ConditionalExpression": lambda node, scope: evaluate(
        node["consequent"] if evaluate(node["test"], scope) else node["alternate"], scope
    ),
    "DateTimeLiteral": lambda node, _: datetime.fromisoformat(node["value"]),
    "DurationLiteral": _duration,
    "FloatLiteral": lambda node, _: float(node["value"]),
    "FunctionExpression": Function,
    "Identifier": lambda node, scope: {"true": True, "false": False}.get(node["name"], scope.get(node["name"])),
    "IntegerLiteral": lambda node, _: int(node["value"]),
    "LogicalExpression": _logical,
    "MemberExpression": _member,
    "ObjectExpression": _object,
    "ParenExpression": lambda node, scope: evaluate(node["expression"], scope),
    "PipeExpression": lambda node, scope: _call(node["call"], scope, tables=evaluate(node["argument"], scope)),
    "RegexpLiteral": lambda node, _: re.compile(node["value"]),
    "StringLiteral": lambda node, _: node["value"],
    "UnaryExpression": _unary,
}
