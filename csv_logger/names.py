"""The names of the files: `PREFIXyyyymmdd_hhmmss.csv` by the host's local time, `.wip__` before it while it is open."""

import re
from dataclasses import dataclass
from datetime import datetime

_STAMP = "%Y%m%d_%H%M%S"
_YEAR = "(?:19[7-9]|2[0-9]{2})[0-9]"  # those that a host's clock can tell
_WIP = ".wip__"
_TEMPORARY = ".tmp__"
_COMPRESSED = ".gz"


@dataclass(frozen=True, slots=True)
class Names:
    """The names under one prefix; those of a longer prefix in the same folder are not among them."""

    prefix: str

    @property
    def columns(self) -> str:
        """The file that keeps the columns."""
        return f".columns__{self.prefix}.json"

    @property
    def lock(self) -> str:
        """The empty file that the csv_logger of this prefix holds locked."""
        return f".lock__{self.prefix}"

    def complete(self, begun: datetime) -> str:
        """Give the name of a complete file by the time of its beginning."""
        return f"{self.prefix}{begun.strftime(_STAMP)}.csv"

    def begun(self, name: str) -> datetime | None:
        """Give the local time in a name, whatever the state of its file, or None if it is not a name of ours."""
        bare = name.removeprefix(_WIP).removeprefix(_TEMPORARY)
        match = re.fullmatch(rf"{re.escape(self.prefix)}({_YEAR}[0-9]{{4}}_[0-9]{{6}})\.csv(?:\.gz)?", bare)
        if match is None:
            return None
        try:
            return datetime.strptime(match[1], _STAMP)  # noqa: DTZ007 -- a name tells no offset
        except ValueError:
            return None

    def is_ours(self, name: str) -> bool:
        """Tell whether a name is one of this prefix."""
        return self.begun(name) is not None


def wip(name: str) -> str:
    """Give the name of the same file while it is open."""
    return _WIP + name


def compressed(name: str) -> str:
    """Give the name of the same file when it is compressed."""
    return name + _COMPRESSED


def temporary(name: str) -> str:
    """Give the name of the same file while it is made."""
    return _TEMPORARY + name


def is_wip(name: str) -> bool:
    """Tell whether a name is that of an open file."""
    return name.startswith(_WIP)


def is_temporary(name: str) -> bool:
    """Tell whether a name is that of a file that was being made."""
    return name.startswith(_TEMPORARY)


def is_compressed(name: str) -> bool:
    """Tell whether a name is that of a compressed file."""
    return name.endswith(_COMPRESSED)
