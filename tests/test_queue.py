"""influx_bridge.queue: the points that wait, with a real queue file."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from influx_bridge.failure import Failure
from influx_bridge.queue import LIVE_MAX, Queue
from influx_bridge.queue_file import QueueTroubleError
from influx_bridge.queue_place import QueuePlace
from influx_bridge.rows import MAX_BYTES, Batch, Lane, Wish
from influx_bridge.schedule import Schedule
from influx_bridge.upload import Fate, Times, Upload

LIVE, BACKLOG = Wish(Lane.LIVE, 1000, MAX_BYTES), Wish(Lane.BACKLOG, 1000, MAX_BYTES)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def lines(*numbers: int) -> list[bytes]:
    """Give lines whose times are these numbers."""
    return [b"m v=1.0 %d" % number for number in numbers]


def carried(batch: Batch | None) -> list[bytes]:
    """Give the lines of a batch."""
    return [row.line for row in batch.rows] if batch else []


def queue_in(folder: Path, max_mb: int = 10) -> Queue:
    """Open the queue of a folder."""
    place = QueuePlace(folder / "queue.db")
    place.prepare()
    return Queue(place, max_mb)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    """Give an empty queue."""
    with closing(queue_in(tmp_path)) as opened:
        yield opened


def drained(queue: Queue, wish: Wish = BACKLOG) -> list[bytes]:
    """Take everything out of a lane."""
    taken: list[bytes] = []
    while batch := queue.take(wish):
        taken += carried(batch)
        queue.written()
    queue.save()
    return taken


def test_points_wait_in_memory_until_they_are_saved(queue: Queue) -> None:
    """They count from the beginning."""
    queue.add(lines(1, 2), live=True)
    assert (len(queue), queue.saved, queue.must_save, queue.has_live) == (2, 0, True, True)
    assert queue.oldest() == datetime.fromtimestamp(1, UTC)
    assert queue.take(LIVE) is None
    assert queue.save()
    assert (len(queue), queue.saved, queue.must_save, queue.has_live) == (2, 2, False, True)
    assert carried(queue.take(LIVE)) == lines(1, 2)


def test_live_points_and_backlog_go_their_own_ways(queue: Queue) -> None:
    """Each in the order in which it came."""
    for number in range(6):
        queue.add(lines(number), live=number % 2 == 0)
    queue.save()
    assert carried(queue.take(LIVE)) == lines(0, 2, 4)
    queue.written()
    assert (queue.has_live, queue.has_backlog) == (False, True)
    assert drained(queue) == lines(1, 3, 5)
    assert (len(queue), queue.has_backlog, queue.oldest()) == (0, False, None)


def test_what_is_written_is_not_sent_again_while_it_is_in_the_file(queue: Queue) -> None:
    """The next save takes it out."""
    queue.add(lines(1, 2, 3), live=False)
    queue.save()
    assert carried(queue.take(Wish(Lane.BACKLOG, 2, MAX_BYTES))) == lines(1, 2)
    queue.written()
    assert (len(queue), queue.done, queue.oldest()) == (1, 2, datetime.fromtimestamp(3, UTC))
    assert carried(queue.take(BACKLOG)) == lines(3)
    queue.written()
    queue.save()
    assert (len(queue), queue.done) == (0, 0)


@pytest.mark.parametrize("live", [True, False])
def test_a_batch_that_is_put_back_is_the_beginning_of_its_lane(queue: Queue, live: bool) -> None:  # noqa: FBT001 -- a column
    """As if it had not been out."""
    wish = Wish(Lane.LIVE if live else Lane.BACKLOG, 2, MAX_BYTES)
    queue.add(lines(1, 2, 3), live=live)
    queue.save()
    queue.take(wish)
    queue.put_back()
    assert carried(queue.take(wish)) == lines(1, 2)


def test_live_points_that_could_not_be_written_are_backlog(queue: Queue) -> None:
    """In the order in which they came; what comes later is live again."""
    queue.add(lines(1, 2, 3), live=True)
    queue.save()
    queue.take(Wish(Lane.LIVE, 2, MAX_BYTES))
    queue.give_way()
    queue.add(lines(4), live=True)
    queue.save()
    assert carried(queue.take(LIVE)) == lines(4)
    queue.written()
    assert drained(queue) == lines(1, 2, 3)


def test_a_request_carries_no_more_than_is_wished(queue: Queue) -> None:
    """Lines and bytes; one line at least."""
    for live, lane in ((True, Lane.LIVE), (False, Lane.BACKLOG)):
        queue.add(lines(1, 2, 3), live=live)
        queue.save()
        sizes = []
        for wish in (Wish(lane, 2, MAX_BYTES), Wish(lane, 9, 19), Wish(lane, 9, 20), Wish(lane, 9, 1)):
            sizes.append(len(carried(queue.take(wish))))
            queue.put_back()
        assert sizes == [2, 1, 2, 1]


def test_a_live_batch_tells_whether_more_waits(queue: Queue) -> None:
    """Then the next one need not wait for the interval."""
    queue.add(lines(1, 2), live=True)
    queue.save()
    cut = []
    for _ in range(2):
        batch = queue.take(Wish(Lane.LIVE, 1, MAX_BYTES))
        cut.append(batch and batch.is_cut)
        queue.written()
    assert cut == [True, False]


def test_too_many_live_points_do_not_fill_the_memory(queue: Queue) -> None:
    """The oldest become backlog."""
    queue.add(lines(*range(LIVE_MAX + 2)), live=True)
    queue.save()
    assert carried(queue.take(BACKLOG)) == lines(0, 1)
    queue.written()
    assert carried(queue.take(Wish(Lane.LIVE, 1, MAX_BYTES))) == lines(2)


@pytest.mark.parametrize(
    ("live", "backlog", "suspect", "witness"),
    [
        ([1, 2], [3], Lane.LIVE, [2]),
        ([1], [2, 3], Lane.LIVE, [3]),
        ([1], [2, 3], Lane.BACKLOG, [1]),
        ([], [1, 2, 3], Lane.BACKLOG, [3]),
        ([], [1], Lane.BACKLOG, []),
    ],
)
def test_a_witness_is_the_newest_line_besides_the_suspect(
    queue: Queue, live: list[int], backlog: list[int], suspect: Lane, witness: list[int]
) -> None:
    """A live one, if there is one."""
    queue.add(lines(*backlog), live=False)
    queue.add(lines(*live), live=True)
    queue.save()
    batch = queue.take(Wish(suspect, 1, MAX_BYTES))
    assert batch
    queue.put_back()
    asked = queue.take(Wish(suspect, 1, 1, besides=batch.rows[0].number))
    assert carried(asked) == lines(*witness)
    assert asked is None or asked.is_witness


def test_a_point_that_is_given_up_is_in_the_table_rejected(tmp_path: Path) -> None:
    """With the server's words."""
    with closing(queue_in(tmp_path)) as queue:
        queue.add(lines(1), live=False)
        queue.save()
        queue.take(BACKLOG)
        queue.give_up(NOW, 400, "field type conflict")
        assert queue.save()
        assert len(queue) == 0
    with closing(sqlite3.connect(tmp_path / "queue.db")) as file:
        rows = file.execute("SELECT time, line, status, words FROM rejected").fetchall()
    assert rows == [("2026-01-31T12:00:00+00:00", b"m v=1.0 1", 400, "field type conflict")]


def test_after_a_start_everything_in_the_file_is_backlog(tmp_path: Path) -> None:
    """Oldest first; new points come behind it."""
    with closing(queue_in(tmp_path)) as queue:
        queue.add(lines(1, 2), live=True)
        queue.save()
        queue.add(lines(3), live=True)
    with closing(queue_in(tmp_path)) as queue:
        assert (len(queue), queue.has_live) == (2, False)
        assert queue.newest_lines(10) == lines(1, 2)
        assert queue.newest_lines(1) == lines(2)
        queue.add(lines(4), live=False)
        queue.save()
        assert drained(queue) == lines(1, 2, 4)


def test_without_room_the_oldest_go(tmp_path: Path) -> None:
    """Counted; what is out, or live, stays."""
    pad = b"m v=%s" % (b"1" * 900)
    with closing(queue_in(tmp_path, max_mb=1)) as queue:
        queue.add((b"%b %d" % (pad, number) for number in range(500)), live=False)
        queue.save()
        assert len(carried(queue.take(Wish(Lane.BACKLOG, 10, MAX_BYTES)))) == 10
        for first in range(500, 3000, 100):
            queue.add((b"%b %d" % (pad, number) for number in range(first, first + 100)), live=False)
            queue.save()
        assert len(queue) + queue.dropped == 3000
        assert 900 < len(queue) < 1100
        used = sum(path.stat().st_size for path in tmp_path.glob("queue.db"))
        assert used < 1_300_000
        queue.put_back()
        left = [int(line.rpartition(b" ")[2]) for line in drained(queue)]
        assert left == [*range(10), *range(3000 - len(left) + 10, 3000)]


def test_a_file_that_an_outage_made_large_becomes_small_again(tmp_path: Path) -> None:
    """Its room goes back to the disk."""
    with closing(queue_in(tmp_path, max_mb=100)) as queue:
        queue.add((b"m v=%s %d" % (b"1" * 900, number) for number in range(20_000)), live=False)
        queue.save()
        assert len(drained(queue)) == 20_000
        queue.add(lines(1), live=True)
        queue.save()
        queue.save()
    assert (tmp_path / "queue.db").stat().st_size < 100_000


@contextmanager
def full_disk(queue: Queue) -> Iterator[None]:
    """Let the file not grow for a while: SQLite says then what it says when the disk is full."""
    connection = queue._file._connection
    assert connection
    [(pages,)] = connection.execute("PRAGMA page_count")
    connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    connection = queue._file._connection
    assert connection
    connection.execute("PRAGMA max_page_count = 1000000")


def test_when_the_disk_is_full_points_stay_in_memory(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until there is room; what was written is not sent again meanwhile."""
    queue.add(lines(1, 2, 3), live=False)
    queue.save()
    monkeypatch.setattr(queue._file, "close", lambda: None)  # else the limit would be forgotten with the connection
    with full_disk(queue):
        queue.add([b"m v=%s 4" % (b"1" * 50_000)], live=True)
        assert not queue.save()
        assert (queue.trouble, queue.has_live, len(queue)) == ("database or disk is full", False, 4)
        assert carried(queue.take(Wish(Lane.BACKLOG, 2, MAX_BYTES))) == lines(1, 2)
        queue.written()
        assert not queue.save()
        assert carried(queue.take(BACKLOG)) == lines(3)
        queue.written()
        assert len(queue) == 1
    assert queue.save()
    assert (queue.trouble, queue.has_live, len(queue)) == ("", True, 1)


def test_a_file_that_is_damaged_while_it_is_used_is_replaced_at_once(tmp_path: Path) -> None:
    """What is in memory as well is not lost, whether live, out or not saved."""
    with closing(queue_in(tmp_path)) as queue:
        queue.add((b"m v=%s %d" % (b"1" * 900, number) for number in range(3000)), live=False)
        queue.add(lines(5000, 5001), live=True)
        queue.save()
        queue._file.close()  # so that nothing is in SQLite's memory
        with (tmp_path / "queue.db").open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(500_000))
        queue.take(Wish(Lane.LIVE, 1, MAX_BYTES))
        queue.add(lines(5002), live=True)
        assert queue.save()
        assert (len(queue), queue.trouble) == (3, "")
        queue.written()
        assert carried(queue.take(LIVE)) == lines(5001, 5002)
        queue.written()
        queue.save()
        assert (len(queue), queue.has_backlog) == (0, False)
    assert (tmp_path / "queue.db.aside1").stat().st_size > 2_000_000


def test_a_damage_that_is_found_while_reading_costs_nothing_that_is_in_memory(tmp_path: Path) -> None:
    """The next save writes it to the fresh file."""
    with closing(queue_in(tmp_path)) as queue:
        queue.add((b"m v=%s %d" % (b"1" * 900, number) for number in range(3000)), live=False)
        queue.add(lines(5000, 5001), live=True)
        queue.save()
        queue._file.close()
        with (tmp_path / "queue.db").open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(500_000))
        assert queue.take(BACKLOG) is None
        assert (len(queue), queue.has_backlog, queue.must_save) == (2, False, True)
        assert queue.save()
        assert carried(queue.take(LIVE)) == lines(5000, 5001)
    with closing(queue_in(tmp_path)) as queue:
        assert drained(queue) == lines(5000, 5001)


def test_a_file_that_is_damaged_twice_costs_nothing_that_is_in_memory(tmp_path: Path) -> None:
    """What could not be sent in between is backlog, and still only in memory."""
    with closing(queue_in(tmp_path)) as queue:
        queue.add((b"m v=%s %d" % (b"1" * 900, number) for number in range(3000)), live=False)
        queue.add(lines(5000, 5001, 5002), live=True)
        queue.save()
        queue._file.close()
        with (tmp_path / "queue.db").open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(500_000))
        assert queue.take(BACKLOG) is None
        assert carried(queue.take(Wish(Lane.LIVE, 1, MAX_BYTES))) == lines(5000)
        queue.written()
        queue.take(LIVE)
        queue.give_way()
        (tmp_path / "queue.db").write_bytes(os.urandom(5000))
        assert queue.save()
        assert drained(queue) == lines(5001, 5002)


def test_a_commit_that_failed_after_its_rows_were_stored_stores_none_twice(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have the same numbers at the second attempt."""
    queue.save()
    change = queue._file.change

    def change_and_fail(*arguments: Any) -> int:
        after = queue._file.after
        change(*arguments)
        queue._file.after = after  # as it was before
        queue._file.close()
        raise QueueTroubleError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(queue._file, "change", change_and_fail)
        queue.add(lines(1, 2), live=False)
        assert not queue.save()
    assert queue.save()
    assert drained(queue) == lines(1, 2)


def test_ending_a_batch_that_is_not_out_is_a_bug(queue: Queue) -> None:
    """And is not passed over."""
    with pytest.raises(RuntimeError, match="no batch is out"):
        queue.written()


class Machine(RuleBasedStateMachine):
    """Whatever happens in whatever order: what was saved comes out once, what was not saved is what a crash costs."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.queue = queue_in(self.folder)
        self.count = 0
        self.saved: list[bytes] = []  # lines that wait in the file, as it should be
        self.unsaved: list[bytes] = []
        self.taken_out: list[bytes] = []  # written or given up since the last save
        self.out: Batch | None = None

    def teardown(self) -> None:
        """Forget the file."""
        self.queue.close()
        shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 5), live=st.booleans())
    def add(self, count: int, live: bool) -> None:  # noqa: FBT001 -- as Hypothesis gives it
        """Points come."""
        new = lines(*range(self.count, self.count + count))
        self.count += count
        self.queue.add(new, live=live)
        self.unsaved += new

    @rule()
    def save(self) -> None:
        """They are made safe."""
        assert self.queue.save()
        self.saved += self.unsaved
        self.unsaved, self.taken_out = [], []

    @rule(lane=st.sampled_from(list(Lane)), count=st.integers(1, 4), asks_witness=st.booleans())
    @precondition(lambda self: self.out is None)
    def take(self, lane: Lane, count: int, asks_witness: bool) -> None:  # noqa: FBT001 -- as Hypothesis gives it
        """Begin a request."""
        batch = self.queue.take(Wish(lane, count, MAX_BYTES, besides=0 if asks_witness else None))
        self.out = batch
        assert set(carried(batch)) <= set(self.saved)
        if lane is Lane.BACKLOG and not asks_witness:
            assert carried(batch) == sorted(carried(batch), key=self.saved.index)

    @rule(fate=st.sampled_from(list(Fate)))
    @precondition(lambda self: self.out is not None)
    def end(self, fate: Fate) -> None:
        """End it."""
        batch, self.out = self.out, None
        assert batch
        if fate is Fate.LATER:
            self.queue.give_way()
        elif fate is Fate.AGAIN:
            self.queue.put_back()
        else:
            if fate is Fate.WRITTEN:
                self.queue.written()
            else:
                self.queue.give_up(NOW, 400, "bad")
            gone = carried(batch)
            self.taken_out += gone
            self.saved = [line for line in self.saved if line not in gone]

    @rule()
    def crash(self) -> None:
        """Kill the process: the files stay as they are. What went out since the last save is there again."""
        copy = Path(tempfile.mkdtemp())
        for path in self.folder.iterdir():
            shutil.copy(path, copy)
        self.queue.close()
        shutil.rmtree(self.folder)
        self.folder, self.queue, self.out = copy, queue_in(copy), None
        self.saved = sorted(self.saved + self.taken_out, key=lambda line: int(line.rpartition(b" ")[2]))
        self.unsaved, self.taken_out = [], []
        assert sorted(self.queue.newest_lines(10_000)) == sorted(self.saved)

    @invariant()
    def counts(self) -> None:
        """Count right."""
        assert len(self.queue) == len(self.saved) + len(self.unsaved)
        assert self.queue.saved == len(self.saved)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40), st.data())
def test_bad_lines_go_and_all_others_arrive_once(points: list[tuple[bool, bool]], data: st.DataObject) -> None:
    """Whatever lane they are in, and whatever fails in between, as long as good lines come."""
    with tempfile.TemporaryDirectory() as folder, closing(queue_in(Path(folder))) as queue:
        upload = Upload(Schedule(1))
        is_bad = {line: bad for line, (bad, _) in zip(lines(*range(len(points))), points, strict=True)}
        for line, (_, live) in zip(is_bad, points, strict=True):
            queue.add([line], live=live)
        queue.save()
        arrived, now_s = list[bytes](), 0.0
        failures = [Failure(None, "timed out"), Failure(503, "busy"), Failure(413, "too large"), Failure(401, "who?")]
        failures_left = 5
        while len(queue):
            left_s = upload.seconds_left(now_s, live=queue.has_live, backlog=queue.has_backlog)
            now_s += min(left_s, 1.0)
            if left_s:  # meanwhile the meter goes on
                [line] = lines(100 + len(is_bad))
                is_bad[line] = False
                queue.add([line], live=True)
                queue.save()
            wish = upload.wish(now_s, live=queue.has_live, backlog=queue.has_backlog)
            batch = queue.take(wish) if wish else None
            if batch is None:
                if wish:
                    upload.missed()
                continue
            upload.began(batch, now_s)
            failure = Failure(400, "bad") if any(is_bad.get(line) for line in carried(batch)) else None
            if failures_left and data.draw(st.booleans()):
                failures_left -= 1
                failure = data.draw(st.sampled_from(failures))
            ended = upload.end(batch, failure, Times(now_s), queue.saved)
            if ended.fate is Fate.WRITTEN:
                arrived += carried(queue.written())
            elif ended.fate is Fate.REJECTED:
                assert all(is_bad.get(line) for line in carried(batch)) or failure == failures[2]
                arrived += [line for line in carried(batch) if not is_bad.get(line)]
                queue.give_up(NOW, 400, "bad")
            elif ended.fate is Fate.AGAIN:
                queue.put_back()
            else:
                queue.give_way()
        assert sorted(arrived) == sorted(line for line, bad in is_bad.items() if not bad)
