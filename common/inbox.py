"""Messages that arrived and were not taken yet."""

from collections import deque
from dataclasses import dataclass, field

_FULL_BYTES = 1_048_576  # then nothing more is read: the broker has to wait, and after it its own queue limits count
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
    """A queue whose size somebody watches: `is_full` when it holds a megabyte."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        """Give how many messages wait."""
        return len(self._messages)

    @property
    def is_full(self) -> bool:
        """Whether nothing more is to be put in."""
        return self._bytes >= _FULL_BYTES

    def put(self, message: Message) -> None:
        """Append a message."""
        self._messages.append(message)
        self._bytes += _size(message)

    def take(self, at_most: int) -> list[Message]:
        """Give messages, oldest first."""
        taken = [self._messages.popleft() for _ in range(min(at_most, len(self._messages)))]
        self._bytes -= sum(_size(message) for message in taken)
        return taken


def _size(message: Message) -> int:
    return len(message.payload) + _MESSAGE_OVERHEAD_BYTES
