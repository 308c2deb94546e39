"""influx_bridge.database: a real database, and a cloud that fails."""

import gzip
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus

import pytest

from common.sections import InfluxSettings
from influx_bridge.database import Database
from influx_bridge.failure import Failure, Kind
from influx_bridge.points import tag_value
from tests.support.database import Database as Server
from tests.support.failing_cloud import HANG, RESET, Answer, failing_cloud
from tests.support.waiting import free_port

TOKEN = "s3cret-of-test"  # noqa: S105 -- made up
LINE = b"m v=1.0 1700000000"


@contextmanager
def database_at(url: str, timeout: int = 5000) -> Iterator[Database]:
    """Give the driver for a server."""
    settings = InfluxSettings(enabled=True, url=url, token=TOKEN, org="home", bucket="smart meter", timeout=timeout)
    with closing(Database(settings)) as database:
        yield database


@pytest.mark.database
def test_lines_are_read_back_as_they_were_written(database: Server) -> None:
    """Times in seconds, floats, integers and tags, from a real server."""
    name = f"m{uuid.uuid4().hex}"
    body = f"{name},meter=a power=-120.0,tariff=2i 1700000000\n{name},meter=b power=0.001 1700000001".encode()
    with database_at(database.url) as driver:
        assert driver.write(body) is None
    assert database.points(name) == [
        {"time_s": 1700000000, "meter": "a", "power": -120, "tariff": 2},
        {"time_s": 1700000001, "meter": "b", "power": 0.001},
    ]


@pytest.mark.database
@pytest.mark.parametrize("tag", ["my home", "a,b=c", "back\\slash", "ends with one\\", "é€😀", ' " quoted "'])
def test_a_tag_is_read_back_as_it_was(database: Server, tag: str) -> None:
    """The escapes mean to the server what they mean to us."""
    name = f"m{uuid.uuid4().hex}"
    with database_at(database.url) as driver:
        assert driver.write(f"{name},meter={tag_value(tag)} v=1.0 1700000000".encode()) is None
    assert database.points(name) == [{"time_s": 1700000000, "meter": tag, "v": 1}]


@pytest.mark.database
def test_a_real_database_passes_the_check(database: Server) -> None:
    """Although its `health` says that it fails."""
    with database_at(database.url) as driver:
        assert driver.check() is None


@pytest.mark.parametrize(
    ("answer", "failure", "kind"),
    [
        (
            Answer(401, b'{"code":"unauthorized","message":"unauthorized access"}'),
            Failure(401, "unauthorized access"),
            Kind.SETTINGS,
        ),
        (Answer(404, b'{"code":"not found","message":"bucket not found"}'), Failure(404, "bucket not found"), Kind.SETTINGS),
        (Answer(400, b'{"code":"invalid","message":"unable to parse"}'), Failure(400, "unable to parse"), Kind.REFUSED),
        (Answer(422, b"plain words"), Failure(422, "plain words"), Kind.REFUSED),
        (Answer(413), Failure(413, HTTPStatus(413).phrase), Kind.REFUSED),
        (Answer(429, headers={"Retry-After": "30"}), Failure(429, "Too Many Requests", 30.0), Kind.PASSING),
        (Answer(503, headers={"Retry-After": "soon"}), Failure(503, "Service Unavailable"), Kind.PASSING),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), Failure(302, "Found"), Kind.SETTINGS),
        (Answer(401, b"no such token: s3cret-of-test"), Failure(401, "no such token: ***"), Kind.SETTINGS),
        (Answer(200, b"<html>please log in</html>"), Failure(200, "expected HTTP 204: this is no InfluxDB 2"), Kind.SETTINGS),
        (Answer(200, b"\xff"), Failure(None, "the answer is not UTF-8 text: this is no InfluxDB"), Kind.PASSING),
    ],
)
def test_what_the_cloud_says_is_told(answer: Answer, failure: Failure, kind: Kind) -> None:
    """Status, words and the wished pause; and the next write is well, with the same client."""
    with failing_cloud(answer) as cloud, database_at(cloud.url) as driver:
        told = driver.write(LINE)
        assert (told, told and told.kind) == (failure, kind)
        assert driver.write(LINE) is None


def test_a_date_to_retry_after_is_compared_with_the_servers_own_clock() -> None:
    """RFC 9110 allows both, and our clock may differ."""
    until = {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}
    with failing_cloud(Answer(503, headers=until)) as cloud, database_at(cloud.url) as driver:
        assert driver.write(LINE) == Failure(503, "Service Unavailable", 0.0)


@pytest.mark.parametrize(("answer", "words"), [(HANG, "ReadTimeoutError"), (RESET, "ProtocolError")])
def test_no_answer_is_a_failure_that_passes(answer: str, words: str) -> None:
    """After the time-out of the settings, or at once."""
    with failing_cloud(answer) as cloud, database_at(cloud.url, timeout=200) as driver:
        told = driver.write(LINE)
        assert told
        assert (told.status, told.kind) == (None, Kind.PASSING)
        assert words in told.words
        assert driver.write(LINE) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.1:{port}", "refused"), ("http://no-such-host.invalid:8086", "no-such-host.invalid")],
)
def test_nobody_there_is_a_failure_that_passes(url: str, words: str) -> None:
    """A server that is not started yet, or a name that is not known yet."""
    with database_at(url.format(port=free_port())) as driver:
        told = driver.write(LINE)
    assert told
    assert (told.status, told.kind) == (None, Kind.PASSING)
    assert words in told.words


def test_a_server_without_tls_is_a_failure_that_passes() -> None:
    """Certificates are mended on the server's side, too."""
    with failing_cloud() as cloud, database_at(cloud.url.replace("http:", "https:")) as driver:
        told = driver.write(LINE)
    assert told
    assert (told.status, told.kind) == (None, Kind.PASSING)
    assert "SSL" in told.words


def test_the_request_is_what_the_write_api_wants() -> None:
    """Bucket, organisation, precision, token; the body as it was given, compressed; one connection for all."""
    with failing_cloud() as cloud, database_at(cloud.url) as driver:
        driver.write(b"a v=1.0 1\nb v=2.0 2")
        [(path, headers, body)] = cloud.requests
    assert path == "/api/v2/write?org=home&bucket=smart+meter&precision=s"
    assert headers["Authorization"] == f"Token {TOKEN}"
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == b"a v=1.0 1\nb v=2.0 2"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answer(), None),
        (Answer(400, b'{"code":"invalid","message":"writing requires points"}'), None),
        (
            Answer(400, b"Client sent an HTTP request to an HTTPS server.\n"),
            Failure(400, "Client sent an HTTP request to an HTTPS server.\n"),
        ),
        (Answer(401, b'{"message":"unauthorized access"}'), Failure(401, "unauthorized access")),
    ],
)
def test_the_check_stores_nothing(answer: Answer, failure: Failure | None) -> None:
    """A comment is all that it writes."""
    with failing_cloud(answer) as cloud, database_at(cloud.url) as driver:
        assert driver.check() == failure
        assert gzip.decompress(cloud.requests[0][2]).startswith(b"#")
