"""Compares our decode with dsmr_parser's and with decodes written by hand, over all telegrams that are here.

    python -m tests.peers [FOLDER]      FOLDER: more telegrams; else ../shared/telegrams beside the checkout, if it is there

Each code that a peer reads must have the same value with us, scaled to our unit, or its difference be one of `known`.
A telegram that is rejected is compared with its checksum made right. Exit code 1: a difference that nothing explains.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from common.framing import Frame, Framer
from common.telegram import Telegram, TelegramError, read
from tests.fuzz.promises import mended
from tests.peers import by_hand, compare, known
from tests.peers.told import Told
from tests.support.processes import REPOSITORY
from tests.support.telegrams import FOLDER

SHARED = REPOSITORY.parent / "shared" / "telegrams"


@dataclass(slots=True)
class Result:
    """What came of the comparison with one peer."""

    telegrams: int = 0
    equal: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    def add(self, where: str, telegram: Telegram, told: Iterable[Told]) -> None:
        """Compare all that a peer told of a telegram."""
        self.telegrams += 1
        for item in told:
            lines = compare.lines_of(item, telegram)
            if compare.is_same(item, lines) and all(compare.is_in_decode(line, telegram) for line in lines):
                self.equal += 1
            elif reason := known.explanation(item, lines):
                self.explained[reason] += 1
            else:
                text = lines[0].text[:100] if lines else item.line
                self.unexplained.append(f"{where}: {text}: peer {item}; ours {compare.ours(lines)}")

    def row(self, name: str) -> str:
        """Give the row of the table."""
        explained, unexplained = self.explained.total(), len(self.unexplained)
        compared = self.equal + explained + unexplained
        return f"{name:<14}{self.telegrams:>10}{compared:>10}{self.equal:>8}{explained:>11}{unexplained:>13}"


def _frames(folder: Path) -> Iterator[tuple[Path, Frame]]:
    for path in sorted((*folder.glob("*.txt"), *folder.glob("streams/*.raw"))):
        framer = Framer()
        events = [*framer.feed(path.read_bytes()), *framer.finish()]
        yield from ((path, event) for event in events if isinstance(event, Frame))


def _checksums(folder: Path) -> dict[str, str]:
    """Give what the folder's index says of each file's checksum: ok, bad or none."""
    index = folder / "INDEX.tsv"
    if not index.exists():
        return {}
    with index.open(encoding="utf-8", newline="") as lines:
        return {row["file"]: row["checksum"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}


def _read(path: Path, frame: Frame, checksum: str) -> tuple[Telegram, str]:
    """Read a telegram; give it, if need be with its checksum made right, and what is wrong about its acceptance."""
    try:
        telegram = read(frame.data)
    except TelegramError as error:
        print(f"rejected: {path.name}: byte {frame.offset}: {error}")
        problem = f"{path.name}: rejected, though its checksum is right" if checksum == "ok" else ""
        return read(mended(frame.data)), problem
    return telegram, f"{path.name}: accepted, though its checksum is wrong" if checksum == "bad" else ""


def _compare(folders: Iterable[Path]) -> tuple[dict[str, Result], list[str]]:
    from tests.peers import dsmr  # noqa: PLC0415 -- needs a package that is not always there

    results = {"dsmr_parser": Result(), "by hand": Result()}
    problems: list[str] = []
    for folder in folders:
        checksums = _checksums(folder)
        for path, frame in _frames(folder):
            telegram, problem = _read(path, frame, checksums.get(path.name, ""))
            problems += [problem] if problem else []
            where = f"{path.name} byte {frame.offset}"
            results["dsmr_parser"].add(where, telegram, dsmr.told(frame.data))
            expected = folder / "expected" / f"{path.stem}.json"
            if expected.exists():
                results["by hand"].add(where, telegram, by_hand.told(expected))
    return results, problems


def main() -> int:
    """Read the command line, compare, and print the table."""
    if find_spec("dsmr_parser") is None:
        print("the comparison needs the package dsmr_parser: pip install --group peers", file=sys.stderr)
        return 1
    more = [Path(name) for name in sys.argv[1:]] or [SHARED]
    missing = [folder for folder in more if not folder.is_dir()]
    if missing and len(sys.argv) > 1:
        print(f"no such folder: {missing[0]}", file=sys.stderr)
        return 2
    results, problems = _compare([FOLDER, *(folder for folder in more if folder.is_dir())])
    for result in results.values():
        problems += result.unexplained
    for problem in problems:
        print(f"unexplained: {problem}")
    print(f"{'peer':<14}{'telegrams':>10}{'compared':>10}{'equal':>8}{'explained':>11}{'unexplained':>13}")
    for name, result in results.items():
        print(result.row(name))
    for name, result in results.items():
        for reason, count in result.explained.most_common():
            print(f"explained, {name}: {count} times: {reason}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
