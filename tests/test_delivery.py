"""The way of commands to a relay."""

from math import inf

from relay_controller.delivery import Delivery
from relay_controller.load import RemoteRelay
from relay_controller.mqtt_relay import MqttRelay
from relay_controller.none import NoRelay

ANSWERS = {"ON": True, "OFF": False}


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
    assert line.sent == [("plug/set", "off"), ("plug/set", "on"), ("plug/set", "off")]
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
    assert line.sent == [("plug/set", "on")]


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
    assert line.sent == [("plug/set", "off"), ("plug/set", "off")]


def test_a_command_is_repeated_until_the_relay_confirms_it() -> None:
    """From the second one on the reason tells what the relay says."""
    line = Line()
    delivery = Delivery(relay(line), ANSWERS, on=False)
    delivery.switch(0.0, on=True)
    delivery.deliver(4.9)
    assert (len(line.sent), delivery.remark()) == (1, "")
    delivery.deliver(5.0)
    assert (len(line.sent), delivery.remark()) == (2, "the relay does not answer")
    assert delivery.heard(b"OFF")
    assert delivery.remark() == "the relay says OFF"
    delivery.deliver(10.0)
    assert delivery.heard(b" on\n")
    assert (delivery.remark(), delivery.seconds_left(10.0)) == ("", inf)
    delivery.deliver(100.0)
    assert line.sent == [("plug/set", "on")] * 3


def test_a_relay_that_changes_by_itself_is_told_again() -> None:
    """Somebody pressed its button, or it forgot its state: nothing stays on by accident."""
    line = Line()
    delivery = Delivery(relay(line), ANSWERS, on=False)
    delivery.switch(0.0, on=False)
    delivery.heard(b"OFF")
    delivery.deliver(50.0)
    delivery.heard(b"ON")
    assert delivery.seconds_left(60.0) == 0
    delivery.deliver(60.0)
    assert delivery.remark() == "the relay says ON"
    assert line.sent == [("plug/set", "off")] * 2


def test_at_the_end_a_command_is_tried_without_a_pause_until_it_is_sent() -> None:
    """And then not again, confirmed or not."""
    line = Line()
    line.works = False
    delivery = Delivery(relay(line), ANSWERS, on=False)
    assert [delivery.finish(now_s) for now_s in (0.0, 0.01, 0.02)] == [False, False, False]
    line.works = True
    assert [delivery.finish(now_s) for now_s in (0.03, 0.04, 9.0)] == [True, True, True]
    assert line.sent == [("plug/set", "off")]


def test_what_is_not_an_answer_is_told_from_one() -> None:
    """So that it can be counted."""
    assert not Delivery(NoRelay(), ANSWERS, on=False).heard(b'{"state": "ON"}')
    assert not Delivery(NoRelay(), ANSWERS, on=False).heard(b"\xff")
    assert not Delivery(NoRelay(), on=False).heard(b"ON")


def test_a_load_without_a_relay_is_always_content() -> None:
    """Nothing is ever due."""
    delivery = Delivery(NoRelay(), on=False)
    delivery.switch(0.0, on=True)
    assert (delivery.seconds_left(0.0), delivery.remark()) == (inf, "")
    delivery.close()
