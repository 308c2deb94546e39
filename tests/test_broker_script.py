"""`make user`, `make remove-user`, `make certificates`: their words where nothing is installed, what they do under Compose."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

import pytest

from tests.support.compose import IMAGE, Project, composed
from tests.support.guest import Guest, answer_to, speaks_tls
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY, clean_environment
from tests.support.waiting import eventually

REACH = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3.0); print('reached')"


def make(*arguments: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    """Run make in the repository, with these programs only."""
    environment = clean_environment(PATH=path)
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


# --- Words ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["user"], "usage: make user NAME=homeassistant ROLE=home (or viewer, or relay)"),
        (["user", "NAME=vera"], "usage: make user NAME=homeassistant ROLE=home (or viewer, or relay)"),
        (["user", "ROLE=home", "NAME="], "usage: make user NAME=homeassistant ROLE=home (or viewer, or relay)"),
        (["remove-user"], "usage: make remove-user NAME=homeassistant"),
    ],
)
def test_what_is_missing_is_told_in_one_line(arguments: list[str], line: str) -> None:
    """Exit code 2, before anything is looked for."""
    ended = make(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[0] == line
    assert "Error 2" in ended.stderr.splitlines()[1]  # make's own line


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "NAME=it's", "ROLE=`id`;"],
        ["user", "NAME=$(error run)", "ROLE=home"],
        ["remove-user", "NAME=vera"],
        ["certificates"],
    ],
)
def test_where_nothing_is_installed_a_line_says_what_to_do_first(arguments: list[str], tmp_path: Path) -> None:
    """Exit code 1; what stands in a name is never run."""
    if Path("/opt/smartmeter").exists():
        do_without(PartMissing("smartmeter is installed here"))
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    ended = make(*arguments, path=f"{tmp_path}:/usr/bin:/bin")
    assert ended.stderr.splitlines()[0] == (
        "no broker of smartmeter was started here; do that first: docker compose up -d, or make install"
    )
    assert "Error 1" in ended.stderr.splitlines()[1]


@pytest.mark.parametrize("is_folder", [False, True])
@pytest.mark.parametrize("link", ["ca.crt.new", "ca.crt"])
def test_a_link_that_somebody_planted_is_not_followed(link: str, *, is_folder: bool, tmp_path: Path) -> None:
    """The folder is a user's, and the command runs as root; a file of everybody's to read is in its place afterwards."""
    if Path("/opt/smartmeter").exists():
        do_without(PartMissing("smartmeter is installed here"))
    checkout, victim = tmp_path / "checkout", tmp_path / "victim"
    shutil.copytree(REPOSITORY / "scripts", checkout / "scripts")
    programs = tmp_path / "bin"
    programs.mkdir()
    _put_program(programs / "docker", "case $* in *certificates*) echo made ;; *'ps -aq'*) echo a ;; esac")
    if is_folder:
        victim.mkdir()
    else:
        victim.write_text("kept")
    (checkout / link).symlink_to(victim)
    environment = clean_environment(PATH=f"{programs}:/usr/bin:/bin")
    command = ["sh", str(checkout / "scripts/broker-access"), "certificates"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, umask=0o077)
    assert ended.returncode == 0, ended.stderr
    certificate = checkout / "ca.crt"
    assert (certificate.read_text(), S_IMODE(certificate.lstat().st_mode)) == ("made\n", 0o644)
    assert [*victim.iterdir()] == [] if is_folder else victim.read_text() == "kept"
    assert {path.name for path in checkout.iterdir()} == {"scripts", "ca.crt", link}


@pytest.mark.parametrize(("name", "hosts"), [("pi", "--host=pi --host=10.0.0.7"), ("42", "--host=10.0.0.7")])
def test_the_certificate_is_for_a_name_of_this_machine_that_can_be_one(name: str, hosts: str, tmp_path: Path) -> None:
    """And for its addresses; digits alone would be refused, whatever else was asked for."""
    if Path("/opt/smartmeter").exists():
        do_without(PartMissing("smartmeter is installed here"))
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")
    _put_program(tmp_path / "docker", "case $* in *certificates*) echo $* ;; *'ps -aq'*) echo a ;; esac")
    _put_program(tmp_path / "hostname", f"[ $# = 0 ] && echo {name} || echo 10.0.0.7 fd00::1")
    environment = clean_environment(PATH=f"{tmp_path}:/usr/bin:/bin")
    command = ["sh", str(tmp_path / "scripts/broker-access"), "certificates"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "ca.crt").read_text().strip().endswith(f" --broker-sees=/mosquitto/access {hosts} --host=mosquitto")


def _put_program(file: Path, line: str) -> None:
    file.write_text(f"#!/bin/sh\n{line}\n")
    file.chmod(0o755)


# --- Under Compose ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Run the broker as `docker compose up` does; no service is needed."""
    try:
        with composed(tmp_path_factory.mktemp("access")) as project:
            project.run("up", "-d", "mosquitto")
            yield project
    except PartMissing as reason:
        do_without(reason)


@pytest.mark.broker
def test_a_login_is_made_and_taken_away_while_the_broker_runs(stack: Project) -> None:
    """The password stands alone on standard output; who is removed is thrown out."""
    ended = stack.ended("make", "user", "NAME=vera", "ROLE=viewer")
    assert ended.returncode == 0, ended.stderr
    assert "vera may log in as viewer; the password is shown this once:\n" in ended.stderr
    login = ("vera", ended.stdout.strip())
    eventually(lambda: answer_to(stack.port, login) == "Success", 60.0, "the login")
    with Guest(stack.port, login) as guest:
        assert stack.ended("make", "remove-user", "NAME=vera").stderr.endswith("vera may no longer log in\n")
        assert guest.gone.wait(60.0)
    assert answer_to(stack.port, login) == "Not authorized"
    assert stack.container("mosquitto")["RestartCount"] == 0


@pytest.mark.broker
def test_wrong_words_come_from_the_container_as_one_line(stack: Project) -> None:
    """Exit code 2 of the command, and its words."""
    ended = stack.ended("make", "user", "NAME=vera", "ROLE=boss")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert 'ROLE: expected viewer, home or relay, got "boss"' in ended.stderr.splitlines()


@pytest.mark.broker
def test_a_client_of_another_network_does_not_reach_the_broker(stack: Project) -> None:
    """A container beside the stack; one in its network does, so the broker is there."""
    container = stack.container("mosquitto")
    network, address = next((name, one["IPAddress"]) for name, one in container["NetworkSettings"]["Networks"].items())
    for other, reaches in (("bridge", False), (network, True)):
        said = stack.call(
            "docker", "run", "--rm", "--network", other, IMAGE, "python3", "-c", REACH, address, "1883", expected=None
        )
        assert (said.splitlines()[-1] == "reached") == reaches


@pytest.mark.broker
def test_two_lines_bring_tls(stack: Project) -> None:
    """`make certificates`, the two lines of docs/security.md, `docker compose up -d`; without TLS nobody answers there."""
    login = ("hugo", stack.ended("make", "user", "NAME=hugo", "ROLE=home").stdout.strip())
    ended = stack.ended("make", "certificates", "HOST=broker.example.org")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert "certificate for broker.example.org, " in ended.stderr
    assert "    MQTT_PORT=8883\n" in ended.stderr
    assert "BEGIN CERTIFICATE" in (stack.folder / "ca.crt").read_text()
    eventually(lambda: answer_to(stack.port, login) == "Success", 60.0, "the broker as before")
    stack.set_env(MQTT_LISTENER="8883", WEB_TLS="yes")  # the other line, MQTT_PORT, is a free port in tests
    stack.run("up", "-d", "--no-deps", "mosquitto", "web")
    for port in (stack.port, stack.web_port):
        eventually(lambda: speaks_tls(port, stack.folder / "ca.crt"), 60.0, "TLS")  # noqa: B023
    with Guest(stack.port, login, ca_file=stack.folder / "ca.crt") as guest:
        assert guest.may_publish("smartmeter/home/load/boiler/set", "ON")
        assert not guest.may_publish("smartmeter/home/telegram")
