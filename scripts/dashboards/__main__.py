"""Write docs/grafana/*.json, or with a folder as argument the same there."""

import json
import sys
from pathlib import Path

from scripts.dashboards.screens import month, switched_loads, today, year

_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "grafana" / "dashboards"


def main(folder: Path) -> None:
    """Write a file for each dashboard."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in {"today": today, "month": month, "year": year, "loads": switched_loads}.items():
        text = json.dumps(make(), indent=2, ensure_ascii=False)
        (folder / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


main(Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER)
