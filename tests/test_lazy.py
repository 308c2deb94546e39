"""Modules that are loaded when something of them is used."""

import subprocess
import sys

from tests.support.processes import REPOSITORY

_STANDS_FOR_IT = """
import sys
from common.lazy import load_when_used
load_when_used("urllib.request")
import urllib.request
assert "http.client" not in sys.modules
from urllib import request
assert "http.client" not in sys.modules
assert urllib.request.Request("http://x/").host == "x"
assert "http.client" in sys.modules
assert sys.modules["urllib.request"] is urllib.request
import urllib.request as again
assert again is urllib.request
"""
_IS_LEFT_ALONE = """
import urllib.request
from common.lazy import load_when_used
load_when_used("urllib.request")
import sys
assert sys.modules["urllib.request"] is urllib.request
"""
_OF_PAHO = """
import sys
import common.mqtt
assert not {"http.client", "email"} & sys.modules.keys()
"""


def _run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=True)


def test_a_module_is_loaded_at_its_first_use() -> None:
    """Importing it costs nothing; afterwards it is the real one, for everybody."""
    _run(_STANDS_FOR_IT)


def test_a_module_that_is_loaded_stays() -> None:
    """Who has it already keeps it."""
    _run(_IS_LEFT_ALONE)


def test_the_session_loads_nothing_of_web_sites() -> None:
    """Paho asks for it at its top, and never uses it for us."""
    _run(_OF_PAHO)
