"""The port over time: opened, lost, looked for again with growing pauses, and each change said once."""

import logging

from common.sections import SerialSettings
from common.waiting import HasFileno
from reader.serial_port import FULL_BYTES, Opening, PortGoneError, SerialPort, WhyClosed, no_right
from reader.transmission import Transmission, byte_s

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 10.0
_SAY_AGAIN_S = 60.0
_SILENCE_S = 60.0  # without a byte for so long the port is opened anew: USB adapters and network links hang

_log = logging.getLogger(__name__)


class Line:
    """Gives the bytes of the port whenever there are any. `now_s` is the monotonic clock throughout."""

    def __init__(self, settings: SerialSettings, why_closed: WhyClosed = no_right) -> None:
        """Look for the port of the settings; `why_closed` is as `open_port` has it."""
        self.losses = 0  # how often an open port went away
        self.tried = False  # whether the first attempt to open it is over
        self.complaint = ""  # why there is no port to read; empty if there is one
        self.lost_bytes = 0  # that were too old when they were read
        self.is_behind = False  # whether so much was there that newer bytes may follow at once
        self._settings = settings
        self._why_closed = why_closed
        self._port: SerialPort | None = None
        self._opening: Opening | None = None
        self._retry_s = float("-inf")
        self._pause_s = _FIRST_PAUSE_S
        self._said, self._said_s = "", 0.0
        self._last_byte_s = 0.0
        self._last_bytes = 0  # how many the last reading gave
        self._transmission = _transmission_of(settings)
        self._lost_before = 0  # of those, at ports that are closed by now
        self._pause_end_s: float | None = None  # until then the port is let be

    @property
    def is_there(self) -> bool:
        """Whether the port can be read; one that is opened anew because it is silent counts as there."""
        return self.tried and not self.complaint

    def waits_on(self) -> list[HasFileno]:
        """Give what becomes readable when there is something to do."""
        port = self._port if self._pause_end_s is None else None
        return [thing for thing in (port, self._opening) if thing is not None]

    def seconds_left(self, now_s: float) -> float:
        """Give the seconds until there is something to do anyway."""
        if self._pause_end_s is not None:
            return max(0.0, self._pause_end_s - now_s)
        return _SILENCE_S if self._port or self._opening else max(0.0, self._retry_s - now_s)

    def read(self, ready: list[HasFileno], now_s: float) -> bytes:
        """Read what is there; look for the port while it is away.

        Raises PortBusyError and PortSettingsError, which waiting does not mend.
        """
        if self._port is None:
            self._look_for_port(ready, now_s)
            return b""
        try:
            has_rested = self._is_rested(now_s)
            chunk = self._port.read() if has_rested or self._port in ready else b""
        except PortGoneError as error:
            self.close()
            self.losses += 1
            self._note_absence(error, now_s)
            return b""
        self.is_behind = len(chunk) >= FULL_BYTES
        self._last_bytes = len(chunk)
        if chunk:
            self._last_byte_s = now_s
            self._pause_s = _FIRST_PAUSE_S
            self.lost_bytes = self._lost_before + self._port.lost_bytes
        elif now_s - self._last_byte_s > _SILENCE_S:
            _log.debug("%s is silent; opening it anew", self._settings.port)
            self.close()
        elif has_rested:
            self.rest(has_end=False)
        return chunk

    def rest(self, *, has_end: bool, begun_bytes: int = 0) -> None:
        """Let the port be while a telegram comes in.

        `has_end` tells whether one ended in the bytes that were read last, `begun_bytes` how many of them are of the next one.
        """
        if self._transmission is None or self._port is None:
            return
        pause_s = self._transmission.took(self._last_bytes, self._last_byte_s, has_end=has_end, begun_bytes=begun_bytes)
        self._pause_end_s = self._last_byte_s + pause_s if pause_s else None

    def close(self) -> None:
        """Give the port back."""
        self.is_behind, self._pause_end_s = False, None
        if self._port is not None:
            self._port.close()
            self._port = None

    def _is_rested(self, now_s: float) -> bool:
        """Tell whether a pause ends now; then the port is read at once, for there will be something."""
        if self._pause_end_s is None or now_s < self._pause_end_s:
            return False
        self._pause_end_s = None
        return True

    def _look_for_port(self, ready: list[HasFileno], now_s: float) -> None:
        if self._opening is None and now_s >= self._retry_s:
            self._opening = Opening(self._settings, self._why_closed)
        if self._opening is None or self._opening not in ready:
            return
        opening, self._opening = self._opening, None
        try:
            self._port = opening.result()
        except PortGoneError as error:
            self._note_absence(error, now_s)
        else:
            self._last_byte_s, self._lost_before = now_s, self.lost_bytes
            if self._transmission is not None:
                self._transmission.begin_anew()
            if self.complaint or not self.tried:
                _log.info("reading %s", self._settings.port)
            self.complaint = ""
        self.tried = True

    def _note_absence(self, error: PortGoneError, now_s: float) -> None:
        """Say it at once, another reason once per minute at most; and wait longer each time."""
        reason = error.strerror or str(error)
        if not self.complaint or (reason != self._said and now_s - self._said_s >= _SAY_AGAIN_S):
            _log.warning("cannot read %s: %s; trying on", self._settings.port, reason)
            self._said, self._said_s = reason, now_s
        self.complaint = reason
        self._retry_s = now_s + self._pause_s
        self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)


def _transmission_of(settings: SerialSettings) -> Transmission | None:
    """Give what follows the bytes of a port; from the network they come in large pieces, and not at the line's speed."""
    if "://" in settings.port:
        return None
    return Transmission(byte_s(settings.baudrate, settings.bytesize, settings.parity, settings.stopbits))
