"""Chance that repeats: numbers that follow from a name alone, on every machine and in every Python."""

from hashlib import blake2b

_BITS = 53  # as many as a float keeps


class Dice:
    """A row of throws. The same name gives the same row."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._throws = 0

    def share(self) -> float:
        """Throw a number from 0 to 1, 1 excluded."""
        self._throws += 1
        digest = blake2b(f"{self._name} {self._throws}".encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "big") >> (64 - _BITS)) / (1 << _BITS)

    def between(self, low: int, high: int) -> int:
        """Throw a whole number from `low` to `high`, both included."""
        return low + int(self.share() * (high - low + 1))

    def happens(self, probability: float) -> bool:
        """Throw whether something happens that does so with this probability."""
        return self.share() < probability
