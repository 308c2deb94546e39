"""Reads a port that has no file descriptor to wait for, in a thread of its own."""

import threading

import serial

from common.waiting import Waker

BACKLOG_BYTES = 65_536  # the newest of what waits, for a reader that is late wants those: a minute of telegrams
_CHUNK_BYTES = 4096


class Pump:
    """Keeps the newest bytes of a port. `lost_bytes` counts those that were thrown away because nobody read them."""

    def __init__(self, port: serial.Serial) -> None:
        """Begin to read."""
        self.lost_bytes = 0
        self._port = port
        self._lock = threading.Lock()
        self._bytes = bytearray()
        self._waker = Waker()
        self._error: Exception | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def fileno(self) -> int:
        """Give what becomes readable when there are bytes."""
        return self._waker.fileno()

    def read(self) -> bytes:
        """Give what is there. Raises, behind the last bytes, what ended the thread: an OSError if the port is gone."""
        self._waker.clear()
        with self._lock:
            chunk, self._bytes = bytes(self._bytes), bytearray()
        if not chunk and self._error is not None:
            raise self._error
        return chunk

    def _run(self) -> None:
        try:
            while self._port.is_open:
                chunk = self._port.read(max(1, min(self._port.in_waiting, _CHUNK_BYTES)))
                if chunk:
                    with self._lock:
                        self._bytes += chunk
                        too_old = max(0, len(self._bytes) - BACKLOG_BYTES)
                        del self._bytes[:too_old]
                        self.lost_bytes += too_old
                    self._waker.wake()
        except Exception as error:  # noqa: BLE001 -- `read` raises it in the thread that waits
            self._error = error
            self._waker.wake()
