"""The health check of a container: `python -m common.health_check` ends with 0 if the service keeps its promise, else with 1.

It reads what the service itself wrote (`common.supervisor`), and needs no client.
"""

import os
import sys
import time
from pathlib import Path

from common.health_file import NAME, judged


def main() -> int:
    """Judge the file, say the result in one line, give the exit code."""
    file = Path(os.environ.get("RUNTIME_DIRECTORY", "."), NAME)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        print(f"{file}: {error.strerror}: the service does not run yet")
        return 1
    is_well, words = judged(text, time.monotonic())
    print(words)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
