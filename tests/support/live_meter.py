"""A meter that sends the same reading every second, with the time of the machine, until it is told otherwise."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

from common.crc import crc16_arc
from reader.household import Household
from reader.sunshine import BRUSSELS
from reader.telegram_writer import render
from tests.support.door import Door

_EVERY_S = 1.0
_NO_MESSAGE = b"0-0:96.13.0()"
_SEED = 7


class LiveMeter:
    """The meter; its port is that of a serial server."""

    def __init__(self) -> None:
        self.message = ""
        self.is_silent = False
        self._state = Household(_SEED, datetime.now(BRUSSELS).replace(microsecond=0)).state()
        self._end = Event()
        self._door = Door(self._serve)

    @property
    def port(self) -> str:
        """The port as it stands in settings."""
        return f"socket://127.0.0.1:{self._door.port}"

    def telegram(self) -> bytes:
        """Give what it sends now."""
        now = datetime.now(UTC).replace(microsecond=0).astimezone(BRUSSELS)
        body = render(replace(self._state, moment=now)).rpartition(b"!")[0] + b"!"
        body = body.replace(_NO_MESSAGE, b"0-0:96.13.0(%s)" % self.message.encode("ascii").hex().encode())
        return b"%s%04X\r\n" % (body, crc16_arc(body))

    def close(self) -> None:
        """Switch it off."""
        self._end.set()
        self._door.shut()
        self._door.break_off()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while not self._end.wait(_EVERY_S):
                if not self.is_silent:
                    connection.sendall(self.telegram())


@contextmanager
def live_meter() -> Iterator[LiveMeter]:
    """Run a meter for the length of a block."""
    meter = LiveMeter()
    try:
        yield meter
    finally:
        meter.close()
