"""tests.support.disks, and what survives a power cut as others promise it: SQLite's committed rows, Mosquitto's store."""

import errno
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.disks import PowerDisk, small_disk
from tests.support.listener import Listener
from tests.support.parts import PartMissing
from tests.support.saving_broker import SavingBroker, saving_broker
from tests.support.waiting import eventually

TOPICS = 400
VALUE_BYTES = 2000

# Adds rows for ever, each in a transaction of its own, and says the number of each when it is committed.
WRITER = """\
import itertools, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute("CREATE TABLE points (number INTEGER PRIMARY KEY, text TEXT)")
for number in itertools.count():
    database.execute("INSERT INTO points VALUES (?, ?)", (number, "x" * 300))
    print(number, flush=True)
"""


def missing(reason: PartMissing) -> None:
    """Skip the test. Where CI is root, it fails: then everything is to be had."""
    if os.environ.get("CI") and os.geteuid() == 0:
        pytest.fail(f"needed in CI: {reason}")
    pytest.skip(str(reason))


@pytest.fixture
def disk() -> Iterator[PowerDisk]:
    """Give a disk whose power can be cut."""
    try:
        with PowerDisk() as disk:
            yield disk
    except PartMissing as reason:
        missing(reason)


@pytest.fixture
def broker_on_disk(disk: PowerDisk) -> Iterator[SavingBroker]:
    """Run a broker that has its store there."""
    try:
        with saving_broker(disk.path) as broker:
            yield broker
    except PartMissing as reason:
        missing(reason)


def write(path: Path, text: str, *, synced: bool) -> None:
    """Write a file."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if synced:
            os.fsync(file.fileno())


def content(folder: Path) -> dict[str, str]:
    """Give the names and texts of a folder."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


# --- The disks ------------------------------------------------------------------------------------------------------------


def test_a_small_disk_is_soon_full() -> None:
    """It takes what fits, then says that there is no room; afterwards it is gone."""
    try:
        with small_disk(1) as folder:
            (folder / "fits").write_bytes(bytes(900_000))
            with pytest.raises(OSError, match="No space left") as caught:
                (folder / "too much").write_bytes(bytes(900_000))
            assert caught.value.errno == errno.ENOSPC
            assert (folder / "fits").stat().st_size == 900_000
            assert os.path.ismount(folder)
        assert not folder.exists()
    except PartMissing as reason:
        missing(reason)


def test_what_was_synced_survives_and_nothing_else(disk: PowerDisk) -> None:
    """A synced file is whole, what was added later without a sync is not there; a second cut finds the same."""
    write(disk.path / "synced", "kept", synced=True)
    write(disk.path / "unsynced", "lost", synced=False)
    with (disk.path / "synced").open("a", encoding="utf-8") as file:
        file.write(" and more")
    assert content(disk.path) == {"synced": "kept and more", "unsynced": "lost"}
    disk.cut_power()
    disk.restore()
    assert content(disk.path) == {"synced": "kept"}
    disk.cut_power()
    disk.restore()
    assert content(disk.path) == {"synced": "kept"}


def test_a_name_changes_on_disk_when_its_folder_is_synced(disk: PowerDisk) -> None:
    """Renamed without a sync: the old name, or the new one with the whole text. With a sync of the folder: the new one."""
    write(disk.path / ".wip", "text", synced=True)
    (disk.path / ".wip").rename(disk.path / "complete")
    disk.cut_power()
    disk.restore()
    assert content(disk.path) in ({".wip": "text"}, {"complete": "text"})
    write(disk.path / ".wip", "next", synced=True)
    (disk.path / ".wip").rename(disk.path / "complete")
    sync(disk.path)
    disk.cut_power()
    disk.restore()
    assert content(disk.path) == {"complete": "next"}


def test_without_power_every_call_fails(disk: PowerDisk) -> None:
    """Reading a folder, opening a file, writing to an open one: input/output error, as from a card that was pulled."""
    with (disk.path / "open").open("wb", buffering=0) as file:
        disk.cut_power()
        calls: list[Callable[[], object]] = [
            lambda: file.write(b"x"),
            lambda: os.fsync(file.fileno()),
            lambda: (disk.path / "new").open("wb"),
        ]
        for call in calls:
            with pytest.raises(OSError, match="Input/output error") as caught:
                call()
            assert caught.value.errno == errno.EIO


def test_whoever_still_uses_a_disk_is_found(disk: PowerDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut with a file left open is a mistake of the test: it fails in words, and the disk can still be given back."""
    monkeypatch.setattr("tests.support.disks._IN_USE_S", 0.1)
    with (disk.path / "open").open("wb"):
        disk.cut_power()
        with pytest.raises(AssertionError, match="which is in use"):
            disk.restore()
    disk.restore()


def test_only_root_may_have_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody else is told why there is none."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PartMissing, match="only root"), small_disk(1):
        pass
    with pytest.raises(PartMissing, match="only root"), PowerDisk():
        pass


# --- What others promise --------------------------------------------------------------------------------------------------


def test_a_committed_row_of_sqlite_survives(disk: PowerDisk) -> None:
    """With a write-ahead log and synchronous=FULL every row that was said to be committed is there, and the file is sound."""
    path = disk.path / "queue.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert writer.stdout is not None
    with writer:
        try:
            for _ in range(300):
                writer.stdout.readline()
            disk.cut_power()
            committed = 300 + len(writer.stdout.readlines())  # until it fails
        finally:
            writer.kill()
    disk.restore()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        numbers = [number for (number,) in database.execute("SELECT number FROM points ORDER BY number")]
    assert numbers == list(range(len(numbers)))
    # The commit that is under way just then may be answered: unlike at a real power cut, the kernel runs on.
    assert len(numbers) >= committed - 1


@pytest.mark.broker
@pytest.mark.parametrize("cut_when", ["it begins", "it is done", "its folder was synced"])
def test_the_store_of_the_broker_is_never_torn(disk: PowerDisk, broker_on_disk: SavingBroker, cut_when: str) -> None:
    """Mosquitto writes beside its store and renames: whenever the power fails, the last save or the one before it is there."""
    broker, beside = broker_on_disk, broker_on_disk.store.with_suffix(".db.new")
    publish_everywhere(broker, b"old")
    broker.save()
    sync(disk.path)
    publish_everywhere(broker, b"new")
    before = broker.saved()
    broker.begin_to_save()
    at_once(lambda: broker.saved() != before or (cut_when == "it begins" and beside.exists()))
    if cut_when == "its folder was synced":  # which Mosquitto leaves to the system: up to 5 s later, with ext4
        sync(disk.path)
    disk.cut_power()
    broker.stop()
    disk.restore()
    broker.start()
    with Listener(broker, "test/#") as listener:
        eventually(lambda: len(listener.heard) == TOPICS, what="every topic")
    values = {payload.rstrip(b".") for _topic, payload, _retained in listener.heard}
    assert values in ({b"new"}, {b"new"} if cut_when == "its folder was synced" else {b"old"})


def at_once(condition: Callable[[], bool]) -> None:
    """Wait for what lasts milliseconds only."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end


def publish_everywhere(broker: SavingBroker, value: bytes) -> None:
    """Let the broker retain a value on every topic of the test: a store of nearly a megabyte."""
    with Listener(broker, "nothing") as publisher:
        for number in range(TOPICS):
            publisher.publish(f"test/{number}", value.ljust(VALUE_BYTES, b"."), retain=True)


def sync(folder: Path) -> None:
    """Let what was done in a folder reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
