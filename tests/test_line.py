"""`reader.line`: the port over time, on pseudo-terminals that come and go."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from common.sections import SerialSettings
from common.waiting import wait_for
from reader.line import Line
from reader.serial_port import PortBusyError, PortSettingsError, open_port
from tests.support.replay import Cable
from tests.support.telegrams import telegram
from tests.support.waiting import eventually

TELEGRAM = telegram("be-50213-single-phase")
FAST = 10_000_000


class _Player:
    """Does what the reader's loop does with a line, on a clock that the test sets."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.now_s = 1000.0
        self.received = b""

    def play(self) -> None:
        ready = wait_for(self.line.waits_on(), 0.02)
        self.received += self.line.read(ready, self.now_s)

    def until(self, condition: Callable[[], object]) -> None:
        def come_true() -> object:
            self.play()
            return condition()

        eventually(come_true)


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """Give the name of the port."""
    return tmp_path / "meter"


@pytest.fixture
def player(link: Path) -> Iterator[_Player]:
    """Give a line that looks for the port."""
    line = Line(SerialSettings(port=str(link)))
    with closing(line):
        yield _Player(line)


def _messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage().partition("; serial ports here")[0] for record in caplog.records]


@pytest.fixture(autouse=True)
def _everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_a_port_that_is_lost_is_read_again_under_its_name(
    player: _Player, link: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The link leads to another device afterwards; the loss is counted, each change is said once."""
    with Cable(link) as cable:
        player.until(lambda: player.line.tried)
        cable.send(TELEGRAM, FAST)
        player.until(lambda: player.received == TELEGRAM)
        cable.pull()
        player.until(lambda: player.line.losses == 1)
    with Cable(link) as cable:
        player.now_s += player.line.seconds_left(player.now_s)
        player.until(lambda: len(caplog.records) == 3)
        cable.send(TELEGRAM, FAST)
        player.until(lambda: player.received == 2 * TELEGRAM)
    assert _messages(caplog)[0] == f"reading {link}"
    assert _messages(caplog)[1].startswith(f"cannot read {link}: it is gone (")
    assert _messages(caplog)[1].endswith("; trying on")
    assert _messages(caplog)[2] == f"reading {link}"
    assert player.line.losses == 1


def test_an_absent_port_is_said_once_and_looked_for_with_growing_pauses(
    player: _Player, link: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """1 s, 2 s, 4 s, 8 s, then 10 s; nothing happens before."""
    pauses_s = []
    for _ in range(7):
        player.until(lambda: player.line.seconds_left(player.now_s) < 60.0 and not player.line.waits_on())
        pauses_s.append(player.line.seconds_left(player.now_s))
        player.now_s += pauses_s[-1] - 0.01
        player.play()
        assert player.line.waits_on() == []
        player.now_s += 0.02
        player.play()
    assert not player.line.is_there
    assert pauses_s == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]
    assert _messages(caplog) == [f"cannot read {link}: it does not exist"]
    assert player.line.losses == 0


def test_another_reason_is_said_too_a_minute_later(player: _Player, link: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody looks at the log after he put the cable in, and must not find the reason of before."""
    link.mkdir()
    player.until(lambda: len(caplog.records) == 1)
    link.rmdir()
    for seconds in (30.0, 31.0):
        assert len(caplog.records) == 1
        player.now_s += seconds
        player.play()
        player.until(lambda: not player.line.waits_on())
    assert len(caplog.records) == 2
    assert _messages(caplog)[1] == f"cannot read {link}: it does not exist"


def test_a_port_that_comes_late_is_read(player: _Player, link: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And then the pauses begin anew."""
    player.until(lambda: player.line.tried)
    was_there = player.line.is_there
    with Cable(link) as cable:
        player.now_s += 1.0
        player.until(lambda: len(caplog.records) == 2)
        assert (was_there, player.line.is_there) == (False, True)
        cable.send(TELEGRAM, FAST)
        player.until(lambda: player.received == TELEGRAM)
        cable.pull()
        player.until(lambda: player.line.losses == 1)
    assert player.line.seconds_left(player.now_s) == 1.0
    assert [message.partition(":")[0] for message in _messages(caplog)] == [
        f"cannot read {link}", f"reading {link}", f"cannot read {link}",
    ]  # fmt: skip


def test_a_port_that_is_silent_for_a_minute_is_opened_anew(
    player: _Player, link: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a word in the log, and not as a loss."""
    with Cable(link) as cable:
        player.until(lambda: player.line.tried)
        (before,) = player.line.waits_on()
        player.now_s += 59.0
        player.play()
        assert player.line.waits_on() == [before]
        player.now_s += 2.0
        player.until(lambda: player.line.is_there and player.line._port not in {None, before})
        cable.send(TELEGRAM, FAST)
        player.until(lambda: player.received == TELEGRAM)
    assert (player.line.losses, _messages(caplog)) == (0, [f"reading {link}"])


def test_a_port_that_another_program_reads_ends_the_search(player: _Player, link: Path) -> None:
    """Waiting does not mend it."""
    with (
        Cable(link),
        closing(open_port(SerialSettings(port=str(link)))),
        pytest.raises(PortBusyError, match="another program reads it"),
    ):
        player.until(lambda: False)


def test_settings_that_no_port_can_have_end_the_search() -> None:
    """Neither does it mend these."""
    with (
        closing(Line(SerialSettings(port="gopher://meter"))) as line,
        pytest.raises(PortSettingsError, match="protocol 'gopher' not known"),
    ):
        _Player(line).until(lambda: False)


def test_the_port_is_let_be_while_most_of_a_telegram_comes_in(player: _Player, link: Path) -> None:
    """Until shortly before its end, once the line has seen some; then it is read without asking whether there is anything."""
    begin, end = TELEGRAM[:16], TELEGRAM[16:]
    transmission_s = len(end) * 10 / 115_200
    with Cable(link) as cable:
        player.until(lambda: player.line.tried)
        for _ in range(4):
            cable.send(begin, FAST)
            player.until(lambda: player.received.endswith(begin))
            player.line.rest(has_end=False)
            assert player.line.waits_on() != []
            player.now_s += transmission_s
            cable.send(end, FAST)
            player.until(lambda: player.received.endswith(end))
            player.line.rest(has_end=True)
            player.now_s += 1.0
        cable.send(begin, FAST)
        player.until(lambda: player.received.endswith(begin))
        player.line.rest(has_end=False)
        assert player.line.waits_on() == []
        assert 0.9 * transmission_s < player.line.seconds_left(player.now_s) + 0.0005 < transmission_s
        cable.send(end, FAST)
        assert player.line.read([], player.now_s) == b""
        player.now_s += player.line.seconds_left(player.now_s)
        assert player.line._port is not None
        assert wait_for([player.line._port], 20.0)
        assert end.startswith(player.line.read([], player.now_s) or b"nothing")
        player.line.rest(has_end=True)
        assert player.line.waits_on() != []


def test_a_port_on_the_network_is_never_let_be() -> None:
    """Its bytes come in large pieces, and at another speed than the line's."""
    with closing(Line(SerialSettings(port="socket://127.0.0.1:1"))) as line:
        line.rest(has_end=False)
        assert line.seconds_left(0.0) == 0.0


def test_a_port_that_is_full_may_have_more(player: _Player, link: Path) -> None:
    """The kernel keeps 4,095 bytes of a terminal, and behind them more; what was read is not the newest then."""
    data = bytes(range(256)) * 32
    with Cable(link) as cable:
        player.until(lambda: player.line.tried)
        cable.send(data[:4095], FAST)
        player.until(lambda: player.line.is_behind)
        player.until(lambda: not player.line.is_behind)
        player.line.close()
    assert (player.received, player.line.lost_bytes) == (data[:4095], 0)


def test_the_loop_may_sleep_while_the_port_is_open(player: _Player, link: Path) -> None:
    """Nothing is due before the minute of silence."""
    with Cable(link):
        player.until(lambda: player.line.tried)
        start_s = time.monotonic()
        player.play()
        assert player.line.seconds_left(player.now_s) == 60.0
        assert time.monotonic() - start_s < 5.0
