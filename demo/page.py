"""The live page of a demo: built if need be, served, and the address that opens it with its login."""

import subprocess
import sys
from urllib.parse import quote

from demo.stage import CHECKOUT, Stage

LOGIN = "page"
_BUILD = CHECKOUT / "scripts" / "make-www"
_BUILD_S = 120.0
_FOLDER = CHECKOUT / "build" / "www"


def obstacle() -> str | None:
    """Build the page unless it is up to date; say in one line why there is none."""
    try:
        done = subprocess.run([_BUILD], capture_output=True, text=True, check=False, timeout=_BUILD_S)  # noqa: S603 -- our own
    except subprocess.TimeoutExpired:
        return f"no live page: it was not built within {_BUILD_S:g} s; try: make www"
    if done.returncode == 0:
        return None
    words = done.stderr.strip().splitlines()
    return words[-1] if words and words[-1].startswith("no live page") else "no live page: it cannot be built; try: make www"


def server(stage: Stage) -> list[str]:
    """Give the command that serves it: Python's own server, for this machine only."""
    return [sys.executable, "-m", "http.server", str(stage.page_port), "--bind", "127.0.0.1", "--directory", str(_FOLDER)]


def address(stage: Stage, password: str) -> str:
    """Give what opens it; a browser tells nobody what stands behind the #."""
    options = {"broker": f"ws://127.0.0.1:{stage.websocket_port}", "user": LOGIN, "password": password}
    return f"http://127.0.0.1:{stage.page_port}/#" + "&".join(f"{name}={quote(text, ':/')}" for name, text in options.items())
