"""TLS with the broker: the authority, the broker's certificate and its listener, made and renewed."""

import socket
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from common.check import OK
from common.secret_files import (
    OPEN_FOLDER,
    PUBLIC,
    File,
    FileTroubleError,
    Folder,
    exclusively,
    prepare_folders,
    read_file,
    replace_files,
)
from mosquitto.access import Places, prepare
from mosquitto.certificates import BrokerKeyError, CertificateError, Signed, expiry, new_authority, new_server
from mosquitto.check import judge_certificate
from mosquitto.listeners import tls_listener

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_RENEW = "renew it with: make certificates"


def host_names(given: Sequence[str]) -> list[str]:
    """Give the names for the certificate: those given or this machine's, with the `.local` that mDNS adds, and loopback."""
    names: list[str] = []
    for host in given or [socket.gethostname()]:
        names.append(host)
        label = host.partition(".")[0]
        if not given or (label == host and ":" not in host):
            names.append(f"{label}.local")
    return list(dict.fromkeys([*names, *_LOOPBACK]))


def renew(places: Places, hosts: Sequence[str], now: datetime, broker_sees: Path) -> tuple[Signed, list[str]]:
    """Make what is missing and a new certificate for the broker; give the authority, and lines for the user.

    `broker_sees` is the broker's folder as the broker sees it. Raises FileTroubleError; then nothing was changed.
    """
    notes = [*prepare(places), *prepare_folders([Folder(places.authority, mode=OPEN_FOLDER)])]
    with exclusively(places.broker):
        try:
            authority = _authority(places, hosts[0], now)
            server = new_server(authority, hosts, now, read_file(places.broker / "server.key"))
        except BrokerKeyError as error:
            raise FileTroubleError(f"{error}; remove {places.broker}/server.key to have a new one made") from None
        except CertificateError as error:
            raise FileTroubleError(
                f"{error}; remove ca.key and ca.crt in {places.authority} and server.key in {places.broker} to begin anew"
            ) from None
        owner = places.broker_owner
        listeners = read_file(places.broker / "listeners.conf") or tls_listener(broker_sees).encode()
        files = [
            File(places.authority / "ca.key", authority.key),
            File(places.authority / "ca.crt", authority.certificate, mode=PUBLIC),
            File(places.broker / "server.key", server.key, owner),
            File(places.broker / "server.crt", server.certificate, owner),
            File(places.broker / "listeners.conf", listeners, owner),
        ]
        notes += replace_files(files)
    notes.append(f"certificate for {', '.join(hosts)}, until {expiry(server.certificate):%Y-%m-%d}")
    return authority, notes


def expiry_notes(places: Places, now: datetime) -> list[str]:
    """Say it if the broker's certificate expires soon, or did."""
    path = places.broker / "server.crt"
    certificate = read_file(path)
    if certificate is None:
        return []
    try:
        end = expiry(certificate)
    except CertificateError as error:
        return [f"{path}: {error}; {_RENEW}"]
    judged = judge_certificate(end, now, _RENEW)
    return [] if judged.level == OK else [f"{path}: {judged.found}; {judged.mend}"]


def _authority(places: Places, of: str, now: datetime) -> Signed:
    """Give the authority there is, or a new one, with the key of one that was begun.

    Raises CertificateError for a key that cannot be used.
    """
    key, certificate = (read_file(places.authority / name) for name in ("ca.key", "ca.crt"))
    is_begun = certificate is None and read_file(places.broker / "server.crt") is None  # nobody can know it yet
    if is_begun or (key is None and certificate is None):
        return new_authority(of, now, key)
    if key is None or certificate is None:
        missing = "ca.key" if key is None else "ca.crt"
        raise FileTroubleError(f"{places.authority} has no {missing}; restore it, or remove the other one to begin anew")
    return Signed(key, certificate)
