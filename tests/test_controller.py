"""The main loop of the relay controller, where messages never end: the session is never started."""

import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from common.inbox import Message
from common.payload import Reading, encode
from common.sections import COMMON_SECTIONS, KNOWN
from common.settings import parse
from common.waiting import Stop
from relay_controller.controller import Controller
from relay_controller.settings import SECTIONS, plant_of

SETTINGS = """\
[meter]
stale_after = 0.3
[load:boiler]
on_when = net_power < 0 W
on_delay = 0
off_when = net_power > 0 W
"""


def test_what_time_makes_due_is_done_while_messages_never_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """However fast they come: there is one more whenever one is asked for."""
    config = parse(
        SETTINGS,
        known=KNOWN,
        wanted=(*COMMON_SECTIONS, *SECTIONS),
        environment={},
        folder=tmp_path,
        read_secret=lambda name: name,
    )
    controller = Controller(config, plant_of(config))
    session, stop, seqs = controller._session, Stop(), count(1)
    end_s = time.monotonic() + 20.0

    def take(_at_most: int = 1) -> list[Message]:
        if "load boiler: off: no fresh telegram" in caplog.text:
            stop.request()
        assert time.monotonic() < end_s, "nothing was done in between"
        session._waker.wake()
        seq = next(seqs)
        received = datetime.now(UTC) - timedelta(hours=seq > 1)  # only the first one is fresh
        return [Message(session.topics.telegram, encode(Reading("home", received, seq, {"net_power": -1})), retained=False)]

    monkeypatch.setattr(session, "start", lambda: None)
    monkeypatch.setattr(session, "take", take)
    with caplog.at_level("INFO"):
        controller.run(stop)
    assert "load boiler: on: net_power -1 W, off at more than 0 W" in caplog.text
