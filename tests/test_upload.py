"""influx_bridge.upload: the course of an upload."""

import pytest

from influx_bridge.failure import Failure
from influx_bridge.rows import MAX_BYTES, MAX_LINES, Batch, Lane, Row, Wish
from influx_bridge.schedule import Schedule
from influx_bridge.upload import Ended, Fate, Times, Upload

AWAY, NO_TOKEN, BAD, TOO_LARGE = (
    Failure(503, "busy", 30.0),
    Failure(401, "who are you"),
    Failure(400, "bad line"),
    Failure(413, "too large"),
)
LIVE, BACKLOG = Wish(Lane.LIVE, MAX_LINES, MAX_BYTES), Wish(Lane.BACKLOG, MAX_LINES, MAX_BYTES)


def batch_of(lane: Lane, *numbers: int, is_cut: bool = False, is_witness: bool = False) -> Batch:
    """Give a batch of these rows."""
    return Batch(lane, tuple(Row(number, b"m v=1.0 %d" % number) for number in numbers), is_cut, is_witness)


def test_live_points_go_first_and_backlog_in_between() -> None:
    """Backlog fills the time until the interval is over."""
    upload = Upload(Schedule(10))
    assert upload.wish(5.0, live=True, backlog=True) == LIVE
    upload.began(batch_of(Lane.LIVE, 1), 5.0)
    assert upload.end(batch_of(Lane.LIVE, 1), None, Times(5.1), 3) == Ended(Fate.WRITTEN)
    assert upload.wish(5.1, live=True, backlog=True) == BACKLOG
    assert upload.wish(5.1, live=True, backlog=False) is None
    assert upload.wish(15.0, live=True, backlog=True) == LIVE


def test_nothing_is_due_while_nothing_waits() -> None:
    """The service sleeps until there is news."""
    assert Upload(Schedule(10)).seconds_left(5.0, live=False, backlog=False) >= 3600


def test_live_points_that_find_no_room_in_a_request_follow_at_once() -> None:
    """They do not wait for the interval."""
    upload = Upload(Schedule(10))
    upload.began(batch_of(Lane.LIVE, 1), 5.0)
    upload.end(batch_of(Lane.LIVE, 1, is_cut=True), None, Times(5.1), 3)
    assert upload.wish(5.1, live=True, backlog=True) == LIVE


def test_a_server_that_is_away_is_tried_again_after_its_pause() -> None:
    """What was live is backlog then; the first success is told as a recovery, and what is live follows at once."""
    upload = Upload(Schedule(10))
    upload.began(batch_of(Lane.LIVE, 1), 5.0)
    assert upload.end(batch_of(Lane.LIVE, 1), AWAY, Times(6.0), 1) == Ended(Fate.LATER, AWAY, pause_s=30.0)
    assert (upload.errors, upload.trouble) == (1, AWAY)
    assert upload.seconds_left(6.0, live=True, backlog=True) == 30.0
    upload.began(batch_of(Lane.LIVE, 2), 36.0)
    assert upload.end(batch_of(Lane.LIVE, 2), None, Times(36.1), 2) == Ended(Fate.WRITTEN, recovered=True)
    assert upload.trouble is None
    assert upload.wish(36.1, live=True, backlog=True) == LIVE


def test_a_wrong_token_is_tried_on_for_ever() -> None:
    """Someone mends it one day."""
    upload = Upload(Schedule(10))
    for count in range(1, 100):
        assert upload.end(batch_of(Lane.LIVE, 1), NO_TOKEN, Times(0.0), 1) == Ended(Fate.LATER, NO_TOKEN, pause_s=60)
        assert (upload.trouble, upload.errors) == (NO_TOKEN, count)


@pytest.mark.parametrize("lane", list(Lane))
def test_a_bad_line_is_found_without_pauses_and_judged_with_a_witness(lane: Lane) -> None:
    """In its lane: halves first, then alone, then the newest, then alone once more."""
    upload = Upload(Schedule(10))
    both = {"live": True, "backlog": True}
    upload.began(batch_of(Lane.LIVE, 7), 0.0)
    upload.end(batch_of(Lane.LIVE, 7), None, Times(0.0), 9)
    upload.began(batch_of(lane, 1, 2, 3), 0.0)
    assert upload.end(batch_of(lane, 1, 2, 3), BAD, Times(1.0), 5) == Ended(Fate.AGAIN, BAD)
    assert upload.wish(1.0, **both) == Wish(lane, 1, MAX_BYTES)
    upload.began(batch_of(lane, 1), 1.0)
    assert upload.end(batch_of(lane, 1), BAD, Times(1.0), 5) == Ended(Fate.AGAIN, BAD)
    assert upload.wish(1.0, **both) == Wish(lane, 1, 1, besides=1)
    witness = batch_of(Lane.LIVE, 9, is_witness=True)
    upload.began(witness, 1.0)
    assert upload.end(witness, None, Times(1.0), 5) == Ended(Fate.WRITTEN)
    assert upload.wish(1.0, **both) == Wish(lane, 1, 1)
    upload.began(batch_of(lane, 1), 1.0)
    assert upload.end(batch_of(lane, 1), BAD, Times(1.0), 4) == Ended(Fate.REJECTED, BAD)
    assert upload.trouble is None


def test_a_server_that_refuses_everything_costs_no_point() -> None:
    """As one that speaks TLS does, asked without: the witness is refused too, and it is tried slowly."""
    upload = Upload(Schedule(10))
    upload.end(batch_of(Lane.LIVE, 1), BAD, Times(0.0), 2)
    witness = batch_of(Lane.BACKLOG, 2, is_witness=True)
    assert upload.end(witness, BAD, Times(0.0), 2) == Ended(Fate.LATER, BAD, pause_s=60)
    assert upload.trouble == BAD
    assert upload.seconds_left(0.0, live=True, backlog=True) == 60


@pytest.mark.parametrize("live", [True, False])
def test_the_only_line_waits_for_live_points_as_a_witness(live: bool) -> None:  # noqa: FBT001 -- a column
    """Nothing shows yet that the line is to blame; and live points wait for nothing."""
    upload, alone = Upload(Schedule(10)), batch_of(Lane.LIVE if live else Lane.BACKLOG, 1)
    assert upload.end(alone, BAD, Times(0.0), 1) == Ended(Fate.LATER if live else Fate.AGAIN, BAD)
    assert upload.seconds_left(0.0, live=False, backlog=True) == 60
    assert upload.wish(0.0, live=True, backlog=True) == LIVE
    upload.end(batch_of(Lane.LIVE, 2, 3), None, Times(0.0), 3)
    assert upload.wish(0.0, live=False, backlog=True) == Wish(Lane.BACKLOG, 1, 1)
    assert upload.end(batch_of(Lane.BACKLOG, 1), BAD, Times(0.0), 1) == Ended(Fate.REJECTED, BAD)


def test_two_bad_lines_in_the_backlog_do_not_stop_live_points() -> None:
    """The one is no witness for the other; the next live points are."""
    upload = Upload(Schedule(10))
    upload.end(batch_of(Lane.BACKLOG, 1), BAD, Times(0.0), 2)
    witness = batch_of(Lane.BACKLOG, 2, is_witness=True)
    assert upload.end(witness, BAD, Times(0.0), 2) == Ended(Fate.AGAIN, BAD, pause_s=60)
    assert upload.trouble == BAD
    assert upload.seconds_left(0.0, live=False, backlog=True) == 60
    assert upload.wish(0.0, live=True, backlog=True) == LIVE
    assert upload.end(batch_of(Lane.LIVE, 3, 4), None, Times(0.0), 4) == Ended(Fate.WRITTEN, recovered=True)
    for number in (1, 2):
        assert upload.end(batch_of(Lane.BACKLOG, number), BAD, Times(0.0), 2) == Ended(Fate.REJECTED, BAD)


def test_a_witness_that_is_gone_is_asked_no_more() -> None:
    """The next request is one as usual."""
    upload = Upload(Schedule(10))
    upload.end(batch_of(Lane.BACKLOG, 1), BAD, Times(0.0), 2)
    upload.missed()
    assert upload.wish(0.0, live=False, backlog=True) == BACKLOG


def test_a_failure_of_another_kind_ends_the_suspicion() -> None:
    """A witness counts only right before."""
    upload = Upload(Schedule(10))
    upload.end(batch_of(Lane.BACKLOG, 1), BAD, Times(0.0), 2)
    upload.end(batch_of(Lane.BACKLOG, 2, is_witness=True), None, Times(0.0), 2)
    upload.end(batch_of(Lane.BACKLOG, 1), AWAY, Times(0.0), 2)
    assert upload.end(batch_of(Lane.BACKLOG, 1), BAD, Times(40.0), 2) == Ended(Fate.AGAIN, BAD)
    assert upload.wish(40.0, live=False, backlog=True) == Wish(Lane.BACKLOG, 1, 1, besides=1)


def test_a_body_that_is_too_large_comes_again_in_smaller_ones() -> None:
    """A single line that is too large is treated as a bad one."""
    upload = Upload(Schedule(10))
    assert upload.end(batch_of(Lane.BACKLOG, 1, 2), TOO_LARGE, Times(0.0), 2) == Ended(Fate.AGAIN, TOO_LARGE)
    assert upload.wish(0.0, live=False, backlog=True) == Wish(Lane.BACKLOG, MAX_LINES, 9)
    assert upload.end(batch_of(Lane.BACKLOG, 1), TOO_LARGE, Times(0.0), 2) == Ended(Fate.AGAIN, TOO_LARGE)
    assert upload.wish(0.0, live=False, backlog=True) == Wish(Lane.BACKLOG, 1, 1, besides=1)


def test_no_answer_halves_what_is_asked_next() -> None:
    """A slow server is not asked for more than it can do in time; one that says what is wrong is."""
    upload = Upload(Schedule(10))
    upload.end(batch_of(Lane.BACKLOG, 1, 2, 3, 4), Failure(None, "timed out"), Times(0.0), 4)
    assert upload.wish(10.0, live=False, backlog=True) == Wish(Lane.BACKLOG, 2, MAX_BYTES)
    upload.end(batch_of(Lane.BACKLOG, 1, 2), AWAY, Times(10.0), 4)
    assert upload.wish(50.0, live=False, backlog=True) == Wish(Lane.BACKLOG, 2, MAX_BYTES)
