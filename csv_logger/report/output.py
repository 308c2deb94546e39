"""Where a report goes: into a file that is whole or not there (made beside its place, then renamed), or to standard output."""

import os
import sys
import tempfile
from pathlib import Path


class OutputError(Exception):
    """A file that cannot be written; the text says which and why."""


def check_output(file: Path) -> None:
    """Find out before the long reading whether a file can be written. Raises OutputError."""
    try:
        problem = _problem_of(file)
    except OSError as error:
        problem = f"{error.strerror}"
    if problem:
        raise OutputError(f"cannot write {file}: {problem}")


def write_output(file: Path, data: bytes) -> None:
    """Write a file; what was there before stays until all is written. Raises OutputError."""
    place = _place_of(file)
    half_made = place.with_name(f".tmp__{place.name}")
    try:
        try:
            with half_made.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            half_made.replace(place)
        finally:
            half_made.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {file}: {error.strerror}") from None


def print_output(data: bytes) -> None:
    """Write to standard output; that its reader has seen enough is no failure. Raises OutputError."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left must not fail again at the end
        if not isinstance(error, BrokenPipeError):
            raise OutputError(f"cannot write to standard output: {error.strerror}") from None


def _problem_of(file: Path) -> str:
    """Say why a file cannot be written, empty if it can. Raises OSError where the system says it."""
    if file.is_dir():
        return "it is a folder"
    if file.exists() and not file.is_file():  # a device, which would be a file from then on
        return "it is no plain file (for standard output: -)"
    folder = _place_of(file).parent
    if not folder.is_dir():
        return "no such folder"
    with tempfile.TemporaryFile(dir=folder):
        return ""


def _place_of(file: Path) -> Path:
    """Give where links lead: the link stays."""
    return Path(os.path.realpath(file))
