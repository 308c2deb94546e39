"""The file in which points wait: SQLite in WAL mode, on the disk when a transaction ends.

It belongs to one thread of one process, which holds it exclusively, so SQLite keeps its index of the WAL in memory.
The WAL comes on top of the size that the settings allow: 4 MB, and what one transaction changes, some MB more.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from influx_bridge.queue_tables import (
    QueueDamagedError,
    counters,
    drop,
    drop_rejected,
    fill,
    pragma,
    row_of,
    store_rejected,
    tables,
    used_pages,
)
from influx_bridge.ranges import Ranges
from influx_bridge.rows import Rejected, Row, beginning

DROPPED_AT_ONCE = 10_000  # rows: a queue that became too large by a new setting shrinks step by step
_WAL_BYTES = 4_000_000
_SPARE_PAGES = 2_000  # 8 MB: more than that goes back to the disk when little waits
_SMALL_ROWS = 1_000

# A transaction that failed at its very end may be in the file all the same, and is tried again.
_ADD = "INSERT OR IGNORE INTO point VALUES (?, ?)"
_UNUSABLE_NOW = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_PERM,
    }
)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class QueueTroubleError(Exception):
    """The file cannot be used now: the disk is full or read-only, or fails. Later it may be well."""


class QueueFile:
    """The rows of one file. Any method may raise QueueTroubleError or QueueDamagedError; nothing has changed then.

    After a trouble it opens the file again by itself. A damaged file is to be moved aside before `forget`: SQLite deletes a log
    when it closes the file.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.stored = 0  # rows in the file
        self.after = 0  # a number above those of all rows
        self._path = path
        self._max_bytes = max_bytes
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, or make it; harmless if it is open."""
        if self._connection is None:
            with self._errors_told(_DAMAGED | {sqlite3.SQLITE_ERROR}):
                self._connection = sqlite3.connect(self._path, timeout=0, isolation_level=None)
                self._prepare(self._connection)

    def close(self) -> None:
        """Close the file, and bring its WAL into it if that can be done."""
        if self._connection is not None:
            with suppress(sqlite3.Error):  # committed is what is in the WAL; the next start takes it from there
                self._connection.close()
            self._connection = None

    def forget(self) -> None:
        """Close a damaged file for good; a fresh one is made when it is used again."""
        self.close()
        self.stored = 0

    def change(self, new: Sequence[Row], done: Ranges, rejected: Sequence[Rejected], kept: Ranges) -> int:
        """In one transaction: store new rows, and rows that were rejected; take out those that are done.

        Where there is no room the oldest go that are neither new nor among the `kept`; gives how many.
        """
        with self._transaction() as connection:
            added = connection.executemany(_ADD, ((row.number, row.line) for row in new))
            stored = self.stored + max(0, added.rowcount)
            for first, after in done:
                stored -= connection.execute("DELETE FROM point WHERE number >= ? AND number < ?", (first, after)).rowcount
            if rejected:
                store_rejected(connection, rejected)
            dropped = self._make_room(connection, kept)
            connection.execute("UPDATE state SET points = ?", (stored - dropped,))
        self.stored = stored - dropped
        self.after = max([self.after, *(row.number + 1 for row in new[-1:])])
        self._give_room_back()
        return dropped

    def read(self, without: Ranges, lines: int, size_bytes: int) -> tuple[Row, ...]:
        """Give the first rows whose numbers are not in `without`, as many as a request of so many lines and bytes may carry."""

        def rows() -> Iterator[Row]:
            query = "SELECT number, line FROM point WHERE number >= ? AND number < ? ORDER BY number"
            for first, after in without.gaps(0, self.after):
                for number, line in connection.execute(query, (first, after)):
                    yield row_of(number, line)

        with self._errors_told():
            connection = self._open_connection()
            return beginning(rows(), lines, size_bytes)

    def newest(self, without: Ranges, lines: int) -> list[Row]:
        """Give the last rows whose numbers are not in `without`, at most so many, the newest first."""
        found: list[Row] = []
        query = "SELECT number, line FROM point WHERE number >= ? AND number < ? ORDER BY number DESC LIMIT ?"
        with self._errors_told():
            connection = self._open_connection()
            for first, after in reversed(list(without.gaps(0, self.after))):
                cursor = connection.execute(query, (first, after, lines - len(found)))
                found += [row_of(number, line) for number, line in cursor]
                if len(found) >= lines:
                    break
        return found

    def _open_connection(self) -> sqlite3.Connection:
        self.open()
        if self._connection is None:
            raise RuntimeError("the queue file is not open")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = bytes
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        if not tables(connection) and not pragma(connection, "application_id"):
            fill(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        self.stored, last = counters(connection)
        if not self.after:  # later the memory knows better: a commit may have failed after its rows were on the disk
            self.after = last + 1

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors_told():
            connection = self._open_connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors_told(self, damaged: frozenset[int] = _DAMAGED) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells which kind of input or output failed
            if code not in _UNUSABLE_NOW | damaged:
                raise
            if code in damaged:
                raise QueueDamagedError(str(error)) from error
            self.close()
            raise QueueTroubleError(str(error)) from error
        except UnicodeDecodeError as error:  # sqlite3's own, when it tells of a schema that is no text
            raise QueueDamagedError("its schema is not text") from error

    def _make_room(self, connection: sqlite3.Connection, kept: Ranges) -> int:
        dropped = 0
        page_bytes = pragma(connection, "page_size")
        max_pages = self._max_bytes // page_bytes
        while (excess := used_pages(connection) - max_pages) > 0 and dropped < DROPPED_AT_ONCE:
            wanted = min(excess * 4, DROPPED_AT_ONCE - dropped)  # a page holds some more points than that
            if drop_rejected(connection, wanted):
                continue
            gone = drop(connection, kept.gaps(0, self.after), wanted)
            if not gone:
                break
            dropped += gone
        return dropped

    def _give_room_back(self) -> None:
        """Shrink a file that an outage has made large, once little waits in it; without room for that it stays as it is."""
        with suppress(QueueTroubleError), self._errors_told():
            connection = self._open_connection()
            if self.stored <= _SMALL_ROWS and pragma(connection, "freelist_count") > _SPARE_PAGES:
                connection.execute("VACUUM")
