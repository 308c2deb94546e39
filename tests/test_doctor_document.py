"""docs/troubleshooting.md quotes what the programs say."""

import re

from tests.support.processes import REPOSITORY

TEXT = (REPOSITORY / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
PROGRAMS = ("common", "reader", "doctor", "influx_bridge", "csv_logger", "relay_controller")


def test_every_sentence_that_the_document_explains_is_one_of_ours() -> None:
    """What stands first in a row of the tables on port and broker is in the source, word for word."""
    tables = TEXT[: TEXT.index("## What you see elsewhere")]
    quoted = [phrase for row in re.findall(r"^\| (`.*?) \|", tables, re.MULTILINE) for phrase in re.findall(r"`([^`]+)`", row)]
    sources = [file.read_text(encoding="utf-8") for name in PROGRAMS for file in (REPOSITORY / name).rglob("*.py")]
    source = re.sub(r'"\n\s+f?"', "", "\n".join(sources))  # a sentence over two lines
    assert len(quoted) > 15
    assert [phrase for phrase in quoted if phrase not in source] == []


def test_it_begins_with_the_doctor() -> None:
    """That is all that most people have to read."""
    assert TEXT.splitlines()[:3] == ["# When something is wrong", "", "    make doctor"]
