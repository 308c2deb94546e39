"""Messages that arrived and were not taken yet: from the thread of the session to the loop of the service."""

import threading
from collections import deque
from dataclasses import dataclass, field

from common.waiting import Waker

_FULL_BYTES = 1_048_576  # then the broker has to wait, and after it its own queue limits count
_LOOK_S = 0.5  # whether the session is being closed
_MESSAGE_OVERHEAD_BYTES = 300  # of Python's objects around a payload


@dataclass(frozen=True, slots=True)
class Receipt:
    """By which connection a message came, and under which number: it is acknowledged there or not at all."""

    connection: int  # counts up
    mid: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it arrived; `retained` if it is an old one that the broker kept."""

    topic: str
    payload: bytes
    retained: bool
    receipt: Receipt | None = field(default=None, compare=False, repr=False)  # where an acknowledgement is wanted


class Inbox:
    """A bounded queue between two threads; `waker` is awake while there is something in it."""

    def __init__(self, waker: Waker) -> None:
        self._waker = waker
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._change = threading.Condition()  # guards the two

    def __len__(self) -> int:
        """Give how many messages wait."""
        return len(self._messages)

    def put(self, message: Message, closing: threading.Event) -> None:
        """Append a message; a full inbox makes the caller wait, unless it is `closing`: then the message is given up."""
        with self._change:
            while self._bytes >= _FULL_BYTES:
                if closing.is_set():
                    return
                self._change.wait(_LOOK_S)
            self._messages.append(message)
            self._bytes += _size(message)
        self._waker.wake()

    def take(self, at_most: int) -> list[Message]:
        """Give messages, oldest first."""
        self._waker.clear()
        with self._change:
            taken = [self._messages.popleft() for _ in range(min(at_most, len(self._messages)))]
            self._bytes -= sum(_size(message) for message in taken)
            has_more = bool(self._messages)
            self._change.notify()
        if has_more:
            self._waker.wake()
        return taken


def _size(message: Message) -> int:
    return len(message.payload) + _MESSAGE_OVERHEAD_BYTES
