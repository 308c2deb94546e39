"""What the documents tell to type: our commands have these options, and the lines of docs/backup.md do what they say."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.support.documents import FILES, blocks
from tests.support.processes import REPOSITORY

TEXT = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
BACKUP = (REPOSITORY / "docs" / "backup.md").read_text(encoding="utf-8")
SERVICES = ("reader", "relay_controller", "influx_bridge", "csv_logger")
COMMANDS = (*SERVICES, "reader decode", "reader capture", "reader simulate", "relay_controller replay", "csv_logger report")
BY_MAKE = {"doctor": "doctor", "bench": "benchmarks"}  # what `make NAME ARGS=...` hands its options to
OTHERS = {"--cafile", "--profile"}  # of mosquitto_sub, of docker compose
OPTION = r"(?<![\w-])--?[a-z][a-z-]*"


@cache
def _options(command: str) -> frozenset[str]:
    """Give the options of a command by its own words: those at the beginning of a line of `--help`."""
    arguments = [sys.executable, "-m", *command.split(), "--help"]
    words = subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert words.startswith(f"usage: python -m {command} ["), words
    heads = re.findall(r"^ {2}(-.*?)(?: {2}|$)", words, re.MULTILINE)
    return frozenset(option for head in heads for option in re.findall(OPTION, head))


def test_the_options_of_commands_exist() -> None:
    """In each line and each pair of backticks with `python -m`."""
    seen = set()
    for module, rest in re.findall(r"python3? -m ([a-z_]+)([^`\n]*)", TEXT):
        words = rest.split(" #")[0]
        command = f"{module} {match[1]}" if (match := re.match(r" ([a-z]\S*)", words)) else module
        assert set(re.findall(OPTION, words)) <= _options(command), (command, words)
        seen.add(command)
    assert seen == {"reader", "doctor", *COMMANDS[len(SERVICES) :]}


def test_the_options_that_stand_alone_exist() -> None:
    """`--all`, `relay_controller --safe`; and were there any, `make doctor ARGS=--json`."""
    ours = frozenset[str]().union(*map(_options, COMMANDS))
    alone = set(re.findall(r"`(--[a-z-]+)", TEXT))
    assert alone - OTHERS <= ours
    assert len(alone) > 8
    of_service = re.findall(rf"`({'|'.join(SERVICES)}) (--[a-z-]+)", TEXT)
    assert of_service
    assert all(option in _options(service) for service, option in of_service)
    by_make = re.findall(r"make ([a-z-]+) ARGS=(--[a-z-]+)", TEXT)
    assert all(option in _options(BY_MAKE[target]) for target, option in by_make)


def test_what_the_reader_gives_by_compose_is_alone_in_its_file() -> None:
    """Compose builds the reader's image at each `run`, and tells of it on standard output."""
    lines = re.findall(r"^ {4}(docker compose .*\brun .*\breader python3 .*>.*)$", TEXT, re.MULTILINE)
    assert len(lines) == 1
    assert all("compose --progress quiet run" in line for line in lines)


def test_what_compose_takes_from_env_is_told() -> None:
    """In the table of docs/install.md, or where the thing itself is told."""
    told = "".join(
        (REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("install", "grafana", "security")
    )
    names = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    assert len(names) > 15
    assert {name for name in names if not re.search(rf"\b{name}\b", told)} == set()


def test_a_backup_has_every_volume_that_does_not_fill_again() -> None:
    """Those of docker-compose.yml; both loops have the same."""
    volumes = set(re.findall(r"^ {2}([a-z_]+):$", COMPOSE.split("\nvolumes:\n")[1], re.MULTILINE))
    loops = {frozenset(names.split()) for names in re.findall(r'^ {4}volumes="(.*)"$', BACKUP, re.MULTILINE)}
    (always,) = loops
    with_profiles = set(re.findall(r"`((?:influx|grafana)_(?:login|token|data|settings))`", BACKUP))
    assert always | with_profiles == volumes - {"broker", "web_certificate"}


def test_the_backup_ends_every_service_before_it_brings_something_back() -> None:
    """Also those of profiles: `down` alone leaves them."""
    (down,) = re.findall(r"docker compose (.*) down$", BACKUP, re.MULTILINE)
    assert set(re.findall(r"--profile ([a-z]+)", down)) == set(re.findall(r"profiles: \[([a-z]+)\]", COMPOSE))


def test_settings_are_kept_and_brought_back_whichever_there_are(tmp_path: Path) -> None:
    """One of the two files, both, none."""
    there, back = (line for line in "".join(blocks("backup.md", "volumes=")).splitlines() if "cp -p" in line)
    for files in ((), (".env",), ("config.ini",), (".env", "config.ini")):
        folder = tmp_path / "-".join(("house", *files))
        (folder / "backup").mkdir(parents=True)
        for name in files:
            (folder / name).write_text(name, encoding="utf-8")
        subprocess.run(["sh", "-ec", there], cwd=folder, check=True)
        for name in files:
            (folder / name).unlink()
        subprocess.run(["sh", "-ec", back], cwd=folder, check=True)
        assert {file.name for file in folder.iterdir()} == {"backup", *files}
