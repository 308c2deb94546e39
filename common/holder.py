"""A process that has a serial port open: is it our own reader, and what ends it if it is not."""

import re
from dataclasses import dataclass

from common.check import Check, problem

# Programs that offer a login on a port; a getty takes a telegram's line for a user's name, and becomes `login`.
LOGINS = {"agetty", "getty", "login"}


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the port open, or is about to."""

    process: int
    command: str

    @property
    def is_reader(self) -> bool:
        """Whether it is smartmeter's own reader."""
        return runs(self.command, "reader")

    def __str__(self) -> str:
        return f"{self.command} (process {self.process})"


def runs(command: str, service: str) -> bool:
    """Tell whether a command line is that of a running service: other commands have a word behind its name, or only ask."""
    return "--check" not in command.split() and re.search(rf"(?:^|\s)-m {service}(?:\s+-|$)", command) is not None


def judge_holder(port: str, holder: Holder, login_off: str) -> Check:
    """Judge a program beside the reader that has the reader's port open: each gets half of the telegrams.

    `login_off` is what mends it if it is a login.
    """
    program = holder.command.split()[0].rpartition("/")[2] if holder.command else ""
    mend = login_off if program in LOGINS else f"end it: sudo kill {holder.process}"
    return problem(f"port {port}", f"another program has it open: {holder}", mend)
