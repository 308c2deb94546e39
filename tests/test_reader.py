"""The service `reader`, as a process, with a real broker and real (pseudo-)ports."""

import json
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from common.sections import SerialSettings
from common.settings import Config
from common.settings_file import load_config
from reader.check import check_port
from reader.diagnosis import ENCRYPTED, GARBAGE, SILENT, WRONG_CHECKSUM, WRONG_KEY
from reader.household import Household
from reader.telegram_writer import render
from tests.support.broker import Broker
from tests.support.cuttable import cuttable
from tests.support.encryption import KEY, encrypted
from tests.support.listener import Listener
from tests.support.processes import running
from tests.support.replay import Cable
from tests.support.telegrams import made_of, telegram
from tests.support.waiting import answers, eventually, free_port

START = datetime.fromisoformat("2026-03-01T10:00:00+01:00")


def _telegrams(count: int) -> list[bytes]:
    household = Household(seed=5, start=START)
    return [render(household.step()) for _ in range(count)]


def _has_heard(listener: Listener, count: int) -> bool:
    return len(listener.heard) >= count


def _health(listener: Listener, topics: str) -> dict[str, int]:
    """Give the newest counters; none before the first ones are told."""
    return dict(json.loads((listener.payloads(f"{topics}/reader/health") or [b"{}"])[-1]))


def _config(folder: Path, broker: Broker | None, port: str, more: str = "", meter: str = "home") -> str:
    mqtt = f"host = {broker.host}\nport = {broker.port}\n" if broker else f"port = {free_port()}\n"
    file = folder / "config.ini"
    file.write_text(
        f"[meter]\nname = {meter}\n{more}\n[serial]\nport = {port}\n[mqtt]\nhealth_interval = 0.5\n{mqtt}", encoding="utf-8"
    )
    return str(file)


@pytest.mark.broker
def test_corrupt_telegrams_are_counted_and_the_next_one_is_fine(broker: Broker, tmp_path: Path) -> None:
    """Garbage, a cut and a corrupt telegram: only the good ones are published, health has the counts."""
    good = _telegrams(3)
    topics = "smartmeter/corrupt"
    with Cable(tmp_path / "meter") as cable, Listener(broker, f"{topics}/#") as listener:
        config = _config(tmp_path, broker, str(cable.link), meter="corrupt")
        with running(["reader", "-c", config], tmp_path / "log") as reader:
            reader.wait_for_log("connected to the broker")
            cable.send(b"\xff\x00noise\r\n" + good[0] + good[1][:300] + good[1].replace(b"*kWh", b"*kWH", 1) + good[2])
            eventually(lambda: len(listener.payloads(f"{topics}/telegram")) == 2)
            eventually(lambda: _health(listener, topics).get("telegrams") == 2, what="two telegrams on health")
            health = _health(listener, topics)
            assert reader.stop() == 0
    assert {key: health[key] for key in ("telegrams", "crc_errors", "rejected", "reconnects")} == {
        "telegrams": 2, "crc_errors": 1, "rejected": 1, "reconnects": 0,
    }  # fmt: skip
    assert health["discarded_bytes"] > 300
    assert "a telegram was rejected (1 so far): cut off by the next telegram" in reader.log


@pytest.mark.broker
def test_a_port_that_is_absent_then_pulled_then_back(broker: Broker, tmp_path: Path) -> None:
    """Said once with the path, retried, `stale` after `stale_after`, and read again when it is back."""
    link = tmp_path / "meter"
    telegrams = _telegrams(4)
    topics = "smartmeter/pulled"
    config = _config(tmp_path, broker, str(link), "stale_after = 2", meter="pulled")
    with Listener(broker, f"{topics}/#") as listener, running(["reader", "-c", config], tmp_path / "log") as reader:
        listener.wait_for(f"{topics}/reader/status", b"stale")
        reader.wait_for_log(f"cannot read {link}: it does not exist; serial ports here: ")
        with Cable(link) as cable:
            reader.wait_for_log(f"reading {link}")
            cable.send(telegrams[0] + telegrams[1])
            listener.wait_for(f"{topics}/reader/status", b"online")
            eventually(lambda: len(listener.payloads(f"{topics}/telegram")) == 2, what="all that is in the cable")
            cable.pull()
            reader.wait_for_log("it is gone")
            eventually(lambda: listener.payloads(f"{topics}/reader/status")[-1] == b"stale", what="stale again")
            reader.wait_for_log("no valid telegram for 2 s")
        with Cable(link) as cable:
            eventually(lambda: reader.log.count(f"reading {link}") == 2, what="the port back")
            cable.send(telegrams[2] + telegrams[3])
            eventually(lambda: listener.payloads(f"{topics}/reader/status")[-1] == b"online", what="online again")
            eventually(lambda: len(listener.payloads(f"{topics}/telegram")) == 4, what="all telegrams")
        eventually(lambda: _health(listener, topics).get("reconnects") == 2, what="two reconnections on health")
        assert reader.stop() == 0
    assert len(listener.payloads(f"{topics}/telegram")) == 4
    assert reader.log.count("cannot read") == 3


@pytest.mark.broker
def test_a_second_reader_on_the_port_is_refused(broker: Broker, tmp_path: Path) -> None:
    """It names the one that has the port, ends with exit code 1, and leaves the first one's session alone."""
    topics = "smartmeter/twice"
    with Cable(tmp_path / "meter") as cable, Listener(broker, f"{topics}/#") as listener:
        config = _config(tmp_path, broker, str(cable.link), meter="twice")
        with running(["reader", "-c", config], tmp_path / "log") as first:
            listener.wait_for(f"{topics}/reader/status", b"stale")
            with running(["reader", "-c", config], tmp_path / "log2") as second:
                assert second.ends() == 1
            assert f"cannot read {cable.link}: another program reads it: " in second.log
            assert f"(process {first.process.pid})" in second.log
            assert listener.payloads(f"{topics}/reader/status") == [b"stale"]
            assert first.stop() == 0


@pytest.mark.broker
def test_fields_go_to_their_topics_and_raw_bytes_where_asked(broker: Broker, tmp_path: Path) -> None:
    """Each field as text; counters retained, power not; the telegram's own bytes with publish_raw."""
    telegram = _telegrams(1)[0]
    topics = "smartmeter/fields"
    with Cable(tmp_path / "meter") as cable:
        config = _config(tmp_path, broker, str(cable.link), meter="fields")
        arguments = ["reader", "-c", config]
        with (
            Listener(broker, f"{topics}/#") as listener,
            running(arguments, tmp_path / "log", SMARTMETER_MQTT_PUBLISH_RAW="yes") as reader,
        ):
            listener.wait_for(f"{topics}/reader/status", b"stale")
            cable.send(telegram)
            listener.wait_for(f"{topics}/raw", telegram)
            message = json.loads(eventually(lambda: listener.payloads(f"{topics}/telegram"), what="the telegram")[0])
            for name, value in message.items():
                if name not in {"meter", "received", "seq", "lag_s", "other"}:
                    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
                    listener.wait_for(f"{topics}/{name}", text.encode())
            assert reader.stop() == 0
    with Listener(broker, f"{topics}/#") as later:
        later.wait_for(f"{topics}/total_consumption_day", str(message["total_consumption_day"]).encode())
        for name in ("gas_serial", "peak_demand_month", "breaker_state", "total_gas_consumption"):
            later.wait_for(f"{topics}/{name}", str(message[name]).encode())
        later.publish(f"{topics}/end", "")  # comes behind everything that is kept
        later.wait_for(f"{topics}/end", b"")
        kept = {topic.rpartition("/")[2] for topic, _payload, _retained in later.heard}
    assert not {"net_power", "actual_total_consumption", "l1_voltage", "l1_current", "timestamp", "telegram", "raw"} & kept


@pytest.mark.broker
def test_recorded_telegrams_are_published_whole_and_marked(broker: Broker, tmp_path: Path) -> None:
    """-f with --speed 0 publishes every telegram of a file as `recorded` and ends with exit code 0."""
    file = tmp_path / "recorded.txt"
    file.write_bytes(b"".join(_telegrams(500)))
    config = _config(tmp_path, broker, "/dev/null", meter="recorded")
    with Listener(broker, "smartmeter/recorded/#") as listener:
        with running(["reader", "-c", config, "-f", str(file), "--speed", "0"], tmp_path / "log") as reader:
            assert reader.ends() == 0
        eventually(lambda: len(listener.payloads("smartmeter/recorded/telegram")) == 500)
    messages = [json.loads(payload) for payload in listener.payloads("smartmeter/recorded/telegram")]
    assert [message["seq"] for message in messages] == list(range(1, 501))
    assert all(message["recorded"] is True for message in messages)
    assert "500 telegrams published" in reader.log


@pytest.mark.broker
def test_a_recording_leaves_the_reader_of_the_meter_alone(broker: Broker, tmp_path: Path) -> None:
    """Beside the live reader it has its own session, and changes neither its status nor what the broker keeps."""
    file = tmp_path / "recorded.txt"
    file.write_bytes(b"".join(_telegrams(20)))
    with Cable(tmp_path / "meter") as cable, Listener(broker, "smartmeter/beside/#") as listener:
        config = _config(tmp_path, broker, str(cable.link), meter="beside")
        with running(["reader", "-c", config], tmp_path / "log") as reader:
            listener.wait_for("smartmeter/beside/reader/status", b"stale")
            with running(["reader", "-c", config, "-f", str(file), "--speed", "0"], tmp_path / "log2") as player:
                assert player.ends() == 0
            eventually(lambda: len(listener.payloads("smartmeter/beside/telegram")) == 20)
            assert listener.payloads("smartmeter/beside/reader/status") == [b"stale"]
            assert reader.stop() == 0
    assert "no broker at" not in reader.log
    with Listener(broker, "smartmeter/beside/#") as later:
        later.wait_for("smartmeter/beside/reader/status", b"offline")
        eventually(lambda: later.payloads("smartmeter/beside/reader/health"))
        later.publish("smartmeter/beside/end", "")  # comes behind everything that is kept
        later.wait_for("smartmeter/beside/end", b"")
        assert {topic.rpartition("/")[2] for topic, _payload, _retained in later.heard} == {"status", "health", "end"}


@pytest.mark.broker
def test_recorded_telegrams_wait_for_a_broker_that_is_away(mortal_broker: Broker, tmp_path: Path) -> None:
    """A file loses nothing when the broker comes late."""
    file = tmp_path / "recorded.txt"
    file.write_bytes(b"".join(_telegrams(5)))
    config = _config(tmp_path, mortal_broker, "/dev/null")
    mortal_broker.stop()
    with running(["reader", "-c", config, "-f", str(file), "--speed", "0"], tmp_path / "log") as reader:
        reader.wait_for_log("no broker at")
        mortal_broker.start()
        with Listener(mortal_broker, "#"):
            assert reader.ends() == 0
    assert "5 telegrams published" in reader.log


@pytest.mark.broker
def test_a_recording_loses_nothing_when_the_connection_breaks(broker: Broker, tmp_path: Path) -> None:
    """Nor what was about to be sent just then."""
    file = tmp_path / "recorded.txt"
    file.write_bytes(b"".join(_telegrams(600)))
    topic = "smartmeter/broken/telegram"
    with cuttable(broker.port) as line, Listener(broker, topic) as listener:
        config = _config(tmp_path, replace(broker, port=line.port), "/dev/null", meter="broken")
        with running(["reader", "-c", config, "-f", str(file), "--speed", "0"], tmp_path / "log") as player:
            for heard in range(1, 500, 150):
                eventually(partial(_has_heard, listener, heard))
                line.cut()
            assert player.ends() == 0
        eventually(lambda: {json.loads(payload)["seq"] for payload in listener.payloads(topic)} == set(range(1, 601)))


@pytest.mark.broker
def test_telegrams_of_an_outage_are_sent_on_backfill(mortal_broker: Broker, tmp_path: Path) -> None:
    """Those that the broker had and may have lost too, each with its first payload; `telegram` stays live."""
    stream = _telegrams(30)
    topics = "smartmeter/outage"
    with Cable(tmp_path / "meter") as cable:
        config = _config(tmp_path, mortal_broker, str(cable.link), meter="outage")
        with running(["reader", "-c", config], tmp_path / "log") as reader:
            with Listener(mortal_broker, f"{topics}/#") as before:
                before.wait_for(f"{topics}/reader/status", b"stale")
                reader.wait_for_log("reading ")
                cable.send(b"".join(stream[:10]))
                eventually(lambda: len(before.payloads(f"{topics}/telegram")) == 10)
            mortal_broker.stop()
            cable.send(b"".join(stream[10:20]))
            reader.wait_for_log("no broker at")
            reader.process.send_signal(signal.SIGSTOP)  # until somebody listens
            mortal_broker.start()
            with Listener(mortal_broker, f"{topics}/#") as after:
                reader.process.send_signal(signal.SIGCONT)
                after.wait_for(f"{topics}/reader/status", b"online", 30.0)
                eventually(lambda: len(after.payloads(f"{topics}/backfill")) == 20, what="20 telegrams")
                cable.send(b"".join(stream[20:]))
                eventually(lambda: len(after.payloads(f"{topics}/telegram")) == 10)
            assert reader.stop() == 0
    again = after.payloads(f"{topics}/backfill")
    assert again[:10] == before.payloads(f"{topics}/telegram")
    numbers = [json.loads(payload)["seq"] for payload in [*again, *after.payloads(f"{topics}/telegram")]]
    assert numbers == list(range(1, 31))
    assert not any(retained for topic, _payload, retained in after.heard if topic == f"{topics}/backfill")


@pytest.mark.broker
def test_a_meter_on_the_network_is_read(broker: Broker, tmp_path: Path) -> None:
    """socket://host:port works like a port, also when the other side hangs up and comes back."""
    address = f"127.0.0.1:{free_port()}"
    config = _config(tmp_path, broker, f"socket://{address}", meter="network")
    simulator = ["reader", "simulate", "--listen", address, "--speed", "5"]
    with (
        Listener(broker, "smartmeter/network/telegram") as listener,
        running(["reader", "-c", config], tmp_path / "log") as reader,
    ):
        with running(simulator, tmp_path / "simulator.log"):
            eventually(lambda: len(listener.heard) > 2)
        reader.wait_for_log("it is gone")
        before = len(listener.heard)
        with running(simulator, tmp_path / "simulator2.log"):
            eventually(lambda: len(listener.heard) > before + 2)
        assert reader.stop() == 0


def test_without_a_broker_the_reader_reads_on_and_says_so_once(tmp_path: Path) -> None:
    """The port is served although nobody hears it."""
    with Cable(tmp_path / "meter") as cable:
        config = _config(tmp_path, None, str(cable.link))
        with running(["reader", "-c", config], tmp_path / "log") as reader:
            reader.wait_for_log("no broker at")
            cable.send(b"".join(_telegrams(20)))
            reader.wait_for_log("telegrams arrive")
            assert reader.stop() == 0
    assert reader.log.count("no broker at") == 1


@pytest.mark.parametrize("service", ["reader", "csv_logger", "influx_bridge", "relay_controller"])
def test_wrong_settings_are_told_all_at_once(service: str, tmp_path: Path) -> None:
    """Each problem is a line, the exit code is 2."""
    file = tmp_path / "config.ini"
    file.write_text("[mqtt]\nport = abc\nhots = x\n[meter]\nname = a b\n[seril]\nport = 1\n", encoding="utf-8")
    with running([service, "-c", str(file)], tmp_path / "log", SMARTMETER_MQTT_HSOT="x") as process:
        assert process.ends() == 2
    assert process.log.splitlines() == [
        f"{file}: [mqtt] hots: unknown key, did you mean host?",
        f"{file}: [seril]: unknown section, did you mean serial?",
        "SMARTMETER_MQTT_HSOT: unknown variable, did you mean SMARTMETER_MQTT_HOST?",
        f'{file}: [meter] name: expected a name of letters, digits, _ and -, got "a b"',
        f'{file}: [mqtt] port: expected a port from 1 to 65535, got "abc"',
    ]


@pytest.mark.parametrize("service", ["reader", "csv_logger", "influx_bridge", "relay_controller"])
def test_a_missing_settings_file_is_a_problem(service: str, tmp_path: Path) -> None:
    """It names the file and how to begin."""
    with running([service, "-c", str(tmp_path / "none.ini")], tmp_path / "log") as process:
        assert process.ends() == 2
    assert process.log == f"{tmp_path}/none.ini: No such file or directory; begin with: cp config.sample.ini config.ini\n"


def test_a_recording_that_does_not_exist_is_a_failure(tmp_path: Path) -> None:
    """One line, exit code 1."""
    config = _config(tmp_path, None, "/dev/null")
    with running(["reader", "-c", config, "-f", str(tmp_path / "none")], tmp_path / "log") as reader:
        assert reader.ends() == 1
    assert f"cannot read {tmp_path}/none: No such file or directory" in reader.log


@pytest.mark.broker
def test_check_tells_what_is_well_and_what_is_not(broker: Broker, tmp_path: Path) -> None:
    """--check tries settings, broker and port; exit code 1 when one of them is not well."""
    address = f"127.0.0.1:{free_port()}"
    config = _config(tmp_path, broker, f"socket://{address}")
    with running(["reader", "simulate", "--listen", address, "--speed", "5"], tmp_path / "simulator.log"):
        eventually(lambda: answers(int(address.rpartition(":")[2])), what="the simulator's port")
        with running(["reader", "-c", config, "--check"], tmp_path / "log") as good:
            assert good.ends() == 0
    with running(["reader", "-c", config, "--check", "--json"], tmp_path / "log") as bad:
        assert bad.ends() == 1


@contextmanager
def _port_on_the_network(folder: Path, sent: bytes) -> Iterator[Config]:
    """Serve a port that sends some bytes again and again (pyserial drops the first ones); give settings for it."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
        server.settimeout(20.0)  # should nobody come, the test ends

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(ConnectionError):
                while not over.wait(0.05):
                    connection.sendall(sent)

        sending = pool.submit(serve)
        config = load_config(_config(folder, None, f"socket://127.0.0.1:{server.getsockname()[1]}"), (SerialSettings,))
        assert isinstance(config, Config)
        try:
            yield config
        finally:
            over.set()
        sending.result()


@pytest.mark.parametrize(
    ("sent", "sentence", "rejected"),
    [
        (b"", SILENT, ""),
        (200 * b"\xa9\xfd\xeb", GARBAGE, ""),
        (
            telegram("be-wrong-checksum"),
            WRONG_CHECKSUM,
            "; the last one: checksum mismatch: telegram says 8272, computed 8273",
        ),
    ],
)
def test_check_listens_at_the_port_and_tells_what_it_hears(sent: bytes, sentence: str, rejected: str, tmp_path: Path) -> None:
    """For so many seconds; the sentence is told in two halves, what is wrong and what mends it."""
    with _port_on_the_network(tmp_path, sent) as config:
        (check,) = check_port(config, 1.0)
    prefix = "no valid telegram in 1 s: "
    assert (check.level, check.found[: len(prefix)]) == ("problem", prefix)
    assert check.found.endswith(rejected)
    found = check.found.removeprefix(prefix).removesuffix(rejected)
    assert sentence in {f"{found}: {check.mend}", f"{found}; {check.mend}"}


def test_check_listens_no_longer_than_until_a_valid_telegram(tmp_path: Path) -> None:
    """Whatever came before it. An old telegram shows that the clocks differ."""
    with _port_on_the_network(tmp_path, telegram("be-wrong-checksum") + telegram("be-emucs-1.7.1")) as config:
        port, clock = check_port(config, 600.0)
    assert (port.level, port.found) == ("ok", "gives valid telegrams")
    assert (clock.what, clock.level) == ("clock of the meter", "warning")


@pytest.mark.broker
def test_an_encrypted_meter_is_read_with_its_key(broker: Broker, tmp_path: Path) -> None:
    """What cannot be decrypted is counted and said once; the key is never shown."""
    good = _telegrams(3)
    topics = "smartmeter/encrypted"
    foreign = encrypted(good[1], 2, key=bytes(16))
    with Cable(tmp_path / "meter") as cable, Listener(broker, f"{topics}/#") as listener:
        config = _config(tmp_path, broker, str(cable.link), meter="encrypted")
        key_file = tmp_path / "key"
        key_file.write_text(KEY.hex(), encoding="ascii")
        arguments = ["reader", "-c", config]
        with running(arguments, tmp_path / "log", SMARTMETER_SERIAL_DECRYPTION_KEY_FILE=str(key_file)) as reader:
            listener.wait_for(f"{topics}/reader/status", b"stale")
            cable.send(encrypted(good[0], 1) + foreign + foreign + encrypted(good[2], 3))
            eventually(lambda: len(listener.payloads(f"{topics}/telegram")) == 2)
            eventually(lambda: _health(listener, topics).get("telegrams") == 2, what="two telegrams on health")
            health = _health(listener, topics)
            assert reader.stop() == 0
    assert {key: health[key] for key in ("telegrams", "rejected", "decrypt_errors", "discarded_bytes")} == {
        "telegrams": 2, "rejected": 0, "decrypt_errors": 2, "discarded_bytes": 2 * len(foreign),
    }  # fmt: skip
    sentence = "a telegram could not be decrypted: wrong decryption_key or authentication_key, or a damaged frame"
    assert reader.log.count(sentence) == 1
    assert KEY.hex() not in reader.log.lower()


@pytest.mark.parametrize(
    ("key", "sent", "sentence"), [("", encrypted(telegram("be-emucs-1.7.1")), ENCRYPTED), (16 * "00", b"", SILENT)]
)
def test_what_is_heard_instead_of_telegrams_is_said_once(key: str, sent: bytes, sentence: str, tmp_path: Path) -> None:
    """When no valid telegram came for `stale_after`."""
    with Cable(tmp_path / "meter") as cable:
        config = _config(tmp_path, None, str(cable.link), "stale_after = 1")
        with running(["reader", "-c", config], tmp_path / "log", SMARTMETER_SERIAL_DECRYPTION_KEY=key) as reader:
            reader.wait_for_log("reading ")
            cable.send(sent)
            reader.wait_for_log(sentence)
            assert reader.stop() == 0
    assert reader.log.count(sentence) == 1
    assert f"WARNING {sentence}\n" in reader.log


def test_where_the_port_is_absent_nothing_is_said_of_its_bytes(tmp_path: Path) -> None:
    """That it is absent says it all."""
    config = _config(tmp_path, None, str(tmp_path / "meter"), "stale_after = 0.2")
    with running(["reader", "-c", config], tmp_path / "log") as reader:
        reader.wait_for_log("cannot read ")
        with Cable(tmp_path / "meter"):  # looked for after 1 s
            reader.wait_for_log(SILENT)
        assert reader.stop() == 0
    assert reader.log.index("cannot read ") < reader.log.index("reading ") < reader.log.index(SILENT)


@pytest.mark.parametrize(("key", "why"), [("", ENCRYPTED), (16 * "00", WRONG_KEY)])
def test_a_recording_that_cannot_be_decrypted_says_so(key: str, why: str, tmp_path: Path) -> None:
    """As the port would."""
    file = tmp_path / "recorded"
    file.write_bytes(encrypted(_telegrams(1)[0]))
    config = _config(tmp_path, None, "/dev/null")
    arguments = ["reader", "-c", config, "-f", str(file)]
    with running(arguments, tmp_path / "log", SMARTMETER_SERIAL_DECRYPTION_KEY=key) as reader:
        assert reader.ends() == 1
    assert f"ERROR no valid telegram in {file}: {why}\n" in reader.log


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_key_without_the_package_that_decrypts_is_a_problem(arguments: list[str], tmp_path: Path) -> None:
    """With the command that mends it; the key is not shown."""
    package = tmp_path / "cryptography"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError", encoding="ascii")
    config = _config(tmp_path, None, str(tmp_path / "meter"))
    command, key = ["reader", "-c", config, *arguments], KEY.hex()
    with running(command, tmp_path / "log", PYTHONPATH=str(tmp_path), SMARTMETER_SERIAL_DECRYPTION_KEY=key) as reader:
        assert reader.ends() == 2
    assert reader.log.splitlines()[-1] == (
        f"{config}: [serial] decryption_key: needs the Python package cryptography; mend it with: "
        ".venv/bin/pip install --group decrypt (or Debian's python3-cryptography)"
    )


def test_a_check_in_json_tells_of_a_key_that_cannot_be_used_too(tmp_path: Path) -> None:
    """As an answer like all problems of the settings; the exit code is theirs."""
    package = tmp_path / "cryptography"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError", encoding="ascii")
    command = ["reader", "-c", _config(tmp_path, None, str(tmp_path / "meter")), "--check", "--json"]
    environment = {"PYTHONPATH": str(tmp_path), "SMARTMETER_SERIAL_DECRYPTION_KEY": KEY.hex()}
    with running(command, tmp_path / "log", output=tmp_path / "answers", **environment) as reader:
        assert reader.ends() == 2
    (check,) = json.loads((tmp_path / "answers").read_text())["checks"]
    assert (check["level"], check["mend"]) == (
        "problem",
        ".venv/bin/pip install --group decrypt (or Debian's python3-cryptography)",
    )


@pytest.mark.broker
def test_a_wrong_line_is_named_once_and_counted_each_time(broker: Broker, tmp_path: Path) -> None:
    """The rest of its telegram is published."""
    file = tmp_path / "recorded"
    bad = made_of("1-0:1.7.0(bad)", "1-0:2.7.0(00.100*kW)", "what is this", "and this")
    file.write_bytes(3 * bad)
    config = _config(tmp_path, broker, "/dev/null", meter="skipping")
    with Listener(broker, "smartmeter/skipping/#") as listener:
        with running(["reader", "-c", config, "-f", str(file), "--speed", "0"], tmp_path / "log") as reader:
            assert reader.ends() == 0
        eventually(lambda: len(listener.payloads("smartmeter/skipping/telegram")) == 3)
    named = [
        line.partition("from now on without a word: ")[2] for line in reader.log.splitlines() if "a line is skipped" in line
    ]
    assert [name.partition(": ")[0] for name in named] == ["1-0:1.7.0", "'what is this'"]
    assert [
        json.loads(payload)["actual_total_injection"] for payload in listener.payloads("smartmeter/skipping/telegram")
    ] == 3 * [0.1]
