"""Which telegrams have their row: in the files of before too, read as far back as a message may be that comes again."""

import logging
import zlib
from collections import deque
from datetime import UTC, datetime, timedelta

from common.payload import Reading
from csv_logger.contents import Contents
from csv_logger.folder import Folder
from csv_logger.names import compressed, is_compressed
from csv_logger.seen import Seen, second_of

_AT_START = timedelta(hours=2)  # what the reader and a broker that was killed send again
_AT_MOST = timedelta(days=15)  # no broker of ours keeps messages longer
_MARGIN = timedelta(hours=2)  # a name tells local time: one hour comes twice in autumn, and clocks are set
_UNSET = timedelta(hours=12)  # a clock that is behind the meter's by more is not set
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_log = logging.getLogger("csv_logger")


class History:
    """The seconds that have their row. What is newer than all of them never makes it read, so no live reading has to wait."""

    def __init__(self, folder: Folder, now: datetime) -> None:
        """Read the files of the last hours; `now` is the host's time, which may be wrong."""
        self._folder = folder
        self._seen = Seen()
        self._unread = deque(reversed(folder.complete_files()))
        newest = self._begun(self._unread[0]) if self._unread else now
        self._reference = max(now, newest)
        self._known_since = datetime.max.replace(tzinfo=UTC)
        self._read_back(self._reference - _AT_START)

    def is_new(self, reading: Reading, time: datetime) -> bool:
        """Tell whether a reading, of this `time`, has no row yet; from now on it has one."""
        second = second_of(time)
        if second <= self._seen.newest:
            received = _received(reading, time)
            if received < self._known_since and received >= self._limit():
                self._read_back(received)
        return self._seen.add(second)

    def read(self, name: str) -> Contents:
        """Read a file, and remember its times. May raise OSError, EOFError and zlib.error."""
        return self._folder.contents(name, self._seen.add)

    def _limit(self) -> datetime:
        """Give the time before which nothing is looked for; the rows tell it, where a wrong clock gave a file its name."""
        newest = _EPOCH + timedelta(seconds=self._seen.newest)
        return min(self._reference, newest) - _AT_MOST

    def _read_back(self, received: datetime) -> None:
        """Read older files until every row is known that a reading received at that time may have."""
        while received < self._known_since:
            if not self._unread:
                self._known_since = datetime.min.replace(tzinfo=UTC)
                return
            name = self._unread.popleft()
            self._read_complete(name)
            self._known_since = min(self._known_since, self._begun(name) + _MARGIN)

    def _read_complete(self, name: str) -> None:
        if not is_compressed(name) and not (self._folder.path / name).exists():
            name = compressed(name)  # meanwhile
        try:
            self.read(name)
        except FileNotFoundError:  # deleted meanwhile
            return
        except (OSError, EOFError, zlib.error) as error:
            _log.warning("cannot read %s, to know which telegrams it has: %s", self._folder.path / name, error)

    def _begun(self, name: str) -> datetime:
        begun = self._folder.names.begun(name)
        return begun.astimezone() if begun else _EPOCH


def _received(reading: Reading, time: datetime) -> datetime:
    """Tell since when a reading may have its row, whichever clock was wrong.

    The reader's clock tells when it came, unless it was not set. Where that was ahead for a while, the meter's tells better.
    """
    if reading.recorded:
        return reading.received
    return time if time - reading.received > _UNSET else min(time, reading.received)
