"""`make bench`: prints what was measured on this machine, as a table."""

import platform

from benchmarks import outage, relay_latency, replay_day


def main() -> None:
    """Measure one after the other, and print each row as soon as it is known."""
    print(f"{platform.machine()}, {platform.processor() or platform.system()}, Python {platform.python_version()}\n")
    print(f"{'what':<88} {'found':<44} goal")
    for measure in (relay_latency.rows, replay_day.rows, outage.rows):
        for row in measure():
            print(f"{row.what:<88} {row.found:<44} {row.goal}", flush=True)


if __name__ == "__main__":
    main()
