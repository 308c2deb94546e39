"""A meter that sends at its own speed, on a pseudo-terminal: a port with another one reads what a UART makes of it."""

import os
import pty
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.uart import received

_PAUSE_S = 0.2
_OUTPUT_SPEED = 5  # place in what tcgetattr gives
_BAUD = {termios.B9600: 9600, termios.B115200: 115_200}


@contextmanager
def meter_with_speed(telegram: bytes, baudrate: int) -> Iterator[str]:
    """Send a telegram again and again; give the name of the port. Only speeds differ: such a port has always 8 data bits."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    os.set_blocking(master, False)
    over = threading.Event()
    # Reckoned before anybody listens: on a played processor it takes seconds.
    heard = {speed: received(telegram[:300], speed=speed / baudrate) for speed in _BAUD.values() if speed != baudrate}

    def send() -> None:
        while not over.wait(_PAUSE_S):
            speed = _BAUD.get(termios.tcgetattr(master)[_OUTPUT_SPEED], baudrate)
            try:
                os.write(master, heard.get(speed, telegram))
                os.read(master, 65_536)  # what the terminal echoes until somebody has opened it
            except OSError:  # nobody has it open, or nobody reads
                continue

    sending = threading.Thread(target=send)
    sending.start()
    try:
        yield name
    finally:
        over.set()
        sending.join()
        os.close(master)
