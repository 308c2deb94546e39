"""What a document tells a user to write into a file, so that a test writes exactly that."""

from itertools import takewhile

from tests.support.processes import REPOSITORY

_INDENT = "    "


def block(document: str, first: str) -> str:
    """Give the indented block of a document whose first line begins with `first`."""
    lines = (REPOSITORY / "docs" / document).read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(_INDENT + first)]
    assert starts, f"no block in {document} begins with {first!r}"
    inside = takewhile(lambda line: line.startswith(_INDENT), lines[starts[0] :])
    return "".join(f"{line.removeprefix(_INDENT)}\n" for line in inside)
