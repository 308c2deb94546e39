"""When a file is complete: its rows, its age, local midnight, or a row that needs other columns.

A row belongs to the moment when it arrived, however long it waits for the disk: so the files do not depend on how rows
are grouped for writing.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from csv_logger.columns import Columns


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on both clocks of the host."""

    local: datetime  # local time, with its offset
    monotonic_s: float


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is ready to be written."""

    columns: Columns
    line: bytes
    arrived: Moment


@dataclass(slots=True)
class Span:
    """What a file covers so far."""

    columns: Columns
    begun: Moment
    rows: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """The rule; 0 means no limit."""

    max_lines: int
    max_age_s: float

    def is_over(self, span: Span, now: Moment) -> bool:
        """Tell whether the file is complete by now. Midnight is a change of date, so it is right on days of 23 and 25 hours."""
        return (
            0 < self.max_lines <= span.rows
            or 0 < self.max_age_s <= now.monotonic_s - span.begun.monotonic_s
            or now.local.date() != span.begun.local.date()
        )

    def takes(self, span: Span, row: Row) -> bool:
        """Tell whether the row still belongs to the file."""
        return row.columns == span.columns and not self.is_over(span, row.arrived)

    def seconds_left(self, span: Span, now: Moment) -> float:
        """Give the seconds until the file is complete, by its age or at midnight.

        Before a change to or from summer time midnight is an hour off: ask again within the hour.
        """
        midnight = datetime.combine(now.local.date() + timedelta(days=1), time(), now.local.tzinfo)
        until_midnight_s = (midnight - now.local).total_seconds()
        if not self.max_age_s:
            return until_midnight_s
        return max(0.0, min(until_midnight_s, span.begun.monotonic_s + self.max_age_s - now.monotonic_s))


def begun_at(begun: datetime, now: Moment) -> Moment:
    """Give the moment of a beginning that only its local time is known of: the name of a file tells it.

    A time that lies ahead, because a clock was set back, counts as now.
    """
    return Moment(begun, now.monotonic_s - max(0.0, (now.local - begun).total_seconds()))
