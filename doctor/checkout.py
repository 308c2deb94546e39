"""smartmeter as it is run by hand, from this folder."""

import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from common.check import Check, ok, problem, warning
from common.holder import runs
from doctor.installation import CHECK, SERVICES, Installation, Question

SAMPLE = "config.sample.ini"
_VENV = ".venv"


def checkout(folder: Path, config: Path, proc: Path = Path("/proc")) -> Installation:
    """Give this folder as an installation. Without settings those of the sample are tried; without packages nothing is."""
    python = folder / _VENV / "bin/python"
    used = Path.cwd() / config if config.exists() else folder / SAMPLE
    commands = {service: (str(python), "-m", service, "-c", str(used), *CHECK) for service in SERVICES}
    questions = {service: Question(command, f"try it alone: {shlex.join(command)}") for service, command in commands.items()}
    return Installation(
        name="this folder",
        folder=folder,
        data=folder,
        get_packages=_get_packages(python),
        findings=tuple(_findings(config, python, proc)),
        questions=questions if python.exists() else {},
    )


def _findings(config: Path, python: Path, proc: Path) -> Iterator[Check]:
    if not config.exists():
        yield problem("settings", f"{config} is not there; what follows holds for those of {SAMPLE}", f"cp {SAMPLE} {config}")
    if not python.exists():
        yield problem("Python packages", f"there is no {python}: the services were not asked", _get_packages(python))
        return
    running = set(_running(proc, Path.cwd() / config))
    for service in SERVICES:
        if service in running:
            yield ok(f"service {service}", "it runs")
        else:
            start = f".venv/bin/python -m {service} -c {config.name}; or install it: sudo make install, or docker compose up -d"
            yield warning(f"service {service}", "it does not run", start)


def _get_packages(python: Path) -> str:
    """Say how to get Python packages: `make` leaves an environment alone that was finished once."""
    return f"rm -r {_VENV} && make venv" if (python.parents[1] / "ready").exists() else "make venv"


def _running(proc: Path, config: Path) -> Iterator[str]:
    """Name the services that run with these settings; those of `make demo` have others."""
    for process in proc.iterdir():
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0") if process.name.isdigit() else []
            service = next((service for service in SERVICES if runs(" ".join(words).strip(), service)), None)
            if service is not None and ((process / "cwd").resolve() / _config_of(words)).resolve() == config.resolve():
                yield service
        except OSError:  # it has ended, or is another user's
            continue


def _config_of(words: Sequence[str]) -> str:
    """Give the file of settings that a service's command line names."""
    return next((after for word, after in pairwise(words) if word in {"-c", "--config"}), "config.ini")
