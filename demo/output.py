"""What the demo says itself, to somebody who may go away: a terminal that is closed, `make demo | head`."""

import errno
import os
import sys
from contextlib import suppress


class OutputGoneError(Exception):
    """Nobody reads any more what the demo says."""


def say(line: str) -> None:
    """Say a line at once; raise OutputGoneError if nobody reads it. After that, whatever is said goes nowhere."""
    try:
        print(line, flush=True)
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # takes what Python still holds, also when it ends
        os.close(nowhere)
        raise OutputGoneError from None


def complain(line: str) -> None:
    """Say what went wrong; nobody needs to read it."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)
