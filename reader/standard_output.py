"""A sink for a shell: standard output."""

import os
import select

from reader.sink import SinkError


class StandardOutput:
    """A pipe, a file or a terminal. Nothing is dropped: it is not ready until all is written.

    `serve` raises BrokenPipeError when the reader has gone, and SinkError when the disk is full.
    """

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno
        self._pending = b""

    @property
    def is_ready(self) -> bool:
        """Whether everything so far is written."""
        return not self._pending

    @property
    def is_idle(self) -> bool:
        """Whether everything is written."""
        return not self._pending

    def offer(self, telegram: bytes) -> None:
        """Take a telegram, when ready."""
        self._pending += telegram

    def serve(self) -> None:
        """Write if that does not block.

        Standard output is shared with the shell, so it stays a blocking one; select promises room for PIPE_BUF bytes.
        """
        while self._pending and select.select([], [self._fileno], [], 0)[1]:
            try:
                self._pending = self._pending[os.write(self._fileno, self._pending[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise
            except OSError as error:
                raise SinkError(f"cannot write to standard output: {error.strerror}") from None

    def reading(self) -> tuple[()]:
        """Give nothing."""
        return ()

    def writing(self) -> list[int]:
        """Give the descriptor while something is left to write."""
        return [self._fileno] if self._pending else []

    def close(self) -> None:
        """Leave it open: it is not ours."""
