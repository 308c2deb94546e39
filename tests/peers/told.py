"""What somebody else reads in a telegram, in one form for all."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Row = tuple[datetime | None, datetime | None, Decimal]  # of a list: stamp, second stamp, number


@dataclass(frozen=True, slots=True)
class Told:
    """One code of a telegram, as a peer reads it."""

    code: str  # A-B:C.D.E
    value: Decimal | str | datetime | tuple[Row, ...] | None  # None: empty brackets
    unit: str = ""  # as printed
    stamp: datetime | None = None  # of a reading that has one of its own
    line: str = ""  # where the peer tells which one it read

    def __str__(self) -> str:
        """Give it as a person would write it."""
        value = ", ".join(map(_row, self.value)) if isinstance(self.value, tuple) else str(self.value)
        stamp = f" at {self.stamp.isoformat()}" if self.stamp else ""
        return f"{value} {self.unit}".rstrip() + stamp


def _row(row: Row) -> str:
    return " ".join(part.isoformat() if isinstance(part, datetime) else str(part) for part in row)
