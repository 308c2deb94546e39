"""The way of commands to a relay."""

from collections.abc import Callable
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay_controller.delivery import Delivery
from relay_controller.load import RemoteRelay
from relay_controller.mqtt_relay import MqttRelay
from relay_controller.none import NoRelay

ON, OFF = ("plug/set", "on"), ("plug/set", "off")


class Line:
    """A way to the broker that may be cut; keeps what went through."""

    def __init__(self) -> None:
        self.works = True
        self.sent: list[tuple[str, str]] = []

    def publish(self, topic: str, payload: str) -> bool:
        """Take a command if the way is open."""
        if self.works:
            self.sent.append((topic, payload))
        return self.works


def relay(line: Line) -> MqttRelay:
    """Give a relay at the end of a line."""
    return MqttRelay(RemoteRelay("plug/set", "on", "off"), line.publish)


def test_without_an_answer_a_command_is_sent_once_per_change() -> None:
    """Whatever time passes."""
    line = Line()
    delivery = Delivery(relay(line), on=False)
    for now_s, on in enumerate((False, False, True, True, False)):
        delivery.switch(now_s, on=on)
        delivery.deliver(now_s + 1000)
        assert delivery.seconds_left(now_s) == inf
    delivery.close()
    assert line.sent == [OFF, ON, OFF]
    assert delivery.remark() == ""


def test_a_command_that_could_not_be_sent_is_sent_later() -> None:
    """With growing pauses, and at once when the broker is back."""
    line = Line()
    line.works = False
    delivery = Delivery(relay(line), on=False)
    delivery.switch(0.0, on=True)
    assert delivery.seconds_left(0.0) == 0.1
    for now_s in (1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0):
        delivery.deliver(now_s)
    assert delivery.seconds_left(20.0) == 5.0
    line.works = True
    delivery.deliver(21.0)
    assert line.sent == []
    delivery.hurry()
    delivery.deliver(21.0)
    delivery.deliver(100.0)
    assert line.sent == [ON]


def test_only_the_last_of_several_unsent_commands_is_sent() -> None:
    """An old wish is no wish."""
    line = Line()
    delivery = Delivery(relay(line), on=False)
    delivery.switch(0.0, on=False)
    line.works = False
    delivery.switch(1.0, on=True)
    delivery.switch(2.0, on=False)
    line.works = True
    delivery.hurry()
    delivery.deliver(3.0)
    assert line.sent == [OFF, OFF]


def test_a_command_is_repeated_until_the_relay_confirms_it() -> None:
    """From the second one on the reason tells what the relay says."""
    line = Line()
    delivery = Delivery(relay(line), on=False, tells=True)
    delivery.switch(0.0, on=True)
    delivery.deliver(4.9)
    assert (len(line.sent), delivery.remark()) == (1, "")
    delivery.deliver(5.0)
    assert (len(line.sent), delivery.remark()) == (2, "the relay does not answer")
    delivery.heard(on=False)
    assert delivery.remark() == "the relay says OFF"
    delivery.deliver(10.0)
    delivery.heard(on=True)
    assert (delivery.remark(), delivery.seconds_left(10.0)) == ("", inf)
    delivery.deliver(100.0)
    assert line.sent == [ON] * 3


def test_an_old_answer_confirms_no_new_command() -> None:
    """The relay said so before it was told: only what it says from then on counts."""
    line = Line()
    delivery = Delivery(relay(line), on=False, tells=True)
    delivery.switch(0.0, on=False)
    delivery.heard(on=False)
    delivery.switch(100.0, on=True)
    # The relay may not have had the first command when it gets the second one.
    delivery.switch(101.0, on=False)
    assert (delivery.remark(), delivery.seconds_left(101.0)) == ("", 5)
    delivery.deliver(106.0)
    assert (delivery.remark(), delivery.seconds_left(106.0)) == ("the relay does not answer", 5)
    delivery.heard(on=True)
    assert (delivery.remark(), delivery.seconds_left(106.0)) == ("the relay says ON", 5)
    delivery.deliver(111.0)
    delivery.heard(on=False)
    assert (delivery.remark(), delivery.seconds_left(111.0)) == ("", inf)
    assert line.sent == [OFF, ON, OFF, OFF, OFF]


def test_a_command_that_changes_nothing_keeps_the_answer() -> None:
    """What was confirmed stays so."""
    line = Line()
    delivery = Delivery(relay(line), on=False, tells=True)
    delivery.switch(0.0, on=True)
    delivery.heard(on=True)
    delivery.switch(1.0, on=True)
    assert (line.sent, delivery.seconds_left(1.0)) == ([ON], inf)


def test_a_relay_that_changes_by_itself_is_told_again() -> None:
    """Somebody pressed its button, or it forgot its state: nothing stays on by accident."""
    line = Line()
    delivery = Delivery(relay(line), on=False, tells=True)
    delivery.switch(0.0, on=False)
    delivery.heard(on=False)
    delivery.deliver(50.0)
    delivery.heard(on=True)
    assert delivery.seconds_left(60.0) == 0
    delivery.deliver(60.0)
    assert delivery.remark() == "the relay says ON"
    assert line.sent == [OFF] * 2


def test_at_the_end_a_command_is_tried_without_a_pause_until_it_is_sent() -> None:
    """And then not again, confirmed or not."""
    line = Line()
    line.works = False
    delivery = Delivery(relay(line), on=False, tells=True)
    assert [delivery.finish(now_s) for now_s in (0.0, 0.01, 0.02)] == [False, False, False]
    line.works = True
    assert [delivery.finish(now_s) for now_s in (0.03, 0.04, 9.0)] == [True, True, True]
    assert line.sent == [OFF]


def test_a_load_without_a_relay_is_always_content() -> None:
    """Nothing is ever due."""
    delivery = Delivery(NoRelay(), on=False)
    delivery.switch(0.0, on=True)
    assert (delivery.seconds_left(0.0), delivery.remark()) == (inf, "")
    delivery.close()


@pytest.mark.parametrize(
    ("tells", "lease_s", "waits"),
    [
        pytest.param(False, 0, [inf, inf], id="no lease"),
        pytest.param(False, 60, [inf, 18], id="a lease"),
        pytest.param(False, 10, [inf, 3], id="the shortest lease"),
        pytest.param(True, 0, [5, 5], id="no lease, not confirmed"),
        pytest.param(True, 60, [5, 5], id="a lease, not confirmed"),
        pytest.param(True, 10, [5, 3], id="the shortest lease, not confirmed"),
    ],
)
def test_a_command_to_switch_on_is_renewed_within_a_third_of_the_lease(
    waits: list[float], lease_s: float, *, tells: bool
) -> None:
    """One to switch off is not: off is where a lease ends."""
    line = Line()
    delivery = Delivery(relay(line), on=False, tells=tells, lease_s=lease_s)
    left_s = []
    for now_s, on in ((100.0, False), (200.0, True)):
        delivery.switch(now_s, on=on)
        left_s.append(delivery.seconds_left(now_s))
    assert (left_s, line.sent) == (waits, [OFF, ON])


def test_a_renewal_comes_again_and_again_until_off_is_wanted() -> None:
    """Counted from the last command, and not earlier."""
    line = Line()
    delivery = Delivery(relay(line), on=False, lease_s=60)
    delivery.switch(0.0, on=True)
    for now_s in (17.9, 18.0, 18.1, 35.9, 36.0):
        delivery.deliver(now_s)
    assert line.sent == [ON] * 3
    delivery.switch(40.0, on=False)
    delivery.deliver(1000.0)
    assert (line.sent, delivery.seconds_left(1000.0)) == ([ON] * 3 + [OFF], inf)


def test_a_confirmed_lease_is_renewed_too_and_no_fault_is_seen_in_it() -> None:
    """Until the relay says that the lease ran out: then it is commanded as any relay that changed by itself."""
    line = Line()
    delivery = Delivery(relay(line), on=False, tells=True, lease_s=60)
    delivery.switch(0.0, on=True)
    delivery.heard(on=True)
    assert delivery.seconds_left(0.0) == 18
    for now_s in (5.0, 18.0, 36.0, 54.0):
        delivery.deliver(now_s)
    assert (line.sent, delivery.remark(), delivery.seconds_left(54.0)) == ([ON] * 4, "", 18)
    delivery.heard(on=False)
    assert (delivery.remark(), delivery.seconds_left(57.0)) == ("", 2)
    delivery.deliver(59.0)
    assert (line.sent, delivery.remark()) == ([ON] * 5, "the relay says OFF")
    delivery.heard(on=True)
    assert (delivery.remark(), delivery.seconds_left(60.0)) == ("", 17)


def test_a_lease_is_renewed_at_once_when_the_broker_is_back() -> None:
    """It may have run out. Off is not sent again, and neither is anything to a relay without a lease."""
    for on, lease_s, expected in ((True, 60, [ON, ON]), (False, 60, [OFF]), (True, 0, [ON])):
        line = Line()
        delivery = Delivery(relay(line), on=on, tells=True, lease_s=lease_s)
        delivery.deliver(0.0)
        delivery.heard(on=on)
        delivery.hurry()
        delivery.deliver(1.0)
        delivery.deliver(2.0)
        assert line.sent == expected


def test_a_renewal_that_could_not_be_sent_is_tried_again_soon() -> None:
    """With the pauses of every command, which begin anew once one was sent."""
    line = Line()
    delivery = Delivery(relay(line), on=True, lease_s=60)
    left_s = []
    for now_s, line.works in ((0.0, True), (18.0, False), (19.0, False), (20.0, True), (38.0, False)):
        delivery.deliver(now_s)
        left_s.append(delivery.seconds_left(now_s))
    assert left_s == pytest.approx([18, 0.1, 0.2, 18, 0.1])
    assert line.sent == [ON, ON]


def test_the_end_does_not_renew_a_lease() -> None:
    """What was sent once is enough."""
    line = Line()
    delivery = Delivery(relay(line), on=False, lease_s=60)
    assert [delivery.finish(now_s) for now_s in (0.0, 100.0)] == [True, True]
    assert line.sent == [OFF]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 0.2)), max_size=30), st.sampled_from([10.0, 60.0, 3600.0]))
def test_two_lost_messages_do_not_end_a_lease(story: list[tuple[int, float]], lease_s: float) -> None:
    """Nor do they when each message is a little late; `story` has how many are lost before one arrives, and how late it is."""
    line = Line()
    delivery = Delivery(relay(line), on=True, lease_s=lease_s)
    delivery.deliver(0.0)
    now_s, ends_s = 0.0, lease_s
    for lost, late_s in story:
        for _ in range(lost + 1):
            now_s += delivery.seconds_left(now_s) + late_s
            delivery.deliver(now_s)
        assert now_s + late_s < ends_s
        ends_s = now_s + lease_s
    assert line.sent == [ON] * (1 + sum(lost + 1 for lost, _ in story))


class Witness:
    """A relay at the end of a line that may be cut. It knows what is wanted and when, and accepts nothing else."""

    def __init__(self, *, tells: bool, lease_s: float) -> None:
        self.now_s = 0.0
        self.wants_on = False
        self.works = True
        self.delivery = Delivery(self, on=False, tells=tells, lease_s=lease_s)
        self._tells = tells
        self._lease_s = lease_s
        self._sent = 0  # since another state is wanted
        self._since_s = 0.0  # since then nothing was sent over a line that works

    def switch(self, *, on: bool) -> bool:
        """Take a command: the wanted one, and not twice unless there is a reason."""
        assert on == self.wants_on
        if self.works:
            assert not self._sent or self._tells or (on and self._lease_s)
            self._sent += 1
            self._since_s = self.now_s
        return self.works

    def close(self) -> None:
        """Do nothing."""

    def sleep(self, pause_s: float) -> None:
        """Let time pass, and commands go out when they are due."""
        until_s = self.now_s + pause_s
        while (due_s := self.now_s + self.delivery.seconds_left(self.now_s) + 0.001) <= until_s:
            self._pass_time(due_s)
            self.delivery.deliver(due_s)
        self._pass_time(until_s)

    def want(self, *, on: bool) -> None:
        """Want a state."""
        if on != self.wants_on:
            self.wants_on, self._sent, self._since_s = on, 0, self.now_s
        self.delivery.switch(self.now_s, on=on)

    def work(self, *, works: bool) -> None:
        """Cut the line, or mend it."""
        self.works, self._since_s = works, self.now_s

    def _pass_time(self, now_s: float) -> None:
        self.now_s = now_s
        if self.works and self.wants_on and self._lease_s:
            assert now_s - self._since_s <= self._lease_s / 3 + 5


HAPPENINGS: dict[str, Callable[[Witness], None]] = {
    "on is wanted": lambda one: one.want(on=True),
    "off is wanted": lambda one: one.want(on=False),
    "it says on": lambda one: one.delivery.heard(on=True),
    "it says off": lambda one: one.delivery.heard(on=False),
    "the line is cut": lambda one: one.work(works=False),
    "the line is mended": lambda one: one.work(works=True),
    "the broker is back": lambda one: one.delivery.hurry(),
}


@settings(deadline=None)
@given(
    story=st.lists(st.tuples(st.sampled_from(sorted(HAPPENINGS)), st.floats(0, 60)), max_size=40),
    tells=st.booleans(),
    lease_s=st.sampled_from([0.0, 10.0, 60.0]),
)
def test_whatever_happens_on_is_renewed_and_never_sent_while_off_is_wanted(
    story: list[tuple[str, float]], *, tells: bool, lease_s: float
) -> None:
    """The witness sees to it, whatever is said, cut and lost; and that without a reason nothing is sent twice."""
    witness = Witness(tells=tells, lease_s=lease_s)
    for happening, pause_s in story:
        if tells or not happening.startswith("it says"):
            HAPPENINGS[happening](witness)
        witness.sleep(pause_s)
