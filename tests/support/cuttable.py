"""A line to a server that can be held, where nothing goes on towards the server, and cut, as a cable."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_PIECE_BYTES = 65_536


@dataclass
class Line:
    """The near end: clients connect to `port`."""

    port: int
    held: int = 0  # bytes that did not go on
    _held: bool = False
    _sockets: list[socket.socket] = field(default_factory=list)
    _broken: set[socket.socket] = field(default_factory=set)  # what was held in them never goes on

    def hold(self) -> None:
        """Let nothing go on towards the server; it seems to be sent."""
        self._held = True

    def cut(self) -> None:
        """Break every connection; later ones are whole again."""
        if self._held:
            self._broken |= set(self._sockets)
        self._held = False
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def join(self, near: socket.socket, far: socket.socket) -> None:
        """Carry bytes between the two until one of them closes."""
        self._sockets += [near, far]
        threading.Thread(target=self._carry, args=(near, far), daemon=True).start()
        threading.Thread(target=self._carry, args=(far, near), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        is_outward = source.getsockname()[1] == self.port
        with suppress(OSError):
            while piece := source.recv(_PIECE_BYTES):
                if is_outward and (self._held or source in self._broken):
                    self.held += len(piece)
                else:
                    target.sendall(piece)
        for sock in (source, target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@contextmanager
def cuttable(server_port: int) -> Iterator[Line]:
    """Put a line before a server of this machine for the length of a block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = Line(listener.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                while True:
                    near, _ = listener.accept()
                    line.join(near, socket.create_connection(("127.0.0.1", server_port)))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield line
        line.cut()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
