"""What decisions are about: a telegram or a command in, switches out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.payload import Reading
from relay_controller.load_state import Mode


@dataclass(frozen=True, slots=True)
class Telegram:
    """A fresh telegram arrived; without another one it is old after `fresh_for_s` seconds."""

    reading: Reading
    fresh_for_s: float
    learned_w: Mapping[str, float] = field(default_factory=dict)  # load -> power that was measured


@dataclass(frozen=True, slots=True)
class Command:
    """A person chose for a load of the plant, or left it to the rules again."""

    load: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Switch:
    """A relay is to be switched."""

    load: str
    on: bool
