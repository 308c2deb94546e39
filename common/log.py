"""Logging: to stderr, one line each, for a terminal, journald and Docker alike."""

import logging
import sys

_SAY_AGAIN_S = 60.0


def start_logging(level: str) -> None:
    """Log everything from `level` (debug, info, warning, error) on to stderr."""
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
        force=True,
    )


class OncePer:
    """Lets a repeated remark pass once per interval."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last_s: float | None = None

    def due(self, now_s: float) -> bool:
        """Tell whether to say it now; `now_s` is the monotonic clock."""
        if self._last_s is not None and now_s - self._last_s < self._interval_s:
            return False
        self._last_s = now_s
        return True

    def reset(self) -> None:
        """Let the next one pass at once."""
        self._last_s = None


class Tally:
    """Counts what may happen all the time, and tells it once per minute: `WHAT (17 so far): DETAIL`."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self.count = 0
        self._log = log
        self._what = what
        self._say = OncePer(_SAY_AGAIN_S)

    def add(self, detail: str, now_s: float) -> None:
        """Count one more; `now_s` is the monotonic clock. Texts from outside in `detail` are to be quoted (`!r`)."""
        self.count += 1
        if self._say.due(now_s):
            self._log.warning("%s (%d so far): %s", self._what, self.count, detail)
