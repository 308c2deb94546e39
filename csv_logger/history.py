"""The rows of earlier files, read as far back as a message may be that comes again."""

import logging
import zlib
from collections import deque
from datetime import UTC, datetime, timedelta

from csv_logger.contents import Contents
from csv_logger.folder import Folder
from csv_logger.names import compressed, is_compressed
from csv_logger.seen import Seen

_AT_START = timedelta(hours=2)  # what the reader and a broker that was killed send again
_AT_MOST = timedelta(days=15)  # no broker of ours keeps messages longer
_MARGIN = timedelta(hours=2)  # a name tells local time: one hour comes twice in autumn, and clocks are set
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_log = logging.getLogger("csv_logger")


class History:
    """Brings the timestamps of earlier rows into `seen`; a live reading never makes it read."""

    def __init__(self, folder: Folder, seen: Seen, now: datetime) -> None:
        """Read the files of the last hours; `now` is the host's time, which may be wrong."""
        self._folder = folder
        self._seen = seen
        self._unread = deque(reversed(folder.complete_files()))
        newest = self._begun(self._unread[0]) if self._unread else now
        self._reference = max(now, newest)
        self._known_since = datetime.max.replace(tzinfo=UTC)
        self.look_back(self._reference - _AT_START)

    def look_back(self, received: datetime) -> None:
        """Read older files until every row is known that a reading received at `received` may have."""
        if received < self._reference - _AT_MOST:
            return
        while received < self._known_since:
            if not self._unread:
                self._known_since = _EPOCH
                return
            name = self._unread.popleft()
            self._read_complete(name)
            self._known_since = min(self._known_since, self._begun(name) + _MARGIN)

    def read(self, name: str) -> Contents:
        """Read a file, and remember its timestamps."""
        return self._folder.contents(name, self._seen.add)

    def _read_complete(self, name: str) -> None:
        if not is_compressed(name) and not (self._folder.path / name).exists():
            name = compressed(name)  # meanwhile
        try:
            self.read(name)
        except (OSError, EOFError, zlib.error) as error:
            _log.warning("cannot read %s, to know which telegrams it has: %s", self._folder.path / name, error)

    def _begun(self, name: str) -> datetime:
        begun = self._folder.names.begun(name, None)
        return begun.astimezone() if begun else _EPOCH
