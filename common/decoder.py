"""Decodes the telegrams of one meter, one after the other: what changed since the last one is read, the rest remembered."""

from collections.abc import Mapping
from typing import NamedTuple

from common.dialect import Dialect
from common.frame import checked, dissected
from common.framing import MAX_TELEGRAM_BYTES
from common.interpretation import LineResult, interpreted
from common.layout import Layout

_MOST_LINES = 200  # of a telegram that is remembered; the longest known has a third of it


class Decoded(NamedTuple):
    """The fields of a telegram, and its lines that gave nothing because something is wrong with them."""

    fields: Mapping[str, object]
    skipped: tuple[LineResult, ...]


class Decoder:
    """Decodes like `common.telegram.read`, whatever it decoded before.

    It remembers one telegram: the last one that had to be read in full. What it gave may be changed by who got it.
    """

    def __init__(
        self,
        *,
        dialect: Dialect = Dialect.AUTO,
        timezone: str = "Europe/Brussels",
        require_checksum: bool | None = None,
    ) -> None:
        self._dialect = dialect
        self._timezone = timezone
        self._require_checksum = require_checksum
        self._layout: Layout | None = None

    def decode(self, frame: bytes) -> Decoded:
        """Decode one telegram, from `/` to the end of the checksum line. Raises TelegramError for a rejected one."""
        body, has_checksum = checked(frame)
        layout = self._layout
        fields = layout.fields_of(body, has_checksum=has_checksum) if layout else None
        return Decoded(fields, layout.skipped) if layout and fields is not None else self._read(body, has_checksum=has_checksum)

    def _read(self, body: bytes, *, has_checksum: bool) -> Decoded:
        frame = dissected(body, has_checksum=has_checksum)
        telegram = interpreted(frame, dialect=self._dialect, timezone=self._timezone, require_checksum=self._require_checksum)
        is_usual = len(body) <= MAX_TELEGRAM_BYTES and len(frame.lines) <= _MOST_LINES
        self._layout = Layout(body, frame, telegram) if is_usual else None
        return Decoded(telegram.fields, telegram.skipped)
