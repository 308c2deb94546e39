"""A sink for readers on the network: TCP clients."""

import socket
from collections.abc import Iterator
from contextlib import suppress

from common.waiting import HasFileno
from reader.sink import SinkError

_CLIENTS = 16
_CLIENT_BYTES = 65_536
_READ_BYTES = 4096


class TcpServer:
    """A serial port on the network, as ser2net offers it: each client gets every telegram from its connection on.

    A client that does not keep up is dropped. Port 0 takes a free one. Raises SinkError if the address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self._clients: list[_Client] = []
        try:
            self._listener = _listen(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one in DNS
            reason = error.strerror if isinstance(error, OSError) else "not a host name"
            raise SinkError(f"cannot listen on {host}:{port}: {reason}") from None

    @property
    def address(self) -> str:
        """The real address, as HOST:PORT."""
        host, port = self._listener.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def is_ready(self) -> bool:
        """Whether a client has taken everything so far: the fastest sets the pace."""
        return any(not client.pending for client in self._clients)

    @property
    def is_idle(self) -> bool:
        """Whether every client was sent all."""
        return all(not client.pending for client in self._clients)

    def offer(self, telegram: bytes) -> None:
        """Take a telegram for every client."""
        for client in self._clients:
            client.pending += telegram

    def serve(self) -> None:
        """Take in new clients, and pass on what the old ones have room for."""
        while len(self._clients) < _CLIENTS:
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                break
            self._clients.append(_Client(connection))
        for client in self._clients:
            client.serve()
        self._clients = [client for client in self._clients if client.is_there]

    def reading(self) -> Iterator[HasFileno]:
        """Give what clients arrive at and leave by; while there are too many, others wait at the door."""
        if len(self._clients) < _CLIENTS:
            yield self._listener
        yield from (client for client in self._clients if client.may_talk)

    def writing(self) -> Iterator[HasFileno]:
        """Give the clients with something left to send."""
        return (client for client in self._clients if client.pending)

    def close(self) -> None:
        """Say goodbye to all."""
        for client in self._clients:
            client.close()
        self._listener.close()


class _Client:
    """A TCP client and what it has not taken yet."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CLIENT_BYTES)  # else megabytes wait in the kernel
        self._connection = connection
        self.pending = b""
        self.is_there = True
        self.may_talk = True

    def fileno(self) -> int:
        return self._connection.fileno()

    def serve(self) -> None:
        try:
            if self.may_talk:
                self._listen()
            if self.pending:
                self._send()
        except OSError:  # reset, or gone from the network
            self.close()
        if len(self.pending) > _CLIENT_BYTES:
            self.close()

    def close(self) -> None:
        self.is_there = False
        self._connection.close()

    def _listen(self) -> None:
        """Forget what it says. One that ends its own half may still read; one that has gone shows when sending."""
        with suppress(BlockingIOError):
            self.may_talk = bool(self._connection.recv(_READ_BYTES))

    def _send(self) -> None:
        with suppress(BlockingIOError):
            self.pending = self.pending[self._connection.send(self.pending) :]


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    listener.settimeout(0)
    return listener
