"""influx_bridge.batch: the points that wait, and how they are brought to a server that fails."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx_bridge.batch import Batch, Refusal, Waiting


def lines(*numbers: int) -> tuple[bytes, ...]:
    """Give lines whose times are these numbers."""
    return tuple(b"m v=1.0 %d" % number for number in numbers)


def filled(*numbers: int, max_waiting: int = 1000, max_batch: int = 4) -> Waiting:
    """Give a queue in which these lines wait."""
    waiting = Waiting(max_waiting, max_batch)
    waiting.add(lines(*numbers))
    return waiting


def test_lines_go_oldest_first_in_batches() -> None:
    """A batch is a whole body."""
    waiting = filled(1, 2, 3, 4, 5)
    assert waiting.take() == Batch(lines(1, 2, 3, 4))
    waiting.written()
    last = waiting.take()
    assert last == Batch(lines(5))
    waiting.written()
    assert waiting.take() is None
    assert (waiting.written_count, len(waiting), waiting.oldest) == (5, 0, None)


def test_a_body_is_the_lines_with_line_ends_between_them() -> None:
    """As the write API takes it."""
    assert Batch(lines(1, 2)).body == b"m v=1.0 1\nm v=1.0 2"


def test_one_batch_is_out_at_a_time() -> None:
    """Its lines still count as waiting, and the oldest is among them."""
    waiting = filled(7, 8, 9, 10, 11)
    waiting.take()
    assert waiting.take() is None
    assert len(waiting) == 5
    assert waiting.oldest == datetime.fromtimestamp(7, UTC)


def test_a_failed_batch_comes_again_in_its_place() -> None:
    """Half as much at first, and nothing lost."""
    waiting = filled(1, 2, 3, 4, 5)
    waiting.take()
    waiting.add(lines(6))
    waiting.failed()
    sent: list[bytes] = []
    while batch := waiting.take():
        sent += batch.lines
        waiting.written()
    assert sent == list(lines(1, 2, 3, 4, 5, 6))


def test_batches_shrink_with_failures_and_grow_with_successes() -> None:
    """Halved and doubled."""
    waiting = filled(*range(40), max_batch=8)
    sizes = []
    for well in (False, False, True, True, True, True):
        batch = waiting.take()
        sizes.append(len(batch.lines) if batch else 0)
        if well:
            waiting.written()
        else:
            waiting.failed()
    assert sizes == [8, 4, 2, 4, 8, 8]


def test_without_room_the_oldest_go() -> None:
    """Counted; what is out goes only if it fails."""
    waiting = filled(1, 2, 3, 4, 5, max_waiting=5, max_batch=2)
    waiting.take()
    waiting.add(lines(6, 7, 8))
    assert (waiting.dropped, len(waiting)) == (1, 7)
    waiting.failed()
    assert (waiting.dropped, len(waiting), waiting.oldest) == (3, 5, datetime.fromtimestamp(4, UTC))


def test_it_knows_when_a_batch_would_be_full() -> None:
    """Then the next one need not wait."""
    assert filled(1, 2, 3, 4).fills_batch
    assert not filled(1, 2, 3).fills_batch


def test_a_line_refused_alone_is_dropped_once_the_server_takes_another() -> None:
    """The newest is the witness."""
    waiting = filled(1, 2)
    assert waiting.take() == Batch(lines(1, 2))
    assert waiting.refused() == Refusal()
    assert waiting.take() == Batch(lines(1))
    assert waiting.refused() == Refusal()
    assert waiting.take() == Batch(lines(2), newest=True)
    waiting.written()
    assert waiting.take() == Batch(lines(1))
    assert waiting.refused() == Refusal(dropped=lines(1)[0])
    assert (waiting.written_count, waiting.rejected, len(waiting)) == (1, 1, 0)


def test_the_only_line_waits_for_a_witness() -> None:
    """Nothing shows yet that the line is to blame."""
    waiting = filled(1)
    waiting.take()
    assert waiting.refused() == Refusal(stuck=True)
    assert len(waiting) == 1


@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_a_server_that_refuses_everything_costs_no_point(count: int) -> None:
    """As one that speaks TLS does, asked without: 400 to whatever comes."""
    waiting = filled(*range(count), max_batch=16)
    stuck = 0
    for _ in range(200):
        assert waiting.take()
        stuck += waiting.refused().stuck
    assert (len(waiting), waiting.rejected, waiting.dropped) == (count, 0, 0)
    assert stuck >= 90


@given(st.lists(st.booleans(), max_size=80), st.integers(1, 16), st.data())
def test_bad_lines_go_and_all_others_arrive_once(bad: list[bool], max_batch: int, data: st.DataObject) -> None:
    """Whatever fails in between, as long as good lines come."""
    waiting = Waiting(1000, max_batch)
    is_bad = {b"m v=1.0 %d" % number: value for number, value in enumerate([*bad, *[False] * (len(bad) + 1)])}
    waiting.add(is_bad)
    arrived: list[bytes] = []
    failures_left = 20
    for _ in range(4000):
        batch = waiting.take()
        if batch is None:
            break
        if failures_left and data.draw(st.booleans()):
            failures_left -= 1
            waiting.failed()
        elif any(is_bad[line] for line in batch.lines):
            waiting.refused()
        else:
            arrived += batch.lines
            waiting.written()
    assert sorted(arrived) == sorted(line for line, value in is_bad.items() if not value)
    assert (waiting.rejected, waiting.written_count, len(waiting)) == (sum(bad), len(arrived), 0)


def test_ending_a_batch_that_is_not_out_is_a_bug() -> None:
    """And is not passed over."""
    with pytest.raises(RuntimeError, match="no batch is out"):
        filled(1).written()
