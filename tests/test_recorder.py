"""csv_logger.recorder: which messages are safe, and when."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.inbox import Message, Receipt
from common.payload import Reading, encode
from common.sections import CsvSettings
from common.topics import Topics
from csv_logger.files import CsvFiles
from csv_logger.recorder import Recorder
from csv_logger.rotation import Moment

TOPICS = Topics("smartmeter", "home")
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def at(seconds: float = 0.0) -> Moment:
    """Give the moment some seconds after noon."""
    return Moment((NOON + timedelta(seconds=seconds)).astimezone(), 1000.0 + seconds)


def message(second: int, connection: int | None = 1, topic: str = TOPICS.telegram, recorded: bool = False) -> Message:  # noqa: FBT001, FBT002
    """Give the message of a reading; without a connection it wants no acknowledgement."""
    time = NOON + timedelta(seconds=second)
    payload = encode(Reading("home", time, 1, {"timestamp": time.isoformat()}, recorded=recorded))
    return Message(topic, payload, retained=False, receipt=Receipt(connection, second) if connection else None)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """Give one whose group is three messages."""
    yield from recording(CsvSettings(file_path=tmp_path, write_every=3, min_free_mb=0, compress=False))


@pytest.fixture
def hindered(tmp_path: Path) -> Iterator[Recorder]:
    """Give one that has no room."""
    yield from recording(CsvSettings(file_path=tmp_path, write_every=3, min_free_mb=1_000_000, compress=False))


def recording(settings: CsvSettings) -> Iterator[Recorder]:
    """Let it work, and end it."""
    recorder = Recorder(CsvFiles(settings, at()), TOPICS, settings)
    yield recorder
    recorder.finish(at(100))
    recorder.compress(0.0)


def numbers(receipts: list[Receipt]) -> list[int]:
    """Give the numbers of messages."""
    return [receipt.mid for receipt in receipts]


def test_messages_are_safe_in_groups(recorder: Recorder) -> None:
    """In the order of arrival, when their rows are on the disk; a copy, and what is not ours, with them."""
    safe = []
    for one in (message(1), message(1), replace(message(2), payload=b"junk"), message(3)):
        recorder.take([one], at())
        safe.append(numbers(recorder.work(at())))
    assert safe == [[], [], [1, 1, 2], []]
    assert recorder.health()["rows"] == 1
    assert recorder.health()["duplicates"] == recorder.health()["rejected"] == 1


def test_after_three_silent_seconds_they_are_safe(recorder: Recorder) -> None:
    """The broker may be waiting."""
    recorder.take([message(1)], at())
    assert recorder.seconds_left(at(1)) == 2
    assert numbers(recorder.work(at(2.9))) == []
    assert numbers(recorder.work(at(3))) == [1]


def test_rows_of_messages_without_acknowledgement_are_written_too(recorder: Recorder) -> None:
    """Whoever published them with QoS 0."""
    recorder.take([message(1, None)], at())
    assert recorder.work(at(3)) == []
    assert recorder.health()["rows"] == 1


def test_all_that_came_at_once_is_one_group(recorder: Recorder) -> None:
    """However many."""
    recorder.take([message(number) for number in range(100)], at())
    assert numbers(recorder.work(at())) == list(range(100))


def test_without_room_nothing_is_acknowledged(hindered: Recorder) -> None:
    """Neither a message whose row waits, nor a copy of it, nor one that is not ours; and it is said why."""
    hindered.take([message(1), message(1), replace(message(2), payload=b"junk")], at())
    assert hindered.work(at()) == []
    assert hindered.trouble
    assert hindered.health()["obstacle"] == "less than 1000000 MB free (min_free_mb)"
    assert hindered.seconds_left(at(1)) == 4


def test_what_an_earlier_connection_brought_is_not_remembered_for_ever(hindered: Recorder) -> None:
    """While there is no room for days, each new connection brings the same messages again."""
    for connection in range(1, 50):
        hindered.take([message(1, connection), message(2, connection)], at())
        hindered.work(at())
    assert len(hindered._unacknowledged) == 2


@pytest.mark.parametrize(
    ("topic", "recorded", "year"),
    [(TOPICS.telegram, False, "2026"), (TOPICS.backfill, False, "1970"), (TOPICS.telegram, True, "1970")],
)
def test_only_a_live_telegram_tells_the_time(recorder: Recorder, topic: str, year: str, *, recorded: bool) -> None:
    """Where the host's clock is not set; others are of some other time."""
    unset = Moment(datetime(1970, 1, 2, tzinfo=UTC).astimezone(), 1000.0)
    recorder.take([message(1, None, topic, recorded)], unset)
    recorder.work(replace(unset, monotonic_s=1003.0))
    assert str(recorder.health()["file"]).startswith(f".wip__smartmeter_{year}")
