"""Writes in threads of their own."""

import time
from contextlib import closing

import pytest

from common.sections import InfluxSettings
from common.waiting import wait_for
from influx_bridge.failure import Failure
from influx_bridge.writer import Writer
from tests.support.failing_cloud import HANG, Answer, failing_cloud

TOKEN = "s3cret-of-test"  # noqa: S105 -- made up
LINE = b"m v=1.0 1700000000"


def writer_to(url: str) -> Writer:
    """Give the writer to a server."""
    return Writer(InfluxSettings(enabled=True, url=url, token=TOKEN, org="o", bucket="b", timeout=5000))


def test_a_write_in_the_background_does_not_wait() -> None:
    """It tells by its descriptor when it is done."""
    with failing_cloud(Answer(503), HANG) as cloud, closing(writer_to(cloud.url)) as writer:
        writing = writer.begin(LINE)
        assert wait_for([writing], 10) == [writing]
        assert writing.failure() == Failure(503, "Service Unavailable")
        begun_s = time.monotonic()
        hanging = writer.begin(LINE)
        assert wait_for([hanging], 0.05) == []
        assert time.monotonic() - begun_s < 1


def test_a_bug_in_the_background_is_raised() -> None:
    """It must end the process, not a thread."""
    with closing(writer_to("http://127.0.0.1:1")) as writer:
        writing = writer.begin("text")  # type: ignore[arg-type]  # where bytes are wanted
        wait_for([writing], 10)
        with pytest.raises(TypeError):
            writing.failure()
