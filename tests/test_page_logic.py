"""The cores of the live page, in Node: quarter-hour, freshness, curve, loads, languages; and the three files of texts."""

import shutil
import subprocess

import pytest

from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY

TESTS = sorted((REPOSITORY / "tests" / "page").glob("*.test.mjs"))


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name.partition(".")[0])
def test_the_cores_of_the_page_do_what_their_tests_say(file: object) -> None:
    """Each file of tests passes in Node, without a browser."""
    if shutil.which("node") is None:
        do_without(PartMissing("no node on PATH; mend it with: sudo apt install nodejs"))
    ran = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout
