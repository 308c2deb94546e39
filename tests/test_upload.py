"""influx_bridge.upload: the course of an upload."""

from influx_bridge.batch import Waiting
from influx_bridge.failure import Failure
from influx_bridge.schedule import Schedule
from influx_bridge.upload import Ended, Upload

AWAY, NO_TOKEN, BAD = Failure(503, "busy", 30.0), Failure(401, "who are you"), Failure(400, "bad line")


def upload_of(*numbers: int, max_batch: int = 4) -> Upload:
    """Give an upload every 10 s for which these lines wait."""
    upload = Upload(Schedule(10), Waiting(1000, max_batch))
    upload.waiting.add(b"m v=1.0 %d" % number for number in numbers)
    return upload


def test_what_waits_is_written_and_the_interval_runs() -> None:
    """The first at once."""
    upload = upload_of(1, 2)
    assert upload.seconds_left(5.0) == 0
    assert upload.begin(5.0) == b"m v=1.0 1\nm v=1.0 2"
    assert upload.end(None, 6.0, 0.0) == Ended()
    upload.waiting.add([b"m v=1.0 3"])
    assert upload.seconds_left(6.0) == 9.0


def test_nothing_is_due_while_a_batch_is_out_or_nothing_waits() -> None:
    """The service sleeps until there is news."""
    upload = upload_of()
    assert upload.seconds_left(5.0) >= 3600
    assert upload.begin(5.0) is None
    upload.waiting.add([b"m v=1.0 1", b"m v=1.0 2"])
    upload.begin(5.0)
    assert upload.seconds_left(100.0) >= 3600


def test_a_backlog_goes_on_at_once() -> None:
    """As long as batches are full."""
    upload = upload_of(1, 2, 3, 4, 5, 6, 7, 8, 9)
    waits = []
    for _ in range(3):
        upload.begin(5.0)
        upload.end(None, 6.0, 0.0)
        waits.append(upload.seconds_left(6.0))
    assert waits == [0, 9.0, 3600.0]


def test_a_server_that_is_away_is_tried_again_and_nothing_is_lost() -> None:
    """With the pause that it asks for; the first success is told as a recovery, the next is not."""
    upload = upload_of(1, 2)
    upload.begin(5.0)
    assert upload.end(AWAY, 6.0, 0.0) == Ended(AWAY, pause_s=30.0)
    assert (upload.seconds_left(6.0), len(upload.waiting), upload.errors) == (30.0, 2, 1)
    assert upload.begin(36.0) == b"m v=1.0 1"
    assert upload.end(None, 36.0, 0.0) == Ended(recovered=True)
    assert upload.begin(36.0) == b"m v=1.0 2"
    assert upload.end(None, 36.0, 0.0) == Ended()


def test_a_wrong_token_is_tried_on_for_ever() -> None:
    """Someone mends it one day."""
    upload = upload_of(1, 2)
    for count in range(1, 100):
        upload.begin(0.0)
        assert upload.end(NO_TOKEN, 0.0, 0.0) == Ended(NO_TOKEN, pause_s=60)
        assert (len(upload.waiting), upload.errors) == (2, count)


def test_a_bad_line_is_found_without_pauses() -> None:
    """And told when it is dropped."""
    upload = upload_of(1, 2)
    assert upload.begin(0.0) == b"m v=1.0 1\nm v=1.0 2"
    assert upload.end(BAD, 1.0, 0.0) == Ended(BAD)
    assert upload.seconds_left(1.0) == 0
    assert upload.begin(1.0) == b"m v=1.0 1"
    assert upload.end(BAD, 2.0, 0.0) == Ended(BAD)
    assert upload.begin(2.0) == b"m v=1.0 2"
    assert upload.end(None, 3.0, 0.0) == Ended()
    assert upload.begin(3.0) == b"m v=1.0 1"
    assert upload.end(BAD, 4.0, 0.0) == Ended(BAD, dropped=b"m v=1.0 1")
    assert len(upload.waiting) == 0


def test_a_server_that_refuses_everything_is_tried_slowly() -> None:
    """It is not the points' fault."""
    upload = upload_of(1, 2)
    ends = []
    for _ in range(5):
        upload.begin(0.0)
        ends.append(upload.end(BAD, 0.0, 0.0).pause_s)
    assert ends == [None, None, 60, None, 60]
    assert len(upload.waiting) == 2
