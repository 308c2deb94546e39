"""influx_bridge.portion: how much a request carries."""

from influx_bridge.portion import Portion
from influx_bridge.rows import Batch, Lane, Row


def batch(lines: int, line: bytes = b"m v=1.0 1") -> Batch:
    """Give a batch of so many lines."""
    return Batch(Lane.BACKLOG, tuple(Row(number, line) for number in range(lines)))


def test_failures_halve_and_successes_double() -> None:
    """Down to one line and up to a thousand."""
    portion, sizes = Portion(), []
    for _ in range(11):
        portion.halve(batch(portion.lines))
        sizes.append(portion.lines)
    assert sizes == [500, 250, 125, 62, 31, 15, 7, 3, 1, 1, 1]
    for _ in range(11):
        portion.written(batch(portion.lines), 0.1)
        sizes.append(portion.lines)
    assert sizes[11:] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000]


def test_a_slow_request_makes_the_next_one_smaller() -> None:
    """But few lines are not what makes it slow."""
    portion, sizes = Portion(), []
    for _ in range(5):
        portion.written(batch(portion.lines), 1.5)
        sizes.append(portion.lines)
    assert sizes == [500, 250, 125, 100, 100]
    portion.written(batch(100), 0.7)
    assert portion.lines == 100


def test_a_slow_server_still_gets_more_than_a_line_at_a_time() -> None:
    """Once a failure has made the requests tiny."""
    portion = Portion(lines=1)
    for _ in range(10):
        portion.written(batch(portion.lines), 0.9)
    assert portion.lines == 128


def test_a_body_that_is_too_large_is_halved_until_further_notice() -> None:
    """More is tried now and then only."""
    portion = Portion()
    portion.halve_bytes(batch(1000, b"m v=1.0 12345"))
    assert portion.size_bytes == 6_999
    for _ in range(15):
        portion.written(batch(10), 0.1)
    assert portion.size_bytes == 6_999
    portion.written(batch(10), 0.1)
    assert portion.size_bytes == 13_998
