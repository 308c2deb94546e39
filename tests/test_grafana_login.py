"""`python -m influx_bridge grafana-login`: what Grafana needs to begin."""

import stat
import subprocess
import sys
from pathlib import Path

from tests.support.processes import REPOSITORY, clean_environment


def _grafana_login(folder: Path, token: str = "") -> tuple[int, str]:
    command = ["-m", "influx_bridge", "grafana-login", "--grafana", f"{folder}/grafana", "--database", f"{folder}/database"]
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=REPOSITORY,
        env=clean_environment(GRAFANA_INFLUX_TOKEN=token),
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def _made(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "grafana").iterdir()}


def _database(folder: Path) -> None:
    (folder / "database").mkdir()
    (folder / "database" / "token").write_text("of-this-machine")


def test_a_login_is_made_once_and_never_shown(tmp_path: Path) -> None:
    """Random, different, readable for its owner only; the token is that of the database on this machine."""
    _database(tmp_path)
    assert _grafana_login(tmp_path) == (0, "")
    made = _made(tmp_path)
    assert made.pop("token") == "of-this-machine"
    assert made.keys() == {"password", "key"}
    assert len(made["password"]) == len(made["key"]) == 32
    assert made["password"] != made["key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "grafana").iterdir()} == {0o600}
    assert _grafana_login(tmp_path) == (0, "")
    assert _made(tmp_path) == made | {"token": "of-this-machine"}


def test_the_token_of_a_database_elsewhere_goes_first(tmp_path: Path) -> None:
    """As `.env` has it, and the password stays; without it the one of this machine comes back."""
    _database(tmp_path)
    assert _grafana_login(tmp_path) == (0, "")
    before = _made(tmp_path)
    assert _grafana_login(tmp_path, "of-the-cloud\n") == (0, "")
    assert _made(tmp_path) == before | {"token": "of-the-cloud"}
    assert _grafana_login(tmp_path) == (0, "")
    assert _made(tmp_path) == before


def test_without_any_token_one_line_says_what_to_do(tmp_path: Path) -> None:
    """Exit code 1, and nothing was made."""
    code, said = _grafana_login(tmp_path)
    assert code == 1
    assert said == "no token for Grafana: use --profile influx too, or write GRAFANA_INFLUX_TOKEN=... into .env\n"
    assert not (tmp_path / "grafana").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """Exit code 1."""
    _database(tmp_path)
    (tmp_path / "grafana").write_text("in the way")
    code, said = _grafana_login(tmp_path)
    assert (code, said.count("\n")) == (1, 1)
    assert str(tmp_path / "grafana") in said
