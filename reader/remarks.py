"""What the reader says of telegrams in its log: of each kind one line a minute, however many there are."""

import logging
from collections.abc import Iterable

from common.log import OncePer
from common.telegram import LineResult

_SAY_AGAIN_S = 60.0
_NAMED_CODES = 100  # of skipped lines, then no more: damaged text has any number of codes
_SHOWN_CHARACTERS = 40

_log = logging.getLogger("reader")


class Remarks:
    """Each counter is given as it stands; what was said before is said again only with a higher one. `now_s` is monotonic."""

    def __init__(self) -> None:
        self._rejected = OncePer(_SAY_AGAIN_S)
        self._undecrypted = _Rising()
        self._lost = _Rising()
        self._behind = _Rising()
        self._too_old = _Rising()
        self._named_codes: set[str] = set()

    def rejected(self, count: int, reason: str, now_s: float) -> None:
        """Say why a telegram is not published."""
        if self._rejected.due(now_s):
            _log.warning("a telegram was rejected (%d so far): %s", count, reason)

    def undecrypted(self, count: int, now_s: float) -> None:
        """Say that frames could not be decrypted."""
        if self._undecrypted.is_due(count, now_s):
            mend = "wrong decryption_key or authentication_key, or a damaged frame"
            _log.warning("a telegram could not be decrypted: %s", mend)

    def lost(self, count: int, now_s: float) -> None:
        """Say that telegrams were given up."""
        if self._lost.is_due(count, now_s):
            _log.warning("the broker is away for too long: the oldest %d telegrams so far are lost", count)

    def behind(self, count: int, now_s: float) -> None:
        """Say that several telegrams came at once."""
        if self._behind.is_due(count, now_s):
            _log.warning("too busy to read in time: %d telegrams so far went to the topic telegram only", count)

    def too_old(self, lost_bytes: int, now_s: float) -> None:
        """Say that bytes were thrown away."""
        if self._too_old.is_due(lost_bytes, now_s):
            _log.warning("more than a minute of telegrams waited at the port: %d bytes so far were too old", lost_bytes)

    def skipped(self, lines: Iterable[LineResult]) -> None:
        """Name each line that gives nothing because something is wrong with it, once."""
        for line in lines:
            if line.code not in self._named_codes and len(self._named_codes) < _NAMED_CODES:
                self._named_codes.add(line.code)
                name = line.code or repr(line.text[:_SHOWN_CHARACTERS])
                _log.warning("a line is skipped from now on without a word: %s: %s", name, line.reason)


class _Rising:
    """A counter of which each rise is worth a line, but only once in a while."""

    def __init__(self) -> None:
        self._told = 0
        self._say = OncePer(_SAY_AGAIN_S)

    def is_due(self, count: int, now_s: float) -> bool:
        if count <= self._told or not self._say.due(now_s):
            return False
        self._told = count
        return True
