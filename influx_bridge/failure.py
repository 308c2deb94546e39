"""Why a write failed, and what that means for the points: no point is given up because the server, or the way to it, is ill."""

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

_WORDS_MAX = 200
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_HINTS = {
    HTTPStatus.UNAUTHORIZED: "the token is wrong: see [influx] token",
    HTTPStatus.FORBIDDEN: "the token may not write to this bucket: see [influx] token",
    HTTPStatus.NOT_FOUND: "no such organisation or bucket, or no InfluxDB 2: see [influx] url, org, bucket",
}


class Kind(Enum):
    """What to do after a failure."""

    PASSING = "passing"  # the same again, after a pause that grows
    SETTINGS = "settings"  # a person has to mend something; the same again, slowly
    REFUSED = "refused"  # something in this batch is not wanted: a smaller one, at once


@dataclass(frozen=True, slots=True)
class Failure:
    """What came back instead of success."""

    status: int | None  # of HTTP; None if there was no answer at all
    words: str  # the server's, or those of the network
    retry_after_s: float | None = None  # the pause that the server asks for

    @property
    def kind(self) -> Kind:
        """Sort the failure by its status (InfluxDB v2 API, POST /api/v2/write).

        Anything unknown, redirections too, is for a person to look at: points are kept.
        """
        if self.status in _REFUSALS:
            return Kind.REFUSED
        if self.status is None or self.status in _PASSING or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Kind.PASSING
        return Kind.SETTINGS

    @property
    def is_too_large(self) -> bool:
        """Whether the server wants less at once."""
        return self.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __str__(self) -> str:
        """Tell it in one line."""
        words = _printable(" ".join(self.words.split())[:_WORDS_MAX])
        if self.status is None:
            return words
        hint = _HINTS.get(HTTPStatus(self.status)) if self.status in _HINTS else None
        return ": ".join(part for part in (f"HTTP {self.status}", hint, words) if part)


def _printable(words: str) -> str:
    """Quote what a terminal would act upon instead of showing it."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in words)
