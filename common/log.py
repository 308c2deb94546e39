"""Logging: to stderr, one line each, for a terminal, journald and Docker alike."""

import logging
import sys


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
