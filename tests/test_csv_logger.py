"""The service csv_logger, with a real broker and real files."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.flood import flood, household_payloads, publish_all
from tests.support.listener import Listener
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY, clean_environment, running, starved_s
from tests.support.saving_broker import SavingBroker, saving_broker
from tests.support.waiting import eventually

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def payload_time(second: int) -> str:
    """Give the timestamp of a telegram."""
    return (START + timedelta(seconds=second)).isoformat()


def payload(second: int, meter: str, **fields: object) -> bytes:
    """Give a telegram's payload."""
    time = payload_time(second)
    return json.dumps({"meter": meter, "received": time, "seq": second, "timestamp": time, **fields}).encode()


def settings(folder: Path, broker: Broker, meter: str, csv: str = "write_every = 2\nmin_free_mb = 0\n") -> Path:
    """Write the settings file."""
    file = folder / "config.ini"
    text = f"[meter]\nname = {meter}\n[mqtt]\nhost = {broker.host}\nport = {broker.port}\nhealth_interval = 0.1\n"
    file.write_text(f"{text}[csv]\nfile_path = csv\ncompress = no\n{csv}", encoding="utf-8")
    return file


def counted(listener: Listener, topic: str, **counters: object) -> Callable[[], bool]:
    """Give the condition that health tells these counters."""

    def is_told() -> bool:
        heard = listener.payloads(topic)
        return bool(heard) and counters.items() <= json.loads(heard[-1]).items()

    return is_told


def rows(folder: Path) -> list[tuple[str, str]]:
    """Give the first and the last cell of each row of the complete files."""
    lines = [line for path in sorted(folder.glob("*.csv")) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return [(line.split(",")[0], line.split(",")[-1]) for line in lines]


@pytest.mark.broker
def test_each_telegram_is_a_row(broker: Broker, tmp_path: Path) -> None:
    """Live ones, recorded ones and those of backfill, each once; what is not ours is counted."""
    config, topic = settings(tmp_path, broker, "rows"), "smartmeter/rows"
    health = f"{topic}/csv_logger/health"
    with Listener(broker, f"{topic}/#") as listener, running(["csv_logger", "-c", str(config)], tmp_path / "log") as service:
        listener.wait_for(f"{topic}/csv_logger/status", b"online")
        listener.publish(f"{topic}/telegram", payload(0, "rows", net_power=0))
        listener.publish(f"{topic}/backfill", payload(0, "rows", net_power=9))
        listener.publish(f"{topic}/telegram", payload(1, "rows", net_power=1, recorded=True))
        listener.publish(f"{topic}/telegram", payload(2, "rows", net_power=2))
        listener.publish(f"{topic}/backfill", payload(-1, "rows", net_power=3))
        listener.publish(f"{topic}/telegram", payload(3, "another"))
        listener.publish(f"{topic}/telegram", b"nonsense")
        eventually(counted(listener, health, rows=4, duplicates=1, rejected=2), what=health)
        for _ in range(2):  # two messages are a group
            listener.publish(f"{topic}/telegram", payload(4, "rows", net_power=4))
        eventually(counted(listener, health, rows=5, duplicates=2, obstacle=None), what=health)
        assert service.stop() == 0, service.log
        listener.wait_for(f"{topic}/csv_logger/status", b"offline")
    times = [payload_time(second) for second in (0, 1, 2, -1, 4)]
    assert rows(tmp_path / "csv") == list(zip(times, ("0", "1", "2", "3", "4"), strict=True))


@pytest.mark.broker
def test_after_a_kill_each_telegram_still_has_one_row(broker: Broker, tmp_path: Path) -> None:
    """The broker keeps what comes meanwhile; what has its row does not get a second one."""
    config, topic = settings(tmp_path, broker, "killed"), "smartmeter/killed"
    folder = tmp_path / "csv"
    with Listener(broker, f"{topic}/telegram") as listener:
        with running(["csv_logger", "-c", str(config)], tmp_path / "first") as first:
            first.wait_for_log("connected to the broker")
            eventually(lambda: [*_send(listener, topic, 0, 1), *folder.glob(".wip__*")], what="the first rows")
            first.process.kill()
            first.process.wait()
        _send(listener, topic, 1, 2, 3)
        with running(["csv_logger", "-c", str(config)], tmp_path / "second") as second:
            second.wait_for_log("going on in")
            (open_file,) = folder.glob(".wip__*")
            eventually(lambda: payload_time(3) in open_file.read_text(encoding="utf-8"), what="the last row")
            assert second.stop() == 0, second.log
    assert rows(folder) == [(payload_time(second), str(second)) for second in range(4)]


def _send(listener: Listener, topic: str, *seconds: int) -> list[Path]:
    for second in seconds:
        listener.publish(f"{topic}/telegram", payload(second, topic.rpartition("/")[2], net_power=second))
    return []


@pytest.mark.broker
def test_what_is_not_on_the_disk_stays_with_the_broker(broker: Broker, tmp_path: Path) -> None:
    """A kill before the group is written costs nothing; no room on the disk neither, and it is said on status and health."""
    config, topic = settings(tmp_path, broker, "unsafe", "write_every = 20\nmin_free_mb = 900000\n"), "smartmeter/unsafe"
    with Listener(broker, f"{topic}/#") as listener:
        with running(["csv_logger", "-c", str(config)], tmp_path / "first") as first:
            listener.wait_for(f"{topic}/csv_logger/status", b"online")
            _send(listener, topic, 0, 1, 2)
            listener.wait_for(f"{topic}/csv_logger/status", b"failing")
            why = "less than 900000 MB free (min_free_mb)"
            eventually(counted(listener, f"{topic}/csv_logger/health", rows=0, obstacle=why))
            first.wait_for_log(f"cannot write CSV rows: {why}; 3 wait, and the broker keeps what comes")
            first.process.kill()
            first.process.wait()
        config = settings(tmp_path, broker, "unsafe", "write_every = 20\nmin_free_mb = 0\n")
        with running(["csv_logger", "-c", str(config)], tmp_path / "second") as second:
            eventually(counted(listener, f"{topic}/csv_logger/health", rows=3, obstacle=None))  # after 3 s of silence
            second.process.kill()
            second.process.wait()
        with running(["csv_logger", "-c", str(config)], tmp_path / "third") as third:
            third.wait_for_log("connected to the broker")
            _send(listener, topic, 2, 3)
            eventually(counted(listener, f"{topic}/csv_logger/health", rows=1, obstacle=None), what="the row that is new")
            assert third.stop() == 0, third.log
    assert rows(tmp_path / "csv") == [(payload_time(second), str(second)) for second in range(4)]


@pytest.fixture
def keeping_broker(tmp_path: Path) -> Iterator[SavingBroker]:
    """Run a broker with the settings of the repository."""
    (tmp_path / "store").mkdir()
    try:
        with saving_broker(tmp_path / "store") as broker:
            yield broker
    except PartMissing as reason:
        do_without(reason)


@pytest.mark.broker
@pytest.mark.parametrize("killed", [False, True])
def test_what_the_broker_kept_is_taken_fast_and_each_once(
    keeping_broker: SavingBroker, tmp_path: Path, *, killed: bool
) -> None:
    """5,000 telegrams, with a kill in between or not: a quiet machine takes them in a second, a slow one may need ten."""
    config, topic, count = settings(tmp_path, keeping_broker, "kept", "min_free_mb = 0\n"), "smartmeter/kept", 5000
    folder = tmp_path / "csv"
    with Listener(keeping_broker, f"{topic}/csv_logger/#") as listener:
        with running(["csv_logger", "-c", str(config)], tmp_path / "first") as first:
            listener.wait_for(f"{topic}/csv_logger/status", b"online")
            assert first.stop() == 0, first.log
        publish_all(keeping_broker, f"{topic}/telegram", household_payloads("kept", START, count))
        begun_s, lost_s = time.monotonic(), -starved_s(keeping_broker.pid)  # for want of a processor
        if killed:
            with running(["csv_logger", "-c", str(config)], tmp_path / "second") as second:
                eventually(lambda: count_of_lines(folder) > 1000, 60.0, "the first thousand rows")
                lost_s += starved_s(second.process.pid)
                second.process.kill()
                second.process.wait()
        with running(["csv_logger", "-c", str(config)], tmp_path / "third") as third:
            eventually(lambda: count_of_lines(folder) > count, 60.0, "all rows")
            lost_s += starved_s(third.process.pid) + starved_s(keeping_broker.pid)
            assert time.monotonic() - begun_s < 10 + lost_s
            assert third.stop() == 0, third.log
    times = [datetime.fromisoformat(text) for text, _ in rows(folder)]
    assert times == [START + timedelta(seconds=second) for second in range(1, count + 1)]


def count_of_lines(folder: Path) -> int:
    """Count the lines of the open file."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob(".wip__*"))


@pytest.mark.broker
def test_a_flood_does_not_keep_it_from_ending(broker: Broker, tmp_path: Path) -> None:
    """SIGTERM ends it in less than 2 s, although there is always more, and all that it took is written."""
    config, topic = settings(tmp_path, broker, "flooded"), "smartmeter/flooded"
    with (
        Listener(broker, f"{topic}/csv_logger/#") as listener,
        running(["csv_logger", "-c", str(config)], tmp_path / "log") as service,
        flood(broker, "flooded"),
    ):
        eventually(lambda: any(json.loads(heard)["rows"] > 200 for heard in listener.payloads(f"{topic}/csv_logger/health")))
        assert service.stop() == 0, service.log
    assert not list((tmp_path / "csv").glob(".wip__*"))


@pytest.mark.broker
def test_a_meters_name_cannot_forge_a_line_of_the_log(broker: Broker, tmp_path: Path) -> None:
    """It is quoted."""
    config, topic = settings(tmp_path, broker, "forged"), "smartmeter/forged"
    with Listener(broker, f"{topic}/#") as listener, running(["csv_logger", "-c", str(config)], tmp_path / "log") as service:
        listener.wait_for(f"{topic}/csv_logger/status", b"online")
        listener.publish(f"{topic}/telegram", payload(0, "a\nb\x1b[2J"))
        service.wait_for_log("(1 so far)")
        assert service.stop() == 0
    remark = rf"not a telegram of ours (1 so far): on '{topic}/telegram': expected meter 'forged', got 'a\nb\x1b[2J'"
    assert remark in service.log


@pytest.mark.broker
def test_a_second_one_on_the_same_folder_ends_and_harms_nothing(broker: Broker, tmp_path: Path) -> None:
    """Exit code 1: it may be another container that will end soon."""
    (tmp_path / "other").mkdir()
    first_config, second_config = settings(tmp_path, broker, "first"), tmp_path / "other" / "config.ini"
    text = first_config.read_text(encoding="utf-8").replace("= first", "= second").replace("= csv", f"= {tmp_path}/csv")
    second_config.write_text(text, encoding="utf-8")
    with running(["csv_logger", "-c", str(first_config)], tmp_path / "first") as first:
        first.wait_for_log("connected to the broker")
        half_made = tmp_path / "csv" / ".tmp__smartmeter_20260131_120000.csv.gz"
        half_made.write_bytes(b"half made by the first one")
        with running(["csv_logger", "-c", str(second_config)], tmp_path / "second") as second:
            assert second.ends() == 1
        assert second.log.endswith(f"another csv_logger writes to {tmp_path}/csv\n")
        assert half_made.exists()
        assert first.stop() == 0


@pytest.mark.broker
def test_a_disabled_service_writes_nothing(broker: Broker, tmp_path: Path) -> None:
    """It waits for its end."""
    config = settings(tmp_path, broker, "disabled", "enabled = no\n")
    with running(["csv_logger", "-c", str(config)], tmp_path / "log") as service:
        service.wait_for_log("[csv] enabled = no; nothing to do")
        assert service.stop() == 0
    assert not (tmp_path / "csv").exists()


@pytest.mark.broker
def test_check_tells_of_folder_and_room(broker: Broker, tmp_path: Path) -> None:
    """The folder is not made by asking."""
    config = settings(tmp_path, broker, "checked")
    with Listener(broker) as listener:
        listener.publish("smartmeter/checked/reader/status", "offline", retain=True)  # else a telegram is waited for
    answer = subprocess.run(
        [sys.executable, "-m", "csv_logger", "-c", str(config), "--check", "--json"],
        cwd=REPOSITORY,
        env=clean_environment(),
        capture_output=True,
        check=True,
    )
    levels = {check["what"]: check["level"] for check in json.loads(answer.stdout)["checks"]}
    del levels["clock"]
    assert levels == {
        "settings": "ok",
        f"broker {broker.host}:{broker.port}": "ok",
        "rights on the broker": "ok",
        "versions": "ok",
        "telegrams": "warning",
        f"CSV files in {tmp_path}/csv": "ok",
    }
    assert not (tmp_path / "csv").exists()


def test_a_folder_that_cannot_be_made_is_told(broker: Broker, tmp_path: Path) -> None:
    """One line, exit code 2."""
    (tmp_path / "csv").write_text("a file", encoding="utf-8")
    config = settings(tmp_path, broker, "nofolder")
    with running(["csv_logger", "-c", str(config)], tmp_path / "log") as service:
        assert service.ends() == 2
    assert f"{config}: [csv] file_path: expected a folder to write in, {tmp_path}/csv: File exists" in service.log


def test_a_folder_that_may_come_later_is_told_and_tried_again(broker: Broker, tmp_path: Path) -> None:
    """A disk that is not mounted: exit code 1, after which a supervisor starts the service anew. /proc takes no folder."""
    config = settings(tmp_path, broker, "latefolder")
    with running(["csv_logger", "-c", str(config)], tmp_path / "log", SMARTMETER_CSV_FILE_PATH="/proc/usb/csv") as service:
        assert service.ends() == 1
    problem = f"ERROR {config}: [csv] file_path: expected a folder to write in, /proc/usb/csv: No such file or directory"
    assert problem in service.log
    assert "Traceback" not in service.log
