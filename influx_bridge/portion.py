"""How much the next request of a lane carries: as much as the server takes in good time."""

from dataclasses import dataclass

from influx_bridge.rows import MAX_BYTES, MAX_LINES, Batch

_SLOW_S = 1.0  # a request that takes longer keeps live points waiting too long
_FAST_S = 0.4
_SLOW_LINES = 100  # that few lines are not what makes a request slow
_TRY_MORE_AFTER = 16  # requests


@dataclass(slots=True)
class Portion:
    """Failures halve the next request, successes double it: so a bad line is soon alone.

    A server that takes no long bodies (413) is not asked for longer ones again and again, only now and then.
    """

    lines: int = MAX_LINES
    size_bytes: int = MAX_BYTES
    _well: int = 0  # requests since the size was limited, or since it was raised

    def halve(self, batch: Batch) -> None:
        """Carry half of the lines of a batch that failed."""
        self.lines = max(1, len(batch.rows) // 2)

    def halve_bytes(self, batch: Batch) -> None:
        """Carry half of the bytes of a batch that was too large, until further notice."""
        self.size_bytes = max(1, batch.size_bytes // 2)
        self._well = 0

    def written(self, batch: Batch, duration_s: float) -> None:
        """Learn from a request that went well."""
        if duration_s > _SLOW_S:
            self.lines = max(min(_SLOW_LINES, self.lines), len(batch.rows) // 2)
        elif duration_s < _FAST_S or self.lines < _SLOW_LINES:
            self.lines = min(self.lines * 2, MAX_LINES)
        self._well += 1
        if self._well >= _TRY_MORE_AFTER:
            self.size_bytes = min(self.size_bytes * 2, MAX_BYTES)
            self._well = 0
