"""A proxy before a database that fails in every way that a cloud, a router and a proxy on the way have; else it forwards."""

import gzip
import http.client
import socket
import threading
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.door import Door, reset

LARGE_BYTES = 600  # of a body as it comes, compressed or not: a longer one is too large where TOO_LARGE is set
RETRY_AFTER_S = 2
SLOW_S = 1.0
_POISON_EACH_S = 61  # one second in that many
_FORWARD_TIMEOUT_S = 10.0


class Fault(Enum):
    """What the proxy does to requests."""

    NONE = "forwards"
    REFUSE = "refuses connections"
    HANG = "takes requests and never answers"
    RESET = "resets in mid-body"
    LOST_ANSWER = "writes, and resets before the answer"
    SLOW = "is slow"
    UNAUTHORIZED = "answers 401"
    POISON = "answers 400 to each body that holds a certain line"
    TOO_LARGE = "answers 413 to long bodies"
    TOO_MANY = "answers 429 with Retry-After"
    UNAVAILABLE = "answers 503"


def is_poison(line: bytes) -> bool:
    """Tell whether a line of line protocol is one that POISON refuses: those of certain seconds."""
    return int(line.rpartition(b" ")[2]) % _POISON_EACH_S == 0


class FaultProxy:
    """Forwards to a port of this machine; `met` counts the requests that met a fault, `poisoned` holds lines refused."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.met: Counter[Fault] = Counter()
        self.poisoned: set[bytes] = set()
        self._fault = Fault.NONE
        self._change = threading.Condition()
        self._door = Door(lambda connection: _Handler.serve(connection, self))

    @property
    def url(self) -> str:
        """The address of the proxy."""
        return f"http://127.0.0.1:{self._door.port}"

    @property
    def fault(self) -> Fault:
        """What it does to requests now."""
        return self._fault

    def set_fault(self, fault: Fault) -> None:
        """Do this to each request from now on; what hangs is let go, unanswered."""
        with self._change:
            self._fault = fault
            self._change.notify_all()
        if fault is Fault.REFUSE:
            self._door.shut()
            self._door.break_off()
        else:
            self._door.open()

    def close(self) -> None:
        """Serve nobody any more."""
        self.set_fault(Fault.REFUSE)

    def rest(self, fault: Fault, at_most_s: float) -> None:
        """Let time pass, until the fault is another one at most."""
        with self._change:
            self._change.wait_for(lambda: self._fault is not fault, at_most_s)


@contextmanager
def fault_proxy(server_port: int) -> Iterator[FaultProxy]:
    """Run a proxy for the length of a block."""
    proxy = FaultProxy(server_port)
    try:
        yield proxy
    finally:
        proxy.close()


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client; each of its requests meets the fault of its moment."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any  # the FaultProxy

    @classmethod
    def serve(cls, connection: socket.socket, proxy: FaultProxy) -> None:
        with suppress(OSError, ValueError):  # the client is gone, or was shown the door
            cls(connection, ("127.0.0.1", 0), proxy)  # type: ignore[arg-type] # asked for its attributes by nobody but us

    def do_GET(self) -> None:
        self._meet(b"")

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        if self.server.fault is Fault.RESET:
            self.rfile.read(length // 2)
            self._count(Fault.RESET)
            self._break_off()
            return
        body = self.rfile.read(length)
        if len(body) == length:
            self._meet(body)

    def _meet(self, body: bytes) -> None:
        fault: Fault = self.server.fault
        if fault is Fault.HANG:
            self._count(fault)
            self.server.rest(fault, 60)
            self._break_off()
        elif fault is Fault.UNAUTHORIZED:
            self._refuse(fault, 401, "unauthorized access")
        elif fault is Fault.TOO_MANY:
            self._refuse(fault, 429, "too many", {"Retry-After": str(RETRY_AFTER_S)})
        elif fault is Fault.UNAVAILABLE:
            self._refuse(fault, 503, "unavailable")
        elif fault is Fault.TOO_LARGE and len(body) > LARGE_BYTES:
            self._refuse(fault, 413, "request too large")
        elif fault is Fault.POISON and (poisoned := self._poisoned(body)):
            self.server.poisoned.update(poisoned)
            self._refuse(fault, 400, f"unable to parse {poisoned[0].decode()!r}")
        else:
            if fault is Fault.SLOW:
                self._count(fault)
                self.server.rest(fault, SLOW_S)
            self._forward(body, fault)

    def _forward(self, body: bytes, fault: Fault) -> None:
        """Ask the server, and give its answer to the client."""
        server = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=_FORWARD_TIMEOUT_S)
        try:
            hop = {"connection", "host"}
            headers = {name: value for name, value in self.headers.items() if name.lower() not in hop}
            server.request(self.command, self.path, body, headers)
            answer = server.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):  # down: as if there were nothing on the way
            self._break_off()
            return
        finally:
            server.close()
        if fault is Fault.LOST_ANSWER:
            self._count(fault)
            self._break_off()
            return
        kept = {name: value for name, value in answer.getheaders() if name.lower() in {"content-type", "x-influxdb-version"}}
        self._answer(answer.status, content, kept)

    def _refuse(self, fault: Fault, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer as InfluxDB does."""
        self._count(fault)
        content = b'{"code":"%s","message":"%s"}' % (fault.name.lower().encode(), message.encode().replace(b'"', b"'"))
        self._answer(status, content, {"Content-Type": "application/json", **(headers or {})})

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != http.client.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status != http.client.NO_CONTENT:
            self.wfile.write(content)

    def _poisoned(self, body: bytes) -> list[bytes]:
        try:
            text = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        except (OSError, EOFError, zlib.error):
            return [body]  # no gzip after all: nothing can read it
        return [line for line in text.splitlines() if line and is_poison(line)]

    def _count(self, fault: Fault) -> None:
        self.server.met[fault] += 1

    def _break_off(self) -> None:
        self.close_connection = True
        reset(self.connection)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name that its base class has
        pass
