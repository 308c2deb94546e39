"""What is kept of logins and rights, and what is wrong with it: where it is not what settings, passwords and roles give."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mosquitto.acl import Names, acl_text, lines_in
from mosquitto.logins import SERVICES, shown
from mosquitto.password_hash import matches
from mosquitto.topic_names import Use


@dataclass(frozen=True, slots=True)
class Kept:
    """What the files have."""

    passwords: Mapping[str, str]  # {service: password}, empty where there is none
    hashes: Mapping[str, str]  # {login: hash}, as the broker has them
    roles: Mapping[str, str]  # {person: role}
    acl: str  # the broker's list of rights, empty if there is none


def login_faults(kept: Kept) -> Iterator[str]:
    """Say which logins do not work, each in a few words, without a secret."""
    for service in SERVICES:
        password = kept.passwords.get(service, "")
        if not password:
            yield f"{service} has no password"
        elif not matches(password, kept.hashes.get(service, "")):
            yield f"the broker does not know the password of {service}"
    for name in sorted(kept.roles.keys() - kept.hashes.keys()):
        yield f"{name} has a role and no password"
    for name in sorted(kept.hashes.keys() - kept.roles.keys() - set(SERVICES)):
        yield f"{shown(name)} has a password and no role"


def right_faults(kept: Kept, names: Names, uses: Iterable[Use]) -> list[str]:
    """Say how the rights differ from those that the settings give; first by the settings that are new."""
    wanted = acl_text(names, kept.roles)
    if kept.acl == wanted:
        return []
    if not kept.acl:
        return ["there are none"]
    have, shall = lines_in(kept.acl), lines_in(wanted)
    new = [f"{use.where} is new" for use in uses if use.line not in have.get(use.user, ())]
    return new or [*_differences(have, shall)]


def _differences(have: Mapping[str, frozenset[str]], shall: Mapping[str, frozenset[str]]) -> Iterator[str]:
    nothing: frozenset[str] = frozenset()
    for user in dict.fromkeys([*shall, *have]):
        who, had, due = shown(user) or "everybody", have.get(user, nothing), shall.get(user, nothing)
        yield from (f"{who} lacks: {shown(line)}" for line in sorted(due - had))
        yield from (f"{who} still has: {shown(line)}" for line in sorted(had - due))
