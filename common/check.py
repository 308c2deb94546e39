"""What `--check` answers: each thing that was looked at, how well it is, what was found, and what mends it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

OK, WARNING, PROBLEM = "ok", "warning", "problem"
LEVELS = (OK, WARNING, PROBLEM)
_COLUMN = 9  # where the words begin, behind the level


@dataclass(frozen=True, slots=True)
class Check:
    """One answer. `mend` is the command or the setting that mends it, in one line; empty if there is nothing to mend."""

    what: str
    level: str
    found: str
    mend: str = ""


def ok(what: str, found: str) -> Check:
    """Say that something is well."""
    return Check(what, OK, found)


def warning(what: str, found: str, mend: str = "") -> Check:
    """Say that something works, but not as well as it could, or not for long."""
    return Check(what, WARNING, found, mend)


def problem(what: str, found: str, mend: str = "") -> Check:
    """Say that something does not work."""
    return Check(what, PROBLEM, found, mend)


def has_problem(checks: Iterable[Check]) -> bool:
    """Tell whether anything does not work."""
    return any(check.level == PROBLEM for check in checks)


def lines_of(check: Check) -> list[str]:
    """Give an answer as text for a person: one line, and one for what mends it."""
    lines = [f"{check.level:{_COLUMN}}{check.what}: {' '.join(check.found.split())}"]
    return lines + ([f"{'':{_COLUMN}}mend: {check.mend}"] if check.mend else [])


def document(service: str, version: str, checks: Iterable[Check]) -> str:
    """Give all answers of a service as one line of JSON."""
    return json.dumps({"service": service, "version": version, "checks": [asdict(check) for check in checks]})


def of_problem(line: str) -> Check:
    """Make an answer of a problem of the settings; the line names file, section and key, and what was expected."""
    found, _, mend = line.partition("; begin with: ")
    if not mend:
        found, _, mend = line.partition("; mend it with: ")
    return problem("settings", found, mend or _where_to_edit(found))


def of_warning(line: str) -> Check:
    """Make an answer of a warning of the settings: an old key, and what to write in its place, if anything."""
    found, _, mend = line.partition("; write instead: ")
    if mend.startswith("nothing"):
        return warning("settings", found, mend.replace("nothing", "take the line out", 1))
    return warning("settings", found, mend and f"write instead: {mend}")


def _where_to_edit(line: str) -> str:
    """Give the file to edit, with which a problem of the settings begins; or the variable."""
    place = line.partition(": ")[0]
    return f"change the variable {place}: in .env, or in the service's unit" if place.isupper() else f"edit {place}"
