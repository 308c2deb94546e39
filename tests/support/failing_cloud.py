"""A server that fails as a cloud does: it answers with whatever the test asks for, over real sockets."""

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG, RESET = "hang", "reset"


@dataclass(frozen=True)
class Answer:
    """What the server says to one request."""

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FailingCloud:
    """The server: `answers` are given in order, then 204; what it was asked is in `requests` as (path, headers, body)."""

    url: str = ""
    answers: deque[Answer | str] = field(default_factory=deque)
    requests: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def failing_cloud(*answers: Answer | str) -> Iterator[FailingCloud]:
    """Run the server for the length of a block."""
    cloud = FailingCloud(answers=deque(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            cloud.requests.append((self.path, dict(self.headers), body))
            answer = cloud.answers.popleft() if cloud.answers else Answer()
            if isinstance(answer, Answer):
                self._give(answer)
                return
            if answer == HANG:
                cloud.over.wait(60)
            else:  # no linger: close sends a reset
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def _give(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name that its base class has
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        cloud.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield cloud
        finally:
            cloud.over.set()
            server.shutdown()
            thread.join()
