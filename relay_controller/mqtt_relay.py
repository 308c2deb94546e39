"""The driver of another maker's relay: commands to it over the broker, and what it tells of itself there."""

import json
from collections.abc import Callable

from relay_controller.load import RemoteRelay

Publish = Callable[[str, str], bool]  # topic and payload, with QoS 1 and not retained; False if it cannot be sent now

_LONGEST_STATE_BYTES = 16_384  # Tasmota's and Shelly's longest states have some 2,000


class NotAStateError(ValueError):
    """A message on a relay's state topic that is none of its states."""


class MqttRelay:
    """Publishes commands. Commands are never retained: the broker would repeat an old one when the relay comes back."""

    def __init__(self, relay: RemoteRelay, publish: Publish) -> None:
        self._relay = relay
        self._publish = publish

    def switch(self, *, on: bool) -> bool:
        """Send the command; False if it cannot be sent now."""
        return self._publish(self._relay.command_topic, self._relay.on_payload if on else self._relay.off_payload)

    def close(self) -> None:
        """Nothing to let go of: the relay keeps its state, and whoever closes has sent the safe one before."""


def state_of(relay: RemoteRelay, payload: bytes) -> bool | None:
    """Read what a relay tells of itself: on, off, or None if the message says nothing of that.

    Raises NotAStateError for anything else.
    """
    if len(payload) > _LONGEST_STATE_BYTES:
        raise NotAStateError(f"{len(payload)} bytes are too many for a state")
    word = _word_in(payload, relay.state_key) if relay.state_key else payload.decode("utf-8", "replace")
    if word is None:
        return None
    states = {
        (relay.state_off or relay.off_payload).casefold(): False,
        (relay.state_on or relay.on_payload).casefold(): True,
    }
    said = states.get(word.strip().casefold())
    if said is None:
        raise NotAStateError(f"neither on nor off: {word[:40]!r}")
    return said


def _word_in(payload: bytes, key: str) -> str | None:
    """Give the value of a key of a JSON object as a word; None if it has none: relays also tell parts of their status.

    Dots in `key` lead into objects. Numbers stay as they are written.
    """
    try:
        value: object = json.loads(payload, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, nested without end
        raise NotAStateError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise NotAStateError("not a JSON object")
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value
    raise NotAStateError(f"{key} is not a single value")
