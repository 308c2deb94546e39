"""Who may log in to the broker: the four services and people, and the two files that keep them.

`passwords` is Mosquitto's own file, a line NAME:HASH for each login. `roles` is ours, a line `NAME ROLE` for each person.
"""

from collections.abc import Mapping
from re import fullmatch

SERVICES = ("reader", "relay_controller", "influx_bridge", "csv_logger")
VIEWER, HOME, RELAY = "viewer", "home", "relay"
ROLES = (VIEWER, HOME, RELAY)
_NAME = r"[a-z0-9_-]+"
_LONGEST_NAME = 64  # characters


def new_name_problem(name: str) -> str | None:
    """Say why a person's new login cannot have a name, or give None; programs take one that begins with - for an option."""
    problem = name_problem(name)
    if problem is None and name[0] in "_-":
        return f'NAME: expected a letter or a digit at its beginning, got "{shown(name)}"'
    return problem


def name_problem(name: str) -> str | None:
    """Say why no person's login can have a name, or give None."""
    if fullmatch(_NAME, name) is None:
        return f'NAME: expected a-z, 0-9, _ and - only, got "{shown(name)}"'
    if len(name) > _LONGEST_NAME:
        return f"NAME: expected at most {_LONGEST_NAME} characters, got {len(name)}"
    if name in SERVICES:
        return f"NAME: {name} is a service and has its login already; choose another name"
    return None


def role_problem(role: str) -> str | None:
    """Say what is wrong with a role, or give None."""
    return None if role in ROLES else f'ROLE: expected {", ".join(ROLES[:-1])} or {ROLES[-1]}, got "{shown(role)}"'


def read_roles(text: str) -> dict[str, str]:
    """Read the roles of people, {name: role}. Raises ValueError that names the first wrong line."""
    roles: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, role = line.strip().partition(" ")
        problem = name_problem(name) or role_problem(role.strip())
        if problem:
            raise ValueError(f"line {number}: {problem}")
        roles[name] = role.strip()
    return roles


def roles_text(roles: Mapping[str, str]) -> str:
    """Give the file `roles`."""
    return "".join(f"{name} {role}\n" for name, role in sorted(roles.items()))


def read_passwords(text: str) -> dict[str, str]:
    """Read the broker's password file, {name: hash}; a line that is none is left out."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: hashed for name, colon, hashed in pairs if name and colon and hashed}


def passwords_text(hashes: Mapping[str, str]) -> str:
    """Give the broker's password file: the services first, as `hashes` has them."""
    return "".join(f"{name}:{hashed}\n" for name, hashed in hashes.items())


def shown(word: str) -> str:
    """Give a word as it may stand in a line on a terminal: cut, and without control characters."""
    return "".join(character if character.isprintable() else "?" for character in word[:40])
