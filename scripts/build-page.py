"""Builds the live page into one file that asks nobody for anything.

build-page.py PARTS OUTPUT: PARTS is the folder `node_modules` with what package.json names. The page's own modules become one
script: each a function of its own, after those that it imports. The page's policy allows exactly the scripts and styles that
stand in it.
"""

import re
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "mosquitto" / "www"
PARTS = {
    "mqtt.min.js": "mqtt/dist/mqtt.min.js",
    "uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
    "uPlot.min.css": "uplot/dist/uPlot.min.css",
}
LICENCES = {"MQTT.js": "mqtt/LICENSE.md", "uPlot": "uplot/LICENSE"}
_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_ELEMENT = re.compile(r'<link rel="stylesheet" href="(?P<style>[\w.-]+)">|<script src="(?P<script>[\w.-]+)"></script>')
_HEAD = '<meta charset="utf-8">\n'


class PageError(Exception):
    """What is wrong with the page's source."""


def main(parts: Path, output: Path) -> None:
    """Write the page."""
    page = built(parts)
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_suffix(".new")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(output)


def built(parts: Path) -> str:
    """Give the whole page."""
    texts: dict[str, list[str]] = {"style": [], "script": []}

    def inlined(match: re.Match[str]) -> str:
        tag = "style" if match["style"] else "script"
        text = f"\n{_content(match[tag], parts)}\n"
        if f"</{tag}" in text.lower():
            raise PageError(f"{match[tag]}: </{tag} would end it")
        texts[tag].append(text)
        return f"<{tag}>{text}</{tag}>"

    page = _ELEMENT.sub(inlined, (SOURCE / "index.html").read_text(encoding="utf-8"))
    head, found, rest = page.partition(_HEAD)
    if not found:
        raise PageError(f"index.html: expected {_HEAD!r}")
    policy = _policy(texts["script"], texts["style"])
    return f'{head}{_HEAD}<meta http-equiv="Content-Security-Policy" content="{policy}">\n{_licences(parts)}{rest}'


def _policy(scripts: list[str], styles: list[str]) -> str:
    """Allow these scripts and styles, connections to a broker, pictures that are in the page, and nothing else."""
    rules = {
        "default-src": "'none'",
        "script-src": _hashes(scripts),
        "style-src": _hashes(styles),
        "connect-src": "ws: wss:",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hashes(texts: list[str]) -> str:
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)


def _content(name: str, parts: Path) -> str:
    if name in PARTS:
        text = (parts / PARTS[name]).read_text(encoding="utf-8")
        return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE).strip()
    if name.endswith(".css"):
        return (SOURCE / name).read_text(encoding="utf-8").strip()
    return _bundle(name)


def _licences(parts: Path) -> str:
    texts = [f"{name}: {(parts / path).read_text(encoding='utf-8').strip()}" for name, path in LICENCES.items()]
    return "<!--\n" + "\n\n".join(text.replace("--", "- -") for text in texts) + "\n-->\n"


def _bundle(main_module: str) -> str:
    """Give the module and all that it imports as one classic script."""
    modules: dict[str, str] = {}
    _add(main_module, modules, ())
    body = "\n".join(f'modules["{name}"] = (() => {{\n{text}}})();' for name, text in modules.items())
    return f'"use strict";\n(() => {{\nconst modules = {{}};\n{body}\n}})();'


def _add(name: str, modules: dict[str, str], importers: tuple[str, ...]) -> None:
    """Add a module after those that it imports."""
    if name in importers:
        raise PageError(f"{name}: imports itself, through {' and '.join(importers)}")
    if name in modules:
        return
    text = (SOURCE / name).read_text(encoding="utf-8")
    for match in _IMPORT.finditer(text):
        _add(match[2], modules, (*importers, name))
    exported = ", ".join(_EXPORT.findall(text))
    text = _IMPORT.sub(lambda match: f'const {{ {match[1]} }} = modules["{match[2]}"];\n', text)
    text = _EXPORT.sub("", text)
    if left := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
        raise PageError(f"{name}: a form that this builder does not know: {left[0]}")
    modules[name] = f"{text}return {{ {exported} }};\n"


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except (PageError, OSError) as error:
        sys.exit(f"no live page: it cannot be built: {error}")
