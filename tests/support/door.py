"""A TCP port of this machine that can be shut, where connections are refused, and opened again under its number."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.support.waiting import free_port


def reset(connection: socket.socket) -> None:
    """Break a connection off: the other end gets a reset instead of an end of data. One that is gone is no error."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)  # wakes a thread that reads it
    connection.close()


def end_both_ways(connection: socket.socket) -> None:
    """End a connection; not one that is being broken off, or its other end would see an end of data."""
    with suppress(OSError):  # closed
        breaks_off, _seconds = struct.unpack("ii", connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        if not breaks_off:
            connection.shutdown(socket.SHUT_RDWR)


class Door:
    """Gives each connection that comes in to `serve`, in a thread of its own; it is open at once."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.port = free_port()
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
            end_both_ways(connection)
            connection.close()
