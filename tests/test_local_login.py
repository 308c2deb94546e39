"""`python -m influx_bridge new-login`: the password and the token of an InfluxDB of one's own."""

import stat
import subprocess
import sys
from pathlib import Path

from tests.support.processes import REPOSITORY


def _new_login(folder: Path, *more: str) -> tuple[int, str]:
    command = [
        sys.executable,
        "-m",
        "influx_bridge",
        "new-login",
        "--database",
        f"{folder}/database",
        "--bridge",
        f"{folder}/bridge",
    ]
    ended = subprocess.run([*command, *more], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def _files(folder: Path) -> dict[str, str]:
    return {f"{path.parent.name}/{path.name}": path.read_text() for path in folder.glob("*/*")}


def test_a_login_is_made_once_and_never_shown(tmp_path: Path) -> None:
    """Random, different, readable for their owner only; the bridge has the token and not the password."""
    assert _new_login(tmp_path) == (0, "")
    made = _files(tmp_path)
    assert made.keys() == {"database/password", "database/token", "bridge/token"}
    assert made["bridge/token"] == made["database/token"] != made["database/password"]
    assert all(len(secret) == 32 and secret == secret.strip() for secret in made.values())
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*/*")} == {0o600}
    assert _new_login(tmp_path) == (0, "")
    assert _files(tmp_path) == made


def test_what_was_lost_is_brought_back(tmp_path: Path) -> None:
    """The database knows the token since its first start: the bridge gets that one again."""
    assert _new_login(tmp_path) == (0, "")
    made = _files(tmp_path)
    (tmp_path / "bridge" / "token").unlink()
    assert _new_login(tmp_path) == (0, "")
    assert _files(tmp_path) == made


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """Exit code 1, and nothing is left behind."""
    (tmp_path / "bridge").write_text("in the way")
    code, said = _new_login(tmp_path)
    assert code == 1
    assert said.count("\n") == 1
    assert str(tmp_path / "bridge") in said
    assert not list(tmp_path.glob("database/*"))


def test_a_wrong_owner_is_a_wrong_command_line(tmp_path: Path) -> None:
    """Numbers, as 1000:1000."""
    code, said = _new_login(tmp_path, "--bridge-owner", "somebody")
    assert code == 2
    assert "--bridge-owner" in said
