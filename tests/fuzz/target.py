"""One fuzz target in a process of its own: `python -m tests.fuzz.target TARGET [OPTIONS OF LIBFUZZER]`."""

import sys

import atheris

with atheris.instrument_imports(include=["common", "reader"]):
    from tests.fuzz.promises import CHECKS

if __name__ == "__main__":
    program, target, *options = sys.argv
    atheris.Setup([program, *options], CHECKS[target])
    atheris.Fuzz()
