"""Flux's own parser and check of types, as npm has them (`@influxdata/flux-lsp-node`)."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY

_FOLDER = REPOSITORY / "build" / "flux"
_INSTALL_S, _END_S = 330.0, 30.0


@dataclass(frozen=True)
class Script:
    """A script as Flux understands it."""

    tree: dict[str, Any]
    problems: list[str]  # each with its line


@dataclass(frozen=True)
class Parser:
    """The parser, as a program that runs."""

    _question: IO[str]
    _answer: IO[str]

    def parsed(self, text: str) -> Script:
        """Give a script as Flux reads it."""
        self._question.write(json.dumps(text) + "\n")
        self._question.flush()
        return Script(**json.loads(self._answer.readline()))


@contextmanager
def flux_parser() -> Iterator[Parser]:
    """Run the parser. Raises PartMissing where it cannot be had."""
    if shutil.which("node") is None:
        raise PartMissing("no node on PATH")
    getting = [str(REPOSITORY / "scripts" / "get-flux-parser")]
    got = subprocess.run(getting, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
    if got.returncode:
        raise PartMissing(got.stderr.strip().splitlines()[-1])
    command = ["node", str(Path(__file__).with_name("parse.js")), str(_FOLDER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin
        assert program.stdout
        try:
            yield Parser(program.stdin, program.stdout)
            program.stdin.close()
            program.wait(_END_S)
        finally:
            program.kill()
