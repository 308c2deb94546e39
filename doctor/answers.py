"""From what a service's `--check --json` said to answers; whatever else it said is an answer too."""

import json
import re
from dataclasses import dataclass

from common.check import LEVELS, Check, problem

_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # colours, and lines that docker clears
# As after an upgrade of Debian's Python: `python -m` finds none of our modules, or a shell or systemd no Python.
_NO_PACKAGES = re.compile(r"ModuleNotFoundError|ImportError|\S+: No module named ")
_NO_PROGRAM = frozenset({127, 203})  # exit codes: of a shell, and systemd.exec(5) EXIT_EXEC


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program said. `code` is None if it gave no answer in time, or cannot be run; then `error` tells."""

    code: int | None
    output: str
    error: str

    @property
    def is_well(self) -> bool:
        """Whether it ended with 0."""
        return self.code == 0

    @property
    def last_line(self) -> str:
        """The last line that is not empty, of what it said on stderr, else on stdout."""
        lines = [_TERMINAL.sub("", line).strip() for text in (self.output, self.error) for line in text.splitlines()]
        return next(filter(None, reversed(lines)), "") if lines else ""


def answers_of(service: str, asked: Asked, mend: str, get_packages: str) -> list[Check]:
    """Give the answers of a service. `mend` helps where it has none, and `get_packages` brings missing Python packages."""
    answers = _read(asked.output)
    if answers is not None:
        return answers
    what = f"check of {service}"
    if asked.code is None:
        return [problem(what, asked.error, mend)]
    last = asked.last_line or "nothing"
    if lacks_packages(asked.code, last):
        return [problem(what, last, get_packages)]
    return [problem(what, f"it ended with exit code {asked.code} and said: {last}", mend)]


def lacks_packages(code: int | None, last_line: str) -> bool:
    """Tell whether a program ended because its Python, or a package of that, is not there."""
    return code in _NO_PROGRAM or _NO_PACKAGES.match(last_line) is not None


def _read(output: str) -> list[Check] | None:
    """Read the document, the last line of the output; None if there is none, or one of another version."""
    try:
        document = json.loads((output.splitlines() or [""])[-1])
        answers = [Check(**{key: str(one[key]) for key in ("what", "level", "found", "mend")}) for one in document["checks"]]
    except (ValueError, TypeError, KeyError):
        return None
    return answers if all(answer.level in LEVELS for answer in answers) else None
