"""What Linux knows of a process: processor time, wake-ups, memory, writes (proc(5))."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used since its start, over all its threads."""

    cpu_ns: int
    wake_ups: int  # voluntary context switches: each is a sleep that ended
    disk_bytes: int  # in whole pages, as they go to the disk

    def __sub__(self, before: "Usage") -> "Usage":
        """Give what was used meanwhile."""
        return Usage(self.cpu_ns - before.cpu_ns, self.wake_ups - before.wake_ups, self.disk_bytes - before.disk_bytes)


def usage(pid: int) -> Usage:
    """Look at a process. A thread that has ended takes its share with it; our services' live as long as they do."""
    cpu_ns = wake_ups = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            cpu_ns += int((task / "schedstat").read_text(encoding="ascii").split()[0])
            wake_ups += int(_value(task / "status", "voluntary_ctxt_switches:"))
    return Usage(cpu_ns, wake_ups, int(_value(Path(f"/proc/{pid}/io"), "write_bytes:")))


def pss_mb(pid: int) -> float:
    """Give the memory of a process; a page that n processes share counts as 1/n."""
    return int(_value(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")) * 1024 / 1e6


def memory_together_mb(pids: Iterable[int]) -> float:
    """Give what processes take together, as if nobody else on the machine shared a page with them.

    PSS alone flatters here: pages of the interpreter that this benchmark uses too count for it in part. Of each mapped file
    the process that has most of it in memory stands for all.
    """
    private = 0
    shared: defaultdict[str, int] = defaultdict(int)
    for pid in pids:
        by_file: defaultdict[str, int] = defaultdict(int)
        for file, kilobytes, is_private in _mappings(pid):
            if is_private:
                private += kilobytes
            else:
                by_file[file] += kilobytes
        for file, kilobytes in by_file.items():
            shared[file] = max(shared[file], kilobytes)
    return (private + sum(shared.values())) * 1024 / 1e6


def _mappings(pid: int) -> Iterator[tuple[str, int, bool]]:
    """Give (file, kB in memory, whether they are this process's alone) of each mapping."""
    file = ""
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        name, *rest = line.split(maxsplit=5)
        if name in {"Shared_Clean:", "Shared_Dirty:", "Private_Clean:", "Private_Dirty:"}:
            yield file, int(rest[0]), name.startswith("Private")
        elif not name.endswith(":"):
            file = rest[4] if len(rest) > 4 else f"[{pid}]"  # noqa: PLR2004 -- a mapping of no file has no sixth word


def _value(path: Path, name: str) -> str:
    """Give the first word behind a name."""
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return line.split()[1]
    raise ValueError(f"{path} has no {name}")
