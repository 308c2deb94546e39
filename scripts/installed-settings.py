"""Prints settings as an installation wants them: what lay beside the settings of a checkout is now in two folders.

installed-settings.py FILE DATA SETTINGS    all of FILE; its relative paths, also those that it leaves out, in the folder DATA,
                                            and files that are only read in the folder SETTINGS
installed-settings.py --read FILE           the files that are only read and belong into SETTINGS, one a line
installed-settings.py --left FILE           what services have written beside FILE, and what stays there, one a line
installed-settings.py --host FILE           only the broker's host
"""

import re
import sys
from pathlib import Path

# Section and key of what a service writes, its name in the folder, and where it is by default.
PATHS = {
    ("csv", "file_path"): ("", "data"),
    ("influx", "queue_file"): ("influx-queue.db", "data/influx-queue.db"),
    ("relay", "state_file"): ("relay-state.json", "data/relay-state.json"),
}
READ = {("mqtt", "ca_file")}
HOMES = ("/home/", "/root/")  # which a service that is installed cannot see (ProtectHome= of the units)
SECTION = re.compile(r"\s*\[([^]]*)\]")
KEY = re.compile(r"\s*([a-z_]+)\s*=\s*(.*?)\s*$")
LOCAL_HOST = "127.0.0.1"


def moved(text: str, data: Path, settings: Path) -> str:
    """Give the settings with every path that a service writes to in `data`; absolute paths are the user's choice.

    A file that is only read is in `settings`, unless it can be read where it is.
    """
    left = {place: name for place, (name, _) in PATHS.items()}
    lines: list[str] = []
    ends: dict[str, int] = {}  # section -> where a line can be added
    section = ""
    for line in text.splitlines():
        if match := SECTION.match(line):
            section = match[1].strip()
        elif match := KEY.match(line):
            place = (section, match[1])
            if (name := left.pop(place, None)) is not None and not match[2].startswith("/"):
                line = f"{match[1]} = {data / name}"  # noqa: PLW2901 -- the line in its place
            elif place in READ and is_taken_along(match[2]):
                line = f"{match[1]} = {settings / Path(match[2]).name}"  # noqa: PLW2901 -- the line in its place
        lines.append(line)
        if SECTION.match(line) or KEY.match(line):
            ends[section] = len(lines)
    for (section, key), name in reversed(left.items()):
        added = f"{key} = {data / name}"
        if section in ends:
            lines.insert(ends[section], added)
            ends = {other: end + (end >= ends[section]) for other, end in ends.items()}
        else:
            lines += ["", f"[{section}]", added]
            ends[section] = len(lines)
    return "\n".join(lines) + "\n"


def is_taken_along(file: str) -> bool:
    """Tell whether a file that is only read must move with the settings."""
    return bool(file) and (not file.startswith("/") or file.startswith(HOMES))


def keys(text: str) -> dict[tuple[str, str], str]:
    """Give section, key and value of each line that has them."""
    found: dict[tuple[str, str], str] = {}
    section = ""
    for line in text.splitlines():
        if match := SECTION.match(line):
            section = match[1].strip()
        elif match := KEY.match(line):
            found.setdefault((section, match[1]), match[2])
    return found


def read(text: str, folder: Path) -> list[Path]:
    """Give the files that are only read and must move; `folder` is that of the settings."""
    return [folder / value for place, value in keys(text).items() if place in READ and is_taken_along(value)]


def left_behind(text: str, folder: Path) -> list[Path]:
    """Give what services have written beside their settings and do not find any more; a folder stands for what is in it."""
    values = keys(text)
    relative = [name for place, (_, default) in PATHS.items() if not (name := values.get(place) or default).startswith("/")]
    there = [folder / name for name in dict.fromkeys(relative) if is_filled(folder / name)]
    return [place for place in there if not any(other in place.parents for other in there)]


def is_filled(place: Path) -> bool:
    """Tell whether there is such a file, or anything in such a folder."""
    return any(place.iterdir()) if place.is_dir() else place.exists()


def host(text: str) -> str:
    """Give `[mqtt] host`."""
    return keys(text).get(("mqtt", "host")) or LOCAL_HOST


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case ["--host", name]:
            print(host(text_of(name)))
        case ["--read" | "--left" as what, name]:
            found = (read if what == "--read" else left_behind)(text_of(name), Path(name).absolute().parent)
            print(*found, sep="\n")
        case [name, data, settings]:
            sys.stdout.write(moved(text_of(name), Path(data), Path(settings)))


def text_of(name: str) -> str:
    """Read a file of settings."""
    return Path(name).read_text(encoding="utf-8-sig")


if __name__ == "__main__":
    main(sys.argv[1:])
