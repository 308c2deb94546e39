"""What the command says: results on standard output, which must arrive, and lines for the user on standard error."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress


class LostOutputError(Exception):
    """Standard output takes nothing: it is closed, full, or nobody reads it; the text says which."""


def show(text: str) -> None:
    """Write a result, and see it gone. Raises LostOutputError."""
    if sys.stdout is None:  # it was closed before the start
        raise LostOutputError("standard output is closed")
    try:
        print(text, flush=True)
    except OSError as error:
        _forget_output()
        raise LostOutputError(f"cannot write to standard output: {error.strerror}") from None


def say(lines: Iterable[str]) -> None:
    """Write lines for the user; what was done is done whether they arrive or not."""
    for line in lines:
        if sys.stderr is not None:  # else print would take standard output in its place
            with suppress(OSError):
                print(line, file=sys.stderr, flush=True)


def _forget_output() -> None:
    """Let what is left of the text go nowhere: Python writes it once more at its end, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
