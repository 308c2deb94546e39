"""What each login may read and write, as the text of Mosquitto's ACL file: the topics of the contract's section 3.

What is not allowed here is refused. A right that is missing shows at once, as a warning in the log of the service; a right
too many never shows. So each service has the topics that it uses, of any meter, and no more.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from unicodedata import category

from common.topics import Topics
from mosquitto.logins import HOME, RELAY, SERVICES, VIEWER

READ, WRITE = "read", "write"
Right = tuple[str, str]  # READ or WRITE, and a topic, also with wildcards
_ANY = "+"
_LEVELS_MAX = 200  # of a topic: with more, Mosquitto does not start
_TOPIC_BYTES_MAX = 65_535  # MQTT 5, section 1.5.4
_HEADING = "# Written by `python -m mosquitto`, anew each time: what you change here is lost.\n"


@dataclass(frozen=True, slots=True)
class Names:
    """What the settings say about topics."""

    base: str  # first level, or levels, of ours
    discovery: str  # first level of Home Assistant's
    commands: tuple[str, ...] = ()  # topics on which relays take commands
    states: tuple[str, ...] = ()  # topics on which relays tell their states


def topic_problem(topic: str) -> str | None:
    """Say why a topic cannot stand in an ACL file, or give None.

    A line there ends where a control character stands, or the broker reads no further, so a topic with one could become
    another right.
    """
    if any(category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in topic):
        return "expected a topic without control characters"
    if topic != topic.strip():
        return "expected a topic without blanks at its ends"
    if topic.count("/") >= _LEVELS_MAX:
        return f"expected a topic of at most {_LEVELS_MAX} levels"
    if len(topic.encode()) > _TOPIC_BYTES_MAX:
        return f"expected a topic of at most {_TOPIC_BYTES_MAX} bytes"
    return None


def acl_text(names: Names, people: Mapping[str, str]) -> str:
    """Give the ACL file for the services and for people, {name: role}. No topic of `names` has a `topic_problem`."""
    rights = {service: service_rights(service, names) for service in SERVICES}
    rights |= {person: role_rights(role, names) for person, role in sorted(people.items())}
    return _HEADING + "".join(_block(user, allowed) for user, allowed in rights.items())


def line_of(right: Right) -> str:
    """Give the line of a right."""
    access, topic = right
    return f"topic {access} {topic}"


def lines_in(text: str) -> dict[str, frozenset[str]]:
    """Read an ACL file, {user: lines}; what stands before the first user belongs to nobody, which is an empty name."""
    users: dict[str, frozenset[str]] = {}
    user = ""
    for line in text.split("\n"):
        if line.startswith("user "):
            user = line.removeprefix("user ")
            users.setdefault(user, frozenset())
        elif line and not line.startswith("#"):
            users[user] = users.get(user, frozenset()) | {line}
    return users


def _block(user: str, rights: Iterable[Right]) -> str:
    lines = dict.fromkeys(f"{line_of(right)}\n" for right in rights)
    return f"\nuser {user}\n" + "".join(lines)


def service_rights(service: str, names: Names) -> tuple[Right, ...]:
    """Give the rights of one of our services."""
    topics = Topics(names.base, _ANY)
    common = ((WRITE, topics.of(f"{service}/{_ANY}")), (READ, "$SYS/broker/version"))
    return (*_SERVICE_RIGHTS[service](topics, names), *common)


def role_rights(role: str, names: Names) -> tuple[Right, ...]:
    """Give the rights of a person's login, or of a relay's."""
    everything = ((READ, "#"), (READ, "$SYS/#"))
    if role == VIEWER:
        return everything
    if role == HOME:
        return (*everything, (WRITE, Topics(names.base, _ANY).load(_ANY, "set")), (WRITE, _home_status(names)))
    if role == RELAY:
        return (*((READ, topic) for topic in names.commands), *((WRITE, topic) for topic in names.states))
    raise ValueError(f"no such role: {role}")


def _reader(topics: Topics, names: Names) -> Iterator[Right]:
    yield WRITE, topics.of(_ANY)  # telegram, backfill, raw and each field
    yield from _announcing(names)


def _relay_controller(topics: Topics, names: Names) -> Iterator[Right]:
    yield from _hearing(topics)
    yield READ, topics.load(_ANY, "set")
    for what in ("state", "mode", "shadow", "reason", "switch"):
        yield WRITE, topics.load(_ANY, what)
    for what in ("state", "mode", "shadow", "reason"):  # what is kept of loads that are gone
        yield READ, topics.load(_ANY, what)
    yield from ((WRITE, topic) for topic in names.commands)
    yield from ((READ, topic) for topic in names.states)
    yield from _announcing(names)


def _influx_bridge(topics: Topics, _: Names) -> Iterator[Right]:
    yield from _hearing(topics)
    yield READ, topics.backfill
    yield READ, topics.load(_ANY, "switch")
    yield WRITE, topics.of(f"influx_bridge/{_ANY}/{_ANY}")  # status and health of one bridge of several


def _csv_logger(topics: Topics, _: Names) -> Iterator[Right]:
    yield from _hearing(topics)
    yield READ, topics.backfill


def _hearing(topics: Topics) -> Iterator[Right]:
    """Telegrams; and the reader's status, by which `--check` tells why none come."""
    yield READ, topics.telegram
    yield READ, topics.status("reader")


def _announcing(names: Names) -> Iterator[Right]:
    """Home Assistant's discovery."""
    for access in (WRITE, READ):  # what is announced, to take away what nobody wants any more
        yield access, f"{names.discovery}/+/+/+/config"
    yield READ, _home_status(names)


def _home_status(names: Names) -> str:
    return f"{names.discovery}/status"


_SERVICE_RIGHTS = {
    "reader": _reader,
    "relay_controller": _relay_controller,
    "influx_bridge": _influx_bridge,
    "csv_logger": _csv_logger,
}
