"""All answers together: each said once, with the services that gave it, the problems last, where a terminal shows them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from common.check import LEVELS, PROBLEM, WARNING, Check, lines_of


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer, and the services that gave it; none if it is the doctor's own."""

    check: Check
    services: tuple[str, ...] = ()


def findings_of(own: Iterable[Check], answers: Mapping[str, Iterable[Check]]) -> list[Finding]:
    """Join the doctor's own answers and those of the services, {service: its answers}; the worst come last."""
    givers: defaultdict[Check, list[str]] = defaultdict(list)
    for check in own:
        givers[check] = []
    for service, given in answers.items():
        for check in dict.fromkeys(given):
            givers[check].append(service)
    findings = [Finding(check, tuple(services)) for check, services in givers.items()]
    return sorted(findings, key=lambda finding: LEVELS.index(finding.check.level))


def lines(findings: Iterable[Finding], asked: int) -> Iterator[str]:
    """Give the report for a person; services are named where not all that were asked said the same."""
    findings = list(findings)
    for finding in findings:
        named = f" [{', '.join(finding.services)}]" if 0 < len(finding.services) < asked else ""
        yield from lines_of(replace(finding.check, what=finding.check.what + named))
    yield ""
    yield summary(findings)


def summary(findings: Iterable[Finding]) -> str:
    """Count, in one line."""
    levels = [finding.check.level for finding in findings]
    problems, warnings = levels.count(PROBLEM), levels.count(WARNING)
    counted = [
        f"{count} {word}{'' if count == 1 else 's'}" for count, word in ((problems, PROBLEM), (warnings, WARNING)) if count
    ]
    return " and ".join(counted) or "no problems"


def document(findings: Iterable[Finding], installation: str, version: str) -> str:
    """Give the report as one line of JSON."""
    checks = [{**asdict(finding.check), "services": list(finding.services)} for finding in findings]
    return json.dumps({"version": version, "installation": installation, "checks": checks})
