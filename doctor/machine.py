"""Disk and memory of this machine."""

import os
from collections.abc import Iterator
from pathlib import Path

from common.check import Check, ok, problem, warning

_MEGABYTE = 1_000_000
_DISK_FULL_MB, _DISK_LOW_MB = 50, 500
_MEMORY_LOW_MB = 60  # a service takes 20 to 60 MB


def check_machine(data: Path, proc: Path = Path("/proc")) -> Iterator[Check]:
    """Look at the disk of the data, and at the memory."""
    folder = next(path for path in (data, *data.absolute().parents) if os.path.exists(path))  # noqa: PTH110 -- Path's own raises where a folder is closed
    disk = os.statvfs(folder)
    yield judge_disk(folder, disk.f_bavail * disk.f_frsize // _MEGABYTE, is_read_only=bool(disk.f_flag & os.ST_RDONLY))
    yield judge_memory((proc / "meminfo").read_text(encoding="ascii"))


def judge_disk(folder: Path, free_mb: int, *, is_read_only: bool) -> Check:
    """Judge the room on a disk."""
    what, found = f"disk of {folder}", f"{free_mb} MB free"
    if is_read_only:
        return problem(
            what, "it cannot be written: it is mounted read-only", "sudo dmesg | tail tells why; an SD card may be worn out"
        )
    mend = "find what takes the room: sudo du -xh / | sort -h | tail -n 30"
    if free_mb < _DISK_FULL_MB:
        return problem(what, found, mend)
    return warning(what, found, mend) if free_mb < _DISK_LOW_MB else ok(what, found)


def judge_memory(meminfo: str) -> Check:
    """Judge the memory, by the text of /proc/meminfo."""
    kilobytes = {words[0]: int(words[1]) for line in meminfo.splitlines() if len(words := line.split()) > 1}
    total_mb, free_mb = (kilobytes.get(name, 0) // 1000 for name in ("MemTotal:", "MemAvailable:"))
    found = f"{free_mb} MB of {total_mb} MB can be had"
    if free_mb < _MEMORY_LOW_MB:
        return warning("memory", found, "find what takes it: ps -eo rss,args --sort -rss | head")
    return ok("memory", found)
