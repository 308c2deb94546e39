"""Prints what integrations of the Home Assistant of this Python ask for, one requirement a line: NAME..."""

import json
import sys
from pathlib import Path

import homeassistant

components = Path(homeassistant.__file__).parent / "components"
wanted, seen = sys.argv[1:], set()
while wanted:
    name = wanted.pop()
    if name not in seen:
        seen.add(name)
        manifest = json.loads((components / name / "manifest.json").read_text(encoding="utf-8"))
        wanted += manifest.get("dependencies", [])
        print(*manifest.get("requirements", []), sep="\n")
