"""Runs the fuzz targets: atheris (libFuzzer) changes the corpus to reach all code of the cores.

python -m tests.fuzz --seconds 60     crashes and new inputs stay under build/fuzz
python -m tests.fuzz --keep           take the new inputs that reach new code into the kept corpus
"""

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from common.obis import BY_CODE, MBUS_BY_CODE
from tests.fuzz import corpus
from tests.fuzz.promises import CHECKS
from tests.support.processes import REPOSITORY

BUILD = REPOSITORY / "build" / "fuzz"
SHARES = {"telegram": 0.6, "payload": 0.25, "ini": 0.15}  # of the time
MAX_LENGTHS = {"telegram": 4096, "payload": 8192, "ini": 4096}
MARKS = ("*kWh", "*kW", "*kVA", "*A", "*mA", "*m3", "*GJ", "*s", ")(", "NaN", "1e999", "632525252525W", "250230120000S")


def _fuzz_all(seconds: float) -> int:
    """Run each target for its share of the time; give 1 if any broke a promise."""
    failed = [target for target in CHECKS if _fuzz(target, max(1, round(seconds * SHARES[target])))]
    for target in failed:
        print(f"fuzz: {target} broke a promise; the input is {BUILD.relative_to(REPOSITORY)}/{target}-*", file=sys.stderr)
    return 1 if failed else 0


def _fuzz(target: str, seconds: int) -> int:
    folder = BUILD / "corpus" / target
    corpus.unpack([*corpus.kept(target), *corpus.seeds(target)], folder)
    words = BUILD / f"{target}.dict"
    words.write_text("".join(f'"{word}"\n' for word in (*BY_CODE, *MBUS_BY_CODE, *MARKS)), encoding="ascii")
    known = len(list(folder.iterdir()))
    print(f"fuzz: {target}: {seconds} s, from {known} inputs", file=sys.stderr)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={BUILD}/{target}-", f"-dict={words}", "-print_final_stats=1"]
    code = _target(target, [*options, "-rss_limit_mb=1024", "-timeout=5"], folder)
    print(f"fuzz: {target}: {len(list(folder.iterdir())) - known} new inputs", file=sys.stderr)
    return code


def _keep() -> int:
    """Take what the fuzzer found into the kept corpus."""
    for target in CHECKS:
        found = [path.read_bytes() for path in (BUILD / "corpus" / target).glob("*")]
        corpus.keep(target, [*found, *corpus.kept(target), *corpus.seeds(target)])
    return 0


def _target(target: str, options: list[str], *folders: Path) -> int:
    options = [f"-max_len={MAX_LENGTHS[target]}", "-verbosity=0", *options, *map(str, folders)]
    return subprocess.run([sys.executable, "-m", "tests.fuzz.target", target, *options], cwd=REPOSITORY, check=False).returncode


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", allow_abbrev=False)
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together (60)")
    parser.add_argument("--keep", action="store_true", help="renew the kept corpus from build/fuzz")
    options = parser.parse_args()
    if find_spec("atheris") is None:
        print("fuzzing needs the package atheris, which cannot be installed here", file=sys.stderr)
        return 1
    BUILD.mkdir(parents=True, exist_ok=True)
    return _keep() if options.keep else _fuzz_all(options.seconds)


if __name__ == "__main__":
    sys.exit(main())
