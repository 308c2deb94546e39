"""`python -m mosquitto certificates`: real brokers speak TLS with them, and clients believe the right ones only."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mosquitto.access import Places
from mosquitto.certificates import CertificateError, Signed, expiry, host_problem, new_authority, new_server
from mosquitto.tls import expiry_notes, host_names
from tests.support.access import BROKERS, LOCAL, Access, GuardedBroker, broker_owner, broker_sees, guarded_broker, run
from tests.support.guest import Guest, answer_to
from tests.support.parts import PartMissing, do_without
from tests.support.processes import running

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOSTS = ["pi", "pi.local", "localhost", "127.0.0.1"]


@contextmanager
def broker_of(kind: str, access: Access) -> Iterator[GuardedBroker]:
    """Run a broker; skip where there is none, which fails in CI."""
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(guarded_broker(kind, access))
        except PartMissing as reason:
            do_without(reason)
        yield broker


def names_in(certificate_pem: bytes) -> set[str]:
    """Give the names and addresses of a certificate."""
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def put_certificate(access: Access, signed: Signed) -> None:
    """Give the broker another certificate, with owner and mode as they were."""
    (access.broker / "server.key").write_bytes(signed.key)
    (access.broker / "server.crt").write_bytes(signed.certificate)


def with_certificates(folder: Path, kind: str = LOCAL) -> Access:
    """Give the files of a broker that speaks TLS."""
    access = Access(folder, owner=broker_owner(kind))
    access.do("set-up")
    ended = access.run("certificates", "--host=pi", f"--broker-sees={broker_sees(kind, access)}")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == (access.authority / "ca.crt").read_text()
    return access


# --- With real brokers --------------------------------------------------------------------------------------------------------


@pytest.mark.broker
@pytest.mark.parametrize("kind", BROKERS)
def test_a_client_speaks_tls_with_the_broker(kind: str, tmp_path: Path) -> None:
    """With the authority's certificate, checked strictly; logins count there as on the other port, which stays."""
    access = with_certificates(tmp_path, kind)
    ca_file = access.authority / "ca.crt"
    with broker_of(kind, access) as broker:
        for port, file in ((broker.tls_port, ca_file), (broker.port, None)):
            with Guest(port, access.login("csv_logger"), ca_file=file) as guest:
                assert guest.answer == "Success"
                assert guest.may_publish("smartmeter/home/csv_logger/check")
                assert not guest.may_publish("smartmeter/home/telegram")
            assert answer_to(port, ("csv_logger", "wrong"), file) == "Not authorized"
            assert answer_to(port, None, file) == "Not authorized"


@pytest.mark.broker
def test_a_renewed_certificate_serves_clients_that_know_the_old_one(tmp_path: Path) -> None:
    """The authority is the same, and so are the key and the listener; only the certificate is new."""
    access = with_certificates(tmp_path)
    files = [
        access.authority / "ca.key",
        access.authority / "ca.crt",
        access.broker / "server.key",
        access.broker / "listeners.conf",
    ]
    before, old = [file.read_bytes() for file in files], (access.broker / "server.crt").read_bytes()
    kept = tmp_path / "ca-of-a-client.crt"
    shutil.copy(access.authority / "ca.crt", kept)
    access.do("certificates", "--host=pi", "--host=10.0.0.7")
    assert [file.read_bytes() for file in files] == before
    assert (access.broker / "server.crt").read_bytes() != old
    assert names_in((access.broker / "server.crt").read_bytes()) >= {"pi", "pi.local", "10.0.0.7", "127.0.0.1", "localhost"}
    with broker_of(LOCAL, access) as broker:
        assert answer_to(broker.tls_port, access.login("reader"), kept) == "Success"


@pytest.mark.broker
@pytest.mark.parametrize(
    ("made", "hosts", "words"),
    [
        (NOW - timedelta(days=1000), HOSTS, "certificate has expired"),
        (None, ["pi"], "IP address mismatch, certificate is not valid for '127.0.0.1'"),
        ("another authority", HOSTS, "unable to get local issuer certificate|self-signed certificate in certificate chain"),
    ],
)
def test_a_service_says_what_is_wrong_with_a_certificate(
    made: datetime | str | None, hosts: list[str], words: str, tmp_path: Path
) -> None:
    """Expired, for another host, of somebody else: one line in its log, and it tries on."""
    access = with_certificates(tmp_path)
    ours = Signed(*((access.authority / name).read_bytes() for name in ("ca.key", "ca.crt")))
    authority = new_authority("elsewhere", datetime.now(UTC)) if made == "another authority" else ours
    if isinstance(made, datetime):
        authority = new_authority("long ago", made)
        (access.authority / "ca.crt").write_bytes(authority.certificate)
    put_certificate(access, new_server(authority, hosts, made if isinstance(made, datetime) else datetime.now(UTC)))
    with broker_of(LOCAL, access) as broker:
        name, password = access.login("csv_logger")
        settings = {"PORT": broker.tls_port, "TLS": "yes", "CA_FILE": access.authority / "ca.crt", "USERNAME": name}
        variables = {f"SMARTMETER_MQTT_{key}": str(value) for key, value in settings.items()}
        access.config.write_text(f"[mqtt]\npassword = {password}\n")
        arguments = ["csv_logger", "-c", str(access.config)]
        with running(arguments, tmp_path / "log", None, SMARTMETER_CSV_FILE_PATH=str(tmp_path), **variables) as service:
            service.wait_for_log("; trying on")
            lines = [line for line in service.log.splitlines() if "no broker at" in line]
            service.stop()
    assert len(lines) == 1
    assert f"no broker at 127.0.0.1:{broker.tls_port}: " in lines[0]
    assert any(word in lines[0] for word in words.split("|")), lines[0]


# --- The files ------------------------------------------------------------------------------------------------------------


def test_only_the_authority_is_for_everybody_to_read(tmp_path: Path) -> None:
    """Keys are of their owners; ca.crt is what others need."""
    access = with_certificates(tmp_path)
    modes = {
        path.name: S_IMODE(path.stat().st_mode) for folder in (access.broker, access.authority) for path in folder.iterdir()
    }
    assert {name: mode for name, mode in modes.items() if mode != 0o600} == {"ca.crt": 0o644}
    assert S_IMODE(access.authority.stat().st_mode) == 0o755
    (access.broker / "server.key").chmod(0o644)
    ended = access.run("set-up")
    assert ended.stderr == f"{access.broker}/server.key had mode 0644 instead of 0600: mended\n"


def test_a_listener_of_the_users_own_stays(tmp_path: Path) -> None:
    """Whatever stands in listeners.conf; without one it is made where the broker sees its files."""
    access = Access(tmp_path)
    access.do("certificates", "--broker-sees=/mosquitto/access")
    listeners = access.broker / "listeners.conf"
    assert (
        "listener 8883\ncertfile /mosquitto/access/server.crt\nkeyfile /mosquitto/access/server.key\n" in listeners.read_text()
    )
    listeners.write_text("# mine\n")
    access.do("certificates")
    assert listeners.read_text() == "# mine\n"


@pytest.mark.parametrize("gone", ["ca.key", "ca.crt"])
def test_half_an_authority_is_told_and_nothing_is_changed(gone: str, tmp_path: Path) -> None:
    """A new one would shut out every client that knows the old one: the user decides."""
    access = with_certificates(tmp_path)
    (access.authority / gone).unlink()
    before = (access.broker / "server.crt").read_bytes()
    ended = access.run("certificates")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"{access.authority} has no {gone}; restore it, or remove the other one to begin anew\n"
    assert (access.broker / "server.crt").read_bytes() == before


def test_an_authority_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A damaged key, the certificate of another one, an old one: what to remove stands in the line."""
    access = with_certificates(tmp_path)
    key = access.authority / "ca.key"
    hint = f"; remove ca.key and ca.crt in {access.authority} and server.key in {access.broker} to begin anew\n"
    for damage, words in (
        (b"damaged", "the key of the authority cannot be read"),
        (new_authority("x", NOW).key, "key and certificate of the authority do not belong together"),
    ):
        key.write_bytes(damage)
        ended = access.run("certificates")
        assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", words + hint)


def test_a_key_of_the_broker_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """Without it the authority stays, and so every client; what the line says mends it."""
    access = with_certificates(tmp_path)
    key, authority = access.broker / "server.key", [path.read_bytes() for path in sorted(access.authority.iterdir())]
    other = generate_private_key(65_537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for damage, words in ((b"damaged", "cannot be read"), (other, "is of another kind than ours")):
        key.write_bytes(damage)
        ended = access.run("certificates")
        line = f"the key of the broker {words}; remove {key} to have a new one made\n"
        assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", line)
    key.unlink()
    access.do("certificates")
    assert [path.read_bytes() for path in sorted(access.authority.iterdir())] == authority


def test_without_the_package_a_line_says_how_to_get_it(tmp_path: Path) -> None:
    """And logins work without it, and without any other package."""
    access = Access(tmp_path)

    def run_bare(name: str) -> subprocess.CompletedProcess[str]:
        python, *arguments = access.command(name)
        return run([python, "-S", *arguments])  # without site-packages

    assert run_bare("set-up").returncode == 0
    ended = run_bare("certificates")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        ended.stderr == "certificates need the package cryptography; install it with: sudo apt install python3-cryptography\n"
    )


# --- What stands in a certificate ------------------------------------------------------------------------------------------


def test_a_certificate_is_for_two_years_and_its_authority_for_ten() -> None:
    """But never longer than the authority; the names are those that were given."""
    authority = new_authority("pi", NOW)
    server = new_server(authority, HOSTS, NOW)
    assert expiry(server.certificate) == NOW + timedelta(days=730)
    assert expiry(authority.certificate) == NOW + timedelta(days=3650)
    assert names_in(server.certificate) == set(HOSTS)
    late = NOW + timedelta(days=3600)
    assert expiry(new_server(authority, HOSTS, late).certificate) == expiry(authority.certificate)
    with pytest.raises(CertificateError, match="the authority expired on 2036-11-23"):
        new_server(authority, HOSTS, NOW + timedelta(days=3651))


def test_openssl_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    """Checked strictly, as Python 3.13 and others do."""
    if shutil.which("openssl") is None:
        do_without(PartMissing("no openssl on PATH"))
    authority = new_authority("a name that is longer than the sixty-four characters which a name may have", datetime.now(UTC))
    (tmp_path / "ca.crt").write_bytes(authority.certificate)
    (tmp_path / "server.crt").write_bytes(new_server(authority, HOSTS, datetime.now(UTC)).certificate)
    for purpose in (["-purpose", "sslserver", "-verify_hostname", "pi.local"], ["-verify_ip", "127.0.0.1"]):
        command = ["openssl", "verify", "-x509_strict", *purpose, "-CAfile", "ca.crt", "server.crt"]
        checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stdout) == (0, "server.crt: OK\n"), checked.stderr


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["pi"], ["pi", "pi.local", "localhost", "127.0.0.1", "::1"]),
        (["pi.example.org", "10.0.0.7", "fd00::1"], ["pi.example.org", "10.0.0.7", "fd00::1", "localhost", "127.0.0.1", "::1"]),
        (["localhost"], ["localhost", "localhost.local", "127.0.0.1", "::1"]),
    ],
)
def test_the_names_of_a_certificate(given: list[str], names: list[str]) -> None:
    """Those given, the name that mDNS makes of a short one, and this machine's own end of the line."""
    assert host_names(given) == names


def test_without_names_it_is_for_this_machine() -> None:
    """Its name, and what mDNS makes of it."""
    names = host_names([])
    assert names[0] == os.uname().nodename
    assert names[1] == f"{names[0].partition('.')[0]}.local"


@pytest.mark.parametrize("host", ["pi", "pi.local", "a_b", "10.0.0.7", "fd00::1", "fe80::1", "a" * 63, "1a", "2.pi", "a.b2"])
def test_names_and_addresses_are_taken(host: str) -> None:
    """As DNS has them, and the underscore that some machines have."""
    assert host_problem(host) is None


@pytest.mark.parametrize(
    "host",
    [
        *("", "a b", "-a", "a-", "a..b", "a" * 64, "öl", "*", "http://pi", "pi:8883", "a\nb"),
        *("10.0.0.256", "10.0.0", "999", "pi.1", "fe80::1%eth0", "fe80::1%"),
    ],
)
def test_other_words_are_no_hosts(host: str) -> None:
    """What no client would ask for."""
    assert host_problem(host) == f'--host: expected a name or an address, got "{host}"'


def test_an_end_that_is_near_is_told(tmp_path: Path) -> None:
    """From thirty days before; by what can be read of it."""
    places = Places(tmp_path, tmp_path, tmp_path)
    path = tmp_path / "server.crt"
    assert expiry_notes(places, NOW) == []
    path.write_bytes(new_server(new_authority("pi", NOW), HOSTS, NOW).certificate)
    assert expiry_notes(places, NOW + timedelta(days=700)) == []
    assert expiry_notes(places, NOW + timedelta(days=701)) == [
        f"{path}: it expires on 2028-11-25: no client takes it afterwards; renew it with: make certificates"
    ]
    assert expiry_notes(places, NOW + timedelta(days=730)) == [
        f"{path}: it expired on 2028-11-25: no client takes it any more; renew it with: make certificates"
    ]
    path.write_bytes(b"damaged")
    assert expiry_notes(places, NOW) == [
        f"{path}: the certificate of the broker cannot be read; renew it with: make certificates"
    ]


def test_the_set_up_tells_an_end_that_is_near(tmp_path: Path) -> None:
    """At every start of the containers, and at every `make install`."""
    access = with_certificates(tmp_path)
    made = datetime.now(UTC) - timedelta(days=720)
    put_certificate(access, new_server(new_authority("pi", made), HOSTS, made))
    ended = access.run("set-up")
    assert (ended.returncode, ended.stdout) == (0, "")
    end = made + timedelta(days=730)
    told = f"it expires on {end:%Y-%m-%d}: no client takes it afterwards; renew it with: make certificates"
    assert ended.stderr == f"{access.broker}/server.crt: {told}\n"
