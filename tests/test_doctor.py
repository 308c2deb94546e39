"""What the doctor makes of answers, of units and of containers; and of programs that hang or crash."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import doctor.__main__ as doctor
from common.check import Check, ok, problem, warning
from doctor.answers import Asked, answers_of
from doctor.asking import ask, ask_all
from doctor.checkout import checkout
from doctor.compose import broker_question as compose_broker
from doctor.compose import command_of as compose_command
from doctor.compose import containers_in, judge_container
from doctor.installation import Installation, Question
from doctor.machine import check_machine, judge_disk, judge_memory
from doctor.report import Finding, document, findings_of, lines
from doctor.systemd import broker_question as systemd_broker
from doctor.systemd import judge_broker, judge_page, judge_unit
from doctor.twin import question_of
from doctor.unit import properties
from tests.support.processes import REPOSITORY, clean_environment

TRY_IT = "try it alone: python -m reader --check"
GOOD = json.dumps({"service": "reader", "version": "1", "checks": [{"what": "a", "level": "ok", "found": "b", "mend": ""}]})
PROBLEM = problem("broker", "nobody there", "start it")

ANSWERS = [
    (Asked(0, GOOD, ""), [ok("a", "b")]),
    (Asked(1, f"a word of a library\n{GOOD}\n", "and another"), [ok("a", "b")]),
    (
        Asked(1, "", "Traceback (most recent call last):\n  File x\nModuleNotFoundError: No module named 'serial'\n"),
        [problem("check of reader", "ModuleNotFoundError: No module named 'serial'", "make venv")],
    ),
    (
        Asked(1, "", "/opt/smartmeter/venv/bin/python: No module named reader\n"),
        [problem("check of reader", "/opt/smartmeter/venv/bin/python: No module named reader", "make venv")],
    ),
    (
        Asked(127, "", "/bin/sh: 1: exec: /opt/smartmeter/venv/bin/python: not found\n"),
        [problem("check of reader", "/bin/sh: 1: exec: /opt/smartmeter/venv/bin/python: not found", "make venv")],
    ),
    (
        Asked(1, "", "Traceback (most recent call last):\n  File x\nKeyError: 'x'\n"),
        [
            problem(
                "check of reader",
                "it ended with exit code 1 and said: KeyError: 'x'",
                TRY_IT,
            )
        ],
    ),
    (
        Asked(0, '{"checks": [{"what": "a", "ok": true, "found": "b"}]}', ""),
        [
            problem(
                "check of reader",
                'it ended with exit code 0 and said: {"checks": [{"what": "a", "ok": true, "found": "b"}]}',
                TRY_IT,
            )
        ],
    ),
    (
        Asked(-9, "", ""),
        [problem("check of reader", "it ended with exit code -9 and said: nothing", TRY_IT)],
    ),
    (
        Asked(None, "", "no answer in 120 s"),
        [problem("check of reader", "no answer in 120 s", TRY_IT)],
    ),
]


@pytest.mark.parametrize(("asked", "wanted"), ANSWERS)
def test_whatever_a_check_says_becomes_an_answer(asked: Asked, wanted: list[Check]) -> None:
    """Its own document, or in one line what came in its place: never a traceback."""
    assert answers_of("reader", asked, TRY_IT, "make venv") == wanted


def test_the_last_words_are_told_without_what_moves_a_cursor() -> None:
    """Docker and journald mean a terminal."""
    assert Asked(0, "first\n", "\x1b[2K\x1b[31mno room\x1b[0m\n\x1b[2K\n").last_line == "no room"
    assert not Asked(0, "", "").last_line


def test_a_program_that_hangs_is_ended_with_all_that_it_started() -> None:
    """When its time is over, and no later."""
    start_s = time.monotonic()
    asked = ask("sh", "-c", "sleep 100 & wait", timeout_s=0.5)
    assert asked == Asked(None, "", "no answer in 0 s")
    assert time.monotonic() - start_s < 10


def test_a_program_that_is_not_there_is_an_answer_too() -> None:
    """Not every machine has systemctl, or docker."""
    assert ask("no-such-program") == Asked(None, "", "no-such-program: No such file or directory")


def test_programs_are_asked_side_by_side(tmp_path: Path) -> None:
    """Each waits for the other here."""
    meet = 'touch "$0"; until [ -e "$1" ]; do sleep 0.01; done'
    pairs = (("one", "two"), ("two", "one"))
    questions = {name: Question(["sh", "-c", meet, name, other], "") for name, other in pairs}
    assert {name: asked.code for name, asked in ask_all(questions, tmp_path, 30.0).items()} == {"one": 0, "two": 0}


def test_what_a_program_says_is_never_too_much(tmp_path: Path) -> None:
    """More than a pipe takes, on both ways."""
    asked = ask("sh", "-c", "yes | head -c 300000; yes no | head -c 300000 >&2", folder=tmp_path)
    assert (asked.code, len(asked.output), len(asked.error)) == (0, 300_000, 300_000)


def test_what_goes_on_when_a_program_is_ended_is_ended_too(tmp_path: Path) -> None:
    """As a unit that systemd-run has started; and a secret in its environment is told to it alone."""
    question = Question(["sh", "-c", 'test "$TOKEN" = of-mine && sleep 100'], "", {"TOKEN": "of-mine"}, ["touch", "ended"])
    assert "of-mine'" not in repr(question)
    with contextlib.chdir(tmp_path):
        assert ask_all({"reader": question}, tmp_path, 0.5)["reader"] == Asked(None, "", "no answer in 0 s")
        assert Path("ended").exists()


@pytest.mark.parametrize("end", [["sleep", "100"], ["no-such-program"]])
def test_an_end_that_does_not_come_costs_no_answer(end: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a systemd that hangs: what the others said is told."""
    monkeypatch.setattr("doctor.asking._ENDING_S", 0.2)
    questions = {"reader": Question(["sleep", "100"], "", end=end), "csv_logger": Question(["echo", "well"], "")}
    asked = ask_all(questions, tmp_path, 5.0)
    assert asked["reader"] == Asked(None, "", "no answer in 5 s")
    assert asked["csv_logger"] == Asked(0, "well\n", "")


def test_what_several_say_is_said_once_and_problems_come_last() -> None:
    """With the services' names where not all of them said it."""
    both = {
        "reader": [ok("clock", "set"), PROBLEM],
        "csv_logger": [warning("disk", "low", "make room"), ok("clock", "set"), PROBLEM],
    }
    findings = findings_of([ok("installation", "systemd")], both)
    assert findings == [
        Finding(ok("installation", "systemd")),
        Finding(ok("clock", "set"), ("reader", "csv_logger")),
        Finding(warning("disk", "low", "make room"), ("csv_logger",)),
        Finding(PROBLEM, ("reader", "csv_logger")),
    ]
    assert list(lines(findings, 2)) == [
        "ok       installation: systemd",
        "ok       clock: set",
        "warning  disk [csv_logger]: low",
        "         mend: make room",
        "problem  broker: nobody there",
        "         mend: start it",
        "",
        "1 problem and 1 warning",
    ]
    assert list(lines(findings[:2], 2))[-1] == "no problems"
    assert json.loads(document(findings[2:3], "systemd", "1.0")) == {
        "version": "1.0",
        "installation": "systemd",
        "checks": [
            {
                "what": "disk",
                "level": "warning",
                "found": "low",
                "mend": "make room",
                "services": ["csv_logger"],
            }
        ],
    }


LOG = "journalctl -u smartmeter@reader -n 50"
UNITS = [
    ({"LoadState": "loaded", "ActiveState": "active", "StatusText": "online"}, "", ok("service reader", "it runs: online")),
    (
        {"LoadState": "loaded", "ActiveState": "active", "StatusText": "disabled"},
        "",
        ok("service reader", "it rests: it is not enabled in the settings"),
    ),
    (
        {"LoadState": "loaded", "ActiveState": "active", "StatusText": "online", "NRestarts": "3"},
        "",
        warning("service reader", "it runs, and was restarted 3 times", LOG),
    ),
    (
        {"LoadState": "loaded", "ActiveState": "active", "StatusText": "stale: nothing comes from the port"},
        "",
        problem("service reader", "it runs, and says: stale: nothing comes from the port", LOG),
    ),
    (
        {"LoadState": "loaded", "ActiveState": "active", "StatusText": "online: HTTP 401"},
        "",
        problem("service reader", "it runs, and says: online: HTTP 401", LOG),
    ),
    (
        {"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "disabled"},
        "",
        warning("service reader", "it is switched off", "sudo systemctl enable --now smartmeter@reader"),
    ),
    (
        {"LoadState": "loaded", "ActiveState": "failed", "UnitFileState": "enabled", "ExecMainStatus": "2"},
        "config.ini: [mqtt] port: expected a port",
        problem(
            "service reader",
            "it does not run (failed): config.ini: [mqtt] port: expected a port",
            "edit /etc/smartmeter/config.ini, then: sudo systemctl restart smartmeter@reader",
        ),
    ),
    (
        {"LoadState": "loaded", "ActiveState": "activating", "UnitFileState": "enabled", "ExecMainStatus": "1"},
        "",
        problem(
            "service reader",
            "it does not run (activating)",
            f"sudo systemctl restart smartmeter@reader; if it ends again: {LOG}",
        ),
    ),
    (
        {"LoadState": "loaded", "ActiveState": "activating", "UnitFileState": "enabled", "ExecMainStatus": "1"},
        "/opt/smartmeter/venv/bin/python: No module named reader",
        problem(
            "service reader",
            "it does not run (activating): /opt/smartmeter/venv/bin/python: No module named reader",
            "sudo make install",
        ),
    ),
    (
        {"LoadState": "loaded", "ActiveState": "activating", "UnitFileState": "enabled", "ExecMainStatus": "203"},
        "",
        problem("service reader", "it does not run (activating)", "sudo make install"),
    ),
    (
        {"LoadState": "masked", "ActiveState": "inactive", "UnitFileState": "masked"},
        "",
        warning(
            "service reader",
            "it is masked: systemd does not start it",
            "sudo systemctl unmask smartmeter@reader && sudo systemctl enable --now smartmeter@reader",
        ),
    ),
    *(
        (
            {"LoadState": state, "ActiveState": "inactive"},
            "",
            problem(
                "service reader",
                f"systemd cannot use its unit ({state})",
                "systemctl status smartmeter@reader names the faulty line; correct it: sudo systemctl edit smartmeter@reader",
            ),
        )
        for state in ("bad-setting", "error")
    ),
    ({"LoadState": "not-found"}, "", problem("service reader", "it is not installed", "sudo make install")),
]


@pytest.mark.parametrize(("unit", "last_words", "wanted"), UNITS)
def test_a_unit_is_judged_by_its_state(unit: dict[str, str], last_words: str, wanted: Check) -> None:
    """And by what it told systemd of itself."""
    assert judge_unit("reader", {name: [value] for name, value in unit.items()}, last_words) == wanted


@pytest.mark.parametrize(
    ("state", "is_taken", "wanted"),
    [
        ("active", True, ok("service mosquitto", "it runs")),
        (
            "failed",
            True,
            problem(
                "service mosquitto",
                "the broker does not run (failed), and another program has its port 1883",
                "end that program (sudo ss -ltnp 'sport = :1883' names it), then: sudo systemctl restart mosquitto",
            ),
        ),
        (
            "failed",
            False,
            problem(
                "service mosquitto",
                "the broker does not run (failed): Error: no such file",
                "sudo systemctl restart mosquitto; if it ends again: journalctl -u mosquitto -n 50",
            ),
        ),
    ],
)
def test_a_broker_that_does_not_run_may_have_lost_its_port(state: str, wanted: Check, *, is_taken: bool) -> None:
    """Then a restart alone helps nothing."""
    assert judge_broker({"ActiveState": [state]}, "Error: no such file", is_taken=is_taken) == wanted


def test_a_broker_that_is_masked_is_not_started_by_a_restart() -> None:
    """As where a broker in a container was tried once."""
    assert judge_broker({"LoadState": ["masked"], "ActiveState": ["inactive"]}, "", is_taken=False) == problem(
        "service mosquitto",
        "it is masked: systemd does not start it",
        "sudo systemctl unmask mosquitto && sudo systemctl enable --now mosquitto",
    )


ENABLED = {"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "inactive", "ConditionResult": "yes"}


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [
        (ENABLED | {"ActiveState": "active"}, ok("live page", "it is served")),
        (
            ENABLED | {"UnitFileState": "disabled"},
            warning("live page", "it is switched off", "sudo systemctl enable --now smartmeter-web"),
        ),
        (
            ENABLED | {"ConditionResult": "no"},
            warning("live page", "there is none: it could not be built", "sudo apt install npm && sudo make install"),
        ),
        (
            ENABLED | {"ActiveState": "activating"},
            warning(
                "live page",
                "it is not served (activating): bind() 127.0.0.1:8080: Address already in use",
                "edit /etc/smartmeter/web.env, then: sudo systemctl restart smartmeter-web",
            ),
        ),
    ],
)
def test_a_live_page_that_is_not_served_is_a_warning(unit: dict[str, str], wanted: Check) -> None:
    """Nothing else waits for it."""
    said = "bind() 127.0.0.1:8080: Address already in use"
    assert judge_page({name: [value] for name, value in unit.items()}, said) == wanted


SHOWN = """\
User=smartmeter
SupplementaryGroups=dialout
DevicePolicy=closed
DeviceAllow=char-188 rw
DeviceAllow=char-166 rw
ReadWritePaths=
EnvironmentFiles=/etc/smartmeter/influx.env (ignore_errors=no)
EnvironmentFiles=/etc/more.env (ignore_errors=yes)
Environment=PYTHONSAFEPATH=1 SMARTMETER_MQTT_USERNAME=reader SMARTMETER_MQTT_PASSWORD_FILE=/run/credentials/smartmeter@reader\
.service/mqtt_password "SMARTMETER_INFLUX_TOKEN=top secret"
""".replace("\\\n", "")
FILES = """\
# /usr/local/lib/systemd/system/smartmeter@.service
[Service]
ExecStart=/opt/smartmeter/venv/bin/python -m %i
# /usr/local/lib/systemd/system/smartmeter@.service.d/10-login.conf
[Service]
LoadCredential=forgotten:/x
LoadCredential=
LoadCredential=mqtt_password:/etc/smartmeter/logins/%i/password
# /etc/systemd/system/smartmeter@reader.service.d/override.conf
LoadCredentialEncrypted=token:\\
/etc/%N/100%%
"""


def test_a_check_gets_every_kind_of_credential() -> None:
    """Of the user's override; what is set there literally has no specifiers, and an empty one forgets those of its kind."""
    files = """\
[Service]
SetCredential=forgotten:x
SetCredential=
SetCredential=token_%i:100%%i
SetCredentialEncrypted=key: \\
        k6iUCUh0RJCQyvL8k8q1UyAAAAABAAAADAAAABAAAAASfFsBoPLIm/dl
ImportCredential=smartmeter.*
"""
    command = question_of("reader", {}, files).command
    assert [word for word in command if "Credential" in word] == [
        "SetCredential=token_reader:100%%i",
        "SetCredentialEncrypted=key:          k6iUCUh0RJCQyvL8k8q1UyAAAAABAAAADAAAABAAAAASfFsBoPLIm/dl",
        "ImportCredential=smartmeter.*",
    ]


def test_a_check_gets_the_rights_and_the_secrets_of_its_unit() -> None:
    """In a unit of its own, with a folder of credentials of its own; and no secret is on the command line."""
    question = question_of("reader", properties(SHOWN), FILES)
    command = list(question.command)
    options = [command[place + 1] for place, word in enumerate(command) if word == "-p"]
    assert options == [
        "User=smartmeter",
        "SupplementaryGroups=dialout",
        "DevicePolicy=closed",
        "DeviceAllow=char-188 rw",
        "DeviceAllow=char-166 rw",
        "EnvironmentFile=/etc/smartmeter/influx.env",
        "EnvironmentFile=-/etc/more.env",
        "LoadCredential=mqtt_password:/etc/smartmeter/logins/reader/password",
        "LoadCredentialEncrypted=token: /etc/smartmeter@reader/100%",
        "RuntimeMaxSec=180",
        "PrivateTmp=yes",
        "WorkingDirectory=/tmp",
    ]
    assert [word for word in command if word.startswith("--setenv=")] == [
        "--setenv=PYTHONSAFEPATH",
        "--setenv=SMARTMETER_MQTT_USERNAME",
        "--setenv=SMARTMETER_INFLUX_TOKEN",
    ]
    assert dict(question.environment)["SMARTMETER_INFLUX_TOKEN"] == "top secret"  # noqa: S105 -- of this test
    assert "secret" not in f"{command}{question.mend}"
    assert command[-1] == (
        'export SMARTMETER_MQTT_PASSWORD_FILE="$CREDENTIALS_DIRECTORY/mqtt_password"; exec /opt/smartmeter/venv/bin/python '
        "-m reader -c /etc/smartmeter/config.ini --check --json"
    )


CONTAINERS = [
    (None, "", problem("container reader", "there is none", "docker compose up -d")),
    ({"State": "running"}, "", ok("container reader", "it runs")),
    (
        {"State": "running", "Health": "healthy"},
        "disabled",
        ok("container reader", "it rests: it is not enabled in the settings"),
    ),
    ({"State": "created"}, "", problem("container reader", "it was not started yet", "docker compose up -d")),
    ({"State": "running", "Health": "healthy"}, "online", ok("container reader", "it runs: online")),
    (
        {"State": "running", "Health": "unhealthy"},
        "stale: nothing comes from the port",
        problem(
            "container reader",
            "it runs, and does not do its work: stale: nothing comes from the port",
            "docker compose logs --tail 20 reader",
        ),
    ),
    (
        {"State": "restarting", "ExitCode": 2},
        "config.ini: no",
        problem(
            "container reader",
            "wrong settings: config.ini: no",
            "correct the settings (.env, config.ini), then: docker compose up -d",
        ),
    ),
    (
        {"State": "exited", "ExitCode": 137},
        "",
        problem(
            "container reader",
            "it does not run (exited, exit code 137)",
            "docker compose up -d; if it ends again: docker compose logs --tail 20 reader",
        ),
    ),
]


@pytest.mark.parametrize(("container", "said", "wanted"), CONTAINERS)
def test_a_container_is_judged_by_its_state(container: dict[str, object] | None, said: str, wanted: Check) -> None:
    """And by the words of its health check."""
    assert judge_container("reader", container, said) == wanted


def test_the_passwords_are_made_once() -> None:
    """That container has ended where all is well."""
    assert judge_container("credentials", {"State": "exited", "ExitCode": 0}, "").level == "ok"
    assert judge_container("credentials", {"State": "exited", "ExitCode": 1}, "no room").found == "exit code 1: no room"


def test_a_container_that_does_not_run_is_asked_in_another_one() -> None:
    """Its settings and rights are the same."""
    assert compose_command("reader", {"State": "running"})[:5] == ["docker", "compose", "exec", "-T", "reader"]
    assert compose_command("reader", {"State": "exited"})[2:7] == ["run", "--rm", "-T", "--no-deps", "reader"]


def test_the_brokers_files_are_asked_by_what_made_them() -> None:
    """The code that is installed, in whichever folder; in a container that has all of them, and is gone afterwards."""
    systemd, compose = systemd_broker(), compose_broker()
    check = ["-m", "mosquitto", "check", "--json", "--config=/etc/smartmeter/config.ini"]
    assert systemd.command[:6] == ("/opt/smartmeter/venv/bin/python", *check)
    assert systemd.environment == {"PYTHONSAFEPATH": "1"}
    assert list(compose.command) == [
        *("docker", "compose", "run", "--rm", "-T", "--no-deps", "credentials", "python3", *check),
        *("--broker=/access/broker", "--logins=/access/logins", "--authority=/access/authority"),
    ]


@pytest.mark.parametrize("question", [systemd_broker(), compose_broker()])
def test_the_question_about_the_brokers_files_is_one_that_is_understood(question: Question, tmp_path: Path) -> None:
    """Its words, with folders in which nothing is."""
    words = [word for word in question.command[question.command.index("-m") :] if not word.startswith("--")]
    options = [f"--{name}={tmp_path / name}" for name in ("config", "broker", "logins", "authority")]
    given = {word.partition("=")[0] for word in question.command if word.startswith("--") and "=" in word}
    assert given == {option.partition("=")[0] for option in options}
    asked = ask(sys.executable, *words, "--json", *options, folder=REPOSITORY)
    assert asked.code == 2
    assert [check.what for check in answers_of("mosquitto", asked, "", "")] == ["settings"]


def test_what_the_brokers_files_say_is_an_answer_of_the_doctors_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Of no service, and no service is named beside what all of them say."""
    both = json.dumps({"checks": [{"what": "clock", "level": "ok", "found": "set", "mend": ""}]})
    files = json.dumps({"checks": [{"what": "rights", "level": "problem", "found": "old", "mend": "renew"}]})
    questions = {service: Question(["echo", both], "") for service in ("reader", "csv_logger")}
    found = Installation("here", tmp_path, tmp_path, "", [], questions, Question(["echo", files], ""))
    monkeypatch.setattr(doctor, "_find", lambda _: (found, []))
    assert doctor.main([]) == 1
    told = capsys.readouterr().out
    assert "ok       clock: set\n" in told
    assert told.endswith("problem  rights: old\n         mend: renew\n\n1 problem\n")


def test_containers_are_read_as_old_and_new_compose_tell_them() -> None:
    """A list, or an object per line."""
    one, two = {"Service": "reader"}, {"Service": "mosquitto"}
    assert list(containers_in(f"{json.dumps(one)}\n{json.dumps(two)}\n")) == [one, two]
    assert list(containers_in(json.dumps([one, two]))) == [one, two]


@pytest.mark.parametrize(
    ("free_mb", "is_read_only", "level"),
    [(10_000, False, "ok"), (300, False, "warning"), (20, False, "problem"), (9_999, True, "problem")],
)
def test_the_disk_is_judged_by_its_room(free_mb: int, level: str, *, is_read_only: bool) -> None:
    """An SD card that has worn out becomes read-only."""
    check = judge_disk(Path("/data"), free_mb, is_read_only=is_read_only)
    assert (check.level, bool(check.mend)) == (level, level != "ok")


def test_the_memory_is_judged_by_what_can_be_had() -> None:
    """Not by what is free: caches give way."""
    assert judge_memory("MemTotal:  500000 kB\nMemFree: 9000 kB\nMemAvailable:  200000 kB\n") == ok(
        "memory", "200 MB of 500 MB can be had"
    )
    assert judge_memory("MemTotal:  500000 kB\nMemAvailable:  20000 kB\n").level == "warning"


def test_this_machine_can_be_looked_at() -> None:
    """Whatever it has; the folder need not be there yet."""
    assert [check.what for check in check_machine(Path("/no/such/folder"))] == ["disk of /", "memory"]


def test_a_fresh_checkout_is_told_how_to_begin(tmp_path: Path) -> None:
    """Nothing is installed there: no packages, no settings."""
    found = checkout(tmp_path, Path("config.ini"))
    assert not found.questions
    assert [(check.level, check.mend) for check in found.findings] == [
        ("problem", "cp config.sample.ini config.ini"),
        ("problem", "make venv"),
    ]


def test_an_environment_that_broke_since_is_made_anew(tmp_path: Path) -> None:
    """As after an upgrade of Python: `make venv` alone finds it finished."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/ready").touch()
    (tmp_path / ".venv/bin/python").symlink_to("/usr/bin/python3.0")
    found = checkout(tmp_path, Path("config.ini"))
    assert (found.findings[1].what, found.findings[1].mend) == ("Python packages", "rm -r .venv && make venv")
    assert found.get_packages == "rm -r .venv && make venv"


def test_a_python_that_is_gone_does_not_keep_the_doctor_away(tmp_path: Path) -> None:
    """`make doctor` takes the machine's own one then: it needs no packages."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/usr/bin/python3.0")
    command = ["make", "doctor", f"VENV={tmp_path}", f"PYTHON={sys.executable}", "ARGS=--help"]
    asked = subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.startswith("usage: python -m doctor")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("python -m reader -c {folder}/config.ini", "it runs"),
        ("python -m reader -c config.ini", "it runs"),
        ("python -m reader", "it runs"),
        ("python -m reader -c {folder}/run/demo.ini", "it does not run"),
        ("python -m reader simulate --port meter", "it does not run"),
        ("python -m reader decode", "it does not run"),
        ("python -m reader -c config.ini --check", "it does not run"),
    ],
)
def test_a_service_runs_here_if_it_has_these_settings(
    command: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo has others; and a simulated meter is no reader."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.ini").touch()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").touch()
    process = tmp_path / "proc/7"
    process.mkdir(parents=True)
    (process / "cmdline").write_text(command.format(folder=tmp_path).replace(" ", "\0") + "\0", encoding="ascii")
    (process / "cwd").symlink_to(tmp_path)
    found = checkout(tmp_path, Path("config.ini"), tmp_path / "proc").findings
    assert {check.what: check.found for check in found}["service reader"] == says
