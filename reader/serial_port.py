"""The port of the meter: opened exclusively through pyserial, read in bulk from its file descriptor.

A readline or a byte at a time costs a system call per byte and most of an old Pi; so pyserial opens and configures the
port, and what is there is read in one go.
"""

import errno
import io
import os
import termios
import threading
from contextlib import suppress
from glob import glob
from pathlib import Path

import serial

from common.sections import SerialSettings
from common.waiting import Waker, wait_for

_CHUNK_BYTES = 4096
_PUMP_TIMEOUT_S = 0.5
_PUMP_BYTES = 65_536
_PORT_PATTERNS = ("/dev/serial/by-id/*", "/dev/serial0", "/dev/ttyAMA*", "/dev/ttyUSB*", "/dev/ttyACM*")


class PortGoneError(OSError):
    """The port is not there, or not any more. It may come back."""


class PortBusyError(OSError):
    """Another program reads this port: two readers would each get half of the telegrams."""


class PortSettingsError(ValueError):
    """The port cannot be opened with these settings, ever."""


class SerialPort:
    """An open port. `fileno()` becomes readable when there are bytes."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._pump: _Pump | None = None
        try:
            self._fileno = port.fileno()
        except io.UnsupportedOperation:  # rfc2217:// has no descriptor: a thread waits for it
            self._pump = _Pump(port)
            self._fileno = self._pump.fileno()

    def fileno(self) -> int:
        """Give what `wait_for` waits on."""
        return self._fileno

    def read(self) -> bytes:
        """Read what is there, at most 64 KiB; nothing if there is nothing. Raises PortGoneError."""
        if self._pump is not None:
            return self._pump.read()
        try:
            chunk = os.read(self._fileno, _CHUNK_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortGoneError(error.errno, f"it is gone ({error.strerror})") from None
        if not chunk and wait_for([self], 0.0):  # readable, and nothing to read: hung up
            raise PortGoneError(errno.ENODEV, "it is gone (end of data)")
        return chunk

    def close(self) -> None:
        """Give the port back; a device that has gone already is no error."""
        with suppress(OSError):
            self._port.close()


def open_port(settings: SerialSettings) -> SerialPort:
    """Open the port of the settings for this process alone.

    Raises PortGoneError (with the serial ports that do exist), PortBusyError (with who holds it), PortSettingsError.
    """
    try:
        port = serial.serial_for_url(
            settings.port,
            baudrate=settings.baudrate,
            bytesize=settings.bytesize,
            parity=settings.parity.upper(),
            stopbits=settings.stopbits,
            timeout=_PUMP_TIMEOUT_S,
            exclusive=True,
        )
    except ValueError as error:  # an unknown kind of URL, a speed that the port cannot have
        raise PortSettingsError(str(error)) from None
    except OSError as error:  # SerialException is one
        raise _explained(error, settings.port) from None
    except termios.error as error:  # pulled out while pyserial set it up
        raise PortGoneError(error.args[0], f"it is gone ({error.args[1]})") from None
    return SerialPort(port)


class Opening:
    """A port that is being opened, in a thread: a network address may take seconds to answer.

    `fileno()` becomes readable when `result` is there.
    """

    def __init__(self, settings: SerialSettings) -> None:
        self._waker = Waker()
        self._outcome: SerialPort | Exception | None = None
        threading.Thread(target=self._run, args=(settings,), daemon=True).start()

    def fileno(self) -> int:
        """Give what `wait_for` waits on."""
        return self._waker.fileno()

    def result(self) -> SerialPort:
        """Give the open port, or raise what `open_port` raised."""
        if isinstance(self._outcome, SerialPort):
            return self._outcome
        raise self._outcome or PortGoneError(errno.EAGAIN, "still opening")

    def _run(self, settings: SerialSettings) -> None:
        try:
            self._outcome = open_port(settings)
        except Exception as error:  # noqa: BLE001 -- `result` raises it in the thread that waits
            self._outcome = error
        self._waker.wake()


def existing_ports() -> list[str]:
    """List the serial ports of this machine that a P1 cable may be, the names that survive a replugging first."""
    return [path for pattern in _PORT_PATTERNS for path in sorted(glob(pattern))]  # noqa: PTH207 -- patterns of whole paths


def _explained(error: OSError, port: str) -> OSError:
    if error.errno in {errno.EAGAIN, errno.EBUSY}:
        holder = _holder_of(port)
        return PortBusyError(error.errno, f"another program reads it{f': {holder}' if holder else ''}")
    if error.errno == errno.EACCES:
        reason = "no right to read it; mend it with: sudo usermod -aG dialout $USER, then log in anew"
    elif error.errno == errno.ENOENT:
        reason = "it does not exist"
    else:
        reason = str(error)
    return PortGoneError(error.errno, f"{reason}; serial ports here: {', '.join(existing_ports()) or 'none'}")


def _holder_of(port: str) -> str:
    """Name the process that has locked the port, if the system tells: `python -m reader (process 123)`."""
    try:
        file = Path(port).stat()
        locked = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
        locks = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
        process = next((lock[4] for lock in locks if locked in lock), "")
        command = Path("/proc", process, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:  # it ended meanwhile, or runs in another container
        return ""
    return f"{command} (process {process})" if process else ""


class _Pump:
    """Reads a port that has no descriptor in a thread of its own, into a bounded store."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._bytes = bytearray()  # the newest: a reader that is late wants those
        self._waker = Waker()
        self._error: Exception | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def fileno(self) -> int:
        return self._waker.fileno()

    def read(self) -> bytes:
        self._waker.clear()
        with self._lock:
            chunk, self._bytes = bytes(self._bytes), bytearray()
        if not chunk and isinstance(self._error, OSError):
            raise PortGoneError(errno.ENODEV, f"it is gone ({self._error})")
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
                        del self._bytes[:-_PUMP_BYTES]
                    self._waker.wake()
        except Exception as error:  # noqa: BLE001 -- `read` raises it in the thread that waits
            self._error = error
            self._waker.wake()
