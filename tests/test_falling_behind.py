"""A reader that had no processor for a while, and meters that send what nobody expects: it is up to date at once, and small."""

import json
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path

import pytest

from common.sections import HomeAssistantSettings, SerialSettings
from common.settings import Config
from common.settings_file import load_config
from reader.household import Household
from reader.reader import Reader
from reader.telegram_writer import render
from tests.support.broker import Broker
from tests.support.contents import elements
from tests.support.listener import Listener
from tests.support.processes import Service, running
from tests.support.replay import Cable
from tests.support.telegrams import made_of
from tests.support.waiting import eventually, free_port

START = datetime.fromisoformat("2026-03-01T10:00:00+01:00")
TOO_BUSY = "too busy to read in time: 2 telegrams so far went to the topic telegram only"


def _telegrams(count: int) -> list[bytes]:
    household = Household(seed=5, start=START)
    return [render(household.step()) for _ in range(count)]


def _config(folder: Path, port: str, meter: str, broker: Broker | None = None) -> str:
    file = folder / "config.ini"
    mqtt = f"host = {broker.host}\nport = {broker.port}" if broker else f"port = {free_port()}"
    sections = f"[meter]\nname = {meter}\n[serial]\nport = {port}\n[mqtt]\npublish_raw = yes\nhealth_interval = 0.5\n{mqtt}\n"
    file.write_text(sections, encoding="utf-8")
    return str(file)


@contextmanager
def _stopped(reader: Service) -> Iterator[None]:
    """Take the processor from a reader for the length of a block."""
    reader.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        reader.process.send_signal(signal.SIGCONT)


def _messages(listener: Listener, topic: str) -> list[Mapping[str, object]]:
    return [json.loads(payload) for payload in listener.payloads(topic)]


@pytest.mark.broker
def test_of_telegrams_that_came_meanwhile_all_are_published_and_the_newest_is_shown(broker: Broker, tmp_path: Path) -> None:
    """All on `telegram`, each later than the one before; fields and raw bytes of the last one; the others are counted."""
    first, *others = _telegrams(4)
    topics = "smartmeter/meanwhile"
    with Cable(tmp_path / "meter") as cable, Listener(broker, f"{topics}/#") as listener:
        config = _config(tmp_path, str(cable.link), "meanwhile", broker)
        with running(["reader", "-c", config], tmp_path / "log") as reader:
            listener.wait_for(f"{topics}/reader/status", b"stale")
            cable.send(first)
            listener.wait_for(f"{topics}/raw", first)
            with _stopped(reader):
                cable.send(b"".join(others))
                continued = datetime.now(UTC)
            listener.wait_for(f"{topics}/raw", others[-1])
            eventually(lambda: _messages(listener, f"{topics}/reader/health")[-1]["skipped_live"] == 2, what="the count")
            reader.wait_for_log(TOO_BUSY)
            assert reader.stop() == 0
    messages = _messages(listener, f"{topics}/telegram")
    assert [message["seq"] for message in messages] == [1, 2, 3, 4]
    received = [datetime.fromisoformat(str(message["received"])) for message in messages]
    assert all(earlier < later for earlier, later in pairwise(received))
    assert all(abs((moment - continued).total_seconds()) < 20 for moment in received[1:])
    assert listener.payloads(f"{topics}/raw") == [first, others[-1]]
    assert set(listener.payloads(f"{topics}/timestamp")) <= {str(messages[n]["timestamp"]).encode() for n in (0, 3)}


@pytest.mark.broker
def test_a_backlog_of_minutes_on_the_network_is_not_worked_through(broker: Broker, tmp_path: Path) -> None:
    """Of what the connection kept while the reader had no processor the newest minute is published."""
    telegrams = _telegrams(400)
    topics = "smartmeter/backlog"
    with socket.create_server(("127.0.0.1", 0)) as server, Listener(broker, f"{topics}/#") as listener:
        server.settimeout(20.0)
        config = _config(tmp_path, f"socket://127.0.0.1:{server.getsockname()[1]}", "backlog", broker)
        with running(["reader", "-c", config], tmp_path / "log") as reader:
            connection, _ = server.accept()
            with connection:
                listener.wait_for(f"{topics}/reader/status", b"stale")
                connection.settimeout(0.0)
                with _stopped(reader):
                    sent = _filled(connection, b"".join(telegrams))
                newest = [one for one, end in zip(telegrams, accumulate(map(len, telegrams)), strict=True) if end <= sent][-1]
                listener.wait_for(f"{topics}/raw", newest)
                reader.wait_for_log("more than a minute of telegrams waited at the port: ")
                assert reader.stop() == 0
    assert len(listener.payloads(f"{topics}/telegram")) < 100
    assert listener.payloads(f"{topics}/raw")[-1] == newest


def _filled(connection: socket.socket, data: bytes) -> int:
    """Send until the connection takes no more; give how many bytes it took."""
    sent = 0
    with suppress(BlockingIOError):
        while sent < len(data):
            sent += connection.send(data[sent:])
    return sent


def _ever_new(number: int) -> bytes:
    """Make a telegram of which each line is another one than before, with codes that nobody knows."""
    unknown = [f"1-0:{number % 200}.{number // 200 % 100}.{part}({number}*kW)" for part in range(100, 108)]
    wrong = [f"1-{number % 100}:{part}.{number // 100}.7(" for part in range(4)]
    measured = [f"1-0:1.7.0({number % 100:06.3f}*kW)", f"0-0:96.13.0({number:08X})", f"0-1:96.1.0({number:016X})"]
    known = ["1-0:2.7.0(00.100*kW)"] if number % 2 else []
    return made_of(*measured, *known, *unknown, *wrong, identification=f"SMT5\\{number}")


def test_what_the_reader_keeps_does_not_grow_with_what_a_meter_sends(tmp_path: Path) -> None:
    """Each line another one each time, ever new unknown codes, fields that come and go, lines that cannot be read."""
    config = load_config(_config(tmp_path, "/dev/null", "mad"), (SerialSettings, HomeAssistantSettings))
    assert isinstance(config, Config)
    reader = Reader(config)
    kept = []
    for number in range(1500):
        for event in reader.reception.feed(_ever_new(number) + (b"noise" if number % 3 else b"")):
            reader.take(event)
        reader.tick()
        if number in {499, 999, 1499}:
            kept.append(elements(reader) - elements(reader._backfill))
    assert reader.reception.counts.telegrams == 1500
    assert max(kept) - min(kept) < 100
