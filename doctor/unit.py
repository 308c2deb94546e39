"""What systemd tells of a unit: its properties, and the lines of its files."""

import re
from collections.abc import Iterator, Mapping

Unit = Mapping[str, list[str]]  # property -> its values
_SPECIFIER = re.compile(r"%(.)")


def unit_of(service: str) -> str:
    """Name the unit of a service."""
    return f"smartmeter@{service}.service"


def properties(text: str) -> Unit:
    """Read what `systemctl show` says of one unit; a property may have several lines."""
    unit: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        unit.setdefault(name, []).append(value)
    return unit


def first(unit: Unit, name: str) -> str:
    """Give the value of a property that has one; empty if the unit has none."""
    return unit.get(name, [""])[0]


def assigned(text: str, service: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give what the files of a service's unit, as `systemctl cat` shows them, assign to some names, in order: (name, value).

    An empty value forgets the earlier ones (systemd.unit(5)). Specifiers of the instance are written out; what a
    `SetCredential=` has behind its name has none.
    """
    found: list[tuple[str, str]] = []
    for line in text.replace("\\\n", " ").splitlines():
        name, is_assignment, value = line.partition("=")
        name, value = name.strip(), value.strip()
        if not is_assignment or name not in names:
            continue
        head, colon, literal = value.partition(":") if name.startswith("SetCredential") else (value, "", "")
        written = f"{_written_out(head, service)}{colon}{literal}"
        found = [*found, (name, written)] if value else [one for one in found if one[0] != name]
    yield from found


def _written_out(value: str, service: str) -> str:
    name = unit_of(service)
    known = {
        "i": service,
        "I": service,
        "j": service,
        "p": "smartmeter",
        "n": name,
        "N": name.removesuffix(".service"),
        "%": "%",
    }
    return _SPECIFIER.sub(lambda found: known.get(found[1], found[0]), value)
