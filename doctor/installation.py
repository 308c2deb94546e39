"""What the doctor knows of an installation before it asks the services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.check import Check

SERVICES = ("reader", "relay_controller", "influx_bridge", "csv_logger")
BROKER = "mosquitto"
CHECK = ("--check", "--json")
INSTALLED_CONFIG = "/etc/smartmeter/config.ini"  # of `make install`, and in containers


@dataclass(frozen=True, slots=True)
class Question:
    """How a service is made to answer. `environment` may hold secrets: it is told to nobody but the command."""

    command: Sequence[str]
    mend: str  # what a person does where no answer came
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    end: Sequence[str] = ()  # ends what goes on where the command itself was ended


@dataclass(frozen=True, slots=True)
class Installation:
    """One way in which smartmeter is there."""

    name: str
    folder: Path  # in which the commands run
    data: Path  # whose disk fills
    get_packages: str  # the command that brings missing Python packages
    findings: Sequence[Check] = ()  # of the services themselves: do they run?
    questions: Mapping[str, Question] = field(default_factory=dict)  # of each service
    broker: Question | None = None  # about the broker's files, where they are ours


def broker_check(config: str, folders: Mapping[str, str]) -> tuple[str, ...]:
    """Give the words behind `python` that make the broker's files answer; `folders` are those of its options."""
    options = {"config": config, **folders}
    return ("-m", BROKER, "check", "--json", *(f"--{name}={path}" for name, path in options.items()))
