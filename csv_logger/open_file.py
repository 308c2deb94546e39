"""The one file that rows are written to: begun, gone on with after a crash, completed."""

import os
from collections.abc import Iterable

from csv_logger.columns import Columns
from csv_logger.folder import Folder
from csv_logger.names import wip
from csv_logger.rotation import Moment, Span


class OpenFile:
    """A file named `.wip__...`; what it holds is on the disk after each `append`. Every method may raise OSError."""

    def __init__(self, folder: Folder, name: str, span: Span, size: int, flags: int = 0) -> None:
        """Open the file that is `name` when complete; its first `size` bytes count, and what follows them is cut off."""
        self.name = name
        self.span = span
        self._folder = folder
        self._path = folder.path / wip(name)
        self._size = size
        self._is_torn = False  # whether something may stand behind the last row
        self._final: str | None = None  # the name that it has as a complete file
        self._descriptor = os.open(self._path, os.O_RDWR | flags, 0o666)
        try:
            os.ftruncate(self._descriptor, size)
        except OSError:
            os.close(self._descriptor)
            raise

    @classmethod
    def begin(cls, folder: Folder, columns: Columns, begun: Moment, header: bytes) -> "OpenFile":
        """Make a new file with its header, which may be empty."""
        file = cls(folder, folder.free_name(begun.local), Span(columns, begun, 0), 0, os.O_CREAT | os.O_EXCL)
        try:
            file.append((header,), rows=0)
            folder.sync()
        except OSError:
            file.close()
            (folder.path / wip(file.name)).unlink()
            raise
        return file

    def append(self, lines: Iterable[bytes], rows: int) -> None:
        """Write lines, of which `rows` are rows; after an error the file is as before, at the latest for the next ones."""
        data = b"".join(lines)
        if self._is_torn:
            self._cut()
        self._is_torn = True
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:], self._size + written)
            os.fsync(self._descriptor)
        except OSError:
            self._cut()  # where even that fails, before the next attempt
            raise
        self._is_torn = False
        self._size += len(data)
        self.span.rows += rows

    def complete(self) -> str | None:
        """Give the file its final name, and tell it; a file without rows is removed. After an error it may be tried again."""
        if not self.span.rows:
            self._path.unlink(missing_ok=True)
        elif self._final is None:
            os.fsync(self._descriptor)  # a file of before a crash may not be on the disk yet
            name = self.name if not self._is_taken() else self._folder.free_name(self.span.begun.local)
            self._path.rename(self._folder.path / name)
            self._final = name
        self._folder.sync()
        self.close()
        return self._final

    def close(self) -> None:
        """Leave the file as it is."""
        os.close(self._descriptor)

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self._size)
        self._is_torn = False

    def _is_taken(self) -> bool:
        """Tell whether somebody put a complete file of the same name there meanwhile."""
        return any((self._folder.path / name).exists() for name in (self.name, f"{self.name}.gz"))
