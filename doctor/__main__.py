"""The command `python -m doctor`: finds the installation, asks its services, and tells what is wrong. Needs no packages."""

import argparse
import sys
from pathlib import Path

from common.check import PROBLEM, Check, ok, warning
from common.version import VERSION
from doctor.answers import answers_of
from doctor.asking import ask_all
from doctor.checkout import checkout
from doctor.compose import compose_installation
from doctor.installation import BROKER, Installation
from doctor.machine import check_machine
from doctor.port import check_holders
from doctor.report import document, findings_of, lines
from doctor.systemd import runs_as_root, systemd_installation

_FOLDER = Path(__file__).resolve().parents[1]
_INTERRUPTED = 130  # exit code after Ctrl-C, as a shell has it: 128 and the signal's number
_HANGS_S = 120.0  # the reader listens for 48 s at most; on a Pi Zero four services need a minute to start side by side


def main(arguments: list[str]) -> int:
    """Ask, tell, and give the exit code: 1 if there is a problem."""
    parser = argparse.ArgumentParser(
        prog="python -m doctor", description="Tell what is wrong with smartmeter, and what mends it."
    )
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="of this folder, with these settings")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(arguments)
    try:
        return _examine(options.config, as_json=options.json)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _examine(config: Path | None, *, as_json: bool) -> int:
    installation, own = _find(config)
    broker = {BROKER: installation.broker} if installation.broker else {}
    questions = {**installation.questions, **broker}
    if sys.stderr.isatty() and questions:
        print(f"asking {', '.join(questions)}; this may take a minute", file=sys.stderr, flush=True)
    asked = ask_all(questions, installation.folder, _HANGS_S)
    answers = {
        service: answers_of(service, said, questions[service].mend, installation.get_packages)
        for service, said in asked.items()
    }
    files = answers.pop(BROKER, [])  # about the broker for all services, so they are the doctor's own
    holders = check_holders(answers.get("reader", ()))
    findings = findings_of([*own, *check_machine(installation.data), *installation.findings, *holders, *files], answers)
    if as_json:
        print(document(findings, installation.name, VERSION))
    else:
        print("\n".join(lines(findings, len(answers))))
    return int(any(finding.check.level == PROBLEM for finding in findings))


def _find(config: Path | None) -> tuple[Installation, list[Check]]:
    if config is not None:
        found = checkout(_FOLDER, config)
        return found, [ok("installation", found.name)]
    installed = systemd_installation(_FOLDER, is_root=runs_as_root())
    composed = compose_installation(_FOLDER)
    found = installed or composed or checkout(_FOLDER, _in_short(_FOLDER / "config.ini"))
    if installed and composed:
        both = "both systemd and Docker Compose: two readers want one port, two brokers one number"
        return found, [warning("installation", both, "remove one: docker compose down, or sudo make uninstall")]
    return found, [ok("installation", found.name)]


def _in_short(file: Path) -> Path:
    """Give a path as somebody in this folder writes it."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
