"""The proxy that fails on purpose: each fault is what a client meets, and without one everything reaches the database."""

import gzip
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from tests.support.database import Database
from tests.support.fault_proxy import LARGE_BYTES, RETRY_AFTER_S, SLOW_S, Fault, FaultProxy, fault_proxy, is_poison

pytestmark = pytest.mark.database

TIME_S = 1_700_000_001
POISON_S = next(time_s for time_s in range(TIME_S, TIME_S + 100) if is_poison(b"x a=1 %d" % time_s))


@pytest.fixture
def proxy(database: Database) -> Iterator[FaultProxy]:
    """Run a proxy before the database."""
    port = urlsplit(database.url).port
    assert port is not None
    with fault_proxy(port) as proxy:
        yield proxy


def written(
    proxy: FaultProxy, body: bytes, headers: Mapping[str, str] | None = None, *, timeout_s: float = 20.0
) -> urllib3.BaseHTTPResponse:
    """Write lines once, without another try."""
    url = f"{proxy.url}/api/v2/write?org=o&bucket=b&precision=s"
    with urllib3.PoolManager() as pool:
        return pool.request("POST", url, body=body, headers=headers, retries=False, timeout=timeout_s)


def line(name: str, time_s: int = TIME_S) -> bytes:
    """Give a line of a measurement of its own."""
    return b"%s a=1 %d" % (name.encode(), time_s)


def test_without_a_fault_a_line_reaches_the_database(proxy: FaultProxy, database: Database) -> None:
    """The answer is the database's, and so is the point."""
    assert written(proxy, line("through")).status == 204
    assert database.points("through") == [{"time_s": TIME_S, "a": 1}]
    assert not proxy.met


@pytest.mark.parametrize(
    ("fault", "error", "is_stored"),
    [
        (Fault.REFUSE, NewConnectionError, False),
        (Fault.HANG, ReadTimeoutError, False),
        (Fault.RESET, ProtocolError, False),
        (Fault.LOST_ANSWER, ProtocolError, True),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Fault) else "",
)
def test_a_broken_way_is_an_error_of_the_connection(
    proxy: FaultProxy, database: Database, fault: Fault, error: type[HTTPError], *, is_stored: bool
) -> None:
    """And the point is stored only where the answer alone was lost. Afterwards all is well."""
    name = f"broken_{fault.name.lower()}"
    proxy.set_fault(fault)
    with pytest.raises(error):
        written(proxy, line(name), timeout_s=0.5 if fault is Fault.HANG else 20.0)
    assert bool(database.points(name)) is is_stored
    proxy.set_fault(Fault.NONE)
    assert written(proxy, line(name)).status == 204


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        (Fault.UNAUTHORIZED, 401, {}),
        (Fault.TOO_MANY, 429, {"Retry-After": str(RETRY_AFTER_S)}),
        (Fault.UNAVAILABLE, 503, {}),
    ],
    ids=["401", "429", "503"],
)
def test_a_refusal_has_status_and_words(
    proxy: FaultProxy, database: Database, fault: Fault, status: int, headers: dict[str, str]
) -> None:
    """As InfluxDB gives them; nothing is stored."""
    proxy.set_fault(fault)
    answer = written(proxy, line(f"refused_{status}"))
    assert answer.status == status
    assert answer.json()["code"] == fault.name.lower()
    assert answer.headers.items() >= headers.items()
    assert proxy.met == {fault: 1}
    assert not database.points(f"refused_{status}")


def test_only_long_bodies_are_too_large(proxy: FaultProxy) -> None:
    """By their length as they come."""
    proxy.set_fault(Fault.TOO_LARGE)
    assert written(proxy, line("short")).status == 204
    long = b"\n".join(line("long", TIME_S + second) for second in range(LARGE_BYTES))
    assert written(proxy, long).status == 413
    assert written(proxy, gzip.compress(long), {"Content-Encoding": "gzip"}).status == 413


@pytest.mark.parametrize("is_compressed", [False, True], ids=["plain", "gzip"])
def test_a_body_with_a_poisoned_line_is_refused_whole(proxy: FaultProxy, database: Database, *, is_compressed: bool) -> None:
    """Without it the same body is stored; the proxy knows what it refused."""
    name = f"poison_{is_compressed:d}"
    good, bad = line(name), line(name, POISON_S)
    proxy.set_fault(Fault.POISON)

    def answer_to(*lines: bytes) -> int:
        body = b"\n".join(lines)
        if is_compressed:
            return written(proxy, gzip.compress(body), {"Content-Encoding": "gzip"}).status
        return written(proxy, body).status

    assert answer_to(good, bad) == 400
    assert not database.points(name)
    assert proxy.poisoned == {bad}
    assert answer_to(good) == 204
    assert database.points(name) == [{"time_s": TIME_S, "a": 1}]


def test_a_slow_way_takes_its_time_and_forwards(proxy: FaultProxy, database: Database) -> None:
    """It is not a failure."""
    proxy.set_fault(Fault.SLOW)
    start_s = time.monotonic()
    assert written(proxy, line("slow")).status == 204
    assert time.monotonic() - start_s >= SLOW_S
    assert database.points("slow")


def test_a_database_that_is_down_looks_as_if_nobody_were_on_the_way() -> None:
    """The connection breaks; no answer is invented."""
    with fault_proxy(1) as proxy, pytest.raises(ProtocolError):
        written(proxy, line("down"))
