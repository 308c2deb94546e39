"""Prints settings as an installation wants them: what lay beside the settings of a checkout is now in one folder.

installed-settings.py FILE FOLDER    all of FILE, with its relative paths, also those that it leaves out, in FOLDER
installed-settings.py --host FILE    only the broker's host
"""

import re
import sys
from pathlib import Path

# Section and key of what a service writes, and its name in the folder.
PATHS = {("csv", "file_path"): "", ("influx", "queue_file"): "influx-queue.db", ("relay", "state_file"): "relay-state.json"}
SECTION = re.compile(r"\s*\[([^]]*)\]")
KEY = re.compile(r"\s*([a-z_]+)\s*=\s*(.*?)\s*$")
LOCAL_HOST = "127.0.0.1"


def moved(text: str, folder: Path) -> str:
    """Give the settings with every path that a service writes to in `folder`; absolute paths are the user's choice."""
    left = dict(PATHS)
    lines: list[str] = []
    ends: dict[str, int] = {}  # section -> where a line can be added
    section = ""
    for line in text.splitlines():
        if match := SECTION.match(line):
            section = match[1].strip()
        elif (match := KEY.match(line)) and (name := left.pop((section, match[1]), None)) is not None:
            lines.append(line if match[2].startswith("/") else f"{match[1]} = {folder / name}")
            ends[section] = len(lines)
            continue
        lines.append(line)
        if SECTION.match(line) or KEY.match(line):
            ends[section] = len(lines)
    for (section, key), name in reversed(left.items()):
        added = f"{key} = {folder / name}"
        if section in ends:
            lines.insert(ends[section], added)
            ends = {other: end + (end >= ends[section]) for other, end in ends.items()}
        else:
            lines += ["", f"[{section}]", added]
            ends[section] = len(lines)
    return "\n".join(lines) + "\n"


def host(text: str) -> str:
    """Give `[mqtt] host`."""
    section = ""
    for line in text.splitlines():
        if match := SECTION.match(line):
            section = match[1].strip()
        elif (match := KEY.match(line)) and (section, match[1]) == ("mqtt", "host"):
            return match[2] or LOCAL_HOST
    return LOCAL_HOST


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    if arguments[0] == "--host":
        print(host(Path(arguments[1]).read_text(encoding="utf-8-sig")))
    else:
        file, folder = map(Path, arguments)
        sys.stdout.write(moved(file.read_text(encoding="utf-8-sig"), folder))


if __name__ == "__main__":
    main(sys.argv[1:])
