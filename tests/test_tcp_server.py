"""Simulated telegrams reach TCP clients, and none waits for another."""

import socket
from contextlib import closing

import pytest

from common.waiting import Stop
from reader.sink import SinkError, wait
from reader.tcp_server import TcpServer
from tests.support.taken import TELEGRAMS, take
from tests.support.waiting import eventually


def connected_to(server: TcpServer) -> socket.socket:
    """Connect to a server that runs in this thread."""
    client = socket.create_connection(server._listener.getsockname(), timeout=20.0)
    count = len(server._clients)

    def has_taken_it_in() -> bool:
        server.serve()
        return len(server._clients) > count

    eventually(has_taken_it_in)
    return client


def test_a_slow_client_is_dropped_and_the_others_are_not() -> None:
    """What waits for one client is bounded."""
    with closing(TcpServer("127.0.0.1", 0)) as server:
        stop = Stop()
        with connected_to(server) as slow, connected_to(server) as quick:
            assert len(server._clients) == 2
            for telegram in TELEGRAMS * 100:
                server.offer(telegram)
                wait([server], stop, 0.0)
                assert sum(len(client.pending) for client in server._clients) <= 2 * 65_536
                received = 0
                while received < len(telegram):
                    received += len(quick.recv(65_536))
            assert len(server._clients) == 1
            while slow.recv(65_536):  # what it was sent before; then the end
                pass


def test_a_client_that_goes_is_forgotten_and_one_that_only_listens_is_not() -> None:
    """`nc` without input ends its own half at once, and reads on."""
    with closing(TcpServer("127.0.0.1", 0)) as server, connected_to(server) as listening:
        with connected_to(server):
            assert len(server._clients) == 2
        listening.shutdown(socket.SHUT_WR)

        def is_alone() -> bool:
            server.offer(TELEGRAMS[0])
            server.serve()
            return len(server._clients) == 1

        eventually(is_alone)
        assert take(lambda: listening.recv(4096), 1) == TELEGRAMS[:1]


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 300])
def test_a_name_that_is_no_host_is_said(host: str) -> None:
    """It names the address."""
    with pytest.raises(SinkError, match=f"cannot listen on {host}:2000: "):
        TcpServer(host, 2000)
