"""Writes docs/node-red/smartmeter.json, the flow for people to import, from its parts in docs/node-red/source.

node-red-flow.py           writes it
node-red-flow.py --print   prints it instead
"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "node-red"
SOURCE = FOLDER / "source"


def flow_text() -> str:
    """Give the flow: flow.json with each value "@FILE" replaced by what stands in that file."""

    def filled(node: dict[str, object]) -> dict[str, object]:
        return {
            key: (SOURCE / value[1:]).read_text(encoding="utf-8") if isinstance(value, str) and value.startswith("@") else value
            for key, value in node.items()
        }

    text = (SOURCE / "flow.json").read_text(encoding="utf-8")
    return json.dumps(json.loads(text, object_hook=filled), ensure_ascii=False, indent=4) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(flow_text())
    else:
        (FOLDER / "smartmeter.json").write_text(flow_text(), encoding="utf-8")
