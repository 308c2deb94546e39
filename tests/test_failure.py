"""influx_bridge.failure: what each answer of a server means for the points."""

import pytest

from influx_bridge.failure import Failure, Kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (None, Kind.PASSING),
        (408, Kind.PASSING),
        (425, Kind.PASSING),
        (429, Kind.PASSING),
        (500, Kind.PASSING),
        (502, Kind.PASSING),
        (503, Kind.PASSING),
        (504, Kind.PASSING),
        (599, Kind.PASSING),
        (301, Kind.SETTINGS),
        (401, Kind.SETTINGS),
        (403, Kind.SETTINGS),
        (404, Kind.SETTINGS),
        (405, Kind.SETTINGS),
        (418, Kind.SETTINGS),
        (499, Kind.SETTINGS),
        (400, Kind.REFUSED),
        (413, Kind.REFUSED),
        (422, Kind.REFUSED),
    ],
)
def test_the_status_decides(status: int | None, kind: Kind) -> None:
    """Only three of them put the blame on the points."""
    assert Failure(status, "").kind is kind


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (Failure(None, "timed out"), "timed out"),
        (Failure(503, "busy"), "HTTP 503: busy"),
        (Failure(503, ""), "HTTP 503"),
        (Failure(401, "unauthorized access"), "HTTP 401: the token is wrong: see [influx] token: unauthorized access"),
        (Failure(403, ""), "HTTP 403: the token may not write to this bucket: see [influx] token"),
        (Failure(404, ""), "HTTP 404: no such organisation or bucket, or no InfluxDB 2: see [influx] url, org, bucket"),
        (Failure(502, "<html>\n  <b>bad</b>\r\n</html>"), "HTTP 502: <html> <b>bad</b> </html>"),
        (Failure(502, "bad\x1b[2J gateway €"), r"HTTP 502: bad\x1b[2J gateway €"),
        (Failure(599, "x" * 500), "HTTP 599: " + "x" * 200),
    ],
)
def test_it_is_told_in_one_short_line(failure: Failure, told: str) -> None:
    """With what to mend, where a person has to."""
    assert str(failure) == told
