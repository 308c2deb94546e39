"""What this machine tells of a serial port that nobody opened: is it there, who may read it, who does, its other names."""

import grp
import os
import stat
from pathlib import Path

from common.check import PROBLEM
from common.check_host import remedies, user_name
from common.port_holders import PROC, holders_of
from reader.port_judgement import PortFacts, judge_port
from reader.serial_port import existing_ports, no_right

_BY_ID = Path("/dev/serial/by-id")


def facts_of(port: str, user: str, proc: Path = PROC) -> PortFacts:
    """Look at a port; `user` is the name of this process's user."""
    others = tuple(existing_ports())
    path = Path(port)
    try:
        status = path.stat()
    except OSError:
        return PortFacts(port, exists=False, others=others)
    group = _group_name(status.st_gid)
    device = path.resolve().name
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
        device=device,
        console=_console(device, proc),
        holders=tuple(holders_of(path, proc)),
    )


def why_closed(port: str) -> str:
    """Say in one line why this process may not open a port, and what mends it: in the words of `--check`."""
    checks = judge_port(facts_of(port, user_name()), remedies())
    check = next((check for check in checks if check.level == PROBLEM), None)
    if check is None:  # it was opened to us just now
        return no_right(port)
    found = check.found if check.found.startswith(no_right(port)) else f"{no_right(port)}: {check.found}"
    return f"{found}; mend it with: {check.mend}"


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
