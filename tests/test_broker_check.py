"""`python -m mosquitto check`: what is wrong with logins, rights and certificate; it changes nothing, and tells no secret."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.check import OK, PROBLEM, WARNING, Check, ok, problem, warning
from mosquitto.acl import Names, acl_text
from mosquitto.certificates import new_authority, new_server
from mosquitto.check import judge_certificate, judge_logins
from mosquitto.kept import Kept
from mosquitto.logins import SERVICES
from mosquitto.password_hash import hash_of
from mosquitto.topic_names import Use
from tests.support.access import Access, run

LOGINS, CERTIFICATE = "logins and rights of the broker", "certificate of the broker"
MEND = "the same once more with set-up in place of check"
BOILER = "[load:boiler]\ndriver = mqtt\ncommand_topic = cmnd/boiler\nstate_topic = stat/boiler\n"
OTHERS = "the rights are those of other settings: "
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """Give the files of a broker with a load's relay, and a person."""
    access = Access(tmp_path, BOILER)
    access.do("set-up")
    access.do("user", "vera", "viewer")
    return access


def answers(access: Access, code: int) -> list[Check]:
    """Give the answers of the check, by which nothing is changed, and no secret is told."""
    before = state_of(access)
    ended = access.run("check", "--json")
    assert (ended.returncode, ended.stderr) == (code, "")
    assert state_of(access) == before
    secrets = [path.read_text().strip() for path in access.logins.rglob("password")]
    assert not [secret for secret in secrets if secret and secret in ended.stdout]
    document = json.loads(ended.stdout)
    assert document["service"] == "mosquitto"
    return [Check(**one) for one in document["checks"]]


def state_of(access: Access) -> dict[Path, tuple[int, int, bytes]]:
    """Give mode, time and content of everything."""
    return {
        path: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in access.root.rglob("*")
    }


# --- Logins and rights --------------------------------------------------------------------------------------------------------


def test_files_that_fit_the_settings_are_well(access: Access) -> None:
    """In JSON, and for a person."""
    found = "as the settings give them; besides the services 1 login"
    assert answers(access, 0) == [ok(LOGINS, found)]
    assert access.do("check") == f"ok       {LOGINS}: {found}"


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (f"{BOILER}[load:heater]\ndriver = mqtt\ncommand_topic = cmnd/heater\n", "[load:heater] command_topic is new"),
        (BOILER.replace("stat/", "tele/"), "[load:boiler] state_topic is new"),
        (f"{BOILER}[homeassistant]\nprefix = ha\n", "[homeassistant] prefix is new"),
        (f"{BOILER}[mqtt]\nbase_topic = house\n", "[mqtt] base_topic is new"),
        (
            "",
            "relay_controller still has: topic read stat/boiler, relay_controller still has: topic write cmnd/boiler",
        ),
    ],
)
def test_rights_of_other_settings_are_told_until_the_set_up(settings: str, found: str, access: Access) -> None:
    """By the setting that is new, or by the rights that nothing asks for any more."""
    access.config.write_text(settings)
    assert answers(access, 1) == [problem(LOGINS, OTHERS + found, MEND)]
    assert f"mend: {MEND}" in access.run("check").stdout
    access.do("set-up")
    assert [check.level for check in answers(access, 0)] == [OK]


def test_a_login_that_the_broker_does_not_know_is_told(access: Access) -> None:
    """A password of one's own before the set-up, a file that is gone, half a person."""
    (access.logins / "reader" / "password").write_text("my own\n")
    shutil.rmtree(access.logins / "csv_logger")
    (access.broker / "roles").write_text("vera viewer\nhugo home\n")
    told = "csv_logger has no password, hugo has a role and no password and 1 more"
    assert answers(access, 1) == [problem(LOGINS, f"the broker does not know the password of reader, {told}", MEND)]


def test_no_files_at_all_are_told_and_none_is_made(tmp_path: Path) -> None:
    """As before the first set-up."""
    access = Access(tmp_path)
    assert answers(access, 1) == [problem(LOGINS, f"there are none: {access.broker} is not there", MEND)]


def test_a_damaged_file_is_told(access: Access) -> None:
    """With what mends it."""
    (access.broker / "acl").write_bytes(b"\xff")
    found = f"{access.broker}/acl is not UTF-8 text"
    assert answers(access, 1) == [problem(LOGINS, found, "restore it, or remove it to have a new one made")]


def test_wrong_settings_are_told_as_the_services_tell_them(access: Access) -> None:
    """Exit code 2; for a person on standard error."""
    access.config.write_text("[mqqt]\n")
    line = f"{access.config}: [mqqt]: unknown section, did you mean mqtt?"
    assert answers(access, 2) == [problem("settings", line, f"edit {access.config}")]
    ended = access.run("check")
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"{line}\n")


def test_a_topic_that_nobody_may_use_is_a_warning(access: Access) -> None:
    """The rest is as it shall be."""
    access.config.write_text(BOILER + "[load:a]\ndriver = mqtt\ncommand_topic = smartmeter/home/load/b/set\n")
    note, rest = answers(access, 0)
    assert (note.level, note.mend, rest.level) == (WARNING, f"edit {access.config}", OK)
    assert note.found.endswith("expected a topic of the relay, not one of our own under smartmeter; nobody may use it")


NAMES = Names("smartmeter", "homeassistant")
PASSWORDS = {service: f"{service}'s" for service in SERVICES}
WELL = Kept(PASSWORDS, {name: hash_of(one, bytes(12)) for name, one in PASSWORDS.items()}, {}, acl_text(NAMES, {}))


@pytest.mark.parametrize(
    ("acl", "found"),
    [
        (WELL.acl, ""),
        ("# of another version\n" + WELL.acl, ""),
        ("", "there are none"),
        ("topic readwrite #\n" + WELL.acl, "everybody still has: topic readwrite #"),
        (WELL.acl + "\nuser guest\ntopic read #\n", "guest still has: topic read #"),
        (WELL.acl + "\npattern read \x1b[2J\n", "csv_logger still has: pattern read ?[2J"),
        (WELL.acl.replace("topic write smartmeter/+/+\n", ""), "reader lacks: topic write smartmeter/+/+"),
    ],
)
def test_rights_are_compared_line_by_line(acl: str, found: str) -> None:
    """What a line does not change is well; what stands before the first user holds for everybody."""
    use = Use("[mqtt] base_topic", "csv_logger", "topic read smartmeter/+/telegram")
    kept = Kept(WELL.passwords, WELL.hashes, WELL.roles, acl)
    judged = judge_logins(kept, NAMES, [use] if acl else [], "mend it")
    assert (judged.level, judged.found.removeprefix(OTHERS)) == (
        (PROBLEM, found) if found else (OK, "as the settings give them; besides the services 0 logins")
    )


# --- The certificate ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        (30, ok(CERTIFICATE, "until 2026-12-27")),
        (29, warning(CERTIFICATE, "it expires on 2026-12-26: no client takes it afterwards", "renew it")),
        (0, problem(CERTIFICATE, "it expired on 2026-11-27: no client takes it any more", "renew it")),
    ],
)
def test_a_certificate_is_judged_by_its_end(days: int, wanted: Check) -> None:
    """From thirty days before it is a warning."""
    assert judge_certificate(NOW + timedelta(days=days), NOW, "renew it") == wanted


def test_the_brokers_certificate_is_looked_at(access: Access) -> None:
    """One that has expired, and what is none; the rights are as they were."""
    access.do("certificates")
    end = datetime.now(UTC) + timedelta(days=730)
    assert answers(access, 0)[1].found in {f"until {one:%Y-%m-%d}" for one in (end, end - timedelta(minutes=5))}
    file = access.broker / "server.crt"
    made = datetime.now(UTC) - timedelta(days=731)
    file.write_bytes(new_server(new_authority("pi", made), ["pi"], made).certificate)
    expired = f"it expired on {made + timedelta(days=730):%Y-%m-%d}: no client takes it any more"
    assert answers(access, 1)[1] == problem(CERTIFICATE, expired, "make certificates")
    file.write_bytes(b"damaged")
    words = "the certificate of the broker cannot be read"
    assert answers(access, 1)[1] == problem(CERTIFICATE, words, "make certificates")


def test_without_the_package_its_end_is_not_known(access: Access) -> None:
    """Which is a warning: everything works."""
    access.do("certificates")
    python, *arguments = access.command("check", "--json")
    ended = run([python, "-S", *arguments])  # without site-packages
    assert ended.returncode == 0, ended.stderr
    check = json.loads(ended.stdout)["checks"][1]
    assert (check["level"], check["found"]) == (WARNING, "its end is not known: the package cryptography is missing")
    assert "python3-cryptography" in check["mend"]
