"""Which discovery messages wait to be sent."""

from common.announced import Announced
from common.outgoing import Outgoing


def _message(topic: str, payload: str) -> Outgoing:
    return Outgoing(topic, payload, qos=1, retain=True)


def test_what_is_wanted_is_sent_once_and_again_when_it_changed() -> None:
    """In its order, a few at a time, retained."""
    announced = Announced()
    announced.want({"a": "1", "b": "2", "c": "3"})
    assert list(announced.due(2)) == [_message("a", "1"), _message("b", "2")]
    announced.want({"a": "1", "b": "22"})
    assert list(announced.due(9)) == [_message("c", "3"), _message("b", "22")]
    assert list(announced.due(9)) == []


def test_after_a_new_connection_everything_is_sent_that_stands() -> None:
    """What was removed stays away, and its removal is sent even if the connection broke."""
    announced = Announced()
    announced.want({"a": "1", "b": "2"})
    list(announced.due(9))
    announced.remove(["a", "unknown"])
    announced.again()
    assert list(announced.due(9)) == [_message("a", ""), _message("unknown", ""), _message("b", "2")]
    announced.again()
    assert list(announced.due(9)) == [_message("b", "2")]


def test_what_comes_back_after_its_removal_is_sent_anew() -> None:
    """Also if nothing was sent in between: then it was never away."""
    announced = Announced()
    announced.want({"a": "1"})
    announced.remove(["a"])
    announced.want({"a": "1"})
    assert list(announced.due(9)) == [_message("a", "1")]
