"""The port of the meter: opened exclusively through pyserial, read in bulk from its file descriptor.

A readline or a byte at a time costs a system call per byte and most of an old Pi; so pyserial opens and configures the
port, and what is there is read in one go.
"""

import errno
import io
import os
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from glob import glob
from pathlib import Path

import serial

from common.sections import SerialSettings
from common.waiting import Waker, wait_for
from reader.pump import BACKLOG_BYTES, Pump

_CHUNK_BYTES = 4096
FULL_BYTES = 4095  # all that the kernel keeps of a terminal: behind so many there may be more
_MOST_READS = 64  # of BACKLOG_BYTES at a time, from a sender that never pauses
_PUMP_TIMEOUT_S = 0.5
_PORT_PATTERNS = ("/dev/serial/by-id/*", "/dev/serial0", "/dev/ttyAMA*", "/dev/ttyUSB*", "/dev/ttyACM*")


WhyClosed = Callable[[str], str]


class PortGoneError(OSError):
    """The port is not there, or not any more. It may come back."""


class PortBusyError(OSError):
    """Another program reads this port: two readers would each get half of the telegrams."""


class PortSettingsError(ValueError):
    """The port cannot be opened with these settings, ever."""


class SerialPort:
    """An open port. `fileno()` becomes readable when there are bytes.

    `lost_bytes` counts those that had waited for too long when they were read at last, and were thrown away.
    """

    def __init__(self, port: serial.Serial) -> None:
        self.lost_bytes = 0
        self._port = port
        self._pump: Pump | None = None
        try:
            self._fileno = port.fileno()
        except io.UnsupportedOperation:  # rfc2217:// has no descriptor: a thread waits for it
            self._pump = Pump(port)
            self._fileno = self._pump.fileno()

    def fileno(self) -> int:
        """Give what `wait_for` waits on."""
        return self._fileno

    def read(self) -> bytes:
        """Read what is there, the newest 64 KiB of it; nothing if there is nothing. Raises PortGoneError.

        A network connection may keep minutes of telegrams for a reader that was stopped; they would look like new ones.
        """
        if self._pump is not None:
            try:
                return self._pump.read()
            except OSError as error:
                raise PortGoneError(errno.ENODEV, f"it is gone ({error})") from None
            finally:
                self.lost_bytes = self._pump.lost_bytes
        chunk = self._read_some(_CHUNK_BYTES)
        return chunk if len(chunk) < FULL_BYTES else self._read_on(bytearray(chunk))

    def _read_on(self, newest: bytearray) -> bytes:
        """Read the rest of what is there behind a full buffer."""
        for _ in range(_MOST_READS):
            try:
                more = self._read_some(BACKLOG_BYTES)
            except PortGoneError:  # the next call says so again
                break
            newest += more
            too_old = max(0, len(newest) - BACKLOG_BYTES)
            del newest[:too_old]
            self.lost_bytes += too_old
            if len(more) < FULL_BYTES:
                break
        return bytes(newest)

    def _read_some(self, at_most: int) -> bytes:
        try:
            chunk = os.read(self._fileno, at_most)
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


def no_right(_port: str) -> str:
    """Say why a port is closed to this process, where nobody looks more closely."""
    return "no right to read it"


def open_port(settings: SerialSettings, why_closed: WhyClosed = no_right) -> SerialPort:
    """Open the port of the settings for this process alone; `why_closed` finds words for a port that it may not open.

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
        raise _explained(error, settings.port, why_closed) from None
    except termios.error as error:  # pulled out while pyserial set it up
        raise PortGoneError(error.args[0], f"it is gone ({error.args[1]})") from None
    return SerialPort(port)


class Opening:
    """A port that is being opened, in a thread: a network address may take seconds to answer.

    `fileno()` becomes readable when `result` is there.
    """

    def __init__(self, settings: SerialSettings, why_closed: WhyClosed = no_right) -> None:
        self._waker = Waker()
        self._outcome: SerialPort | Exception | None = None
        threading.Thread(target=self._run, args=(settings, why_closed), daemon=True).start()

    def fileno(self) -> int:
        """Give what `wait_for` waits on."""
        return self._waker.fileno()

    def result(self) -> SerialPort:
        """Give the open port, or raise what `open_port` raised."""
        if isinstance(self._outcome, SerialPort):
            return self._outcome
        raise self._outcome or PortGoneError(errno.EAGAIN, "still opening")

    def _run(self, settings: SerialSettings, why_closed: WhyClosed) -> None:
        try:
            self._outcome = open_port(settings, why_closed)
        except Exception as error:  # noqa: BLE001 -- `result` raises it in the thread that waits
            self._outcome = error
        self._waker.wake()


def existing_ports() -> list[str]:
    """List the serial ports of this machine that a P1 cable may be, the names that survive a replugging first."""
    return [path for pattern in _PORT_PATTERNS for path in sorted(glob(pattern))]  # noqa: PTH207 -- patterns of whole paths


def _explained(error: OSError, port: str, why_closed: WhyClosed) -> OSError:
    if error.errno in {errno.EAGAIN, errno.EBUSY}:
        holder = _holder_of(port)
        return PortBusyError(error.errno, f"another program reads it{f': {holder}' if holder else ''}")
    if error.errno == errno.EACCES:
        reason = why_closed(port)
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
