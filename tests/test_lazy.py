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
_KNOWN = """
from common.lazy import load_when_used
load_when_used("ssl", SSLWantReadError=KeyError)
import ssl, sys
assert ssl.SSLWantReadError is KeyError
assert "_ssl" not in sys.modules
context = ssl.create_default_context()
import _ssl
assert ssl.SSLWantReadError is _ssl.SSLWantReadError
"""
_IN_PIECES = """
import socket, sys
import common.mqtt
from common.paho import CallbackAPIVersion, Client, MQTTErrorCode
with socket.create_server(("127.0.0.1", 0)) as listening:
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect(*listening.getsockname())
    broker, _ = listening.accept()
    broker.send(bytes([0x20]))
    assert client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS
    assert client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS
    assert client.socket() is not None
assert "_ssl" not in sys.modules
"""
_DATACLASSES = """
import sys
import common
from dataclasses import dataclass, fields
@dataclass(frozen=True, slots=True)
class Told:
    'With a docstring, as all of ours.'
    number: int = 0
assert Told(2).number == 2 and [field.type for field in fields(Told)] == [int]
assert "dis" not in sys.modules
@dataclass
class Untold:
    number: int = 0
import inspect
assert Untold.__doc__ == "Untold" + str(inspect.signature(Untold)).replace(" -> None", "")
assert inspect.get_annotations(Told) == {"number": int}
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


def test_what_is_known_without_a_module_does_not_load_it() -> None:
    """And is the module's own as soon as that is there."""
    _run(_KNOWN)


def test_a_message_in_two_pieces_loads_no_tls() -> None:
    """Paho asks then whether it was TLS that had too little."""
    _run(_IN_PIECES)


def test_a_dataclass_with_a_docstring_loads_nothing_to_inspect_it() -> None:
    """One without gets its own all the same."""
    _run(_DATACLASSES)
