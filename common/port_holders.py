"""Which processes have a serial port open, as far as /proc shows them to this user: root sees all."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from common.holder import LOGINS, Holder

PROC = Path("/proc")
_PSEUDO_TERMINALS = range(136, 144)  # Linux, admin-guide/devices.txt
_MASTER = os.makedev(5, 2)  # /dev/ptmx


def holders_of(port: Path, proc: Path = PROC) -> Iterator[Holder]:
    """Find the processes but this one that have the port open, and a login that waits for it."""
    device = port.resolve()
    identity = _identity(device.stat())
    for process in sorted(int(one.name) for one in proc.iterdir() if one.name.isdigit()):
        if process == os.getpid():
            continue
        try:
            command = (proc / str(process) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:  # it has ended
            continue
        if _has_open(proc / str(process) / "fd", identity) or _is_login(command, device):
            yield Holder(process, command)


def _has_open(folder: Path, identity: tuple[int, ...]) -> bool:
    """Tell whether a process has a device open; who made a pseudo-terminal has its other end too, and is the meter there."""
    open_ones = set(_open_devices(folder))
    return identity in open_ones and (_MASTER,) not in open_ones


def _open_devices(folder: Path) -> Iterator[tuple[int, ...]]:
    try:
        links = list(folder.iterdir())
    except OSError:  # of another user; or it has ended
        return
    for link in links:
        try:
            status = link.stat()
        except OSError:  # it was closed just now; the others count
            continue
        if stat.S_ISCHR(status.st_mode):
            yield _identity(status)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """Tell devices apart: by their numbers, but each container counts its pseudo-terminals from 0."""
    if os.major(status.st_rdev) in _PSEUDO_TERMINALS:
        return status.st_dev, status.st_ino
    return (status.st_rdev,)


def _is_login(command: str, device: Path) -> bool:
    program, *arguments = command.split() or [""]
    names = {str(device), str(device.relative_to("/dev"))} if device.is_relative_to("/dev") else {str(device)}
    return Path(program).name in LOGINS and bool(names & set(arguments))
