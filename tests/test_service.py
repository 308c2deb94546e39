"""What every service does around its work: problems of the settings all at once, `--check`, a bug in a thread."""

import json
from pathlib import Path

import pytest

from tests.support.processes import running
from tests.support.waiting import free_port


@pytest.mark.parametrize(
    ("mqtt", "problem"),
    [
        ("password = secret-word", "[mqtt] username: expected a user name, because password is set"),
        ("ca_file = none.pem", "[mqtt] tls: expected yes, because ca_file is set"),
        (
            "tls = yes\nca_file = none.pem",
            "[mqtt] ca_file: expected a certificate, {folder}/none.pem: No such file or directory",
        ),
        ("host = mqtt..local", '[mqtt] host: expected a host, got "mqtt..local"'),
        ("host = user:secret-word@host", "[mqtt] host: expected a host"),
    ],
)
def test_what_is_wrong_with_the_broker_is_told_with_everything_else(mqtt: str, problem: str, tmp_path: Path) -> None:
    """Values that do not fit together are problems like wrong values, and come with them."""
    file = tmp_path / "config.ini"
    file.write_text(f"[mqtt]\n{mqtt}\n[meter]\nstale_after = soon\n", encoding="utf-8")
    with running(["csv_logger", "-c", str(file)], tmp_path / "log") as service:
        assert service.ends() == 2
    assert set(service.log.splitlines()) == {
        f'{file}: [meter] stale_after: expected seconds or auto, got "soon"',
        f"{file}: {problem.format(folder=tmp_path)}",
    }


@pytest.mark.parametrize(("options", "wrong"), [([], "port = x"), (["--check"], "port = x"), ([], "password = x")])
def test_a_wrong_file_with_old_keys_says_where_those_are_told(options: list[str], wrong: str, tmp_path: Path) -> None:
    """Their warnings are not told beside the problems, which they would hide; as the last line, once."""
    file = tmp_path / "config.ini"
    file.write_text(f"[mqtt]\n{wrong}\n[serial]\nspeed = 9600\nbytes = 7\n", encoding="utf-8")
    with running(["csv_logger", "-c", str(file), *options], tmp_path / "log") as service:
        assert service.ends() == 2
    problem, hint = service.log.splitlines()
    assert problem.startswith(f"{file}: [mqtt] ")
    assert hint == "old keys: docs/upgrade.md"


def test_check_answers_in_json_where_old_keys_of_a_wrong_file_are_told(tmp_path: Path) -> None:
    """As a warning, for the problem is another."""
    file = tmp_path / "config.ini"
    file.write_text("[mqtt]\nport = x\n[serial]\nspeed = 9600\n", encoding="utf-8")
    answers = tmp_path / "answers"
    with running(["csv_logger", "-c", str(file), "--check", "--json"], tmp_path / "log", output=answers) as service:
        assert service.ends() == 2
    problem, hint = json.loads(answers.read_text())["checks"]
    assert problem["level"] == "problem"
    told = "docs/upgrade.md tells what to write instead"
    assert hint == {"what": "settings", "level": "warning", "found": "there are old keys, too", "mend": told}


def test_check_names_the_reason_for_a_missing_broker(tmp_path: Path) -> None:
    """The answer itself tells why, for those who read only the JSON."""
    port = free_port()
    file = tmp_path / "config.ini"
    file.write_text(f"[mqtt]\nport = {port}\n", encoding="utf-8")
    answers = tmp_path / "answers"
    with running(["csv_logger", "-c", str(file), "--check", "--json"], tmp_path / "log", output=answers) as service:
        assert service.ends() == 1
    checks = {check["what"]: (check["level"], check["found"]) for check in json.loads(answers.read_text())["checks"]}
    assert checks["settings"] == ("ok", "no problems")
    assert checks[f"broker 127.0.0.1:{port}"] == ("problem", "nothing listens there (connection refused)")


def test_check_answers_in_json_also_about_wrong_settings(tmp_path: Path) -> None:
    """Each problem is a check that failed; the exit code is that of wrong settings."""
    file = tmp_path / "config.ini"
    file.write_text("[mqtt]\nport = x\n", encoding="utf-8")
    answers = tmp_path / "answers"
    with running(["csv_logger", "-c", str(file), "--check", "--json"], tmp_path / "log", output=answers) as service:
        assert service.ends() == 2
    problem = f'{file}: [mqtt] port: expected a port from 1 to 65535, got "x"'
    assert json.loads(answers.read_text())["checks"] == [
        {"what": "settings", "level": "problem", "found": problem, "mend": f"edit {file}"}
    ]
