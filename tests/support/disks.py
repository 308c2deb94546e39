"""Disks of a test's own: a small one, which is soon full, and one whose power can be cut. Both take root."""

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.parts import PartMissing
from tests.support.waiting import eventually

_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN: Linux, include/uapi/linux/ext4.h
_NO_LOG_FLUSH = 2  # EXT4_GOING_FLAGS_NOLOGFLUSH: nothing more is written, not even the journal
_CARD = ("-b", "4096", "-m", "0")  # an SD card's blocks, which mkfs would not choose for a disk this small; all room is ours
_CARD_MOUNT = "loop,noatime"  # as Raspberry Pi OS mounts its card: else ext4's defaults, so a commit every 5 s
_IN_USE_S = 20.0  # a process that was killed lets go of its files within that


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Give an empty folder that holds so many MiB and no more. Raises PartMissing where it cannot be had."""
    _must_be_root()
    with tempfile.TemporaryDirectory(prefix="small-disk-") as folder:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "small-disk", folder)
        try:
            yield Path(folder)
        finally:
            _leave(Path(folder))


class PowerDisk:
    """A disk with ext4, as in a Pi, for the length of a `with` block; its empty folder is `path`.

    What was synced survives a power cut. What was not is gone unless the system wrote it by itself, which it does some
    seconds later. A block is written whole or not at all, as on a disk that keeps its word: a card that lies is not tested.
    Raises PartMissing where it cannot be had.
    """

    def __init__(self, megabytes: int = 256) -> None:
        self._stack = ExitStack()
        self._megabytes = megabytes
        self._image = self.path = Path()

    def __enter__(self) -> Self:
        _must_be_root()
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="power-disk-")))
            self._image, self.path = folder / "image", folder / "disk"
            self.path.mkdir()
            with self._image.open("wb") as image:
                image.truncate(self._megabytes << 20)  # takes no room of its own: only what is written does
            _run("mkfs.ext4", "-q", "-F", *_CARD, str(self._image))
            self._mount()
            stack.callback(lambda: _leave(self.path))
            (self.path / "lost+found").rmdir()
            self.restore()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)

    def cut_power(self) -> None:
        """Let nothing reach the disk any more: from now on every call for it fails with EIO, until `restore`."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def restore(self) -> None:
        """Give the disk back as a start after the power cut finds it. Whoever had files open there must have ended."""
        _unmount(self.path)
        try:
            self._mount()
        except PartMissing as reason:
            raise AssertionError(f"the disk is broken after the power cut: {reason}") from None

    def _mount(self) -> None:
        _run("mount", "-t", "ext4", "-o", _CARD_MOUNT, str(self._image), str(self.path))


def _must_be_root() -> None:
    if os.geteuid() != 0:
        raise PartMissing("only root may mount a disk")


def _unmount(path: Path) -> None:
    eventually(lambda: _done("umount", str(path)), _IN_USE_S, f"umount of {path}, which is in use,")


def _leave(path: Path) -> None:
    """Unmount; if somebody still uses it, fail, but leave nothing mounted."""
    try:
        _unmount(path)
    except AssertionError:
        _done("umount", "--lazy", str(path))
        raise


def _done(program: str, *arguments: str) -> bool:
    return subprocess.run([program, *arguments], check=False, capture_output=True).returncode == 0


def _run(program: str, *arguments: str) -> None:
    path = shutil.which(program) or shutil.which(program, path="/usr/local/sbin:/usr/sbin:/sbin")
    if path is None:
        raise PartMissing(f"no {program} on PATH")
    done = subprocess.run([path, *arguments], check=False, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise PartMissing(f"{program} failed: {done.stderr.strip()}")
