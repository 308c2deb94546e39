"""`reader.backfill`: what is kept, when it is sent again, and that a broker that forgets costs nothing."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from reader.backfill import OUTAGE_MAX_S, SETTLE_S, WINDOW_S, Backfill
from tests.support.processes import REPOSITORY


def _kept(backfill: Backfill, *numbers: int, is_sent: bool = True) -> None:
    """Receive telegrams, one a second; what is sent is acknowledged within it."""
    for number in numbers:
        backfill.keep(str(number).encode(), float(number), is_sent=is_sent)
        backfill.acknowledged(number + 0.5)


def _sent(backfill: Backfill, now_s: float, under_way: int = 0) -> list[int]:
    return [int(payload) for payload in backfill.due(now_s, under_way)]


def test_the_window_is_twice_the_autosave_interval_of_our_broker() -> None:
    """What the broker acknowledged is on its disk then, even if one save fails."""
    lines = (REPOSITORY / "mosquitto/mosquitto.conf").read_text(encoding="utf-8").splitlines()
    (autosave_s,) = [float(line.split()[1]) for line in lines if line.startswith("autosave_interval")]
    assert 2 * autosave_s == WINDOW_S


def test_after_a_reconnection_the_last_window_is_sent_again() -> None:
    """Three seconds later, oldest first, with what came meanwhile: the broker may have forgotten who wants it."""
    backfill = Backfill(window_s=5)
    backfill.connected(0.0)
    _kept(backfill, *range(10, 21))
    assert len(backfill) == 6
    backfill.disconnected()
    backfill.connected(21.0)
    _kept(backfill, 22)
    assert backfill.seconds_left(22.0) == 2.0
    assert _sent(backfill, 23.9) == []
    assert [*_sent(backfill, 24.0), *_sent(backfill, 24.1)] == [15, 16, 17, 18, 19, 20, 22]
    assert _sent(backfill, 25.0) == []


def test_of_what_is_under_way_all_but_the_last_ones_are_acknowledged() -> None:
    """There may always be some under way: those before them are safe all the same, and none is remembered for ever."""
    backfill = Backfill(window_s=5)
    backfill.connected(0.0)
    for number in range(1000):
        backfill.keep(str(number).encode(), float(number), is_sent=True)
        backfill.acknowledged(number + 0.5, 2)
    assert (len(backfill), len(backfill._under_way)) == (8, 2)


def test_telegrams_of_an_outage_are_sent_however_old() -> None:
    """They wait for the broker, up to an hour and the window before it."""
    backfill = Backfill(window_s=5)
    backfill.connected(0.0)
    _kept(backfill, 1, 2)
    backfill.disconnected()
    _kept(backfill, 3, 1000, 3000, is_sent=False)
    assert backfill.lost == 0
    backfill.connected(3001.0)
    assert _sent(backfill, 3001.0 + SETTLE_S) == [1, 2, 3, 1000, 3000]


def test_the_oldest_of_a_long_outage_go_and_are_counted() -> None:
    """Only those that no broker ever had count as lost."""
    backfill = Backfill(window_s=5)
    backfill.connected(0.0)
    _kept(backfill, 1)
    backfill.disconnected()
    _kept(backfill, 2, 3, is_sent=False)
    _kept(backfill, 3 + int(OUTAGE_MAX_S) + 5, is_sent=False)
    assert (len(backfill), backfill.lost) == (2, 1)


def test_memory_is_bounded_in_bytes() -> None:
    """A meter that sends long telegrams has fewer kept."""
    backfill = Backfill()
    for number in range(20):
        backfill.keep(bytes(1024 * 1024), float(number), is_sent=False)
    assert (len(backfill), backfill.lost) == (10, 10)


def test_live_telegrams_never_wait_behind_old_ones() -> None:
    """No more than five are under way, those of other kinds too."""
    backfill = Backfill()
    _kept(backfill, *range(30), is_sent=False)
    backfill.connected(30.0)
    assert _sent(backfill, 40.0, under_way=2) == [0, 1, 2]
    assert backfill.seconds_left(40.0) < 0.1
    assert _sent(backfill, 40.0, under_way=5) == []
    assert _sent(backfill, 40.0) == [3, 4, 5, 6, 7]


def test_a_break_while_sending_again_begins_anew() -> None:
    """What was under way may be lost; what was acknowledged too."""
    backfill = Backfill(window_s=5)
    _kept(backfill, *range(15), is_sent=False)
    backfill.connected(20.0)
    assert _sent(backfill, 23.0) == list(range(5))
    backfill.acknowledged(23.5)
    backfill.connected(24.0)
    assert _sent(backfill, 26.0) == []
    assert [*_sent(backfill, 27.0), *_sent(backfill, 27.0), *_sent(backfill, 27.0)] == list(range(15))


def test_what_a_busy_broker_did_not_take_is_sent_later() -> None:
    """A connection may stand, and its queue be full."""
    backfill = Backfill()
    backfill.connected(0.0)
    assert _sent(backfill, SETTLE_S) == []
    _kept(backfill, 5)
    _kept(backfill, 6, is_sent=False)
    assert _sent(backfill, 6.0 + SETTLE_S) == [6]


def test_a_broker_that_holds_its_acknowledgements_costs_nothing() -> None:
    """The window begins with the acknowledgement, not with the sending."""
    backfill = Backfill(window_s=5)
    backfill.connected(0.0)
    for number in range(1, 40):
        backfill.keep(str(number).encode(), float(number), is_sent=True)
    backfill.acknowledged(40.0)
    _kept(backfill, 41)
    backfill.connected(42.0)
    assert _sent(backfill, 45.0) == list(range(1, 6))


_AUTOSAVE_S = 10
_DEAF_S = SETTLE_S  # after its start, until those come back whose sessions it may have forgotten


@dataclass
class _World:
    """A reader and Mosquitto as it is: it acknowledges from memory, and at its start it knows what it saved.

    What comes before anybody has subscribed it acknowledges too.
    """

    backfill: Backfill = field(default_factory=lambda: Backfill(window_s=2 * _AUTOSAVE_S))
    memory: list[bytes] = field(default_factory=list)
    disk: list[bytes] = field(default_factory=list)
    under_way: list[bytes] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    is_up: bool = True
    hears_at: float = 0.0
    now: int = 0

    def second(self) -> None:
        """Receive a telegram, and send what is due; a second is time enough for every acknowledgement."""
        self.now += 1
        if self.is_up:
            self._work()
        self.received.append(str(self.now).encode())
        self.backfill.keep(self.received[-1], float(self.now), is_sent=self.is_up)
        if self.is_up:
            self.under_way.append(self.received[-1])

    def kill(self) -> None:
        """End the broker without a save."""
        self.is_up, self.memory = False, []
        self.under_way.clear()
        self.backfill.disconnected()

    def start(self) -> None:
        """Start the broker with what it saved."""
        if not self.is_up:
            self.is_up, self.memory = True, list(self.disk)
            self.hears_at = self.now + _DEAF_S
            self.backfill.connected(float(self.now))

    def cut(self) -> None:
        """Break the connection, with what is on it."""
        if self.is_up:
            self.under_way.clear()
            self.backfill.connected(float(self.now))

    def arrive(self) -> None:
        """Let the broker have what is under way, before the reader hears of it."""
        if self.is_up and self.now >= self.hears_at:
            self.memory += self.under_way

    def _work(self) -> None:
        if self.now % _AUTOSAVE_S == 0:
            self.disk = list(self.memory)
        self._deliver()
        self.under_way += self.backfill.due(float(self.now), 0)
        self._deliver()

    def _deliver(self) -> None:
        self.arrive()
        self.under_way.clear()
        self.backfill.acknowledged(float(self.now))


@given(st.lists(st.sampled_from(["second"] * 12 + ["kill", "start", "cut", "arrive"]), min_size=50, max_size=400))
def test_no_telegram_is_missing_whenever_the_broker_is_killed(steps: list[str]) -> None:
    """Nobody takes anything from the broker, so it has to have them all in the end."""
    world = _World()
    world.backfill.connected(0.0)
    for step in [*steps, "start", *["second"] * 120]:  # five a second are sent again
        getattr(world, step)()
    assert set(world.received[:-1]) <= set(world.memory)
    assert len(world.backfill) <= 2 * _AUTOSAVE_S + 2
