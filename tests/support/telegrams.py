"""Telegrams for tests: those of the folder `tests/telegrams`, and new ones made from a few lines."""

import json
from pathlib import Path

from common.crc import crc16_arc

FOLDER = Path(__file__).resolve().parents[1] / "telegrams"
DECODABLE = sorted(path.stem for path in FOLDER.glob("*.json"))


def telegram(name: str) -> bytes:
    """Give the bytes of a telegram of the folder."""
    return (FOLDER / f"{name}.txt").read_bytes()


def expected(name: str) -> dict[str, object]:
    """Give its decode, as it was written by hand."""
    decode = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(decode, dict)
    return decode


def made_of(*lines: str, identification: str = r"SMT5\2TEST", checksum: bool = True) -> bytes:
    """Make a telegram with these lines."""
    body = "\r\n".join([f"/{identification}", "", *lines, "!"]).encode("latin-1")
    return body + (b"%04X\r\n" % crc16_arc(body) if checksum else b"\r\n")
