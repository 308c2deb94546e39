"""What was published against what is stored."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of telegrams over all meters."""

    published: int
    stored: int  # each once
    lost: int
    doubled: int  # times that are in the database more than once
    foreign: int  # times that nobody published


def judge(published: Mapping[str, AbstractSet[int]], stored: Mapping[str, Counter[int]]) -> Verdict:
    """Compare the times of each meter."""
    lost = sum(len(times - stored.get(meter, Counter()).keys()) for meter, times in published.items())
    doubled = sum(count > 1 for times in stored.values() for count in times.values())
    foreign = sum(len(times.keys() - published.get(meter, set())) for meter, times in stored.items())
    return Verdict(sum(map(len, published.values())), sum(map(len, stored.values())), lost, doubled, foreign)
