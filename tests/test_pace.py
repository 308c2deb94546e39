"""`reader.pace`: recorded telegrams come as the meter sent them."""

import pytest

from reader.pace import Pace

STAMPS = [
    "2025-10-26T02:59:59+02:00", "2025-10-26T02:00:00+01:00", "2025-10-26T02:00:10+01:00", "2025-10-26T02:00:05+01:00",
    "2025-11-01T00:00:00+01:00", None, "2025-11-01T00:00:02+01:00",
]  # fmt: skip


@pytest.mark.parametrize(
    ("speed", "waits_s"),
    [(1.0, [0.0, 1.0, 10.0, 0.0, 60.0, 1.0, 2.0]), (10.0, [0.0, 0.1, 1.0, 0.0, 6.0, 0.1, 0.2]), (0.0, 7 * [0.0])],
)
def test_the_wait_is_the_time_between_two_telegrams(speed: float, waits_s: list[float]) -> None:
    """Over October's hour, back in time, over a gap, and without a time; divided by the speed."""
    pace = Pace(speed)
    assert [pace.wait_s({"timestamp": stamp} if stamp else {}) for stamp in STAMPS] == waits_s
