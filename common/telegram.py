r"""One framed P1 telegram in, its fields out.

    decode(b"/FLU5\253769484_A\r\n\r\n0-0:1.0.0(231102121548W)\r\n ... !097B\r\n")
    -> {"timestamp": "2023-11-02T12:15:48+01:00", "total_consumption_day": 301.548, ...}

A wrong checksum rejects the telegram; a line that cannot be read costs that line only.
"""

from collections.abc import Mapping
from functools import lru_cache

from common.decoder import Decoder
from common.dialect import Dialect
from common.frame import ChecksumError, TelegramError
from common.interpretation import LineResult, Telegram, read

__all__ = ["ChecksumError", "Dialect", "LineResult", "Telegram", "TelegramError", "decode", "read"]

_METERS = 8  # whose last telegrams are remembered: of one dialect and zone those of one meter


def decode(frame: bytes, *, dialect: Dialect = Dialect.AUTO, timezone: str = "Europe/Brussels") -> Mapping[str, object]:
    """Decode one telegram, from `/` to the end of the checksum line, into a mapping of field to value.

    Values have the type and the unit of `common.obis`; unknown codes are under `other` as {code: text between brackets}.
    The caller may change what it gets. Raises TelegramError for a rejected telegram.
    """
    return _decoder(dialect, timezone).decode(frame).fields


@lru_cache(_METERS)
def _decoder(dialect: Dialect, timezone: str) -> Decoder:
    return Decoder(dialect=dialect, timezone=timezone)
