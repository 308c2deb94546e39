"""What this machine tells of a serial port that nobody opened: is it there, who may read it, who does, its other names."""

import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from reader.port_judgement import Holder, PortFacts
from reader.serial_port import existing_ports

PROC = Path("/proc")
_BY_ID = Path("/dev/serial/by-id")
_PSEUDO_TERMINALS = range(136, 144)  # Linux, admin-guide/devices.txt
_MASTER = os.makedev(5, 2)  # /dev/ptmx


def facts_of(port: str, user: str, proc: Path = PROC) -> PortFacts:
    """Look at a port; `user` is the name of this process's user."""
    others = tuple(existing_ports())
    path = Path(port)
    try:
        status = path.stat()
    except OSError:
        return PortFacts(port, exists=False, others=others)
    group = _group_name(status.st_gid)
    return PortFacts(
        port,
        exists=True,
        others=others,
        is_serial=stat.S_ISCHR(status.st_mode) and _is_terminal(os.major(status.st_rdev), proc),
        may_open=os.access(path, os.R_OK | os.W_OK),
        user=user,
        group=group,
        group_may_open=bool(status.st_mode & stat.S_IRGRP and status.st_mode & stat.S_IWGRP),
        is_member=status.st_gid in os.getgrouplist(user, os.getegid()),
        has_group=status.st_gid in {os.getegid(), *os.getgroups()},
        lasting_name=_lasting_name(path),
        console=_console(path.resolve().name, proc),
        holders=tuple(_holders(path, proc)),
    )


def _is_terminal(major: int, proc: Path) -> bool:
    """Tell whether a device is a port by its major number, the third column of /proc/tty/drivers; yes where that is hidden."""
    try:
        lines = (proc / "tty" / "drivers").read_text(encoding="utf-8").splitlines()
    except OSError:
        return True
    return str(major) in {line.split()[-3] for line in lines}


def _group_name(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:  # in a container, a group of the machine around it
        return str(group)


def _lasting_name(path: Path) -> str:
    """Give the name that survives replugging, if the port has one and was given by another."""
    if path.parent == _BY_ID or not _BY_ID.is_dir():
        return ""
    device = path.resolve()
    return next((str(link) for link in sorted(_BY_ID.iterdir()) if link.resolve() == device), "")


def _console(device: str, proc: Path) -> str:
    """Tell which word of the kernel's command line makes the port a console: console=ttyAMA0,115200."""
    try:
        words = (proc / "cmdline").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return ""
    aliases = {device, *(alias for alias in ("serial0", "serial1") if Path("/dev", alias).resolve().name == device)}
    return next((word for word in words if word.startswith("console=") and word[8:].partition(",")[0] in aliases), "")


def _holders(port: Path, proc: Path) -> Iterator[Holder]:
    """Find the processes that have the port open, and a login that waits for it."""
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
    open_ones: set[tuple[int, ...]] = set()
    try:
        for link in folder.iterdir():
            status = link.stat()
            if stat.S_ISCHR(status.st_mode):
                open_ones.add(_identity(status))
    except OSError:  # of another user; or it has ended, or closed a file just now
        pass
    return identity in open_ones and (_MASTER,) not in open_ones


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """Tell devices apart: by their numbers, but each container counts its pseudo-terminals from 0."""
    if os.major(status.st_rdev) in _PSEUDO_TERMINALS:
        return status.st_dev, status.st_ino
    return (status.st_rdev,)


def _is_login(command: str, device: Path) -> bool:
    program, *arguments = command.split() or [""]
    names = {str(device), str(device.relative_to("/dev"))} if device.is_relative_to("/dev") else {str(device)}
    return Path(program).name in {"agetty", "getty"} and bool(names & set(arguments))
