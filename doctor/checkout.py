"""smartmeter as it is run by hand, from this folder."""

from collections.abc import Iterator
from pathlib import Path

from common.check import Check, ok, problem, warning
from doctor.installation import CHECK, SERVICES, Installation

SAMPLE = "config.sample.ini"


def checkout(folder: Path, config: Path, proc: Path = Path("/proc")) -> Installation:
    """Give this folder as an installation. Without settings those of the sample are tried; without packages nothing is."""
    python = folder / ".venv/bin/python"
    used = Path.cwd() / config if config.exists() else folder / SAMPLE
    commands = {service: (str(python), "-m", service, "-c", str(used), *CHECK) for service in SERVICES}
    return Installation(
        name="this folder",
        folder=folder,
        data=folder,
        get_packages="make venv",
        findings=tuple(_findings(config, python, proc)),
        commands=commands if python.exists() else {},
    )


def _findings(config: Path, python: Path, proc: Path) -> Iterator[Check]:
    if not config.exists():
        yield problem("settings", f"{config} is not there; what follows holds for those of {SAMPLE}", f"cp {SAMPLE} {config}")
    if not python.exists():
        yield problem("Python packages", f"there is no {python}: the services were not asked", "make venv")
        return
    running = set(_running(proc))
    for service in SERVICES:
        if service in running:
            yield ok(f"service {service}", "it runs")
        else:
            start = f".venv/bin/python -m {service} -c {config.name}; or install it: sudo make install, or docker compose up -d"
            yield warning(f"service {service}", "it does not run", start)


def _running(proc: Path) -> Iterator[str]:
    """Name the services of which there is a process."""
    for process in proc.iterdir():
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0") if process.name.isdigit() else []
        except OSError:  # it has ended
            continue
        if "-m" in words and "--check" not in words:
            yield words[words.index("-m") + 1]
