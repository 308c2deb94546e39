"""influx_bridge.report: what the log tells."""

import logging
from pathlib import PurePath

import pytest

from influx_bridge.failure import Failure
from influx_bridge.report import Report
from influx_bridge.rows import Batch, Lane, Row
from influx_bridge.upload import Ended, Fate

BATCH = Batch(Lane.LIVE, (Row(1, b"m v=1.0 1\xff"),))
AWAY, NO_TOKEN = Failure(503, "busy"), Failure(401, "who are you")


@pytest.fixture
def report(caplog: pytest.LogCaptureFixture) -> Report:
    """Give a report whose lines are kept."""
    caplog.set_level(logging.INFO)
    return Report("http://x", PurePath("queue.db"))


def test_a_failure_that_goes_on_is_told_once_a_minute(report: Report, caplog: pytest.LogCaptureFixture) -> None:
    """Another one at once, and its end."""
    for now_s in (0.0, 30.0, 61.0):
        report.ended(BATCH, Ended(Fate.LATER, AWAY, pause_s=1.0), 7, now_s)
    report.ended(BATCH, Ended(Fate.LATER, NO_TOKEN, pause_s=60.0), 8, 62.0)
    report.ended(BATCH, Ended(Fate.WRITTEN, recovered=True), 7, 63.0)
    report.ended(BATCH, Ended(Fate.LATER, NO_TOKEN, pause_s=60.0), 9, 64.0)
    mend = "cannot write to InfluxDB at http://x: HTTP 401: the token is wrong: see [influx] token: who are you"
    assert caplog.messages == [
        "cannot write to InfluxDB at http://x: HTTP 503: busy; 7 points wait, next try in 1 s",
        "cannot write to InfluxDB at http://x: HTTP 503: busy; 7 points wait, next try in 1 s",
        f"{mend}; 8 points wait, next try in 60 s",
        "InfluxDB at http://x takes points again; 7 wait",
        f"{mend}; 9 points wait, next try in 60 s",
    ]


def test_what_ends_well_or_is_tried_at_once_is_not_told(report: Report, caplog: pytest.LogCaptureFixture) -> None:
    """A log is no diary."""
    report.ended(BATCH, Ended(Fate.WRITTEN), 7, 0.0)
    report.ended(BATCH, Ended(Fate.AGAIN, Failure(400, "bad")), 7, 0.0)
    report.saved(0, 0.0)
    assert caplog.messages == []


def test_a_point_that_is_refused_is_told_with_the_servers_words(report: Report, caplog: pytest.LogCaptureFixture) -> None:
    """And where it is now; many of them once a minute."""
    for now_s in (0.0, 1.0):
        report.ended(BATCH, Ended(Fate.REJECTED, Failure(400, "bad field")), 7, now_s)
    [told] = caplog.messages
    where = "which is in the table `rejected` of queue.db now"
    assert told == f"InfluxDB refuses a point, {where} (1 so far): HTTP 400: bad field: 'm v=1.0 1\ufffd'"


def test_a_disk_that_fails_is_told_and_so_is_its_end(report: Report, caplog: pytest.LogCaptureFixture) -> None:
    """Once a minute; also what was lost for want of room."""
    for now_s in (0.0, 5.0):
        report.disk_failed("database or disk is full", now_s)
    report.saved(0, 10.0)
    report.saved(3, 15.0)
    report.saved(4, 16.0)
    assert caplog.messages == [
        "cannot keep points in queue.db: database or disk is full; trying on",
        "points are kept in queue.db again",
        "no room for more points that wait: the oldest 3 so far are lost",
    ]
