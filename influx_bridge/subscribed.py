"""What a bridge asked the broker for, beside its queue file: the session at the broker outlives the settings.

A subscription that was asked for under other settings goes on until it is taken back: a bridge that is now in a group would
still be sent everything.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class Subscribed:
    """The topics of the session that the broker keeps for one queue file; no file, no session that we know of."""

    def __init__(self, queue_file: Path) -> None:
        self._file = queue_file.with_name(f".{queue_file.name}.topics")
        self._told: list[str] | None = None  # what is in it, as far as this process knows

    @property
    def exists(self) -> bool:
        """Whether the broker may keep a session."""
        return self._file.exists()

    def topics(self) -> list[str]:
        """Give what the last run asked for."""
        try:
            return self._file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):  # not there, or damaged by a power cut
            return []

    def remember(self, topics: Iterable[str]) -> None:
        """Take note of what the broker was asked for, once it has heard it."""
        wanted = list(topics)
        if self._told == wanted:
            return
        self._told = wanted
        if self.topics() == wanted:
            return
        new = self._file.with_name(f"{self._file.name}.new")
        with suppress(OSError):  # the disk is full: the next start takes back what it need not
            new.write_text("".join(f"{topic}\n" for topic in wanted), encoding="utf-8")
            new.replace(self._file)

    def forget(self) -> None:
        """Take note that the session is ended."""
        self._told = None
        with suppress(OSError):  # then it is ended once more
            self._file.unlink(missing_ok=True)
