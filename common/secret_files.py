"""Files that only their owner may read, replaced together: whatever goes wrong, all are the old ones, or all the new ones.

Only a crash between two renames can part them; so the caller names first what may be there without the rest.
"""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from re import fullmatch
from stat import S_IMODE, S_ISREG

Owner = tuple[int, int]  # numbers of user and group
SECRET, PUBLIC = 0o600, 0o644
CLOSED_FOLDER, OPEN_FOLDER = 0o700, 0o755
_SIZE_MAX = 1_000_000  # bytes; ours have some thousand


class FileTroubleError(Exception):
    """A file cannot be read or written; its text is one line for the user. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it shall be."""

    path: Path
    owner: Owner | None = None  # None: whoever has it
    mode: int = CLOSED_FOLDER


@dataclass(frozen=True, slots=True)
class File:
    """A file as it shall be."""

    path: Path
    content: bytes
    owner: Owner | None = None
    mode: int = SECRET


def owner(text: str) -> Owner:
    """Read `UID:GID`. Raises ValueError."""
    numbers = fullmatch(r"([0-9]{1,9}):([0-9]{1,9})", text)
    if numbers is None:
        raise ValueError(f'expected UID:GID, as 1883:1883, got "{text}"')
    return int(numbers[1]), int(numbers[2])


def read_file(path: Path) -> bytes | None:
    """Give the content of a file, None if there is none. Never follows a link: others may write in that folder."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _trouble("read", path, error) from None
    try:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise FileTroubleError(f"cannot read {path}: it is no file")
        content = b""
        while len(content) <= _SIZE_MAX and (more := os.read(descriptor, _SIZE_MAX)):
            content += more
    except OSError as error:
        raise _trouble("read", path, error) from None
    finally:
        os.close(descriptor)
    if len(content) > _SIZE_MAX:
        raise FileTroubleError(f"cannot read {path}: it is too large to be ours")
    return content


@contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """Let nobody else change the files meanwhile; waits for who does."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _trouble("open", folder, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def prepare_folders(folders: Iterable[Folder]) -> list[str]:
    """Make the folders that are missing, and mend owner and mode of the others; say what was mended."""
    made: list[Path] = []
    mended: list[str] = []
    try:
        for folder in folders:
            _refuse_link(folder.path)
            if not folder.path.is_dir():
                folder.path.mkdir(parents=True, mode=folder.mode)
                made.append(folder.path)
            faults = _faults(folder.path.lstat(), folder.owner, folder.mode)
            if faults:
                mended += [f"{folder.path} {faults}: mended"] if any(folder.path.iterdir()) else []  # empty: a new volume
                folder.path.chmod(folder.mode)  # while it is ours still: afterwards that needs another right
                _own(folder.path, folder.owner)
    except OSError as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
        raise _trouble("prepare", folder.path, error) from None
    return mended


def _refuse_link(path: Path) -> None:
    """Raise OSError for a link: what it leads to is somebody else's."""
    if path.is_symlink():
        raise OSError(errno.ENOTDIR, "it is a link; remove it, to have a folder made")


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Remove what a run that was killed left beside these files: secrets may stand in it. Raises FileTroubleError."""
    for path in paths:
        left = _beside(path)
        try:
            if os.path.lexists(left):  # else nothing need be written, as on a disk that is read-only
                left.unlink()
        except OSError as error:
            raise _trouble("remove", left, error) from None


def replace_files(files: Sequence[File]) -> list[str]:
    """Bring the files to the disk, those that differ; say which had a wrong owner or mode."""
    remove_leftovers(file.path for file in files)
    mended: list[str] = []
    staged: list[tuple[Path, Path]] = []
    try:
        for file in files:
            faults = _file_faults(file)
            there = read_file(file.path)  # raises for what cannot be replaced, as a folder
            if faults is None and there == file.content:
                continue
            temporary = _beside(file.path)
            staged.append((temporary, file.path))
            _write(temporary, file)
            mended += [f"{file.path} {faults}: mended"] if faults else []
        for temporary, path in staged:
            temporary.replace(path)
        for folder in dict.fromkeys(path.parent for _, path in staged):
            _sync_folder(folder)
    except (OSError, FileTroubleError) as error:
        for temporary, _ in staged:
            with suppress(OSError):
                temporary.unlink()
        if isinstance(error, OSError):
            raise _trouble("write", file.path, error) from None
        raise
    return mended


def _beside(path: Path) -> Path:
    """Name the file in which a new content stands until it is complete."""
    return path.with_name(f".{path.name}.new")


def _write(temporary: Path, file: File) -> None:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, SECRET)
    with os.fdopen(descriptor, "wb") as writing:
        writing.write(file.content)
        writing.flush()
        os.fchmod(descriptor, file.mode)
        if file.owner is not None and _owner_of(os.fstat(descriptor)) != file.owner:
            os.fchown(descriptor, *file.owner)
        os.fsync(descriptor)


def _file_faults(file: File) -> str | None:
    """Say what is wrong with owner and mode of the file there is; None if nothing is, empty if there is none."""
    try:
        return _faults(file.path.lstat(), file.owner, file.mode) or None
    except FileNotFoundError:
        return ""


def _faults(found: os.stat_result, owner: Owner | None, mode: int) -> str:
    faults = []
    if S_IMODE(found.st_mode) != mode:
        faults.append(f"had mode {S_IMODE(found.st_mode):04o} instead of {mode:04o}")
    if owner is not None and _owner_of(found) != owner:
        faults.append(f"belonged to {_shown(_owner_of(found))} instead of {_shown(owner)}")
    return " and ".join(faults)


def _own(path: Path, owner: Owner | None) -> None:
    if owner is not None and _owner_of(path.lstat()) != owner:
        os.chown(path, *owner, follow_symlinks=False)


def _owner_of(found: os.stat_result) -> Owner:
    return found.st_uid, found.st_gid


def _shown(owner: Owner) -> str:
    return f"{owner[0]}:{owner[1]}"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _trouble(what: str, path: Path, error: OSError) -> FileTroubleError:
    hint = {
        errno.EPERM: "; run it as root",
        errno.EACCES: "; run it as root",
        errno.ENOSPC: "; make room and run it again",
        errno.EDQUOT: "; make room and run it again",
    }.get(error.errno or 0, "")
    return FileTroubleError(f"cannot {what} {path}: {error.strerror}{hint}")
