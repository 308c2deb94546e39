"""A TCP port of this machine that can be shut, where connections are refused, and opened again under its number."""

import random
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

_PORTS = range(20_000, 32_000)  # below those that the system gives to clients: none may take a port that is shut
_TRIES = 100


def quiet_port() -> int:
    """Give a port that is free, and that no client gets by chance while nobody listens on it."""
    for port in random.sample(_PORTS, _TRIES):
        with socket.socket() as one, suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no free port among {_TRIES}")


def reset(connection: socket.socket) -> None:
    """Break a connection off: the other end gets a reset instead of an end of data. One that is gone is no error."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)  # wakes a thread that reads it
    connection.close()


class Door:
    """Gives each connection that comes in to `serve`, in a thread of its own; it is open at once."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.port = quiet_port()
        self._serve = serve
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._change = threading.Lock()
        self.open()

    def open(self) -> None:
        """Take connections."""
        with self._change:
            if self._listener is None:
                self._listener = socket.create_server(("127.0.0.1", self.port))
                threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        """Refuse new connections; those that are there stay."""
        with self._change:
            if self._listener is not None:
                self._listener.shutdown(socket.SHUT_RDWR)
                self._listener.close()
                self._listener = None

    def break_off(self) -> None:
        """Reset every connection."""
        with self._change:
            connections, self._connections = self._connections, set()
        for connection in connections:
            reset(connection)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # shut
            while True:
                connection, _ = listener.accept()
                with self._change:
                    self._connections.add(connection)
                threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        try:
            self._serve(connection)
        finally:
            with self._change:
                self._connections.discard(connection)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
