"""Writes to the database in threads of their own: an answer may take long, and must not keep anything else waiting.

The client of the database is loaded with the first write: by then the broker has heard of this service.
"""

import threading
from typing import TYPE_CHECKING

from common.sections import InfluxSettings
from common.waiting import Waker
from influx_bridge.failure import Failure

if TYPE_CHECKING:
    from influx_bridge.database import Database


class Writer:
    """Begins one write at a time."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._database: Database | None = None

    def begin(self, body: bytes) -> "Writing":
        """Begin to write lines with times in seconds."""
        return Writing(self, body)

    def write(self, body: bytes) -> Failure | None:
        """Write them, as `Database.write` does."""
        if self._database is None:
            from influx_bridge.database import Database  # noqa: PLC0415 -- 25 MB that only an enabled service needs

            self._database = Database(self._settings)
        return self._database.write(body)

    def close(self) -> None:
        """Close the connection."""
        if self._database is not None:
            self._database.close()


class Writing:
    """A write that is under way in a thread of its own. `fileno()` becomes readable when `failure` may be asked.

    The thread may hang in the resolver or in a slow server; it never keeps the process from ending.
    """

    def __init__(self, writer: Writer, body: bytes) -> None:
        self._waker = Waker()
        self._failure: Failure | None = None
        self._bug: Exception | None = None
        threading.Thread(target=self._run, args=(writer, body), daemon=True).start()

    def fileno(self) -> int:
        """Give what `wait_for` waits on."""
        return self._waker.fileno()

    def failure(self) -> Failure | None:
        """Give why it failed, None if it did not. A bug in there ends the process, as it would without a thread."""
        if self._bug is not None:
            raise self._bug
        return self._failure

    def _run(self, writer: Writer, body: bytes) -> None:
        try:
            self._failure = writer.write(body)
        except Exception as error:  # noqa: BLE001 -- raised again where `failure` is asked
            self._bug = error
        self._waker.wake()
