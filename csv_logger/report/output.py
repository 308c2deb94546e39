"""Writes a file that is whole or not there: beside its place, then renamed."""

import os
import tempfile
from pathlib import Path


class OutputError(Exception):
    """A file that cannot be written; the text says which and why."""


def check_output(file: Path) -> None:
    """Find out before the long reading whether a file can be written. Raises OutputError."""
    if file.is_dir():
        raise OutputError(f"cannot write {file}: it is a folder")
    if not file.parent.is_dir():
        raise OutputError(f"cannot write {file}: no such folder")
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise OutputError(f"cannot write {file}: {error.strerror}") from None


def write_output(file: Path, data: bytes) -> None:
    """Write a file; what was there before stays until all is written. Raises OutputError."""
    half_made = file.with_name(f".tmp__{file.name}")
    try:
        try:
            with half_made.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            half_made.replace(file)
        finally:
            half_made.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {file}: {error.strerror}") from None
