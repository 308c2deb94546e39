"""What a document tells a user: what he is to write into a file, so that a test writes exactly that, and its tables."""

from itertools import takewhile

from tests.support.processes import REPOSITORY

README = REPOSITORY / "README.md"
FILES = (README, REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").glob("*.md")))
_INDENT = "    "


def block(document: str, first: str) -> str:
    """Give the indented block of a document whose first line begins with `first`."""
    return blocks(document, first)[0]


def blocks(document: str, first: str) -> list[str]:
    """Give all indented blocks of a document whose first line begins with `first`; there is one at least."""
    lines = (REPOSITORY / "docs" / document).read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(_INDENT + first)]
    assert starts, f"no block in {document} begins with {first!r}"
    inside = [takewhile(lambda line: line.startswith(_INDENT), lines[start:]) for start in starts]
    return ["".join(f"{line.removeprefix(_INDENT)}\n" for line in one) for one in inside]


def table(text: str, header: str) -> list[list[str]]:
    """Give the cells of the rows under the only header of a text, `| topic | what |`."""
    _, found, rest = text.partition(f"\n{header}\n|---")
    assert found, f"no table is headed {header!r}"
    rows = takewhile(lambda line: line.startswith("|"), rest.splitlines()[1:])
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in rows]
