"""`python -m mosquitto set-up`, `user`, `remove-user`: what is in the files, who may read them, what a mishap leaves."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE

import pytest
from cryptography import x509

import mosquitto.__main__ as program
from common.secret_files import exclusively
from common.sections import MqttSettings
from common.settings import Config
from common.settings_file import load_config
from mosquitto.access import Access as Files
from mosquitto.access import Places, prepare
from mosquitto.acl import Names
from mosquitto.certificates import Signed, new_server
from mosquitto.logins import SERVICES, read_passwords
from mosquitto.password_hash import matches
from mosquitto.tls import renew
from tests.support.access import Access, run
from tests.support.disks import small_disk
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY
from tests.support.waiting import eventually

BROKER_FILES = {"passwords", "acl", "roles", "listeners.conf"}
NAMES = Names("smartmeter", "homeassistant")


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """Give folders that are not there yet."""
    return Access(tmp_path)


@pytest.fixture
def small_access() -> Iterator[Access]:
    """Give folders on a disk of 1 MiB, with logins in them."""
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(small_disk(1))
        except PartMissing as reason:
            do_without(reason)
        access = Access(disk)
        access.do("set-up")
        access.do("user", "vera", "viewer")
        yield access


def everything(access: Access) -> dict[str, tuple[bytes, int, int, int]]:
    """Give content, mode, owner and time of each file and folder."""
    found = {}
    for path in sorted(access.root.rglob("*")):
        state = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (content, state.st_mode, state.st_uid, state.st_mtime_ns)
    return found


def contents(access: Access) -> dict[str, bytes]:
    """Give the content of each file."""
    return {path: content for path, (content, *_) in everything(access).items()}


def hashes(access: Access) -> dict[str, str]:
    """Read the broker's password file."""
    return read_passwords((access.broker / "passwords").read_text())


# --- What there is afterwards -----------------------------------------------------------------------------------------------


def test_each_service_gets_a_password_of_its_own(access: Access) -> None:
    """Long, not the same for two, known to the broker as a hash only, and never printed."""
    ended = access.run("set-up")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    passwords = dict(access.login(service) for service in SERVICES)
    assert len(set(passwords.values())) == 4
    assert all(len(password) == 32 and password.isalnum() for password in passwords.values())
    assert all(matches(passwords[name], hashed) for name, hashed in hashes(access).items())
    assert list(hashes(access)) == list(SERVICES)
    assert {path.name for path in access.broker.iterdir()} == BROKER_FILES
    assert (access.broker / "listeners.conf").read_text() == ""


def test_nobody_else_may_read_the_files(access: Access) -> None:
    """Whatever the umask is."""
    ended = subprocess.run(["sh", "-c", 'umask 0; exec "$@"', "sh", *access.command("set-up")], check=False, cwd=Path())
    assert ended.returncode == 0
    for folder in (access.broker, *(access.logins / service for service in SERVICES)):
        assert S_IMODE(folder.stat().st_mode) == 0o700
        assert {S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_second_time_changes_nothing(access: Access) -> None:
    """Not a password, not a salt, not even a time; and nothing is said."""
    access.do("set-up")
    access.do("user", "vera", "viewer")
    before = everything(access)
    ended = access.run("set-up")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert everything(access) == before


def test_what_is_missing_is_made_and_the_rest_is_kept(access: Access) -> None:
    """A login that was deleted is a new one; the others are the same."""
    access.do("set-up")
    before, old = hashes(access), dict(access.login(service) for service in SERVICES)
    shutil.rmtree(access.logins / "reader")
    (access.broker / "acl").unlink()
    access.do("set-up")
    new = dict(access.login(service) for service in SERVICES)
    assert {service for service in SERVICES if new[service] != old[service]} == {"reader"}
    assert {name for name, hashed in hashes(access).items() if hashed != before[name]} == {"reader"}
    assert matches(new["reader"], hashes(access)["reader"])
    assert (access.broker / "acl").exists()


def test_a_password_of_the_users_own_choice_is_taken(access: Access) -> None:
    """Whoever writes one into the file gets it; what cannot be one is replaced."""
    access.do("set-up")
    (access.logins / "reader" / "password").write_text("my own: password\n")
    (access.logins / "csv_logger" / "password").write_text("two\nlines\n")
    (access.logins / "influx_bridge" / "password").write_text("")
    ended = access.run("set-up")
    assert ended.stderr == f"{access.logins}/csv_logger/password held no password; csv_logger gets a new one\n"
    assert access.login("reader") == ("reader", "my own: password")
    for service in SERVICES:
        assert matches(access.login(service)[1], hashes(access)[service])
    assert len(access.login("csv_logger")[1]) == len(access.login("influx_bridge")[1]) == 32


@pytest.mark.parametrize("written", [" my own ", "my own\t\n", "\n\u3000my own\r\n\n"])
def test_blanks_around_a_password_do_not_count(written: str, access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the services read it: the broker has the hash of what they send."""
    access.do("set-up")
    file = access.logins / "reader" / "password"
    file.write_text(written, encoding="utf-8")
    monkeypatch.setenv("SMARTMETER_MQTT_USERNAME", "reader")
    monkeypatch.setenv("SMARTMETER_MQTT_PASSWORD_FILE", str(file))
    access.do("set-up")
    config = load_config(None, [])
    assert isinstance(config, Config)
    sent = config.section(MqttSettings).password
    assert sent == "my own"
    assert matches(sent, hashes(access)["reader"])


def test_a_listener_that_somebody_wrote_stays(access: Access) -> None:
    """`listeners.conf` is the user's once something stands in it."""
    access.do("set-up")
    (access.broker / "listeners.conf").write_text("listener 9001\nprotocol websockets\n")
    access.do("set-up")
    assert (access.broker / "listeners.conf").read_text() == "listener 9001\nprotocol websockets\n"


def test_new_topics_of_a_relay_come_into_the_rights(access: Access) -> None:
    """Only the ACL changes."""
    access.do("set-up")
    before = contents(access)
    access.config.write_text("[load:a]\ndriver = mqtt\ncommand_topic = cmnd/a b/POWER\n")
    access.do("set-up")
    changed = {Path(path).name for path, content in contents(access).items() if content != before[path]}
    assert changed == {"config.ini", "acl"}
    assert "topic write cmnd/a b/POWER\n" in (access.broker / "acl").read_text()


# --- People -------------------------------------------------------------------------------------------------------------------


def test_a_persons_password_is_printed_once(access: Access) -> None:
    """Alone on standard output; what there is on the disk is its hash."""
    ended = access.run("user", "homeassistant", "home")
    password = ended.stdout.strip()
    assert ended.stderr == "homeassistant may log in as home; the password is shown this once:\n"
    assert matches(password, hashes(access)["homeassistant"])
    assert not [path for path, content in contents(access).items() if password.encode() in content]
    again = access.run("user", "homeassistant", "home")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == (
        "homeassistant may log in as home, with the password of before; for a new one, remove the login first\n"
    )
    assert matches(password, hashes(access)["homeassistant"])


def test_a_person_gets_another_role_and_keeps_the_password(access: Access) -> None:
    """As somebody may who shall do more."""
    access.do("user", "vera", "viewer")
    before = hashes(access)["vera"]
    access.do("user", "vera", "home")
    assert hashes(access)["vera"] == before
    assert (access.broker / "roles").read_text() == "vera home\n"
    assert (
        "user vera\ntopic read #\ntopic read $SYS/#\ntopic write smartmeter/+/load/+/set\n"
        in (access.broker / "acl").read_text()
    )


def test_a_person_who_is_removed_is_nowhere_any_more(access: Access) -> None:
    """And a second time says that there is nobody."""
    access.do("set-up")
    before = contents(access)
    access.do("user", "vera", "viewer")
    ended = access.run("remove-user", "vera")
    assert (ended.returncode, ended.stderr) == (0, "vera may no longer log in\n")
    assert contents(access) == before
    ended = access.run("remove-user", "vera")
    assert (ended.returncode, ended.stderr) == (0, "vera has no login; nothing to remove\n")


def test_two_who_add_people_at_once_do_not_lose_one(access: Access) -> None:
    """The second waits for the first."""
    access.do("set-up")
    names = [f"guest{number}" for number in range(5)]
    running = [subprocess.Popen(access.command("user", name, "viewer"), stdout=subprocess.DEVNULL) for name in names]
    assert [process.wait(60) for process in running] == [0] * 5
    assert list(hashes(access)) == [*SERVICES, *names]


def test_half_a_login_is_removed_and_told(access: Access) -> None:
    """A hash without a role, as of an interrupted command, lets nobody in for long."""
    access.do("user", "vera", "viewer")
    (access.broker / "roles").write_text("hugo home\n")
    ended = access.run("set-up")
    assert ended.stderr == "hugo has a role and no password; removed\nvera had a password and no role; removed\n"
    assert list(hashes(access)) == list(SERVICES)
    assert (access.broker / "roles").read_text() == ""


# --- Output that is lost ------------------------------------------------------------------------------------------------------

LOST = [
    ("full", "cannot write to standard output: No space left on device"),
    ("closed", "standard output is closed"),
    ("a pipe that nobody reads", "cannot write to standard output: Broken pipe"),
]


def run_into(output: str, access: Access, *arguments: str) -> tuple[int, str]:
    """Run a command with such an output; give its exit code, and what it said beside."""
    reading, writing = os.pipe()
    os.close(reading)
    command = access.command(*arguments)
    if output == "closed":
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    with os.fdopen(writing, "wb") as pipe, Path("/dev/full").open("wb") as full:
        taker = full if output == "full" else pipe
        ended = subprocess.run(command, cwd=REPOSITORY, stdout=taker, stderr=subprocess.PIPE, text=True, check=False)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(("output", "line"), LOST)
def test_a_login_whose_password_nobody_saw_is_removed(output: str, line: str, access: Access) -> None:
    """And that is said; exit code 1. A role that is changed shows no password, and stays."""
    access.do("set-up")
    before = contents(access)
    code, said = run_into(output, access, "user", "vera", "home")
    assert (code, said.splitlines()[1:]) == (1, ["nobody saw the password: the login of vera is removed again", line])
    assert contents(access) == before
    access.do("user", "vera", "viewer")
    assert run_into(output, access, "user", "vera", "home")[0] == 0
    assert (access.broker / "roles").read_text() == "vera home\n"


@pytest.mark.parametrize(("output", "line"), LOST)
@pytest.mark.parametrize("command", ["certificates", "check"])
def test_an_answer_that_is_lost_is_told(command: str, output: str, line: str, access: Access) -> None:
    """Exit code 1, no traceback."""
    access.do("set-up")
    code, said = run_into(output, access, command)
    assert (code, said.splitlines()[-1]) == (1, line)
    assert "Traceback" not in said
    assert "Exception" not in said


def test_what_is_said_beside_may_be_lost(access: Access) -> None:
    """It never takes the place of the password, and never costs it."""
    for name, said in (("vera", "2>/dev/full"), ("hugo", "2>&-")):
        ended = run(["bash", "-c", f'"$@" {said}', "bash", *access.command("user", name, "viewer")])
        assert ended.returncode == 0
        assert matches(ended.stdout.removesuffix("\n"), hashes(access)[name])


def test_who_interrupts_the_waiting_ends_it(access: Access) -> None:
    """Ctrl-C: exit code 130, not a word, nothing changed."""
    access.do("set-up")
    before = contents(access)
    with exclusively(access.broker):
        command = access.command("user", "vera", "viewer")
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        waiter = f"-> FLOCK  ADVISORY  WRITE {waiting.pid} "
        eventually(lambda: waiter in Path("/proc/locks").read_text(encoding="ascii"), what="the waiting")
        waiting.send_signal(signal.SIGINT)
        assert waiting.communicate(timeout=20) == ("", "")
    assert waiting.returncode == 130
    assert contents(access) == before


def test_who_interrupts_before_the_password_is_shown_has_no_login(
    access: Access, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For nobody knows how to use it."""
    access.do("set-up")
    before = contents(access)

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "show", interrupted)
    monkeypatch.setattr(sys, "argv", access.command("user", "vera", "viewer")[2:])
    assert program.main() == 130
    assert capsys.readouterr().err.splitlines()[1:] == ["nobody saw the password: the login of vera is removed again"]
    assert contents(access) == before


# --- Bad input --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("user", "vera", "boss"), 'ROLE: expected viewer, home or relay, got "boss"'),
        (("user", "Vera", "viewer"), 'NAME: expected a-z, 0-9, _ and - only, got "Vera"'),
        (
            ("user", "--", "--help", "viewer"),
            'NAME: expected a letter or a digit at its beginning, got "--help"',
        ),
        (("user", "reader", "viewer"), "NAME: reader is a service and has its login already; choose another name"),
        (("remove-user", "reader"), "NAME: reader is a service and has its login already; choose another name"),
        (("set-up", "--login-owner", "pi"), '--login-owner: expected UID:GID, as 1883:1883, got "pi"'),
        (("certificates", "--host", "a b"), '--host: expected a name or an address, got "a b"'),
    ],
)
def test_wrong_words_are_told_in_one_line_and_nothing_is_made(arguments: tuple[str, ...], line: str, access: Access) -> None:
    """Exit code 2."""
    ended = access.run(*arguments)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"{line}\n")
    assert not access.broker.exists()


def test_wrong_settings_are_told_and_nothing_is_changed(access: Access) -> None:
    """Every problem of what counts here; wrong rules of a load are for relay_controller to tell."""
    access.config.write_text("[mqtt]\nbase_topic = a b\nprot = 1\n")
    ended = access.run("set-up")
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"{access.config}: [mqtt] prot: unknown key, did you mean port?",
        f'{access.config}: [mqtt] base_topic: expected a topic without wildcards and blanks, got "a b"',
    ]
    assert not access.broker.exists()
    access.config.write_text("[load:a]\ndriver = mqtt\ncommand_topic = cmnd/a\nmin_on = 5 min\n")
    assert access.run("set-up").stderr == ""
    assert "topic write cmnd/a\n" in (access.broker / "acl").read_text()


def test_a_slip_in_the_settings_leaves_what_works(access: Access) -> None:
    """The broker goes on with the rights of before; without any it is an error."""
    access.do("set-up")
    before = everything(access)
    kept = "logins and rights stay as they are until that is mended"
    access.config.write_text("[mqqt]\n")
    ended = access.run("set-up")
    told = [f"{access.config}: [mqqt]: unknown section, did you mean mqtt?", kept]
    assert (ended.returncode, ended.stderr.splitlines()) == (0, told)
    access.config.unlink()
    ended = access.run("set-up")
    assert (ended.returncode, ended.stderr.splitlines()) == (0, [f"{access.config}: No such file or directory", kept])
    after = everything(access)
    assert {path: state for path, state in after.items() if path != str(access.config)} == {
        path: state for path, state in before.items() if path != str(access.config)
    }


@pytest.mark.parametrize(
    ("mode", "group", "is_told"), [(0o600, 0, True), (0o640, 0, True), (0o640, 991, False), (0o604, 0, False)]
)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_settings_that_the_services_cannot_read_are_told(mode: int, group: int, *, is_told: bool, access: Access) -> None:
    """Root reads everything, and so would not notice."""
    access.config.chmod(mode)
    os.chown(access.config, 0, group)
    ended = access.run("set-up", "--login-owner=990:991")
    assert ended.returncode == 0
    line = f"the services cannot read {access.config}; on the host: sudo chgrp 991 config.ini && chmod 640 config.ini\n"
    assert ended.stderr == (line if is_told else "")


def test_a_folder_in_the_place_of_a_file_changes_nothing(access: Access) -> None:
    """One line, exit code 1; what comes before it in the list is not replaced either, and no rest is left."""
    access.do("set-up")
    (access.broker / "acl").unlink()
    (access.broker / "acl").mkdir()
    (access.logins / "reader" / "password").write_text("")
    before = contents(access)
    ended = access.run("set-up")
    assert (ended.returncode, ended.stderr) == (1, f"cannot read {access.broker}/acl: it is no file\n")
    assert contents(access) == before


def test_secrets_of_the_services_need_not_be_there(access: Access) -> None:
    """Their files may exist only later, or only in another container."""
    access.do("set-up", **dict.fromkeys(("SMARTMETER_MQTT_PASSWORD_FILE", "SMARTMETER_INFLUX_TOKEN_FILE"), "/nowhere"))


@pytest.mark.parametrize("name", ["passwords", "acl", "roles"])
def test_a_wrong_mode_is_mended_and_told(name: str, access: Access) -> None:
    """In one line; the content stays."""
    access.do("set-up")
    before = contents(access)
    (access.broker / name).chmod(0o644)
    ended = access.run("set-up")
    assert (ended.returncode, ended.stderr) == (0, f"{access.broker}/{name} had mode 0644 instead of 0600: mended\n")
    assert S_IMODE((access.broker / name).stat().st_mode) == 0o600
    assert contents(access) == before


def test_a_folder_that_is_open_is_closed_and_told(access: Access) -> None:
    """Also that of a login."""
    access.do("set-up")
    (access.logins / "reader").chmod(0o755)
    ended = access.run("set-up")
    assert ended.stderr == f"{access.logins}/reader had mode 0755 instead of 0700: mended\n"


@pytest.mark.parametrize("victim", ["folder", "nowhere", "file"])
def test_a_link_in_the_place_of_a_folder_is_told_and_not_followed(victim: str, access: Access) -> None:
    """One line, exit code 1; what it leads to keeps its mode, and gets no file."""
    access.do("set-up")
    led_to = access.root / "victim" / victim
    led_to.parent.mkdir(mode=0o755)
    if victim == "folder":
        led_to.mkdir(mode=0o755)
    elif victim == "file":
        led_to.write_text("kept")
    for folder in (access.logins / "reader", access.broker):
        folder.rename(folder.with_name("away"))
        folder.symlink_to(led_to)
        before = everything(access)
        ended = access.run("set-up")
        line = f"cannot prepare {folder}: it is a link; remove it, to have a folder made\n"
        assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", line)
        assert everything(access) == before
        folder.unlink()
        folder.with_name("away").rename(folder)


def test_the_key_of_the_authority_is_closed_and_told(access: Access) -> None:
    """Whoever reads it is the broker for all clients."""
    access.do("set-up")
    access.do("certificates")
    key = access.authority / "ca.key"
    key.chmod(0o644)
    before = contents(access)
    assert access.run("set-up").stderr == f"{key} had mode 0644 instead of 0600: mended\n"
    assert S_IMODE(key.stat().st_mode) == 0o600
    assert contents(access) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_files_are_given_to_who_may_read_them(tmp_path: Path) -> None:
    """The broker's to its user, the services' to theirs; wrong owners are mended and told."""
    access = Access(tmp_path, owner=(1883, 1884))
    assert access.run("set-up", "--login-owner=990:991").stderr == ""

    def owners(folder: Path) -> set[tuple[int, int]]:
        return {(path.stat().st_uid, path.stat().st_gid) for path in (folder, *folder.iterdir())}

    assert owners(access.broker) == {(1883, 1884)}
    assert owners(access.logins / "reader") == {(990, 991)}
    os.chown(access.broker / "passwords", 0, 0)
    ended = access.run("set-up", "--login-owner=990:991")
    assert ended.stderr == f"{access.broker}/passwords belonged to 0:0 instead of 1883:1884: mended\n"
    # Whoever names no owner keeps those there are.
    plain = Access(tmp_path)
    assert plain.run("set-up", "--login-owner=990:991").stderr == ""
    assert owners(access.broker) == {(1883, 1884)}


def test_who_may_not_give_files_away_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    """One line, exit code 1."""
    access = Access(tmp_path, owner=(12345, 12345))
    command = access.command("set-up")
    if os.geteuid() == 0:  # root without that right
        if shutil.which("setpriv") is None:
            do_without(PartMissing("no setpriv on PATH"))
        command = ["setpriv", "--bounding-set=-chown", "--inh-caps=-chown", *command]
    ended = run(command)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"cannot prepare {access.broker}: Operation not permitted; run it as root\n"
    assert not access.broker.exists()


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_text("vera boss\n"), '{}: line 1: ROLE: expected viewer, home or relay, got "boss"'),
        (lambda path: path.write_bytes(b"\xff"), "{} is not UTF-8 text; restore it, or remove it to have a new one made"),
        (lambda path: path.write_bytes(b"#" * 1_000_001), "cannot read {}: it is too large to be ours"),
        (_a_folder, "cannot read {}: it is no file"),
        (_a_link, "cannot read {}: Too many levels of symbolic links"),
    ],
)
def test_a_damaged_file_is_told_and_nothing_is_changed(damage: Callable[[Path], object], words: str, access: Access) -> None:
    """A role that does not exist, bytes that are no text, too many of them, a folder or a link in the place of a file."""
    access.do("user", "vera", "viewer")
    roles = access.broker / "roles"
    damage(roles)
    before = contents(access)
    ended = access.run("set-up")
    assert (ended.returncode, ended.stderr) == (1, f"{words.format(roles)}\n")
    assert contents(access) == before


# --- Mishaps ------------------------------------------------------------------------------------------------------------------


def test_a_full_disk_changes_nothing(small_access: Access) -> None:
    """One line, exit code 1, no rest of a file; with room again it works."""
    before = contents(small_access)
    filling = small_access.root / "filling"
    with filling.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    ended = small_access.run("user", "hugo", "home")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"cannot write {small_access.broker}/passwords: No space left on device; make room and run it again\n"
    )
    filling.unlink()
    assert contents(small_access) == before
    assert small_access.do("user", "hugo", "home")


def test_a_folder_that_is_read_only_changes_nothing(small_access: Access) -> None:
    """One line; and where there is nothing to change there is no trouble."""
    before = everything(small_access)
    subprocess.run(["mount", "-o", "remount,ro", str(small_access.root)], check=True)
    ended = small_access.run("user", "hugo", "home")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"cannot write {small_access.broker}/passwords: Read-only file system\n"
    assert small_access.run("set-up").returncode == 0
    subprocess.run(["mount", "-o", "remount,rw", str(small_access.root)], check=True)
    assert everything(small_access) == before


@pytest.mark.parametrize("command", ["set-up", "certificates"])
def test_secrets_that_a_killed_run_left_are_removed(command: str, access: Access) -> None:
    """Also beside files that do not change, and such as are not there; a link is removed, not what it leads to."""
    access.do(command)
    access.do("set-up")
    access.authority.mkdir(exist_ok=True)
    before = contents(access)
    folders = [access.broker, access.authority, *(access.logins / service for service in SERVICES)]
    names = {access.broker: (*BROKER_FILES, "server.key", "server.crt"), access.authority: ("ca.key",)}
    for folder in folders:
        for name in names.get(folder, ("password",)):
            (folder / f".{name}.new").write_text("a secret")
    (access.broker / ".acl.new").unlink()
    (access.broker / ".acl.new").symlink_to(access.broker / "passwords")
    access.do("set-up")
    assert contents(access) == before


def test_a_rest_that_cannot_be_removed_is_told(access: Access) -> None:
    """One line, exit code 1, and nothing is changed."""
    access.do("set-up")
    (access.broker / ".acl.new").mkdir()
    before = contents(access)
    ended = access.run("set-up")
    assert (ended.returncode, ended.stderr) == (1, f"cannot remove {access.broker}/.acl.new: Is a directory\n")
    assert contents(access) == before


class PowerCutError(BaseException):
    """The process is gone, before it could tidy up."""


@contextmanager
def power_cut(renames: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process be gone after so many renames."""
    left = iter(range(renames))
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise PowerCutError
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(PowerCutError):
            yield


@pytest.mark.parametrize("renames", range(8))
def test_a_crash_leaves_files_whole_and_the_next_run_finishes(
    renames: int, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many renames of a first set-up with a person: each file is whole or not there, and the next run mends all."""
    places = Places(access.broker, access.logins, access.authority)
    prepare(places)
    files = Files(places, NAMES)
    files.add("vera", "viewer")
    with power_cut(renames, monkeypatch):
        files.save()
    before = {path: content for path, content in contents(access).items() if not path.endswith(".new")}
    access.do("set-up")
    after = contents(access)
    assert not [path for path in after if path.endswith(".new")]
    kept = [path for path in before if Path(path).name == "password"]
    assert all(after[path] == before[path] for path in kept)
    for service in SERVICES:
        assert matches(access.login(service)[1], hashes(access)[service])
    assert list(hashes(access)) == list(SERVICES)  # her role is what is written last


@pytest.mark.parametrize("renames", range(5))
def test_a_crash_amid_certificates_leaves_files_whole_and_the_next_run_finishes(
    renames: int, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many renames of the first `certificates`: what there is stays, the rest is made, and fits."""
    access.do("set-up")
    places = Places(access.broker, access.logins, access.authority)
    with power_cut(renames, monkeypatch):
        renew(places, ["pi"], datetime.now(UTC), access.broker)
    before = {path: content for path, content in contents(access).items() if not path.endswith(".new")}
    assert access.do("certificates", "--host=pi") == (access.authority / "ca.crt").read_text().strip()
    after = contents(access)
    assert not [path for path in after if path.endswith(".new")]
    made = [path for path in before if Path(path).name in {"ca.key", "ca.crt", "server.key"}]
    assert len(made) == min(renames, 3)
    assert all(after[path] == before[path] for path in made)
    authority = Signed(*((access.authority / name).read_bytes() for name in ("ca.key", "ca.crt")))
    server = Signed(*((access.broker / name).read_bytes() for name in ("server.key", "server.crt")))
    new_server(authority, ["pi"], datetime.now(UTC), server.key)  # raises where key and certificate are not of one authority
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    x509.load_pem_x509_certificate(server.certificate).verify_directly_issued_by(issuer)
    assert "listener 8883" in (access.broker / "listeners.conf").read_text()
