"""Which benchmarks there are, in the order in which they run: what the rows of each mean, and how long it takes.

Each is a module of this package with a function `rows() -> Iterable[Row]`; it is loaded when it runs.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What its rows mean, for RESULTS.md, and how many minutes it takes."""

    meaning: str
    minutes: float


BENCHMARKS = {
    "decode": Benchmark(
        "a telegram decoded, its checksum included. Instructions are counted by valgrind and repeat; hot is a loop, cold one"
        " call after a pause, as in a meter's second. dsmr_parser decodes the same telegrams in the same run; by it this"
        " machine compares with the one on which the goals in milliseconds were set.",
        1.0,
    ),
    "instructions": Benchmark(
        "what valgrind counts of each service at work, for `docs/pi1.md`; it repeats to some percent.", 1.5
    ),
    "stack": Benchmark(
        "everything on with default settings, one telegram a second on a pseudo-terminal at the pace of 115,200 baud:"
        " processor time of reader, three consumers and broker, their memory (PSS: what is shared counts in parts), and how"
        " often each wakes up.",
        1.5,
    ),
    "latency": Benchmark(
        "from the last byte of a telegram on the port to its message, and to a relay's command, at a subscriber (QoS 1), with"
        " everything on and 8 telegrams a second.",
        1.5,
    ),
    "relay_latency": Benchmark("from a telegram at the broker to a relay's command at a subscriber, with ten loads.", 0.5),
    "starting": Benchmark(
        "from the start of a process to its first message at a subscriber, all modules compiled; and what imports take of it.",
        0.5,
    ),
    "writes": Benchmark(
        "what goes to the SD card with default settings at one telegram a second, counted for 90 seconds and stretched to an"
        " hour; the system writes whole pages of 4 kB.",
        2.0,
    ),
    "replay_day": Benchmark("`relay_controller replay` over a day.", 0.5),
    "outage": Benchmark("a day of telegrams that had to wait for the database, and for csv_logger.", 1.0),
    "falling_behind": Benchmark("more telegrams than a slow core has time for, for half a minute each.", 1.5),
    "many_meters": Benchmark("a thousand meters at one broker and one bridge, and what either can take.", 2.0),
}
