"""The tables of the queue file, in SQL."""

import sqlite3
from collections.abc import Iterable, Sequence

from influx_bridge.queue_place import APPLICATION_ID, VERSION, identity_problem
from influx_bridge.rows import Rejected, Row

_REJECTED_MAX = 10_000  # rows of the table `rejected`
_LAST_NUMBER = 2**62  # nobody gets that far

_SCHEMA = (
    "CREATE TABLE point (number INTEGER PRIMARY KEY, line BLOB NOT NULL)",
    "CREATE TABLE rejected (number INTEGER PRIMARY KEY, time TEXT, line BLOB, status INTEGER, words TEXT)",
    "CREATE TABLE state (points INTEGER NOT NULL)",  # how many rows `point` has: to count 500 MB takes minutes
)


class QueueDamagedError(Exception):
    """The file is not, or no longer, a queue of ours."""


def fill(connection: sqlite3.Connection) -> None:
    """Make the tables, and say whose file it is."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute("INSERT INTO state VALUES (0)")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def store_rejected(connection: sqlite3.Connection, rejected: Sequence[Rejected]) -> None:
    """Keep points that were rejected, the newest 10,000 of all."""
    rows = ((one.time, one.row.line, one.status, one.words) for one in rejected)
    connection.executemany("INSERT INTO rejected (time, line, status, words) VALUES (?, ?, ?, ?)", rows)
    connection.execute("DELETE FROM rejected WHERE number <= (SELECT max(number) FROM rejected) - ?", (_REJECTED_MAX,))


def drop_rejected(connection: sqlite3.Connection, wanted: int) -> int:
    """Delete the oldest so many points that were rejected; give how many there were."""
    statement = "DELETE FROM rejected WHERE number IN (SELECT number FROM rejected ORDER BY number LIMIT ?)"
    return connection.execute(statement, (wanted,)).rowcount


def drop(connection: sqlite3.Connection, gaps: Iterable[tuple[int, int]], wanted: int) -> int:
    """Delete the first so many points with numbers in `gaps`, ascending ranges; give how many there were."""
    query = "SELECT number FROM point WHERE number >= ? AND number < ? ORDER BY number LIMIT 1 OFFSET ?"
    gone = 0
    for first, after in gaps:
        if gone >= wanted:
            break
        found = connection.execute(query, (first, after, wanted - gone)).fetchone()
        end = found[0] if found else after
        gone += connection.execute("DELETE FROM point WHERE number >= ? AND number < ?", (first, end)).rowcount
    return gone


def counters(connection: sqlite3.Connection) -> tuple[int, int]:
    """Give how many rows there are, and the last one's number. Raises QueueDamagedError if it is no queue of ours."""
    problem = identity_problem(pragma(connection, "application_id"), pragma(connection, "user_version"))
    if problem or tables(connection) != {statement.encode() for statement in _SCHEMA}:
        raise QueueDamagedError(problem or "its tables are not those of a queue")
    query = "SELECT (SELECT points FROM state), (SELECT min(number) FROM point), (SELECT max(number) FROM point)"
    [(points, first, last)] = connection.execute(query)
    first, last = (1, 0) if last is None else (first, last)
    if not isinstance(points, int) or last > _LAST_NUMBER or not min(1, last + 1 - first) <= points <= last + 1 - first:
        raise QueueDamagedError("its rows are not those that it counted")
    return points, last


def row_of(number: object, line: object) -> Row:
    """Give the row that was read. Raises QueueDamagedError for what none is."""
    if not isinstance(number, int) or not isinstance(line, bytes):
        raise QueueDamagedError("a row of it is not a point")
    return Row(number, line)


def tables(connection: sqlite3.Connection) -> set[bytes]:
    """Give how each table was made, empty for a file yet to be filled."""
    return {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'table'")}


def used_pages(connection: sqlite3.Connection) -> int:
    """Give the pages that are in use; a file also has free ones."""
    return pragma(connection, "page_count") - pragma(connection, "freelist_count")


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """Give a number that SQLite tells of the file."""
    [(value,)] = connection.execute(f"PRAGMA {name}")
    return int(value)
