"""What a serial port makes of a line that was set up otherwise: bits out, bits in, as a UART does it."""

from collections.abc import Sequence

_IDLE_BITS = 40
_STEPS_PER_BIT = 16  # how finely a UART looks for a start bit


def received(data: bytes, *, bits: int = 8, parity: str = "", speed: float = 1.0, inverted: bool = False) -> bytes:
    """Give what a port set to 8N1 reads where `data` are sent with these settings, `speed` times slower than it reads."""
    levels = [1] * _IDLE_BITS
    for byte in data:
        ones = [byte >> place & 1 for place in range(bits)]
        check = {"": [], "E": [sum(ones) % 2], "O": [1 - sum(ones) % 2]}[parity]
        levels += [0, *ones, *check, 1]
    levels += [1] * _IDLE_BITS
    return _read([1 - level for level in levels] if inverted else levels, 1 / speed)


def _read(levels: Sequence[int], bit: float) -> bytes:
    """Sample in the middle of each bit after a falling edge; a stop bit that is none changes nothing."""
    out = bytearray()
    at, before = 0.0, 1
    while at < len(levels):
        now = levels[int(at)]
        if before == 1 and now == 0:
            samples = (min(len(levels) - 1, int(at + (place + 1.5) * bit)) for place in range(8))
            out.append(sum(levels[sample] << place for place, sample in enumerate(samples)))
            at += 9.5 * bit
            now = levels[min(len(levels) - 1, int(at))]
        before = now
        at += bit / _STEPS_PER_BIT
    return bytes(out)
