"""When each byte of a telegram is there: a serial port at 115,200 baud gives one every 86.8 us, not a telegram at once."""

from collections.abc import Iterator
from dataclasses import dataclass

BYTE_S = 10 / 115_200  # start bit, 8 data bits, stop bit
PIECE_BYTES = 24  # a UART's own buffer hands over about as many


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be written at once: the bytes from `begin` to `end` of a telegram, `due_s` seconds after its start."""

    due_s: float
    begin: int
    end: int


def pieces(length: int) -> Iterator[Piece]:
    """Cut a telegram of so many bytes; a piece is due when the line has carried its last byte."""
    for begin in range(0, length, PIECE_BYTES):
        end = min(begin + PIECE_BYTES, length)
        yield Piece(end * BYTE_S, begin, end)
