"""influx_bridge.queue_file and queue_place: what becomes of files that are not as they should be."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from influx_bridge.queue import Queue
from influx_bridge.queue_place import APPLICATION_ID, COMPANIONS, VERSION, QueuePlace, look
from influx_bridge.rows import MAX_BYTES, Lane, Wish

BACKLOG = Wish(Lane.BACKLOG, 1000, MAX_BYTES)
NOT_OURS = "it will be moved aside"


def queue_at(path: Path) -> Queue:
    """Open a queue."""
    place = QueuePlace(path)
    place.prepare()
    return Queue(place, 10)


def lines(*numbers: int) -> list[bytes]:
    """Give lines whose times are these numbers."""
    return [b"m v=1.0 %d" % number for number in numbers]


def takes_points(queue: Queue) -> list[bytes]:
    """Save a point more; give all that come out."""
    queue.add(lines(99), live=False)
    assert queue.save()
    batch = queue.take(BACKLOG)
    return [row.line for row in batch.rows] if batch else []


def sql(*statements: str) -> Callable[[Path], None]:
    """Give what changes a file by SQL."""

    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as file:
            for statement in statements:
                file.execute(statement)
            file.commit()

    return change


def cut(size: int) -> Callable[[Path], None]:
    """Give what cuts a file."""

    def change(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:size])

    return change


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Give a queue file with three points."""
    path = tmp_path / "queue.db"
    with closing(queue_at(path)) as queue:
        queue.add(lines(1, 2, 3), live=False)
        queue.save()
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(b"hello " * 1000), "file is not a database"),
        (lambda path: path.write_bytes(b"\0" * 4096), "file is not a database"),
        (sql("PRAGMA application_id = 7"), "an SQLite file, but no queue of smartmeter"),
        (sql("PRAGMA application_id = 0"), "an SQLite file, but no queue of smartmeter"),
        (sql(f"PRAGMA user_version = {VERSION + 1}"), f"of version {VERSION + 1}, and this smartmeter knows {VERSION}"),
        (sql("PRAGMA user_version = 0"), f"of version 0, and this smartmeter knows {VERSION}"),
        (sql("ALTER TABLE point ADD COLUMN lane TEXT"), "its tables are not those of a queue"),
        (sql("DROP TABLE state"), "its tables are not those of a queue"),
        (sql("DELETE FROM state"), "its rows are not those that it counted"),
        (sql("UPDATE state SET points = 'many'"), "its rows are not those that it counted"),
        (sql("UPDATE state SET points = 0"), "its rows are not those that it counted"),
        (sql("UPDATE state SET points = 4"), "its rows are not those that it counted"),
        (sql("INSERT INTO point VALUES (9223372036854775807, x'00')"), "its rows are not those that it counted"),
        (cut(4096), "database disk image is malformed"),
        (cut(5000), "database disk image is malformed"),
        (cut(50), "database disk image is malformed"),
    ],
)
def test_a_file_that_is_no_queue_is_moved_aside(
    filled: Path, caplog: pytest.LogCaptureFixture, change: Callable[[Path], None], words: str
) -> None:
    """As it is, under a new name; a fresh one takes its place, and it is said why."""
    change(filled)
    before = filled.read_bytes()
    with closing(queue_at(filled)) as queue:
        assert takes_points(queue) == lines(99)
    assert filled.with_name("queue.db.aside1").read_bytes() == before
    assert f"cannot use the queue file {filled}: {words}; it is queue.db.aside1 now" in caplog.text


@pytest.mark.parametrize("length", [0, 8, 4096, 9000])
def test_no_file_that_was_moved_aside_is_overwritten(filled: Path, length: int) -> None:
    """Each has a name of its own, and keeps what belongs to it."""
    log = Path(f"{filled}-wal")
    for number in (1, 2):
        filled.write_bytes(b"%d" % number * length)
        log.write_bytes(b"log %d" % number)
        with closing(queue_at(filled)) as queue:
            assert takes_points(queue) == lines(99)
        aside = filled.with_name(f"queue.db.aside{number}")
        assert (aside.read_bytes(), Path(f"{aside}-wal").read_bytes()) == (b"%d" % number * length, b"log %d" % number)


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    """A crash may leave one."""
    (tmp_path / "queue.db").touch()
    with closing(queue_at(tmp_path / "queue.db")) as queue:
        assert takes_points(queue) == lines(99)
    assert not list(tmp_path.glob("*.aside*"))


def test_a_log_without_its_file_is_kept(tmp_path: Path) -> None:
    """SQLite alone would delete it."""
    (tmp_path / "queue.db-wal").write_bytes(b"points of somebody")
    with closing(queue_at(tmp_path / "queue.db")) as queue:
        assert takes_points(queue) == lines(99)
    assert (tmp_path / "queue.db.aside1-wal").read_bytes() == b"points of somebody"


def test_a_log_that_is_torn_at_any_byte_has_all_transactions_before_that(tmp_path: Path) -> None:
    """As a power cut leaves it: what was acknowledged is there, whole."""
    path, log = tmp_path / "queue.db", tmp_path / "queue.db-wal"
    sizes = []
    copies = tmp_path / "copies"
    copies.mkdir()
    with closing(queue_at(path)) as queue:
        for number in range(4):
            queue.add(lines(10 * number, 10 * number + 1), live=True)
            queue.save()
            sizes.append(log.stat().st_size)
        whole_file, whole_log = path.read_bytes(), log.read_bytes()
    for size in [*range(0, len(whole_log), 509), *sizes, *(size - 1 for size in sizes), len(whole_log)]:
        copy = copies / f"{size}.db"
        copy.write_bytes(whole_file)
        Path(f"{copy}-wal").write_bytes(whole_log[:size])
        with closing(queue_at(copy)) as queue:
            transactions = sum(size >= one for one in sizes)
            wanted = lines(*(10 * number + second for number in range(transactions) for second in (0, 1)))
            assert (len(queue), takes_points(queue)) == (len(wanted), [*wanted, *lines(99)])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 60_000), garbage=st.binary(min_size=1, max_size=9000))
def test_garbage_anywhere_in_the_file_never_keeps_points_from_being_taken(tmp_path: Path, place: int, garbage: bytes) -> None:
    """Whether it is found at the start, later, or never; and the file is never deleted."""
    folder = tmp_path / "garbage"
    shutil.rmtree(folder, ignore_errors=True)
    path = folder / "queue.db"
    with closing(queue_at(path)) as queue:
        queue.add((b"m v=%s %d" % (b"1" * 300, number) for number in range(200)), live=False)
        queue.save()
    content = bytearray(path.read_bytes())
    content[place : place + len(garbage)] = garbage
    path.write_bytes(content)
    with closing(queue_at(path)) as queue:
        queue.add(lines(99), live=True)
        saved = queue.save() or queue.save()
        assert saved or queue.trouble == "attempt to write a readonly database"  # what the header said
        for _ in range(10):
            batch = queue.take(BACKLOG)
            if batch:
                queue.written()
            saved = queue.save()
        assert queue.take(Wish(Lane.LIVE, 1, 1)) or not saved
        queue.oldest()
    assert path.exists()


def reject(queue: Queue, count: int) -> None:
    """Let the server refuse so many points."""
    queue.add((b"m v=%s %d" % (b"1" * 500, number) for number in range(count)), live=False)
    queue.save()
    for _ in range(count):
        queue.take(Wish(Lane.BACKLOG, 1, 1))
        queue.give_up(datetime(2026, 1, 31, tzinfo=UTC), 400, "bad")
        if queue.done == 500:
            queue.save()
    queue.save()


def test_the_newest_of_the_points_that_were_rejected_are_kept(filled: Path) -> None:
    """Ten thousand of them, and the oldest go for want of room before a point that waits does."""
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
        "INSERT INTO rejected SELECT i, '', randomblob(400), 400, 'old' FROM n")(filled)  # fmt: skip
    with closing(queue_at(filled)) as queue:
        assert len(takes_points(queue)) == 4
        queue.put_back()
        reject(queue, 4)
    query = "SELECT count(*), min(number), max(words) FROM rejected"
    with closing(sqlite3.connect(filled)) as file:
        assert file.execute(query).fetchone() == (10_000, 5, "old")
    place = QueuePlace(filled)
    place.prepare()
    with closing(Queue(place, 1)) as queue:
        queue.add(lines(100), live=False)
        queue.save()
        assert (len(queue), queue.dropped) == (5, 0)
    with closing(sqlite3.connect(filled)) as file:
        assert 1000 < file.execute(query).fetchone()[0] < 3000


def test_a_file_belongs_to_one_process(filled: Path) -> None:
    """The second is told at once; the first one's end lets others have it."""
    with closing(queue_at(filled)), pytest.raises(BlockingIOError):
        QueuePlace(filled).prepare()
    queue_at(filled).close()


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    """With those above it."""
    with closing(queue_at(tmp_path / "a" / "b" / "queue.db")) as queue:
        assert takes_points(queue) == lines(99)


@pytest.mark.parametrize("where", ["file/queue.db", "folder"])
def test_a_place_where_no_file_can_be_is_an_error(tmp_path: Path, where: str) -> None:
    """Below a file, or where a folder is."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"a directory|exists"):
        QueuePlace(tmp_path / where).prepare()


def test_looking_at_a_queue_makes_nothing(tmp_path: Path, filled: Path) -> None:
    """It tells whether all is well, and what was found."""
    (tmp_path / "text").write_text("hello")
    (tmp_path / "newer").write_bytes(filled.read_bytes())
    sql(f"PRAGMA user_version = {VERSION + 1}")(tmp_path / "newer")
    (tmp_path / "empty").touch()
    before = sorted(tmp_path.iterdir())
    found = {name: look(tmp_path / name) for name in ("queue.db", "text", "newer", "empty", "no/such", "text/no")}
    assert found == {
        "queue.db": (True, "0.0 MB"),
        "text": (False, f"not an SQLite file; {NOT_OURS}"),
        "newer": (False, f"of version {VERSION + 1}, and this smartmeter knows {VERSION}; {NOT_OURS}"),
        "empty": (True, "0.0 MB"),
        "no/such": (True, "not there yet; it will be made"),
        "text/no": (False, "Not a directory"),
    }
    assert sorted(tmp_path.iterdir()) == before


def test_other_programs_can_tell_a_queue_by_its_header(filled: Path) -> None:
    """As `file` does."""
    header = filled.read_bytes()[:100]
    assert header[68:72] == APPLICATION_ID.to_bytes(4, "big") == b"SMQ1"
    assert [Path(f"{filled}{one}").exists() for one in COMPANIONS] == [True, False, False, False]
