"""What is said to mend a trouble, at each place where smartmeter may run."""

import pytest

from common.check_host import has_our_login
from common.remedies import Place, Remedies

OURS = "/run/credentials/smartmeter@reader.service"
RENEW = "docker compose up -d --force-recreate"
ELSE = "sudo make install, if that is the broker of this machine; if it is another one: sudo make install BROKER=no, and"
CORRECT = "correct [mqtt] username and password"
LET = "let this login read x in the broker's ACL file"


@pytest.mark.parametrize(
    ("place", "is_our_login", "host", "login", "rights"),
    [
        (Place.SYSTEM, True, "127.0.0.1", "sudo make install", "sudo make install"),
        (Place.SYSTEM, True, "nas.local", ELSE, ELSE),
        (Place.SYSTEM, False, "127.0.0.1", CORRECT, LET),
        (Place.SYSTEM, False, "nas.local", CORRECT, LET),
        (Place.CONTAINER, True, "mosquitto", RENEW, RENEW),
        (Place.CONTAINER, True, "nas.local", CORRECT, LET),
        (Place.CONTAINER, False, "mosquitto", CORRECT, LET),
        (Place.CHECKOUT, False, "127.0.0.1", CORRECT, LET),
    ],
)
def test_logins_are_made_anew_where_we_made_them(
    place: Place, host: str, login: str, rights: str, *, is_our_login: bool
) -> None:
    """On another broker that would change nothing."""
    here = Remedies(place, has_our_login=is_our_login)
    assert here.mend_login(host).startswith(login)
    assert here.grant("read x", host).startswith(rights)


@pytest.mark.parametrize(
    ("file", "folder", "is_ours"),
    [
        (f"{OURS}/mqtt_password", OURS, True),
        ("/login/password", "", True),
        (f"{OURS}/token", OURS, False),
        ("/mqtt_password", "", False),
        ("/etc/my-password", OURS, False),
        ("", "", False),
    ],
)
def test_a_password_of_ours_is_known_by_its_place(file: str, folder: str, *, is_ours: bool) -> None:
    """That of our unit's credential, and that of docker-compose.yml."""
    given = {"SMARTMETER_MQTT_PASSWORD_FILE": file, "CREDENTIALS_DIRECTORY": folder}
    assert has_our_login({name: value for name, value in given.items() if value}) is is_ours


@pytest.mark.parametrize(
    ("place", "host", "mend"),
    [
        (Place.CONTAINER, "mosquitto", "docker compose up -d mosquitto"),
        (Place.CONTAINER, "nas.local", "start the broker on nas.local, let it listen"),
        (Place.SYSTEM, "nas.local", "start the broker on nas.local, let it listen"),
        (Place.SYSTEM, "127.0.0.1", "sudo systemctl start mosquitto"),
    ],
)
def test_a_broker_is_started_where_it_is(place: Place, host: str, mend: str) -> None:
    """Our container is not that of another machine."""
    assert Remedies(place).start_broker(host).startswith(mend)
