"""`common.unacknowledged`: when messages are to be made safe, and which are acknowledged then."""

from dataclasses import dataclass

import pytest

from common.unacknowledged import Unacknowledged


@dataclass(frozen=True)
class Receipt:
    """What is acknowledged on a connection."""

    mid: int
    connection: int = 1


@pytest.mark.parametrize(
    ("group", "messages", "seconds"),
    [
        (10, 0, 3600.0),  # nothing to do
        (10, 1, 3.0),  # silence may mean that the broker waits
        (10, 9, 3.0),
        (10, 10, 0.0),
        (1, 1, 0.0),
        (1000, 19, 3.0),
        (1000, 20, 0.01),  # no broker needs to send more
        (1000, 999, 0.01),
        (1000, 1000, 0.0),
    ],
)
def test_messages_are_made_safe_by_number_or_silence(group: int, messages: int, seconds: float) -> None:
    """Whichever is first."""
    unacknowledged: Unacknowledged[Receipt] = Unacknowledged(group)
    for number in range(messages):
        unacknowledged.add([Receipt(number)], 100.0)
    assert unacknowledged.seconds_left(100.0) == pytest.approx(seconds)


def test_silence_begins_with_the_last_message() -> None:
    """Each one puts it off."""
    unacknowledged: Unacknowledged[Receipt] = Unacknowledged(10)
    unacknowledged.add([Receipt(1)], 100.0)
    unacknowledged.add([Receipt(2)], 102.0)
    assert [unacknowledged.seconds_left(now_s) for now_s in (102.0, 104.0, 105.0, 200.0)] == [3.0, 1.0, 0.0, 0.0]


def test_messages_without_receipt_are_made_safe_too() -> None:
    """QoS 0 wants no acknowledgement, but its data is as good."""
    unacknowledged: Unacknowledged[Receipt] = Unacknowledged(3)
    unacknowledged.add([None, Receipt(7), None], 100.0)
    assert (len(unacknowledged), unacknowledged.seconds_left(100.0)) == (3, 0.0)
    assert unacknowledged.release() == [Receipt(7)]
    assert (len(unacknowledged), unacknowledged.release()) == (0, [])


def test_what_an_earlier_connection_brought_is_forgotten() -> None:
    """It can be acknowledged there only, and comes again."""
    unacknowledged: Unacknowledged[Receipt] = Unacknowledged(10)
    for connection in range(1, 50):
        unacknowledged.add([Receipt(1, connection), Receipt(2, connection)], 100.0)
    assert unacknowledged.release() == [Receipt(1, 49), Receipt(2, 49)]
