"""The line of one service to the broker: it can be refused, hung and reset, and may be listened to."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.support.door import Door, end_both_ways

_PIECE_BYTES = 65_536
_CONNECT_S = 5.0

Tap = Callable[[bytes], None]


class Line:
    """The near end is `port`; `tap()` gives, for each connection, who hears what goes out, who what comes in, and the end."""

    def __init__(self, far_port: int, tap: Callable[[], tuple[Tap, Tap, Callable[[], None]]] | None = None) -> None:
        self._far_port = far_port
        self._tap = tap
        self._flows = threading.Event()
        self._flows.set()
        self._door = Door(self._serve)
        self.port = self._door.port

    def hang(self) -> None:
        """Let nothing through, in either direction, and keep the connection."""
        self._flows.clear()

    def flow(self) -> None:
        """Let everything through again, with what waited."""
        self._flows.set()

    def reset(self) -> None:
        """Break every connection off."""
        self._door.break_off()

    def refuse(self) -> None:
        """Be as a broker that is not there."""
        self._door.shut()
        self._door.break_off()

    def take(self) -> None:
        """Take connections again."""
        self._door.open()

    def _serve(self, near: socket.socket) -> None:
        hear_out, hear_in, end = self._tap() if self._tap else (_nobody, _nobody, _nothing)
        try:
            far = socket.create_connection(("127.0.0.1", self._far_port), _CONNECT_S)
        except OSError:
            end()
            return
        far.settimeout(None)
        back = threading.Thread(target=self._carry, args=(far, near, hear_in), daemon=True)
        back.start()
        try:
            self._carry(near, far, hear_out)
            back.join()
        finally:
            far.close()
            end()

    def _carry(self, source: socket.socket, target: socket.socket, hear: Tap) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE_BYTES):
                hear(piece)  # first: what an end has said it has said, whether or not the other hears of it
                self._flows.wait()
                target.sendall(piece)
        for sock in (source, target):  # whichever end it was, the other direction ends too
            end_both_ways(sock)


def _nobody(_piece: bytes) -> None:
    pass


def _nothing() -> None:
    pass
