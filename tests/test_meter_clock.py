"""What is said of two clocks that differ, as a table."""

import pytest

from common.check import Check, ok, warning
from common.meter_clock import judge_lag

SET = "sudo timedatectl set-ntp true"
ZONE = f"set [meter] timezone to that of the meter; or {SET}"
WHAT = "clock of the meter"


@pytest.mark.parametrize(
    ("lag_s", "wanted"),
    [
        (None, ok(WHAT, "it sends no time")),
        (1.2, ok(WHAT, "1 s behind this machine's")),
        (-60.0, ok(WHAT, "60 s before this machine's")),
        (61.0, warning(WHAT, "61 s behind this machine's", SET)),
        (-600.0, warning(WHAT, "10 min before this machine's", SET)),
        (3601.5, warning(WHAT, "1 h behind this machine's", ZONE)),
        (-7190.0, warning(WHAT, "2 h before this machine's", ZONE)),
        (9000.0, warning(WHAT, "150 min behind this machine's", SET)),
        (400 * 86_400 + 999.0, warning(WHAT, "400 days behind this machine's", SET)),
    ],
)
def test_a_clock_is_judged_by_the_lag_of_a_telegram(lag_s: float | None, wanted: Check) -> None:
    """A minute is well: some meters send a telegram late. Whole hours may be those of a zone."""
    assert judge_lag(lag_s, SET) == wanted
