"""`python -m mosquitto`: logins, rights and certificates of the broker. Its owner runs it, by `make` or at the start.

Exit codes: 0 done, 1 a file cannot be read or written or `check` found a problem, 2 wrong usage or settings. Standard output
has nothing but a new person's password, the certificate of the authority, or the answers of `check`.
"""

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from stat import S_IRGRP, S_IROTH, S_IRUSR

from common.check import document, has_problem, lines_of, of_problem
from common.check_host import remedies
from common.secret_files import FileTroubleError, Owner, exclusively, owner
from common.settings import SettingsError
from common.version import VERSION
from mosquitto.access import Access, Places, prepare
from mosquitto.check import check_certificate, check_logins
from mosquitto.logins import name_problem, new_name_problem, role_problem
from mosquitto.output import LostOutputError, say, show
from mosquitto.settings_file import wanted_in
from mosquitto.web_certificate import lay_out

_NAME = "mosquitto"
_OK, _FAILURE, _USAGE = 0, 1, 2
_INTERRUPTED = 130  # exit code after Ctrl-C, as a shell has it: 128 and the signal's number
_NO_CRYPTOGRAPHY = "certificates need the package cryptography; install it with: sudo apt install python3-cryptography"


class UsageError(Exception):
    """The command line is wrong; its text is one line."""


def main() -> int:
    """Do what the command line says; give the exit code."""
    options = _parser().parse_args()
    try:
        places = _places(options)
        command: Callable[[argparse.Namespace, Places], int | None] = options.command
        return command(options, places) or _OK
    except (UsageError, SettingsError) as error:
        say(str(error).splitlines())
        return _USAGE
    except (FileTroubleError, LostOutputError) as error:
        say([str(error)])
        return _FAILURE
    except KeyboardInterrupt:
        return _INTERRUPTED


def _set_up(options: argparse.Namespace, places: Places) -> None:
    """Make or mend everything. With wrong settings what there is stays: the broker need not stop for a slip in them."""
    if problem := _unreadable(options.config, places.login_owner):
        say([problem])
    try:
        _change(options, places, lambda _: None)
    except SettingsError as error:
        if not all((places.broker / name).exists() for name in ("passwords", "acl")):
            raise
        say([*error.problems, "logins and rights stay as they are until that is mended"])


def _unreadable(file: Path, owner: Owner | None) -> str:
    """Say so where the services cannot read their settings, for this program, as root, always can."""
    try:
        found = file.stat()
    except OSError:
        return ""
    if owner is None or owner[0] == 0:
        return ""
    readable = S_IROTH | (S_IRUSR if found.st_uid == owner[0] else 0) | (S_IRGRP if found.st_gid == owner[1] else 0)
    if found.st_mode & readable:
        return ""
    return f"the services cannot read {file}; on the host: sudo chgrp {owner[1]} config.ini && chmod 640 config.ini"


def _add_user(options: argparse.Namespace, places: Places) -> None:
    name, role = options.name, options.role
    problem = new_name_problem(name) or role_problem(role)
    if problem:
        raise UsageError(problem)
    new: list[str] = []

    def add(access: Access) -> None:
        password = access.add(name, role)
        new.extend([] if password is None else [password])

    try:
        _change(options, places, add)
        if new:
            say([f"{name} may log in as {role}; the password is shown this once:"])
            show(new[0])
        else:
            say([f"{name} may log in as {role}, with the password of before; for a new one, remove the login first"])
    except (LostOutputError, KeyboardInterrupt):
        if new:
            _change(options, places, lambda access: access.remove(name))
            say([f"nobody saw the password: the login of {name} is removed again"])
        raise


def _remove_user(options: argparse.Namespace, places: Places) -> None:
    name = options.name
    problem = name_problem(name)
    if problem:
        raise UsageError(problem)
    removed = _change(options, places, lambda access: access.remove(name) or None)
    say([f"{name} may no longer log in" if removed else f"{name} has no login; nothing to remove"])


def _certificates(options: argparse.Namespace, places: Places) -> None:
    if find_spec("cryptography") is None:
        raise FileTroubleError(_NO_CRYPTOGRAPHY)
    # Only who uses TLS needs cryptography.
    from mosquitto.certificates import host_problem  # noqa: PLC0415
    from mosquitto.tls import host_names, renew  # noqa: PLC0415

    for host in options.host:
        if problem := host_problem(host):
            raise UsageError(problem)
    authority, notes = renew(places, host_names(options.host), datetime.now(UTC), options.broker_sees or places.broker)
    say([*notes, *lay_out(places)])
    show(authority.certificate.decode().rstrip("\n"))


def _check(options: argparse.Namespace, places: Places) -> int:
    """Answer as `--check` of the services does; nothing is changed."""
    here = remedies()
    try:
        wanted = wanted_in(options.config)
    except SettingsError as error:
        if not options.json:
            raise
        show(document(_NAME, VERSION, map(of_problem, error.problems)))
        return _USAGE
    answers = [*check_logins(places, wanted, here), *check_certificate(places, here)]
    as_text = "\n".join(line for answer in answers for line in lines_of(answer))
    show(document(_NAME, VERSION, answers) if options.json else as_text)
    return _FAILURE if has_problem(answers) else _OK


def _change(options: argparse.Namespace, places: Places, change: Callable[[Access], bool | None]) -> bool | None:
    """Bring all files up to date, with one change; give what the change gives."""
    wanted = wanted_in(options.config)
    notes = [*wanted.notes, *prepare(places), *lay_out(places)]
    end = _expiry(places)
    with exclusively(places.broker):
        access = Access(places, wanted.names)
        result = change(access)
        access.save()  # nothing can fail after it, so whoever was let in is told
    say([*notes, *access.notes, *end])
    return result


def _expiry(places: Places) -> list[str]:
    if not (places.broker / "server.crt").exists():
        return []
    if find_spec("cryptography") is None:
        return [_NO_CRYPTOGRAPHY]
    from mosquitto.tls import expiry_notes  # noqa: PLC0415 -- only who uses TLS needs cryptography

    return expiry_notes(places, datetime.now(UTC))


def _places(options: argparse.Namespace) -> Places:
    """Give the folders; who runs this as root without naming an owner gives files to the owner of their folder."""
    broker_owner = _owner("--broker-owner", options.broker_owner) or _owner_of(options.broker)
    login_owner = _owner("--login-owner", options.login_owner) or _owner_of(options.logins)
    web_owner = _owner("--web-owner", options.web_owner)
    return Places(options.broker, options.logins, options.authority, broker_owner, login_owner, options.web, web_owner)


def _owner(option: str, text: str | None) -> Owner | None:
    try:
        return None if text is None else owner(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _owner_of(folder: Path) -> Owner | None:
    if os.geteuid() != 0 or not folder.is_dir():
        return None
    found = folder.stat()
    return found.st_uid, found.st_gid


def _parser() -> argparse.ArgumentParser:
    folders = argparse.ArgumentParser(add_help=False)
    folders.add_argument("--config", type=Path, required=True, metavar="FILE", help="the settings")
    folders.add_argument("--broker", type=Path, required=True, metavar="DIR", help="what only the broker may read")
    folders.add_argument("--logins", type=Path, required=True, metavar="DIR", help="DIR/SERVICE/password, for the services")
    folders.add_argument("--authority", type=Path, required=True, metavar="DIR", help="what signs certificates")
    folders.add_argument("--web", type=Path, metavar="DIR", help="the certificate once more, for the server of the live page")
    folders.add_argument("--broker-owner", metavar="UID:GID", help="whose the broker's files are")
    folders.add_argument("--login-owner", metavar="UID:GID", help="whose the services' files are")
    folders.add_argument("--web-owner", metavar="UID:GID", help="whose the page server's files are")
    parser = argparse.ArgumentParser(prog="python -m mosquitto", description="Logins, rights and certificates of the broker.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: str, run: Callable[[argparse.Namespace, Places], int | None]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[folders], help=does, description=does)
        made.set_defaults(command=run)
        return made

    command("set-up", "make or mend the logins of the services and everybody's rights", _set_up)
    check = command("check", "say whether logins, rights and certificate are those that the settings give", _check)
    check.add_argument("--json", action="store_true", help="answer in JSON")
    user = command("user", "let a person or a device log in, and print the password", _add_user)
    user.add_argument("name", metavar="NAME")
    user.add_argument("role", metavar="ROLE", help="viewer, home or relay")
    command("remove-user", "let a person no longer log in", _remove_user).add_argument("name", metavar="NAME")
    certificates = command("certificates", "make or renew the broker's certificate; print that of its authority", _certificates)
    certificates.add_argument("--host", action="append", default=[], metavar="NAME", help="name or address of the broker")
    certificates.add_argument("--broker-sees", type=Path, metavar="DIR", help="--broker as the broker sees it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
