"""What `--check` says of a broker that is not as it should be: real ones, and real programs in their place."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from common.check import Check
from common.check_broker import check_broker, check_telegrams, reader_status
from common.settings import Config
from common.settings_file import load_config
from tests.support.broker import Broker
from tests.support.guarded_broker import PASSWORD, GuardedBroker, guarded_broker
from tests.support.guest import Guest
from tests.support.listener import Listener, repeated
from tests.support.parts import PartMissing, do_without
from tests.support.waiting import free_port

pytestmark = pytest.mark.broker
LONG_AGO = timedelta(days=1000)  # certificates live two years
LOGIN = f"username = reader\npassword = {PASSWORD}\n"


def _config(folder: Path, port: int, more: str = "", host: str = "127.0.0.1", meter: str = "home") -> Config:
    file = folder / "config.ini"
    file.write_text(f"[meter]\nname = {meter}\n[mqtt]\nhost = {host}\nport = {port}\n{more}", encoding="utf-8")
    config = load_config(str(file), ())
    assert isinstance(config, Config), config
    return config


def _checks(config: Config, service: str = "reader") -> list[Check]:
    return list(check_broker(config, service))


@contextmanager
def _guarded(**options: object) -> Iterator[GuardedBroker]:
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(guarded_broker(**options))  # type: ignore[arg-type]  # passed on
        except PartMissing as reason:
            do_without(reason)
        yield broker


def test_a_good_broker_is_named_with_its_version(broker: Broker, tmp_path: Path) -> None:
    """And whether the service may write there."""
    reached, rights = _checks(_config(tmp_path, broker.port))
    assert (reached.what, reached.level) == (f"broker 127.0.0.1:{broker.port}", "ok")
    assert reached.found.startswith("connected, mosquitto version 2.")
    assert (rights.level, rights.found) == ("ok", "this login may write the topics of its service")


@pytest.mark.parametrize("service", ["reader", "relay_controller", "influx_bridge", "csv_logger"])
def test_every_service_passes_with_the_rights_that_we_give_it(service: str, tmp_path: Path) -> None:
    """The topic that the check writes is among those of the ACL, and so is the broker's version."""
    with _guarded() as broker:
        config = _config(tmp_path, broker.port, f"username = {service}\npassword = {PASSWORD}\n")
        reached, rights = _checks(config, service)
    assert reached.found.startswith("connected, mosquitto version")
    assert rights.level == "ok"


def test_rights_for_other_topics_are_seen(tmp_path: Path) -> None:
    """As after a change of base_topic: the broker's own answer tells, for it drops the message silently otherwise."""
    with _guarded(base="other") as broker:
        reached, rights = _checks(_config(tmp_path, broker.port, LOGIN))
    assert reached.level == "ok"
    assert (rights.level, rights.found) == ("problem", "this login may not write smartmeter/home/reader/check: Not authorized")
    assert "ACL" in rights.mend


@pytest.mark.parametrize(
    ("login", "found"),
    [
        ("username = reader\npassword = wrong\n", "it refuses the login: wrong user name or password (Not authorized)"),
        ("", "it wants a user name and a password (Not authorized)"),
    ],
)
def test_a_refused_login_is_told(login: str, found: str, tmp_path: Path) -> None:
    """Apart from one that is missing; the password is not in it."""
    with _guarded() as broker:
        (check,) = _checks(_config(tmp_path, broker.port, login))
    assert (check.level, check.found) == ("problem", found)
    assert "[mqtt] username and password" in check.mend


CERTIFICATES = [
    (("127.0.0.1",), timedelta(0), "127.0.0.1", "", "connected with TLS, mosquitto version"),
    (("127.0.0.1",), -LONG_AGO, "127.0.0.1", "make certificates, on the", "its TLS certificate has expired"),
    (("127.0.0.1",), LONG_AGO, "127.0.0.1", "sudo timedatectl", "its TLS certificate is not valid yet, by the clock"),
    (
        ("pi.local",),
        timedelta(0),
        "127.0.0.1",
        "make certificates HOST=127.0.0.1",
        "its TLS certificate is for another host: IP",
    ),
    (
        ("pi.local",),
        timedelta(0),
        "localhost",
        "make certificates HOST=localhost",
        "its TLS certificate is for another host: Host",
    ),
]


@pytest.mark.parametrize(("hosts", "age", "host", "mend", "found"), CERTIFICATES)
def test_a_certificate_is_judged_in_plain_words(
    hosts: tuple[str, ...], age: timedelta, host: str, mend: str, found: str, tmp_path: Path
) -> None:
    """Good, expired, too early, for another address, for another name."""
    with _guarded(hosts=hosts, made=datetime.now(UTC) + age) as broker:
        check = _checks(_config(tmp_path, broker.port, f"{LOGIN}tls = yes\nca_file = {broker.ca_file}\n", host))[0]
    assert check.found.startswith(found)
    assert mend in check.mend


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    """Without ca_file only the public ones are known."""
    with _guarded(hosts=("127.0.0.1",)) as broker:
        (check,) = _checks(_config(tmp_path, broker.port, f"{LOGIN}tls = yes\n"))
    assert check.found.startswith("its TLS certificate is signed by nobody that is known here: ")
    assert check.mend == "set [mqtt] ca_file to the ca.crt that `make certificates` wrote"


def test_tls_on_one_side_only_is_told(broker: Broker, tmp_path: Path) -> None:
    """Each way names the setting."""
    (check,) = _checks(_config(tmp_path, broker.port, "tls = yes\n"))
    assert (check.found, check.mend) == (
        "it answers, but not with TLS",
        "set [mqtt] port to the broker's TLS port (8883), or [mqtt] tls = no",
    )
    with _guarded(hosts=("127.0.0.1",)) as guarded:
        (check,) = _checks(_config(tmp_path, guarded.port, LOGIN))
    assert check.found == "it speaks TLS there, and the settings do not"


class _Page(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _web_server() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextmanager
def _silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def _babbling(words: bytes) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        is_over = False

        def serve() -> None:
            while not is_over:
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.sendall(words)

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        is_over = True
        thread.join()


STRANGERS: list[Callable[[], AbstractContextManager[int]]] = [
    _web_server,
    _silent,
    lambda: _babbling(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
    lambda: _babbling(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    lambda: _babbling(b"\x20\x02\x00"),
    lambda: _babbling(b"\x40\x01\x00" * 40),
    lambda: _babbling(b"\x90\xff\xff\xff\xff\xff" * 40),
    lambda: _babbling(bytes(range(256)) * 8),
]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_program_in_the_place_of_the_broker_is_told(
    stranger: Callable[[], AbstractContextManager[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it answers, with the command that names it."""
    monkeypatch.setattr("common.broker_visit._TIMEOUT_S", 1.0)
    with stranger() as port:
        (check,) = _checks(_config(tmp_path, port))
    assert (check.level, check.found) == ("problem", "something answers there, but not as a broker")
    assert f"sudo ss -ltnp 'sport = :{port}'" in check.mend


def test_nobody_there_and_no_such_host_are_told_apart(tmp_path: Path) -> None:
    """The first is mended by a start, the second by a setting."""
    (check,) = _checks(_config(tmp_path, free_port()))
    assert check.found == "nothing listens there (connection refused)"
    assert "mosquitto" in check.mend
    (check,) = _checks(_config(tmp_path, 1883, host="no-such-host.invalid"))
    assert check.found.startswith("no such host (")
    assert check.mend == "correct [mqtt] host"


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"lag_s": 3601.5}, [("clock of the meter", "warning", "1 h behind this machine's")]),
        ({"lag_s": -90}, [("clock of the meter", "warning", "90 s before this machine's")]),
        ({"lag_s": 2.5}, []),
        ({}, []),  # a meter that sends no time
        ({"lag_s": 86_400.0, "recorded": True}, []),
    ],
)
def test_the_clocks_are_compared_by_a_telegram_that_arrives(
    broker: Broker, more: dict[str, object], wanted: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    """The reader has the port, so nobody else can: a difference is told, and that there is none is not."""
    sent = {"meter": "check-clock", "received": "2026-11-26T12:00:01.250+00:00", "seq": 1} | more
    with repeated(broker, "smartmeter/check-clock/telegram", json.dumps(sent)):
        arrive, *clock = check_telegrams(_config(tmp_path, broker.port, meter="check-clock"), "csv_logger")
    assert arrive == Check("telegrams", "ok", "they arrive")
    assert [(check.what, check.level, check.found) for check in clock] == wanted


def test_the_clock_of_another_meter_is_not_compared(broker: Broker, tmp_path: Path) -> None:
    """Its reader runs elsewhere."""
    sent = {"meter": "check-far", "received": "2026-11-26T12:00:01.250+00:00", "seq": 1, "lag_s": 7200.0}
    with repeated(broker, "smartmeter/check-far/telegram", json.dumps(sent)):
        (check,) = check_telegrams(_config(tmp_path, broker.port, meter="check-near"), "influx_bridge", all_meters=True)
    assert check.found == "they arrive"


@pytest.mark.parametrize(
    ("status", "level", "found"),
    [
        ("offline", "warning", "none comes: the reader does not run"),
        ("stale", "warning", "none comes: the reader runs, and hears no valid telegram"),
    ],
)
def test_a_service_that_gets_no_telegrams_is_told_why(
    broker: Broker, status: str, level: str, found: str, tmp_path: Path
) -> None:
    """By the status of the reader."""
    meter = f"check-{status}"
    with Listener(broker) as listener:
        listener.publish(f"smartmeter/{meter}/reader/status", status, retain=True)
        (check,) = check_telegrams(_config(tmp_path, broker.port, meter=meter), "csv_logger")
    assert (check.level, check.found) == (level, found)


CONSUMERS = ("csv_logger", "influx_bridge", "relay_controller")


@pytest.mark.parametrize(
    ("status", "service", "found"),
    [
        *(("stale", service, "none comes: the reader runs, and hears no valid telegram") for service in CONSUMERS),
        *(("offline", service, "none comes: the reader does not run") for service in CONSUMERS),
        ("online", "csv_logger", "none came, though the reader is online: it hangs, or this login may not read them"),
    ],
)
def test_the_rights_that_we_give_let_each_consumer_know_why_no_telegrams_come(
    status: str, service: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its login may read the status of the reader; one that hangs stays online for a while."""
    monkeypatch.setattr("common.check_broker._TELEGRAM_S", 2.0)
    with _guarded() as broker:
        config = _config(tmp_path, broker.port, f"username = {service}\npassword = {PASSWORD}\n")
        with Guest(broker.port, ("reader", PASSWORD)) as reader:
            assert reader.may_publish("smartmeter/home/reader/status", status, retain=True)
            (check,) = check_telegrams(config, service)
    assert (check.level, check.found) == ("warning", found)


def test_the_status_of_the_reader_is_asked_where_this_login_may_read_it(broker: Broker, tmp_path: Path) -> None:
    """Nothing is known of a reader that never said anything, or where there is no broker."""
    with Listener(broker) as listener:
        listener.publish("smartmeter/check-status/reader/status", "online", retain=True)
    assert reader_status(_config(tmp_path, broker.port, meter="check-status"), "reader") == "online"
    assert not reader_status(_config(tmp_path, broker.port, meter="check-nobody"), "reader")
    assert not reader_status(_config(tmp_path, free_port()), "reader")


def test_a_service_that_gets_telegrams_is_well(broker: Broker, tmp_path: Path) -> None:
    """One is enough; those of other meters count only where all are written."""
    config = _config(tmp_path, broker.port, meter="check-all")
    with repeated(broker, "smartmeter/check-other/telegram", "{}"):
        (check,) = check_telegrams(config, "influx_bridge", all_meters=True)
    assert (check.level, check.found) == ("ok", "they arrive")


def test_where_nothing_is_known_of_the_reader_both_causes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rights of other topics a consumer hears nothing: then it waits as long as it may take an old meter."""
    monkeypatch.setattr("common.check_broker._TELEGRAM_S", 2.0)
    with _guarded(base="other") as broker:
        config = _config(tmp_path, broker.port, f"username = csv_logger\npassword = {PASSWORD}\n")
        (check,) = check_telegrams(config, "csv_logger")
    assert (check.level, check.found) == ("warning", "none came: the reader is silent, or this login may not read them")
    assert check.mend.endswith("if it runs: let this login read smartmeter/home/telegram in the broker's ACL file")
