"""`python -m SERVICE --check`: asks all that can be asked before a service runs, and answers for a person or in JSON."""

from collections.abc import Callable, Iterable

from common.check import Check, document, has_problem, lines_of, of_problem, of_warning, ok, warning
from common.check_broker import check_broker
from common.check_host import check_clock
from common.settings import Config, SettingsError
from common.version import VERSION

Checks = Callable[[Config], Iterable[Check]]


def answer(config: Config, service: str, checks: Checks, *, as_json: bool) -> bool:
    """Check settings, clock, broker and what is the service's own, and answer; tell whether nothing is a problem.

    Raises SettingsError for what shows only when it is tried.
    """
    settings = [of_warning(line) for line in config.warnings] or [ok("settings", "no problems")]
    answers = [*settings, check_clock(), *check_broker(config, service), *checks(config)]
    _print(service, answers, as_json=as_json)
    return not has_problem(answers)


def answer_wrong(service: str, error: SettingsError) -> None:
    """Answer in JSON that the settings are wrong."""
    told = "docs/upgrade.md tells what to write instead"
    hints = [warning("settings", "there are old keys, too", told)] if error.hint else []
    _print(service, [*map(of_problem, error.problems), *hints], as_json=True)


def _print(service: str, answers: Iterable[Check], *, as_json: bool) -> None:
    if as_json:
        print(document(service, VERSION, answers))
        return
    for one in answers:
        print("\n".join(lines_of(one)))
