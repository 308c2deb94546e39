"""The files of access to the broker: made, mended and changed, all of them at each command.

What was interrupted is finished by the next command: services' passwords are kept where they are, their hashes follow from
them, and a person is one who has both a hash and a role.
"""

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.secret_files import (
    OPEN_FOLDER,
    File,
    FileTroubleError,
    Folder,
    Owner,
    prepare_folders,
    read_file,
    remove_leftovers,
    replace_files,
)
from mosquitto.acl import Names, acl_text
from mosquitto.kept import Kept
from mosquitto.logins import SERVICES, passwords_text, read_passwords, read_roles, roles_text
from mosquitto.password_hash import SALT_BYTES, hash_of, matches

_SIGNS = string.ascii_letters + string.digits  # a double click selects all of it, and no program takes it for an option
_LENGTH = 32  # 190 bits


@dataclass(frozen=True, slots=True)
class Places:
    """The folders, and whose their files are; None: whoever runs this."""

    broker: Path
    logins: Path
    authority: Path
    broker_owner: Owner | None = None
    login_owner: Owner | None = None
    web: Path | None = None  # where the server of the live page finds the certificate, if it may not read the broker's files
    web_owner: Owner | None = None

    def login(self, service: str) -> Path:
        """Give the file with a service's password."""
        return self.logins / service / "password"


class Access:
    """What there is, and what it becomes. `notes` are lines for the user; every method may raise FileTroubleError."""

    def __init__(self, places: Places, names: Names) -> None:
        """Read the files; the folders are there (`prepare`), and nobody else changes them meanwhile (`exclusively`)."""
        kept = read_kept(places)
        self.notes: list[str] = []
        self._places = places
        self._names = names
        self._logins = dict(self._service_passwords(kept))
        self._roles, self._hashes = dict(kept.roles), dict(kept.hashes)
        for name in [name for name in self._roles if name not in self._hashes]:
            self.notes.append(f"{name} has a role and no password; removed")
            del self._roles[name]

    def add(self, name: str, role: str) -> str | None:
        """Let a person log in, or give one who may already another role; give the new password, None if it is kept."""
        password = None if name in self._roles else _new_password()
        if password is not None:
            self._hashes[name] = _new_hash(password)
        self._roles[name] = role
        return password

    def remove(self, name: str) -> bool:
        """Let a person no longer log in; tell whether there was one of that name."""
        return [self._hashes.pop(name, None), self._roles.pop(name, None)] != [None, None]

    def save(self) -> None:
        """Bring everything to the disk, if it changed."""
        places, owner = self._places, self._places.broker_owner
        logins = [
            File(places.login(name), f"{password}\n".encode(), places.login_owner) for name, password in self._logins.items()
        ]
        broker = {
            "passwords": passwords_text(dict(self._all_hashes())),
            "acl": acl_text(self._names, self._roles),
            # Whatever stands there already is the user's, or that of `certificates`.
            "listeners.conf": _text(places.broker / "listeners.conf"),
            "roles": roles_text(self._roles),
        }
        files = [*logins, *(File(places.broker / name, text.encode(), owner) for name, text in broker.items())]
        # Made by `certificates`, as they are now: a wrong owner or mode is mended.
        made = {places.broker / "server.key": owner, places.broker / "server.crt": owner, places.authority / "ca.key": None}
        remove_leftovers(made)
        files += [File(path, content, whose) for path, whose in made.items() if (content := read_file(path)) is not None]
        self.notes += replace_files(files)

    def _service_passwords(self, kept: Kept) -> Iterator[tuple[str, str]]:
        for service, password in kept.passwords.items():
            path = self._places.login(service)
            if not password and _text(path).strip():
                self.notes.append(f"{path} held no password; {service} gets a new one")
            yield service, password or _new_password()

    def _all_hashes(self) -> Iterator[tuple[str, str]]:
        for service, password in self._logins.items():
            known = self._hashes.get(service, "")
            yield service, known if matches(password, known) else _new_hash(password)
        for name, hashed in sorted(self._hashes.items()):
            if name in self._roles:
                yield name, hashed
            elif name not in SERVICES:
                self.notes.append(f"{name} had a password and no role; removed")


def read_kept(places: Places) -> Kept:
    """Read what there is. Raises FileTroubleError."""
    return Kept(
        passwords={service: _password_in(_text(places.login(service))) for service in SERVICES},
        hashes=read_passwords(_text(places.broker / "passwords")),
        roles=_roles_in(places.broker / "roles"),
        acl=_text(places.broker / "acl"),
    )


def prepare(places: Places) -> list[str]:
    """Make the folders, or mend them; say what was mended. Raises FileTroubleError."""
    logins = [Folder(places.login(service).parent, places.login_owner) for service in SERVICES]
    folders = [Folder(places.broker, places.broker_owner), Folder(places.logins, mode=OPEN_FOLDER), *logins]
    return prepare_folders(folders)


def _new_password() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


def _new_hash(password: str) -> str:
    return hash_of(password, secrets.token_bytes(SALT_BYTES))


def _password_in(text: str) -> str:
    """Give the password that a file holds, without the blanks around it, as the services read it; empty if it holds none."""
    password = text.strip()
    return password if password.isprintable() else ""


def _roles_in(path: Path) -> dict[str, str]:
    try:
        return read_roles(_text(path))
    except ValueError as error:
        raise FileTroubleError(f"{path}: {error}") from None


def _text(path: Path) -> str:
    content = read_file(path)
    try:
        return "" if content is None else content.decode()
    except UnicodeDecodeError:
        raise FileTroubleError(f"{path} is not UTF-8 text; restore it, or remove it to have a new one made") from None
