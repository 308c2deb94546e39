"""Installs pip from PyPI with the standard library alone, for a Python without ensurepip and a user without rights."""

import json
import os
import re
import runpy
import sys
import tempfile
import urllib.request
from pathlib import Path

RELEASE = re.compile(r"pip-([0-9.]+)-py3-none-any\.whl")
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")


def main() -> None:
    """Fetch the newest wheel of pip and let it install itself."""
    request = urllib.request.Request(f"{INDEX}/pip/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    released = [file for file in files if RELEASE.fullmatch(file["filename"]) and not file.get("yanked")]
    wheel = max(released, key=lambda file: [int(part) for part in RELEASE.fullmatch(file["filename"])[1].split(".")])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, wheel["filename"])
        with urllib.request.urlopen(wheel["url"], timeout=60) as answer:
            path.write_bytes(answer.read())
        sys.argv = ["pip", "install", "--quiet", "--disable-pip-version-check", str(path)]
        sys.path.insert(0, str(path))
        runpy.run_module("pip", run_name="__main__")


if __name__ == "__main__":
    main()
