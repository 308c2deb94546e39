"""`make bench`: measures on this machine, prints a table while it grows, and keeps it in benchmarks/RESULTS.md."""

import argparse
import compileall
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.catalogue import BENCHMARKS
from benchmarks.machine import machine
from benchmarks.row import Row
from benchmarks.table import HEADER, document, line_of, markdown
from tests.support.parts import PartMissing
from tests.support.processes import REPOSITORY

_RESULTS = REPOSITORY / "benchmarks" / "RESULTS.md"
_PACKAGES = ("common", "reader", "csv_logger", "influx_bridge", "relay_controller")


def main(arguments: list[str]) -> int:
    """Measure one after the other; give the exit code, which no figure changes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure on this machine.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true", help="print JSON at the end, and nothing else")
    parser.add_argument("--write", type=Path, metavar="FILE", help="where the table is kept (default: RESULTS.md, if all ran)")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - BENCHMARKS.keys()):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    names = [name for name in BENCHMARKS if name in options.names or not options.names]
    for package in _PACKAGES:  # as after the first start of a service
        compileall.compile_dir(REPOSITORY / package, quiet=2)
    facts, show = machine(), _show_nothing if options.json else _show
    show("\n".join(f"{name}: {value}" for name, value in facts.items()))
    minutes = sum(BENCHMARKS[name].minutes for name in names)
    show(f"It takes about {minutes:.0f} minutes; leave the machine alone meanwhile.\n\n{HEADER}")
    rows = {name: list(_measured(name, show)) for name in names}
    if options.json:
        print(document(facts, rows))
    place = options.write or (None if options.names else _RESULTS)
    if place:
        place.write_text(markdown(facts, rows, {name: BENCHMARKS[name].meaning for name in rows}), encoding="utf-8")
        show(f"\nkept in {place}")
    return 0


def _measured(name: str, show: Callable[[str], None]) -> Iterator[Row]:
    """Give the rows of a benchmark, each shown as soon as it is known; a part that is missing is a row, too."""
    try:
        rows: Iterable[Row] = import_module(f"benchmarks.{name}").rows()
        for row in rows:
            show(line_of(row))
            yield row
    except PartMissing as reason:
        missing = Row(name, f"not measured: {reason}", "")
        show(line_of(missing))
        yield missing


def _show(text: str) -> None:
    print(text, flush=True)


def _show_nothing(_: str) -> None:
    return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
