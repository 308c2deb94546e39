"""The kept inputs of the fuzz targets: `corpus/TARGET.jsonl`, one input per line, a JSON string of one character per byte.

They grew from the telegrams of `tests/telegrams`: what the fuzzer found on the way, as far as each reaches code by a way that
no shorter one takes.
"""

import json
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

from common.payload import Reading, encode
from common.telegram import decode
from tests.fuzz.promises import CHECKS, RECEIVED
from tests.support.processes import REPOSITORY
from tests.support.telegrams import DECODABLE, FOLDER, telegram

_FOLDER = Path(__file__).parent / "corpus"
_CORES = (f"{REPOSITORY}/common/", f"{REPOSITORY}/reader/")

Steps = set[tuple[str, int, int]]  # file, a line, and the one that ran after it


def kept(target: str) -> list[bytes]:
    """Give the kept inputs of a target."""
    lines = (_FOLDER / f"{target}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line).encode("latin-1") for line in lines]


def keep(target: str, inputs: Iterable[bytes]) -> None:
    """Write the kept inputs of a target anew: of these, the short ones first, those that take a new step in the cores."""
    reached: Steps = set()
    chosen: list[bytes] = []
    for data in sorted(set(inputs), key=lambda data: (len(data), data)):
        steps = _steps(CHECKS[target], data)
        if steps - reached:
            reached |= steps
            chosen.append(data)
    _FOLDER.mkdir(exist_ok=True)
    text = "".join(f"{json.dumps(data.decode('latin-1'))}\n" for data in chosen)
    (_FOLDER / f"{target}.jsonl").write_text(text, encoding="utf-8")


def seeds(target: str) -> list[bytes]:
    """Give the inputs that everything began with: our own telegrams, their messages, our sample settings."""
    if target == "telegram":
        return [path.read_bytes() for path in sorted(FOLDER.glob("*.txt"))]
    if target == "payload":
        readings = (Reading("home", RECEIVED, 1, decode(telegram(name)), 1.5) for name in DECODABLE)
        return [encode(reading) for reading in readings]
    return [(REPOSITORY / "config.sample.ini").read_bytes()]


def unpack(inputs: Iterable[bytes], folder: Path) -> None:
    """Write each input into a file of its own, as libFuzzer wants them."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (folder / sha256(data).hexdigest()[:16]).write_bytes(data)


def _steps(check: Callable[[bytes], None], data: bytes) -> Steps:
    """Give the steps from line to line that a check takes in the cores."""
    steps: Steps = set()

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        name, last = frame.f_code.co_filename, frame.f_lineno
        if not name.startswith(_CORES):
            return None

        def go_on(frame: FrameType, event: str, _argument: object) -> Any:
            nonlocal last
            if event == "line":
                steps.add((name, last, frame.f_lineno))
                last = frame.f_lineno
            return go_on

        return go_on

    sys.settrace(enter)
    try:
        check(data)
    finally:
        sys.settrace(None)
    return steps
