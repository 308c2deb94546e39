"""Compresses complete files, piece by piece, so that nothing has to wait for it."""

import errno
import logging
import os
import zlib
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from csv_logger.folder import Folder
from csv_logger.names import compressed, temporary

_PIECE_BYTES = 262_144  # about 100 ms of a Raspberry Pi Zero
_GZIP = 16 + zlib.MAX_WBITS  # zlib's sign for gzip's header and checksum
_LEVEL = 6
_TAIL_BYTES = 8  # a gzip file ends with the checksum and the size of what is in it (RFC 1952)

_log = logging.getLogger("csv_logger")


class Compressor:
    """Compresses one file after the other."""

    def __init__(self, folder: Folder, names: Iterable[str]) -> None:
        """Begin with the complete files that are still plain."""
        self._folder = folder
        self._names = deque(names)
        self._compression: Compression | None = None

    @property
    def has_work(self) -> bool:
        """Whether a file is not compressed yet."""
        return self._compression is not None or bool(self._names)

    def add(self, name: str) -> None:
        """Take a complete file in."""
        self._names.append(name)

    def step(self) -> None:
        """Compress the next piece. A file that cannot be compressed stays plain, which is said; the next start tries again."""
        if self._compression is None:
            if not self._names:
                return
            self._compression = Compression(self._folder, self._names.popleft())
        try:
            is_done = self._compression.step()
        except OSError as error:
            _log.warning("cannot compress %s: %s", self._folder.path / self._compression.name, error.strerror)
            is_done = True
        if is_done:
            self._compression = None

    def abandon(self) -> None:
        """Leave plain what is not done; the next start does it."""
        if self._compression:
            self._compression.abandon()


class Compression:
    """Makes NAME.csv.gz of NAME.csv: under a temporary name, on the disk, renamed, and only then is NAME.csv deleted."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.name = name
        self._folder = folder
        self._plain = folder.path / name
        self._final = folder.path / compressed(name)
        self._half_made = folder.path / temporary(compressed(name))
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._position = 0

    def step(self) -> bool:
        """Compress the next piece; tell whether the file is done. Raises OSError, after which it stays plain."""
        if self._position == 0 and self._final.exists():
            return self._settle_both()
        try:
            is_last = self._compress_piece()
        except OSError:
            self.abandon()
            raise
        if is_last:
            self._half_made.rename(self._final)
            self._folder.sync()
            self._plain.unlink()
        return is_last

    def abandon(self) -> None:
        """Leave the file plain; the next start does it again."""
        self._half_made.unlink(missing_ok=True)

    def _compress_piece(self) -> bool:
        with self._plain.open("rb") as plain:
            plain.seek(self._position)
            piece = plain.read(_PIECE_BYTES)
        with self._half_made.open("ab" if self._position else "wb") as file:
            file.write(self._compressor.compress(piece) if piece else self._compressor.flush())
            self._position += len(piece)
            if not piece:
                file.flush()
                os.fsync(file.fileno())
        return not piece

    def _settle_both(self) -> bool:
        """Delete the plain file where a crash left it beside its compressed one, which must hold the same."""
        with self._final.open("rb") as final:
            final.seek(-min(_TAIL_BYTES, self._final.stat().st_size), os.SEEK_END)
            tail = final.read()
        if tail != _tail_of(self._plain):
            raise FileExistsError(errno.EEXIST, f"{self._final.name} is there already, with other contents")
        self._plain.unlink()
        return True


def _tail_of(path: Path) -> bytes:
    checksum = size = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            checksum = zlib.crc32(piece, checksum)
            size += len(piece)
    return checksum.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
