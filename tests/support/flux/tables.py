"""A model of the functions of Flux that the dashboards use, over points in memory, after InfluxDB's own descriptions.

A stream is a list of tables. The columns of a table's key have one value for all its rows; a row has the other columns.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

from tests.support.flux.language import Function, Scope
from tests.support.flux.times import add, location, shifted, truncate, windows

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Rows of one key."""

    key: Row
    rows: list[Row]


Stream = list[Table]


def library(points: Stream, now: datetime) -> Scope:
    """Give the functions of Flux over these points: tables with `_measurement`, `_field` and tags as keys."""
    return {
        "aggregateWindow": _aggregate_window, "difference": _difference, "drop": _drop, "elapsed": _elapsed, "filter": _filter,
        "first": partial(_selected, 0), "float": _float, "from": lambda bucket: points if bucket else [],
        "group": _group, "keep": _keep, "last": partial(_selected, -1), "limit": _limit, "map": _map, "max": _max,
        "mean": partial(_reduced, _mean), "now": lambda: now, "range": partial(_range, now), "set": _set, "sort": _sort,
        "sum": partial(_reduced, math.fsum), "timeShift": _time_shift, "union": _union,
        "array": {"from": lambda rows: [Table({}, rows)]},
        "date": {"add": add, "sub": lambda d, location=None, **of: add(-d, of["from"], location), "truncate": truncate},
        "math": {"round": lambda x: float(math.floor(x + 0.5))},
        "strings": {"replaceAll": lambda v, t, u: v.replace(t, u)},
        "timezone": {"location": location},
    }  # fmt: skip


def _float(v: str) -> float:
    return float(v)


def _range(now: datetime, tables: Stream, start: Any, stop: Any) -> Stream:
    start = start if isinstance(start, datetime) else add(start, now)
    assert start < stop, "InfluxDB refuses an empty range"
    key = {"_start": start, "_stop": stop}
    cut = (Table(table.key | key, [row for row in table.rows if start <= row["_time"] < stop]) for table in tables)
    return [table for table in cut if table.rows]


def _filter(tables: Stream, fn: Function) -> Stream:
    kept = (Table(table.key, _rows_that(table, fn)) for table in tables)
    return [table for table in kept if table.rows]


def _rows_that(table: Table, fn: Function) -> list[Row]:
    if "_value" not in str(fn.node) and "_time" not in str(fn.node):  # the same for all rows, and there may be many
        return table.rows if fn(r=table.key) else []
    return [row for row in table.rows if fn(r=table.key | row)]


def _aggregate_window(tables: Stream, every: Any, fn: Any, **options: Any) -> Stream:
    of, is_reduced = options["timeSrc"], getattr(fn, "func", None) is _reduced
    done = []
    for table in tables:
        rows: list[Row] = []
        left = iter(table.rows)
        row = next(left, None)
        for start, stop in windows(
            table.key["_start"], table.key["_stop"], every, options.get("offset"), options.get("location")
        ):
            inside = []
            while row is not None and row["_time"] < stop:
                inside.append(row)
                row = next(left, None)
            bounds = {"_start": start, "_stop": stop}
            made = fn(tables=[Table(table.key, inside)]) if inside else []
            rows += [kept | {"_time": bounds[of]} for one in made for kept in one.rows]
            # Selectors drop empty windows whatever is asked.
            if not inside and options["createEmpty"] and is_reduced:
                rows.append({"_value": None, "_time": bounds[of]})
        done.append(Table(table.key, rows))
    return [table for table in done if table.rows]


def _selected(index: int, tables: Stream) -> Stream:
    values = ((table.key, [row for row in table.rows if row["_value"] is not None]) for table in tables)
    return [Table(key, [rows[index]]) for key, rows in values if rows]


def _max(tables: Stream) -> Stream:
    return [Table(table.key, [max(table.rows, key=lambda row: row["_value"])]) for table in tables if table.rows]


def _reduced(function: Any, tables: Stream) -> Stream:
    """Give one row for each table; columns outside the key are gone, time too."""
    return [Table(one.key, [{"_value": function([row["_value"] for row in one.rows])}]) for one in tables if one.rows]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _difference(tables: Stream, **options: bool) -> Stream:
    done = []
    for table in tables:
        rows = [table.rows[0] | {"_value": None}] if options.get("keepFirst") else []
        for before, row in pairwise(table.rows):
            value = row["_value"] - before["_value"]
            rows.append(row | {"_value": None if options.get("nonNegative") and value < 0 else value})
        done.append(Table(table.key, rows))
    return [table for table in done if table.rows]


def _elapsed(tables: Stream, unit: Any) -> Stream:
    def rows(table: Table) -> Iterator[Row]:
        for before, row in pairwise(table.rows):
            yield row | {"elapsed": (row["_time"] - before["_time"]) // unit.rest}

    done = (Table(table.key, list(rows(table))) for table in tables)
    return [table for table in done if table.rows]


def _union(tables: list[Stream]) -> Stream:
    return _joined(table for stream in tables for table in stream)


def _group(tables: Stream, columns: Sequence[str] = ()) -> Stream:
    whole = (table.key | row for table in tables for row in table.rows)
    return _joined(Table({name: row.pop(name) for name in columns}, [row]) for row in whole)


def _joined(tables: Iterable[Table]) -> Stream:
    """Make one table of those with the same key."""
    found: dict[str, Table] = {}
    for table in tables:
        found.setdefault(str(sorted(table.key.items())), Table(table.key, [])).rows.extend(table.rows)
    return list(found.values())


def _sort(tables: Stream, columns: Sequence[str], **options: bool) -> Stream:
    is_falling = options.get("desc", False)
    return [
        replace(one, rows=sorted(one.rows, key=lambda row: [row[name] for name in columns], reverse=is_falling))
        for one in tables
    ]


def _limit(tables: Stream, n: int) -> Stream:
    return [replace(table, rows=table.rows[:n]) for table in tables]


def _keep(tables: Stream, columns: Sequence[str]) -> Stream:
    return _joined(Table(_only(one.key, columns), [_only(row, columns) for row in one.rows]) for one in tables)


def _drop(tables: Stream, columns: Sequence[str]) -> Stream:
    kept = {name for table in tables for row in table.rows for name in table.key | row} - set(columns)
    return _keep(tables, list(kept))


def _only(row: Row, columns: Sequence[str]) -> Row:
    return {name: value for name, value in row.items() if name in columns}


def _set(tables: Stream, key: str, value: str) -> Stream:
    return _joined(Table(one.key | {key: value}, one.rows) for one in tables)


def _map(tables: Stream, fn: Function) -> Stream:
    def mapped(table: Table, row: Row) -> Table:
        made = fn(r=table.key | row)
        key = {name: made.pop(name) for name in table.key if name in made}
        return Table(key, [made])

    return _joined(mapped(table, row) for table in tables for row in table.rows)


def _time_shift(tables: Stream, duration: Any, columns: Sequence[str]) -> Stream:
    def moved(row: Row) -> Row:
        return row | {name: shifted(row[name], duration) for name in columns}

    return [replace(table, rows=[moved(row) for row in table.rows]) for table in tables]


def series(measurement: str, field: str, values: Iterable[tuple[datetime, float]], **tags: str) -> Table:
    """Give the points of a field as InfluxDB keeps them."""
    key = {"_measurement": measurement, "_field": field, **tags}
    return Table(key, [{"_time": at.astimezone(UTC), "_value": value} for at, value in sorted(values)])
