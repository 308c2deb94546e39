"""What a reader gets of simulated telegrams, from a port or anything else."""

from collections.abc import Callable
from pathlib import Path

import serial

from common.framing import Frame, Framer
from tests.support.waiting import eventually

TELEGRAMS = [b"/number %d\r\n\r\n%s\r\n!0000\r\n" % (number, b"x" * 1400) for number in range(100)]


def open_port(link: Path) -> serial.Serial:
    """Open a port as the reader does."""
    eventually(link.exists, what=f"{link}")
    return serial.Serial(str(link), 115_200, timeout=0.05, exclusive=True)


def take(read: Callable[[], bytes], count: int) -> list[bytes]:
    """Read telegrams until there are enough; what is not a telegram fails."""
    framer, frames = Framer(), list[bytes]()

    def has_enough() -> bool:
        for found in framer.feed(read()):
            assert isinstance(found, Frame), found
            frames.append(found.data + b"\r\n")
        return len(frames) >= count

    eventually(has_enough, what=f"{count} telegrams")
    return frames[:count]


def from_port(port: serial.Serial, count: int) -> list[bytes]:
    """Read telegrams from a port."""
    return take(lambda: bytes(port.read(4096)), count)
