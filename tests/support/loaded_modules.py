"""Runs a service, and writes at its end which modules it had loaded: `... loaded_modules FILE SERVICE ARGUMENT...`.

It loads nothing itself that a Python without a program has not loaded, but for `runpy`.
"""

import runpy
import sys


def main() -> None:
    """Run the service as `python -m SERVICE` does."""
    file, service = sys.argv[1:3]
    sys.argv = [service, *sys.argv[3:]]
    try:
        runpy.run_module(service, run_name="__main__", alter_sys=True)
    finally:
        with open(file, "w", encoding="utf-8") as out:  # noqa: PTH123 -- pathlib may not be loaded
            out.write("\n".join(sys.modules))


if __name__ == "__main__":
    main()
