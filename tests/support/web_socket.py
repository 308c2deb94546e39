"""A WebSocket of JSON messages, as a client needs it (RFC 6455): text frames, answered pings, no extensions."""

import base64
import json
import os
import socket
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_MASKED = 0x80
_LENGTH_16, _LENGTH_64 = 126, 127
_TIMEOUT_S = 30.0


class WebSocket:
    """A connection to a server of this machine."""

    def __init__(self, port: int, path: str) -> None:
        """Connect. Raises OSError if nobody answers, or not with a WebSocket."""
        self._socket = socket.create_connection(("127.0.0.1", port), _TIMEOUT_S)
        self._stream = self._socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self._socket.sendall(request.encode())
        status = self._stream.readline()
        while self._stream.readline().strip():
            pass
        if b" 101 " not in status:
            raise OSError(f"no WebSocket on {path}: {status!r}")

    def __enter__(self) -> Self:
        """Give the connection."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        with suppress(OSError):
            self._send(_CLOSE, b"")
        self._stream.close()
        self._socket.close()

    def send(self, message: object) -> None:
        """Send a message."""
        self._send(_TEXT, json.dumps(message).encode())

    def receive(self) -> Any:
        """Give the next message. Raises OSError when the server closes, or says nothing for 30 s."""
        while True:
            text, is_whole = b"", False
            while not is_whole:
                code, is_whole, piece = self._frame()
                if code == _CLOSE:
                    raise OSError("closed by the server")
                if code == _PING:
                    self._send(_PONG, piece)
                is_control = code >= _CLOSE
                text, is_whole = (text, False) if is_control else (text + piece, is_whole)
            return json.loads(text)

    def _frame(self) -> tuple[int, bool, bytes]:
        first, second = self._read(2)
        length = second
        if second >= _LENGTH_16:
            length = int.from_bytes(self._read(8 if second == _LENGTH_64 else 2))
        return first & 0x0F, bool(first & 0x80), self._read(length)

    def _read(self, count: int) -> bytes:
        piece = self._stream.read(count)
        if len(piece) < count:
            raise OSError("cut off")
        return piece

    def _send(self, code: int, payload: bytes) -> None:
        head = bytes([0x80 | code])
        if len(payload) < _LENGTH_16:
            head += bytes([_MASKED | len(payload)])
        else:
            head += bytes([_MASKED | _LENGTH_64]) + len(payload).to_bytes(8)
        self._socket.sendall(head + bytes(4) + payload)  # a mask of zeros: nothing on the way reads this
