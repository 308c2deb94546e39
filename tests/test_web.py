"""The way of the live page to the broker, by WebSocket with a login, at each version of it; and what its server needs."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mosquitto.web_check import MOVED, WELL, judged
from tests.support.access import BROKERS, LOCAL, Access, GuardedBroker, broker_owner, guarded_broker
from tests.support.guest import Guest
from tests.support.parts import PartMissing, do_without
from tests.support.waiting import answers, eventually, free_port

NET_POWER, SET = "smartmeter/home/net_power", "smartmeter/home/load/boiler/set"


@pytest.fixture(scope="module", params=BROKERS)
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Access, GuardedBroker]]:
    """Run a broker of each version with the repository's configuration."""
    folder = tmp_path_factory.mktemp("web")
    folder.chmod(0o755)
    access = Access(folder, "", broker_owner(request.param))
    access.do("set-up")
    with ExitStack() as stack:
        try:
            yield access, stack.enter_context(guarded_broker(request.param, access))
        except PartMissing as reason:
            do_without(reason)


@pytest.mark.broker
def test_a_browser_gets_in_with_a_login_and_has_the_rights_of_its_role(guarded: tuple[Access, GuardedBroker]) -> None:
    """What another program publishes arrives; who lives here switches, who looks does not; without a login nobody gets in."""
    access, broker = guarded
    people = {role: (role, access.do("user", role, role)) for role in ("home", "viewer")}
    broker.reload()
    port = broker.websocket_port
    with Guest(broker.port, access.login("reader")) as reader:
        for role, login in people.items():
            with Guest(port, login, web_path="/mqtt") as browser:
                assert browser.answer == "Success"
                browser.subscribe("smartmeter/#")
                assert reader.may_publish(NET_POWER, role)
                eventually(lambda: (NET_POWER, role) in browser.heard, what="a reading")  # noqa: B023
                assert browser.may_publish(SET, "ON") is (role == "home")
    for wrong in (None, ("home", "wrong"), ("nobody", "x")):
        with Guest(port, wrong, web_path="/mqtt") as browser:
            assert browser.answer == "Not authorized"


@pytest.mark.broker
def test_neither_listener_is_reachable_from_outside(tmp_path: Path) -> None:
    """As an installation has them: Mosquitto 2.0.11 forgets the address of one for WebSockets, unless it is told IPv4."""
    access = Access(tmp_path, "", broker_owner(LOCAL))
    access.do("set-up")
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(guarded_broker(LOCAL, access))
        except PartMissing as reason:
            do_without(reason)
        assert {_listens_at(port) for port in (broker.port, broker.websocket_port)} == {"0100007F"}  # 127.0.0.1


def _listens_at(port: int) -> str:
    """Give the address, as the kernel writes it, at which a port is open; all of them, if there are more."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return " ".join(row[1].partition(":")[0] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A")


# --- The health check of the container ---


@contextmanager
def _server(page: int, mqtt: int) -> Iterator[int]:
    """Serve a page and a way to the broker with these HTTP statuses."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(mqtt if self.path == "/mqtt" else page)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("page", "mqtt", "is_broker_there", "said"),
    [
        pytest.param(200, 101, False, WELL, id="well"),
        pytest.param(404, 101, True, "the page is not there: HTTP status 404", id="no page"),
        pytest.param(200, 503, True, MOVED, id="the broker is elsewhere now"),
        pytest.param(
            200, 503, False, "the broker does not answer at 127.0.0.1:{port}: [Errno 111] Connection refused", id="none"
        ),
    ],
)
def test_the_check_says_what_is_missing(page: int, mqtt: int, said: str, *, is_broker_there: bool) -> None:
    """A broker that answers at its name while its page cannot reach it has another address than before."""
    with _server(page, mqtt) as port, _server(200, 200) as broker:
        at = broker if is_broker_there else free_port()
        assert judged(port, ("127.0.0.1", at), has_tls=False) == said.format(port=at)


def test_the_check_says_that_nobody_serves() -> None:
    """Neither in the clear nor over TLS."""
    port = free_port()
    assert not answers(port)
    for has_tls in (False, True):
        assert judged(port, ("127.0.0.1", port), has_tls=has_tls).startswith(f"port {port} does not answer: ")


# --- Its certificate ---


def test_the_server_of_the_page_gets_a_copy_of_the_certificate(tmp_path: Path) -> None:
    """Nothing before there is one; then both files, closed, and the new one after a renewal, or with the next start."""
    access = Access(tmp_path)
    web = tmp_path / "web"
    access.do("set-up", f"--web={web}")
    assert list(web.iterdir()) == []
    access.do("certificates", f"--web={web}", "--host=meter.example")
    first = (web / "server.crt").read_bytes()
    assert first == (access.broker / "server.crt").read_bytes()
    assert (web / "server.key").read_bytes() == (access.broker / "server.key").read_bytes()
    assert {path.stat().st_mode & 0o777 for path in web.iterdir()} == {0o600}
    access.do("certificates", "--host=other.example")
    assert (web / "server.crt").read_bytes() == first
    access.do("set-up", f"--web={web}")
    assert (web / "server.crt").read_bytes() == (access.broker / "server.crt").read_bytes() != first
