"""Standard output drops nothing and waits for its reader."""

import os
from pathlib import Path

import pytest

from reader.sink import SinkError
from reader.standard_output import StandardOutput
from tests.support.taken import TELEGRAMS


def test_standard_output_waits_for_its_reader() -> None:
    """A full pipe drops nothing and does not block; a reader that has gone ends it."""
    read_end, write_end = os.pipe()
    output = StandardOutput(write_end)
    written = 0
    while output.is_ready:
        output.offer(TELEGRAMS[0])
        output.serve()
        written += 1
    received = b""
    while len(received) < written * len(TELEGRAMS[0]):
        received += os.read(read_end, 65_536)
        output.serve()
    assert received == TELEGRAMS[0] * written
    os.close(read_end)
    output.offer(TELEGRAMS[0])
    with pytest.raises(BrokenPipeError):
        output.serve()
    os.close(write_end)


def test_a_full_disk_is_said() -> None:
    """It is no bug of ours, and ends with one line."""
    with Path("/dev/full").open("wb") as disk:
        output = StandardOutput(disk.fileno())
        output.offer(TELEGRAMS[0])
        with pytest.raises(SinkError, match="cannot write to standard output: No space left on device"):
            output.serve()
