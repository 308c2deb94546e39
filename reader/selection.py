"""Which telegrams of a capture are kept, in which form, and how many."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reader.anonymise import anonymised
from reader.inspection import Inspected

_LINE_END = b"\r\n"  # behind a checksum


@dataclass(slots=True)
class Selection:
    """Keeps good telegrams, with `keeps_rejected` all, until there are `wanted`; `is_anonymous` masks identifications."""

    wanted: float  # telegrams; infinite if there is no limit
    is_anonymous: bool = False
    keeps_rejected: bool = False
    kept: int = 0
    left_out: int = 0
    reason: str = ""  # of the last one that was left out

    @property
    def is_full(self) -> bool:
        """Whether there are enough."""
        return self.kept >= self.wanted

    def of(self, telegrams: Iterable[Inspected]) -> Iterator[bytes]:
        """Give the bytes of those that are kept, each with a line end."""
        for inspected in telegrams:
            if inspected.telegram is None and not self.keeps_rejected:
                self.left_out += 1
                self.reason = inspected.reason
                continue
            self.kept += 1
            yield (anonymised(inspected.data) if self.is_anonymous else inspected.data) + _LINE_END
            if self.is_full:
                return

    def __str__(self) -> str:
        """Say what was kept, and what was not."""
        kept = f"{self.kept} telegram{'' if self.kept == 1 else 's'}"
        return f"{kept}; {self.left_out} left out, which --all keeps; the last one: {self.reason}" if self.left_out else kept
