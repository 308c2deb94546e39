"""`common.log`: one line each on stderr, and remarks that are not repeated all the time."""

import logging
import subprocess
import sys

import pytest

from common.log import OncePer, Tally
from tests.support.processes import REPOSITORY


def test_the_log_goes_to_stderr_from_its_level_on() -> None:
    """With time and level, one line each."""
    program = (
        "import logging; from common.log import start_logging; start_logging('warning')\n"
        "logging.getLogger('x').info('hidden'); logging.getLogger('x').warning('the %s', 'port')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    date, time, *rest = done.stderr.split(" ")
    assert (done.stdout, len(date), len(time), rest) == ("", 10, 8, ["WARNING", "the", "port\n"])


def test_a_remark_passes_once_per_interval() -> None:
    """And at once after a reset."""
    once = OncePer(60.0)
    assert [once.due(now_s) for now_s in (5.0, 6.0, 64.9, 65.0, 66.0)] == [True, False, False, True, False]
    once.reset()
    assert once.due(67.0)


def test_what_happens_all_the_time_is_counted_and_told_once_per_minute(caplog: pytest.LogCaptureFixture) -> None:
    """With the count so far."""
    tally = Tally(logging.getLogger("x"), "not ours")
    for now_s in (5.0, 6.0, 64.9, 65.0):
        tally.add(f"at {now_s:g}", now_s)
    assert (tally.count, caplog.messages) == (4, ["not ours (1 so far): at 5", "not ours (4 so far): at 65"])
