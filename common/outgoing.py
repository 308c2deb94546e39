"""A message on its way to the broker, as a value: cores make them, a shell publishes them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish."""

    topic: str
    payload: str | bytes
    qos: int
    retain: bool
